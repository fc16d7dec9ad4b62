/* SPDX-License-Identifier: MIT */
#ifndef HAL_LIBCURL_H
#define HAL_LIBCURL_H
#include <curl/curl.h>
#include "hal/why.h"
#ifdef __cplusplus
extern "C" {
#endif

/*
 * Between hal/http.c and libcurl, whose types are here: nobody else includes this. Debian's drags in 28 more libraries, 4 MiB and 7 ms, and only a worker talks to a network: so it
 * is loaded by the process that needs it. -DSIGNET_LINK_LIBCURL=ON links it instead: for a static program, or a
 * libc without dlopen(3).
 */

/** Safe twice. ERR_UNSUPPORTED "http.libcurl": it is not installed, or older than 7.87; said again without another try, for a worker
 *  may open nothing once it is shut in. */
enum err libcurl_load(struct why *why) MUST_CHECK;

#ifndef SIGNET_LINK_LIBCURL
#define LIBCURL_FUNCTIONS(X) \
	X(curl_global_init_mem) X(curl_version_info) \
	X(curl_easy_init) X(curl_easy_setopt) X(curl_easy_perform) X(curl_easy_getinfo) X(curl_easy_header) \
	X(curl_easy_strerror) X(curl_easy_cleanup) \
	X(curl_slist_append) X(curl_slist_free_all) \
	X(curl_url) X(curl_url_set) X(curl_url_get) X(curl_url_cleanup) X(curl_free)

/* libcurl's own macros of these names check types where it is linked */
#undef curl_easy_setopt
#undef curl_easy_getinfo

extern struct libcurl {
#define LIBCURL_MEMBER(name) __typeof__(name) *name##_;
	LIBCURL_FUNCTIONS(LIBCURL_MEMBER)
#undef LIBCURL_MEMBER
} libcurl; /* all NULL before libcurl_load() */

#ifndef LIBCURL_WITHOUT_NAMES
#define curl_global_init_mem libcurl.curl_global_init_mem_
#define curl_version_info libcurl.curl_version_info_
#define curl_easy_init libcurl.curl_easy_init_
#define curl_easy_setopt libcurl.curl_easy_setopt_
#define curl_easy_perform libcurl.curl_easy_perform_
#define curl_easy_getinfo libcurl.curl_easy_getinfo_
#define curl_easy_header libcurl.curl_easy_header_
#define curl_easy_strerror libcurl.curl_easy_strerror_
#define curl_easy_cleanup libcurl.curl_easy_cleanup_
#define curl_slist_append libcurl.curl_slist_append_
#define curl_slist_free_all libcurl.curl_slist_free_all_
#define curl_url libcurl.curl_url_
#define curl_url_set libcurl.curl_url_set_
#define curl_url_get libcurl.curl_url_get_
#define curl_url_cleanup libcurl.curl_url_cleanup_
#define curl_free libcurl.curl_free_
#endif
#endif

#ifdef __cplusplus
}
#endif
#endif
