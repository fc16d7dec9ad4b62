/* SPDX-License-Identifier: MIT */
#ifndef HAL_TEXT_H
#define HAL_TEXT_H
#ifdef __cplusplus
extern "C" {
#endif

/**
 * Make `text` harmless for a terminal, a journal and JSON, in place and without changing its length: each byte of a control
 * character (C0, DEL, C1), of a mark that ends a line or turns the direction of writing, of one that is not seen, and each
 * byte that is no UTF-8 (RFC 3629) becomes '?'.
 */
void text_clean(char *text);

#ifdef __cplusplus
}
#endif
#endif
