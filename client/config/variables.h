/* SPDX-License-Identifier: MIT */
#ifndef CLIENT_CONFIG_VARIABLES_H
#define CLIENT_CONFIG_VARIABLES_H
#include "client/config/config.h"
#ifdef __cplusplus
extern "C" {
#endif

/** How a variable's value is escaped for where it lands. */
enum variable_place {
	PLACE_TEXT, /* SAN, identity, local_id: as it is; control characters are refused */
	PLACE_RDN   /* inside an RDN value of `subject`: RFC 4514 section 2.4 escaping */
};

/**
 * Append `text` with every {{Variable}} replaced (interface, section 2; names without case). Values
 * come from [device], else from the board (hal/device.h). An unknown name, an unclosed "{{" or a
 * value that the device cannot tell is ERR_INVALID, naming the variable and the key of [device]
 * that would fill it. ERR_TOO_BIG, ERR_NO_MEMORY from *out. On failure *out is as it was.
 * {{OnPrem_Distinguished_Name}} at PLACE_RDN standing alone as the whole text is a DN, unescaped.
 */
enum err variables_expand(const struct config *config, const char *text, enum variable_place place,
			  struct buf *out, struct why *why) MUST_CHECK;
/** Check names and braces only; reads nothing of the device. For `config check`. */
enum err variables_check(const char *text, struct why *why) MUST_CHECK;

#ifdef __cplusplus
}
#endif
#endif
