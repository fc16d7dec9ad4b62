/* SPDX-License-Identifier: MIT */
#ifndef HAL_HTTP_DATE_H
#define HAL_HTTP_DATE_H
#include <stdint.h>
#ifdef __cplusplus
extern "C" {
#endif

/** Unix seconds of an HTTP-date in one of its three forms (RFC 9110 section 5.6.7); 0: it is none, or not after 1970. Pure. */
int64_t http_date(const char *text);

#ifdef __cplusplus
}
#endif
#endif
