/* SPDX-License-Identifier: MIT */
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include "hal/file.h"
#include "wifi/wifi_settings.h"

#define STATE_FILE_MAX                                                                             \
	(64 * 1024) /* bytes; NetworkManager's run state of a device has some hundred */

/* "a/b" below root, and whether it is there. */
static bool is_there(const char *root, const char *path)
{
	char rooted[FILE_PATH_MAX];
	return path_in_root(rooted, root, path) == ERR_OK && file_exists(rooted);
}

static bool is_interface_name(const char *name)
{
	size_t len = strlen(name);
	if (len == 0 || len >= IF_NAMESIZE || strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
		return false;
	for (size_t i = 0; i < len;
	     i++) /* what the kernel's dev_valid_name() takes, without the exotic */
		if (name[i] <= 0x20 || name[i] > 0x7e || name[i] == '/' || name[i] == ':' ||
		    name[i] == '"')
			return false;
	return true;
}

static bool has_line(const char *text, const char *line)
{
	size_t len = strlen(line);
	for (const char *p = text; p != NULL; p = strchr(p, '\n')) {
		p += *p == '\n';
		if (strncmp(p, line, len) == 0 && strchr("\r\n", p[len]) != NULL)
			return true;
	}
	return false;
}

/* NetworkManager keeps one key file a device, named by the interface's index, while it knows of it.
 */
static enum err read_text(const char *root, const char *path, struct buf *out,
			  const char **out_text)
{
	char rooted[FILE_PATH_MAX];
	const char *text;
	enum err e = path_in_root(rooted, root, path);
	if (e == ERR_OK)
		e = file_read(rooted, out, NULL);
	if (e != ERR_OK)
		return e;
	text = buf_text(out);
	if (text == NULL)
		return ERR_NO_MEMORY;
	*out_text = text;
	return ERR_OK;
}

static bool is_network_manager(const char *root, const char *interface)
{
	char path[FILE_PATH_MAX];
	struct buf number, state;
	const char *text = "";
	unsigned index = 0;
	bool is_managed = false;
	buf_init(&number, 64);
	buf_init(&state, STATE_FILE_MAX);
	snprintf(path, sizeof path, "/sys/class/net/%s/ifindex", interface);
	if (read_text(root, path, &number, &text) == ERR_OK && sscanf(text, "%9u", &index) == 1) {
		snprintf(path, sizeof path, "/run/NetworkManager/devices/%u", index);
		if (read_text(root, path, &state, &text) == ERR_OK)
			is_managed = has_line(text, "managed=true");
	}
	buf_clear(&state);
	buf_clear(&number);
	return is_managed;
}

/* iwd takes every wireless interface; a wired one is not its business. */
static bool is_iwd(const char *root, const char *interface)
{
	char path[FILE_PATH_MAX];
	char wireless[FILE_PATH_MAX];
	snprintf(path, sizeof path, "/sys/class/net/%s", interface);
	snprintf(wireless, sizeof wireless, "/sys/class/net/%s/phy80211", interface);
	if (is_there(root, path) && !is_there(root, wireless))
		return false;
	return is_there(root, "/var/lib/iwd") &&
	       (is_there(root, "/run/iwd") ||
		is_there(root, "/sys/fs/cgroup/system.slice/iwd.service"));
}

enum err wifi_check_owner(const char *root, const char *interface, struct why *why)
{
	if (interface == NULL || !is_interface_name(interface))
		return why_set(why, ERR_INVALID, "wifi.value",
			       "interface \"%s\" is not the name of a network interface",
			       interface != NULL ? interface : "");
	if (is_network_manager(root, interface)) {
		why_set(why, ERR_DENIED, "wifi.owner",
			"NetworkManager manages %s: two programs cannot both drive it", interface);
		why_next(why,
			 "set unmanaged-devices=interface-name:%s in [keyfile] of "
			 "/etc/NetworkManager/conf.d/signet.conf, "
			 "or set interface to another one",
			 interface);
		return ERR_DENIED;
	}
	if (is_iwd(root, interface)) {
		why_set(why, ERR_DENIED, "wifi.owner",
			"iwd manages %s: two programs cannot both drive it", interface);
		why_next(why,
			 "disable iwd, or start it with --nointerfaces %s, or set interface to "
			 "another one",
			 interface);
		return ERR_DENIED;
	}
	return ERR_OK;
}
