/* SPDX-License-Identifier: MIT */
#ifndef HAL_HTTP_H
#define HAL_HTTP_H
#include "hal/buf.h"
#include "hal/why.h"
#ifdef __cplusplus
extern "C" {
#endif

#define HTTP_BODY_MAX (256 * 1024) /* bytes: a SCEP reply is below 32 KiB; 100 MB must not reach memory */
#define HTTP_CONNECT_MS 10000      /* a TCP or TLS connect that takes longer will not come */
#define HTTP_STALL_S 15            /* no byte for this long: the server hangs */

/** One exchange. All pointers borrowed for the call; NULL where said. */
struct http_request {
	const char *url;          /* http:// or https://, anything else is ERR_INVALID */
	const struct bytes *body; /* NULL: GET; else POST */
	const char *content_type; /* of body; NULL with GET */
	const char *proxy;        /* NULL or "": as the environment says; "none": no proxy */
	const char *ca_file;      /* PEM file of anchors for https; NULL: the system's store */
	const char *user;         /* Basic auth; NULL: none */
	const struct buf *password;
	int64_t timeout_ms;       /* whole exchange, from now; > 0 */
};

struct http_reply {
	long status;            /* 200, 404, ... */
	char content_type[128]; /* "" when the server said none; cut when longer */
	struct buf body;        /* bounded by HTTP_BODY_MAX; released by http_reply_clear() */
	int64_t date;           /* Date header, unix s; 0 when absent */
	int64_t retry_after_s;  /* Retry-After; 0 when absent */
};

/**
 * Do one exchange. ERR_OK with any HTTP status once a whole reply was read; the caller judges the status.
 * Redirects are not followed to another host and only over http/https (at most 3 on the same host).
 * ERR_UNREACHABLE: resolve, connect, TLS, stall or timeout (code "http.…", the sentence names the URL
 * and libcurl's words); ERR_TOO_BIG: body cap; ERR_UNTRUSTED: the TLS peer does not verify.
 * On failure *out is empty. Blocks up to timeout_ms. Not to be called from two threads.
 */
enum err http_exchange(const struct http_request *request, struct http_reply *out, struct why *why) MUST_CHECK;
/** The seam: what the SCEP dialogue calls; http_exchange for real, a fake in tests. */
typedef enum err (*http_exchange_fn)(const struct http_request *request, struct http_reply *out, struct why *why);
/** Leave *reply empty. Safe twice. */
void http_reply_clear(struct http_reply *reply);
/** Append `text` percent-escaped for a query (unreserved characters of RFC 3986 stay). */
enum err http_escape(struct bytes in, struct buf *out) MUST_CHECK;

#ifdef __cplusplus
}
#endif
#endif
