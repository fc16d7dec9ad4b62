/* SPDX-License-Identifier: MIT */
#ifndef WIFI_WIFI_BUILD_H
#define WIFI_WIFI_BUILD_H
#include <stdbool.h>
#include "hal/buf.h"
#include "hal/file.h"
#include "hal/why.h"
#include "wifi/wifi_control.h"
#include "wifi/wpa_control.h"
#ifdef __cplusplus
extern "C" {
#endif

/* What a running wpa_supplicant was built with, and whether it can reach a key in a TPM by it. */

enum wifi_tls { WIFI_TLS_OPENSSL, WIFI_TLS_WOLFSSL, WIFI_TLS_GNUTLS, WIFI_TLS_INTERNAL, WIFI_TLS_NONE };

/** An answer to GET tls_library: "OpenSSL build=OpenSSL 3.0.16 11 Feb 2025 run=OpenSSL 3.0.19 ...". */
struct wifi_build {
	enum wifi_tls tls;
	unsigned major; /* of the OpenSSL it runs with; 0: not said */
};

/** Pure. What is not known is WIFI_TLS_NONE. */
void wifi_build_parse(const char *answer, struct wifi_build *out);
/**
 * Pure: the version inside of tpm2-openssl's tpm2.so, which the file has behind its name "TPM 2.0 Provider", between NULs.
 * False: it is not that module, or does not say.
 */
bool wifi_build_module_version(struct bytes module, unsigned *out_major, unsigned *out_minor);
/** Pure: the path of a mapped tpm2.so in the text of /proc/PID/maps. False: none is. */
bool wifi_build_mapped(struct bytes maps, char out_path[FILE_PATH_MAX]);

/**
 * Can this wpa_supplicant use a key that is named in this `way`? Before its file is read again; WIFI_KEY_FILE asks nothing.
 * ERR_UNSUPPORTED "wifi.build" with what to install or set; the errors of wpa_control_request().
 */
enum err wifi_build_check(struct wpa_control *control, enum wifi_key_way way, struct why *why) MUST_CHECK;
/** After it was read: do the PKCS#11 engine and module that it names exist? Same errors. */
enum err wifi_build_check_files(struct wpa_control *control, enum wifi_key_way way, struct why *why) MUST_CHECK;

#ifdef __cplusplus
}
#endif
#endif
