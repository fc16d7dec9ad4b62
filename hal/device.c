/* SPDX-License-Identifier: MIT */
#include "hal/device.h"
#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>
#include "hal/file.h"

#define MAC_TEXT_LEN 17 /* "02:00:00:12:34:56" */

/* First line of a small file, blanks at its end taken off. Bytes that are no printable ASCII make
 * it unusable. */
static enum err read_line(const char *root, const char *path, char out[], size_t cap)
{
	char full[FILE_PATH_MAX];
	struct buf text;
	buf_init(&text, 8192); /* sysfs files claim a page */
	enum err e = path_in_root(full, root, path);
	if (e == ERR_OK)
		e = file_read(full, &text, NULL);
	size_t len = 0;
	while (e == ERR_OK && len < text.len && text.data[len] != '\n' && text.data[len] != '\0')
		len++;
	while (len > 0 && isspace(text.data[len - 1]))
		len--;
	if (e == ERR_OK && (len == 0 || len >= cap))
		e = ERR_NOT_FOUND;
	for (size_t i = 0; e == ERR_OK && i < len; i++)
		if (!isprint(text.data[i]))
			e = ERR_NOT_FOUND;
	if (e == ERR_OK) {
		memcpy(out, text.data, len);
		out[len] = '\0';
	}
	buf_clear(&text);
	return e == ERR_OK ? e : ERR_NOT_FOUND;
}

enum err device_hostname(const char *root, char out[], size_t cap)
{
	char name[256];
	if (root[0] != '\0') {
		if (read_line(root, "/etc/hostname", name, sizeof name) != ERR_OK)
			return ERR_NOT_FOUND;
	} else if (gethostname(name, sizeof name) != 0) {
		return ERR_NOT_FOUND;
	}
	name[sizeof name - 1] = '\0';
	name[strcspn(name, ".")] = '\0';
	if (name[0] == '\0' || strcmp(name, "localhost") == 0 || strcmp(name, "(none)") == 0 ||
	    strlen(name) >= cap)
		return ERR_NOT_FOUND;
	memcpy(out, name, strlen(name) + 1);
	return ERR_OK;
}

static bool is_placeholder(const char *serial)
{
	static const char *const words[] = {"To be filled by O.E.M.",
					    "Default string",
					    "System Serial Number",
					    "Not Specified",
					    "None",
					    "N/A",
					    "0",
					    "00000000",
					    "0123456789"};
	for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
		if (strcasecmp(serial, words[i]) == 0)
			return true;
	return false;
}

enum err device_serial(const char *root, char out[], size_t cap)
{
	static const char *const paths[] = {"/sys/class/dmi/id/product_serial",
					    "/proc/device-tree/serial-number"};
	char serial[128];
	for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
		if (read_line(root, paths[i], serial, sizeof serial) != ERR_OK ||
		    is_placeholder(serial) || strlen(serial) >= cap)
			continue;
		memcpy(out, serial, strlen(serial) + 1);
		return ERR_OK;
	}
	return ERR_NOT_FOUND;
}

struct search {
	const char *root;
	char mac[32]; /* "" until found */
};

static bool has_entry(const char *root, const char *interface, const char *entry)
{
	char path[FILE_PATH_MAX];
	char full[FILE_PATH_MAX];
	snprintf(path, sizeof path, "/sys/class/net/%.200s/%s", interface, entry);
	return path_in_root(full, root, path) == ERR_OK && file_exists(full);
}

/* Six pairs of hex digits, and not all zero: a driver without an address says that. */
static bool is_mac(const char *text)
{
	for (size_t i = 0; i < MAC_TEXT_LEN; i++)
		if (i % 3 == 2 ? text[i] != ':' : !isxdigit((unsigned char)text[i]))
			return false;
	return text[MAC_TEXT_LEN] == '\0' && strspn(text, "0:") < MAC_TEXT_LEN;
}

static void look_at_interface(void *ctx, const char *name)
{
	struct search *s = ctx;
	char path[FILE_PATH_MAX];
	char text[sizeof s->mac] = "";
	if (s->mac[0] != '\0')
		return;
	/* kernels without CONFIG_CFG80211_WEXT have no "wireless" */
	if (!has_entry(s->root, name, "wireless") && !has_entry(s->root, name, "phy80211"))
		return;
	snprintf(path, sizeof path, "/sys/class/net/%.200s/address", name);
	if (read_line(s->root, path, text, sizeof text) == ERR_OK && is_mac(text))
		memcpy(s->mac, text, sizeof text);
}

enum err device_wifi_mac(const char *root, char out[], size_t cap)
{
	char folder[FILE_PATH_MAX];
	struct search search = {.root = root};
	if (path_in_root(folder, root, "/sys/class/net") != ERR_OK ||
	    file_list(folder, look_at_interface, &search, NULL) != ERR_OK ||
	    search.mac[0] == '\0' || strlen(search.mac) >= cap)
		return ERR_NOT_FOUND;
	memcpy(out, search.mac, strlen(search.mac) + 1);
	return ERR_OK;
}

enum err device_boot_id(char out[], size_t cap)
{
	return read_line("", "/proc/sys/kernel/random/boot_id", out, cap);
}
