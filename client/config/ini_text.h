/* SPDX-License-Identifier: MIT */
#ifndef CLIENT_CONFIG_INI_TEXT_H
#define CLIENT_CONFIG_INI_TEXT_H
#include "hal/buf.h"
#include "hal/why.h"
#ifdef __cplusplus
extern "C" {
#endif

/** Called once a key; return ERR_OK to go on. `section` is the whole text between the brackets. */
typedef enum err (*ini_key_fn)(void *ctx, const char *section, const char *name, const char *value,
			       unsigned line, struct why *why);

/**
 * Read INI text through inih, guarded against its silent cuts: a line over 198 bytes, a section or
 * name over 49, a NUL or other control character, a byte-order mark, bytes that are not UTF-8, " ;"
 * inside a value, text behind a section's ], ":" for "=", a continuation line: ERR_INVALID with
 * "LABEL:LINE" (code "config.line"). Each section's line is reported by itself, with name and value
 * NULL, before its keys. ERR_NO_MEMORY: *why may be empty. Text is borrowed; what `each` gets lives
 * for its call only.
 */
enum err ini_text_read(struct bytes text, const char *label, ini_key_fn each, void *ctx,
		       struct why *why) MUST_CHECK;

#ifdef __cplusplus
}
#endif
#endif
