/* SPDX-License-Identifier: MIT */
#ifndef WIFI_WIFI_MARKS_H
#define WIFI_WIFI_MARKS_H
#include <stdbool.h>
#include "hal/buf.h"
#include "hal/why.h"
#ifdef __cplusplus
extern "C" {
#endif

#define WIFI_NAME_CAP 33   /* a profile's name (32 characters) with its NUL */
#define WIFI_BLOCKS_MAX 64 /* blocks of ours in one file; more is a damaged file */

/*
 * Whole lines, at the left margin, that say which part of a file is signet's:
 *   "# BEGIN signet NAME (do not edit between these lines)" ... "# END signet NAME"
 * without " NAME" for the global lines. A line that differs in one character is the user's.
 *
 * wpa_supplicant's SAVE_CONFIG (wpa_cli, a user's tool) writes the file anew and drops all comments. So a
 * network with id_str="signet-NAME" is ours without marks, too. The global lines are the user's then.
 */

/** The lines outside of networks that signet writes where they are needed. */
enum wifi_global {
	WIFI_CTRL_INTERFACE,
	WIFI_AP_SCAN,
	WIFI_PKCS11_ENGINE,
	WIFI_PKCS11_MODULE,
	WIFI_GLOBAL_COUNT
};

/** One such line: its value, borrowed from the text, and its number; line 0: not there. */
struct wifi_global_line {
	struct bytes value;
	unsigned line;
};

/** From the first byte of BEGIN (without marks: of "network={") to behind the end of the last line. */
struct wifi_block {
	char name[WIFI_NAME_CAP]; /* "" for the global lines */
	size_t start, end;
	bool is_marked; /* false: found by its id_str; there may be several of one name then */
};

/** What stands in a wpa_supplicant configuration. */
struct wifi_file {
	struct wifi_block blocks[WIFI_BLOCKS_MAX];
	size_t block_count;
	bool has_user_text; /* something but white space beside our blocks */
	struct wifi_global_line
	    user[WIFI_GLOBAL_COUNT]; /* beside our blocks; of several the last, as wpa_supplicant */
	struct wifi_global_line own[WIFI_GLOBAL_COUNT]; /* in our block of global lines */
};

/** Name of a global line, "ap_scan". */
const char *wifi_global_name(enum wifi_global which);

bool wifi_marks_is_name(const char *name);
/** The mark's line. `name` NULL for the global lines. */
enum err wifi_marks_add_begin(struct buf *out, const char *name) MUST_CHECK;
enum err wifi_marks_add_end(struct buf *out, const char *name) MUST_CHECK;
/** Find our blocks. ERR_INVALID with the line: a mark without its partner, a block twice, a network
 * not closed. */
enum err wifi_marks_find(struct bytes text, struct wifi_file *out, struct why *why) MUST_CHECK;
/** The block of `name` ("" for the global lines), the marked one first, NULL when there is none. */
const struct wifi_block *wifi_marks_block(const struct wifi_file *file, const char *name);

#ifdef __cplusplus
}
#endif
#endif
