/* SPDX-License-Identifier: MIT */
#define LIBCURL_WITHOUT_NAMES
#include "hal/libcurl.h"
#ifdef SIGNET_LINK_LIBCURL

enum err libcurl_load(struct why *why)
{
	(void)why;
	return ERR_OK;
}

#else
#include <dlfcn.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#define NAME "libcurl.so.4" /* its ABI since 7.16 */
#define OLDEST 0x075700     /* 7.87, CURLOPT_QUICK_EXIT; an older one would pass over what it does not know, and speak any protocol */

struct libcurl libcurl;

static const struct function {
	const char *name;
	size_t at;
} functions[] = {
#define LIBCURL_FUNCTION(name) { #name, offsetof(struct libcurl, name##_) },
	LIBCURL_FUNCTIONS(LIBCURL_FUNCTION)
#undef LIBCURL_FUNCTION
};

static enum err fail(const char *words, struct why *why)
{
	enum err e = why_set(why, ERR_UNSUPPORTED, "http.libcurl", "the library that talks to servers cannot be loaded: %s", words);
	why_next(why, "install libcurl (%s) %d.%d or newer", NAME, OLDEST >> 16, OLDEST >> 8 & 0xff);
	return e;
}

/* What the caller would crash over is left out: all or none is taken. */
static enum err take(void *library, struct why *why)
{
	struct libcurl all;
	for (size_t i = 0; i < sizeof functions / sizeof functions[0]; i++) {
		void *found = dlsym(library, functions[i].name);
		if (found == NULL)
			return fail(dlerror(), why);
		memcpy((char *)&all + functions[i].at, &found, sizeof found); /* POSIX: they are of one size */
	}
	const curl_version_info_data *info = all.curl_version_info_(CURLVERSION_NOW);
	if (info->version_num < OLDEST) {
		char words[80];
		snprintf(words, sizeof words, "it is version %s", info->version);
		return fail(words, why);
	}
	libcurl = all;
	return ERR_OK;
}

/* Never closed: libcurl's own state would go with it. */
enum err libcurl_load(struct why *why)
{
	static bool is_tried;
	static struct why first;
	if (libcurl.curl_easy_init_ != NULL)
		return ERR_OK;
	if (!is_tried) {
		is_tried = true;
		void *library = dlopen(NAME, RTLD_NOW | RTLD_LOCAL);
		enum err e = library != NULL ? take(library, &first) : fail(dlerror(), &first);
		if (e == ERR_OK)
			return e;
	}
	if (why != NULL)
		*why = first;
	return ERR_UNSUPPORTED;
}
#endif
