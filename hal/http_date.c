/* SPDX-License-Identifier: MIT */
#include "hal/http_date.h"
#include <stddef.h>
#include <time.h>

/* Not curl_getdate(): its time_t is libcurl's, of 32 bits where a system of 32 bits was built so, whatever ours is. */
int64_t http_date(const char *text)
{
	static const char *const forms[] = {
		"%a, %d %b %Y %H:%M:%S GMT", /* IMF-fixdate */
		"%A, %d-%b-%y %H:%M:%S GMT", /* RFC 850 */
		"%a %b %e %H:%M:%S %Y",	     /* asctime(3) */
	};
	for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
		struct tm tm = { .tm_mday = 0 };
		const char *end = strptime(text, forms[i], &tm);
		int64_t date = end != NULL && *end == '\0' ? (int64_t)timegm(&tm) : 0;
		if (date > 0)
			return date;
	}
	return 0;
}
