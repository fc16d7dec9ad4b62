/* SPDX-License-Identifier: MIT */
#include "wifi/wifi_build.h"
#include <stdio.h>
#include <string.h>
#include "hal/log.h"

#define MAPS_MAX (1024 * 1024)	       /* bytes of /proc/PID/maps; wpa_supplicant has some 20 KiB */
#define MODULE_MAX (8 * 1024 * 1024)   /* bytes of tpm2.so; 0.3 MiB in Debian */
#define MODULE_NAME "TPM 2.0 Provider" /* OSSL_PROV_PARAM_NAME of tpm2-openssl */
#define VERSION_WITHIN                                                                             \
	64 /* bytes behind that name in which its version stands; Debian's 1.1.1 has it at 27 */
/* tpm2-openssl before this lets libcrypto export half a key and fails, or verifies servers in the
 * TPM (facts: RSA-4096 chains fail). Its CHANGELOG, 1.2.0. */
#define MODULE_MAJOR 1
#define MODULE_MINOR 2

static const char *const module_folders[] = {"/usr/lib/x86_64-linux-gnu/ossl-modules",
					     "/usr/lib/aarch64-linux-gnu/ossl-modules",
					     "/usr/lib/arm-linux-gnueabihf/ossl-modules",
					     "/usr/lib64/ossl-modules",
					     "/usr/lib/ossl-modules",
					     "/usr/local/lib64/ossl-modules",
					     "/usr/local/lib/ossl-modules"};

static bool begins(const char *text, const char *word)
{
	return strncmp(text, word, strlen(word)) == 0;
}

void wifi_build_parse(const char *answer, struct wifi_build *out)
{
	const char *run = strstr(answer, " run=OpenSSL ");
	*out = (struct wifi_build){.tls = WIFI_TLS_NONE};
	if (begins(answer, "OpenSSL"))
		out->tls = WIFI_TLS_OPENSSL;
	else if (begins(answer, "wolfSSL"))
		out->tls = WIFI_TLS_WOLFSSL;
	else if (begins(answer, "GnuTLS"))
		out->tls = WIFI_TLS_GNUTLS;
	else if (begins(answer, "internal"))
		out->tls = WIFI_TLS_INTERNAL;
	if (out->tls == WIFI_TLS_OPENSSL && run != NULL &&
	    sscanf(run + strlen(" run=OpenSSL "), "%3u", &out->major) != 1)
		out->major = 0;
}

bool wifi_build_module_version(struct bytes module, unsigned *out_major, unsigned *out_minor)
{
	const char *name = module.len > 0
			       ? memmem(module.data, module.len, MODULE_NAME, sizeof MODULE_NAME)
			       : NULL;
	if (name == NULL)
		return false;
	const char *p = name + sizeof MODULE_NAME;
	const char *end = (const char *)module.data + module.len;
	end = end - p > VERSION_WITHIN ? p + VERSION_WITHIN : end;
	while (p < end) {
		unsigned major, minor;
		const char *nul = memchr(p, '\0', (size_t)(end - p));
		if (nul == NULL)
			return false;
		if (sscanf(p, "%3u.%3u", &major, &minor) == 2) {
			*out_major = major;
			*out_minor = minor;
			return true;
		}
		p = nul + 1;
	}
	return false;
}

bool wifi_build_mapped(struct bytes maps, char out_path[FILE_PATH_MAX])
{
	static const char file[] = "/tpm2.so\n";
	const char *p = maps.len > 0 ? memmem(maps.data, maps.len, file, sizeof file - 1) : NULL;
	if (p == NULL)
		return false;
	const char *begin =
	    p; /* the path is the line's last field and has no blank before it but padding */
	while (begin > (const char *)maps.data && begin[-1] != ' ' && begin[-1] != '\n')
		begin--;
	size_t len = (size_t)(p - begin) + sizeof file - 2;
	if (begin[0] != '/' || len >= FILE_PATH_MAX)
		return false;
	memcpy(out_path, begin, len);
	out_path[len] = '\0';
	return true;
}

static enum err unsupported(struct why *why, const char *text, const char *next)
{
	why_set(why, ERR_UNSUPPORTED, "wifi.build", "%s", text);
	why_next(why, "%s", next);
	return ERR_UNSUPPORTED;
}

static enum err check_version(const char *path, struct why *why)
{
	struct buf module;
	unsigned major = 0, minor = 0;
	buf_init(&module, MODULE_MAX);
	enum err e = file_read(path, &module, why);
	bool is_told = e == ERR_OK && wifi_build_module_version(buf_bytes(&module), &major, &minor);
	buf_clear(&module);
	if (e != ERR_OK)
		return e;
	if (is_told && (major > MODULE_MAJOR || (major == MODULE_MAJOR && minor >= MODULE_MINOR)))
		return ERR_OK;
	why_set(why, ERR_UNSUPPORTED, "wifi.build",
		"%s is version %u.%u of tpm2-openssl: %d.%d is needed", path, major, minor,
		MODULE_MAJOR, MODULE_MINOR);
	if (!is_told)
		why_set(why, ERR_UNSUPPORTED, "wifi.build",
			"%s does not say that it is tpm2-openssl %d.%d or newer", path,
			MODULE_MAJOR, MODULE_MINOR);
	why_next(why, "install tpm2-openssl %d.%d or newer, or set key_reference = pkcs11",
		 MODULE_MAJOR, MODULE_MINOR);
	return ERR_UNSUPPORTED;
}

/*
 * What is mapped into the process is what it uses; OPENSSL_CONF in its environment would be a
 * promise only. /proc may be closed to us (the agent has few capabilities): then the file alone
 * must do, and a provider that is not loaded is seen as a key that does not load.
 */
static enum err check_provider(const struct wpa_control *c, struct why *why)
{
	char path[FILE_PATH_MAX];
	char maps_path[64];
	struct buf maps;
	buf_init(&maps, MAPS_MAX);
	snprintf(maps_path, sizeof maps_path, "/proc/%d/maps", c->pid);
	enum err e = c->pid > 0 ? file_read(maps_path, &maps, NULL) : ERR_NOT_FOUND;
	bool is_mapped = e == ERR_OK && wifi_build_mapped(buf_bytes(&maps), path);
	bool is_read = e == ERR_OK && maps.len > 0;
	buf_clear(&maps);
	for (size_t i = 0;
	     i < sizeof module_folders / sizeof module_folders[0] && !is_mapped && !is_read; i++) {
		snprintf(path, sizeof path, "%s/tpm2.so", module_folders[i]);
		is_mapped = file_exists(path);
	}
	if (is_mapped)
		return check_version(path, why);
	if (is_read)
		return unsupported(why, "wpa_supplicant runs without OpenSSL's tpm2 provider",
				   "let its unit set OPENSSL_CONF to a file that activates the "
				   "providers default and tpm2 "
				   "(package tpm2-openssl) and start after the TPM's device, and "
				   "restart wpa_supplicant");
	return unsupported(why, "OpenSSL's tpm2 provider (ossl-modules/tpm2.so) is not installed",
			   "install tpm2-openssl 1.2 or newer, or set key_reference = pkcs11");
}

static enum err check_tls(const struct wifi_build *build, enum wifi_key_way way, struct why *why)
{
	static const char *const next = "install a wpa_supplicant built with CONFIG_TLS=openssl";
	switch (build->tls) {
	case WIFI_TLS_OPENSSL:
		break;
	case WIFI_TLS_WOLFSSL:
		return unsupported(
		    why,
		    "this wpa_supplicant is built with wolfSSL: it has no way to a key in a TPM",
		    next);
	case WIFI_TLS_GNUTLS:
		return unsupported(
		    why,
		    "this wpa_supplicant is built with GnuTLS: it has no way to a key in a TPM",
		    next);
	case WIFI_TLS_INTERNAL:
		return unsupported(why,
				   "this wpa_supplicant is built with its internal TLS: it has no "
				   "way to a key in a TPM",
				   next);
	case WIFI_TLS_NONE:
		return unsupported(why,
				   "this wpa_supplicant does not say what its TLS is: it has none, "
				   "or is older than 2.10",
				   next);
	}
	if (way == WIFI_KEY_ENGINE && build->major >= 4)
		return unsupported(
		    why, "this wpa_supplicant runs with OpenSSL 4, which has no engines any more",
		    "set key_reference = provider");
	if (way == WIFI_KEY_PROVIDER && build->major > 0 && build->major < 3)
		return unsupported(
		    why,
		    "this wpa_supplicant runs with an OpenSSL before 3.0, which has no providers",
		    "set key_reference = pkcs11");
	return ERR_OK;
}

enum err wifi_build_check(struct wpa_control *c, enum wifi_key_way way, struct why *why)
{
	char reply[WPA_REPLY_MAX];
	struct wifi_build build;
	if (way == WIFI_KEY_FILE)
		return ERR_OK;
	enum err e = wpa_control_request(c, "GET tls_library", reply, why);
	if (e != ERR_OK)
		return e;
	wifi_build_parse(reply, &build);
	e = check_tls(&build, way, why);
	return e == ERR_OK && way == WIFI_KEY_PROVIDER ? check_provider(c, why) : e;
}

static enum err check_file(struct wpa_control *c, const char *name, const char *package,
			   struct why *why)
{
	char command[64];
	char path[WPA_REPLY_MAX];
	snprintf(command, sizeof command, "GET %s", name);
	enum err e = wpa_control_request(c, command, path, why);
	if (e != ERR_OK)
		return e;
	path[strcspn(path, "\n")] = '\0';
	/* FAIL: not set; then OpenSSL looks for its engine, and p11-kit for the module, by
	 * themselves. */
	if (path[0] != '/' || file_exists(path))
		return ERR_OK;
	why_set(why, ERR_UNSUPPORTED, "wifi.build", "%s = %s: there is no such file", name, path);
	why_next(why, "install %s, or correct the path", package);
	return ERR_UNSUPPORTED;
}

enum err wifi_build_check_files(struct wpa_control *c, enum wifi_key_way way, struct why *why)
{
	if (way != WIFI_KEY_ENGINE)
		return ERR_OK;
	enum err e =
	    check_file(c, "pkcs11_engine_path", "libp11's engine (libengine-pkcs11-openssl)", why);
	return e == ERR_OK ? check_file(c, "pkcs11_module_path", "signet's PKCS#11 module", why)
			   : e;
}
