/* SPDX-License-Identifier: MIT */
#ifndef WIFI_WIFI_VALUE_H
#define WIFI_WIFI_VALUE_H
#include <stdbool.h>
#include "hal/buf.h"
#include "hal/why.h"
#ifdef __cplusplus
extern "C" {
#endif

/*
 * How wpa_supplicant 2.10 reads a line: comments are cut at a '#' behind the last double quote, a
 * string goes from the first quote to the last one of its line, P"..." knows \\ \" \n \r \t \e
 * \xHH, unquoted hex is bytes. Lines longer than its buffers (2000 bytes in a network, 512 outside)
 * are cut silently.
 */
#define WIFI_NETWORK_LINE_MAX 1990 /* bytes of one line within a network */
#define WIFI_GLOBAL_LINE_MAX 500   /* bytes of one line outside of them */

/** Printable ASCII alone: what "..." holds without a second meaning, '"' excepted. */
bool wifi_value_is_plain(const char *text, size_t len);
/** Append `text` as "...", or as P"..." when quotes or bytes beyond printable ASCII are in it. */
enum err wifi_value_add_quoted(struct buf *out, const char *text) MUST_CHECK;
/** Append an SSID: "..." when plain, else as hex. */
enum err wifi_value_add_ssid(struct buf *out, const char *ssid) MUST_CHECK;
/** Is this a DNS name (letters, digits, '-', '_', labels of 1..63, 253 in all)? */
bool wifi_value_is_dns_name(const char *text);
/** Is this an absolute path of printable ASCII that needs no quotes and cannot end a line early? */
bool wifi_value_is_path(const char *text);

#ifdef __cplusplus
}
#endif
#endif
