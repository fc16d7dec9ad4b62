/* SPDX-License-Identifier: MIT */
#ifndef CLIENT_CLI_INVENTORY_H
#define CLIENT_CLI_INVENTORY_H
#include "client/agent/view.h"
#include "client/cli/cli.h"
#ifdef __cplusplus
extern "C" {
#endif

#define INVENTORY_COLUMNS 15	 /* interface, section 1: device ... last_error */
#define INVENTORY_VALUE_MAX 1024 /* bytes of a value with its NUL: the longest text of a view */

/** The verb `inventory`. */
enum signet_exit inventory_run(const struct cli *cli, const struct config *config);

/** Every scep profile has one row, with or without a certificate. */
bool inventory_has_row(const struct profile_view *profile);
/** Name of a column, 0..INVENTORY_COLUMNS-1. */
const char *inventory_column(size_t column);
/** Value of a column; false and "" when there is none. */
bool inventory_value(const struct device_view *view, const struct profile_view *profile,
		     size_t column, char out[INVENTORY_VALUE_MAX]);
/** Append the header line of the CSV. */
void inventory_csv_header(struct text_out *out);
/**
 * Append all rows as CSV (RFC 4180: CRLF, quotes doubled). A value that a spreadsheet would take
 * for a formula (leading = + - @, tab, CR) gets an apostrophe in front.
 */
void inventory_csv_rows(const struct device_view *view, struct text_out *out);

#ifdef __cplusplus
}
#endif
#endif
