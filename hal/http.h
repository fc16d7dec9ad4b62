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
	struct bytes ca;          /* PEM of the anchors for https; empty: the system's store */
	const char *user;         /* for a server that asks for a login, see below; NULL: none */
	const struct buf *password;
	int64_t timeout_ms;       /* whole exchange, from now; > 0 */
	size_t body_max;          /* bytes of the reply's body; 0: HTTP_BODY_MAX */
};

/** The login that a reply asks for (RFC 9110 section 11.6.1), when it still does so at the end. */
enum http_login {
	HTTP_LOGIN_NONE,   /* it asks for none, or names no scheme */
	HTTP_LOGIN_USABLE, /* a scheme that was tried, or would be with a user */
	HTTP_LOGIN_CLEAR,  /* Basic alone, over plain http: the password was not sent */
	HTTP_LOGIN_OTHER   /* Negotiate, Digest, ...: none that is spoken here */
};

struct http_reply {
	long status;            /* 200, 404, ... */
	char content_type[128]; /* "" when the server said none; cut when longer */
	struct buf body;        /* bounded by the request's body_max; released by http_reply_clear() */
	int64_t date;           /* Date header, unix s; 0 when absent */
	int64_t retry_after_s;  /* Retry-After, a date counted from Date; 0 when absent; < 2^31 */
	enum http_login login;
};

/**
 * Do one exchange. ERR_OK with any HTTP status once a whole reply was read; the caller judges it.
 * Redirects: at most 3 of a GET, on the same host and port, or from http to https there (80 to 443
 * too); never back to http, never to another host. Blocks up to timeout_ms. No threads.
 *
 * A user's password answers NTLM, by NTLMv2 only, and where that is not offered Basic; Basic not over plain http, except
 * to this machine itself: whoever sits between could ask for it. By NTLM libcurl sends ASCII passwords right, and no other.
 *
 * ERR_UNREACHABLE  "http.resolve", "http.connect", "http.tls" (no TLS 1.2 handshake), "http.timeout"
 *                  (stall too), "http.redirect", "http.protocol" (no HTTP), "http.io"
 * ERR_UNTRUSTED    "http.tls": the TLS peer does not verify; "http.tls_date": by its dates and the system's clock
 *                  "http.ntlm_old": the server asks for an NTLMv1 answer; none was sent
 * ERR_TOO_BIG      "http.too_big": body cap, or 64 KiB of headers
 * ERR_INVALID      "http.url": another scheme, no URL, a login in it; "http.login": password unusable,
 *                  or libcurl was built without NTLM
 * ERR_IO           "http.tls": ca holds no certificate
 * ERR_UNSUPPORTED  "http.libcurl": it is not installed or too old, see hal/libcurl.h; "http.tls": its TLS takes ca from a
 *                  file only (wolfSSL before curl 8.2, GnuTLS before 8.18)
 * ERR_NO_MEMORY
 *
 * The sentence names the URL without its query, and libcurl's words.
 * On failure *out is empty, whatever it was before: clear a filled one first.
 */
enum err http_exchange(const struct http_request *request, struct http_reply *out, struct why *why) MUST_CHECK;
/** Start libcurl and its TLS library, which read their own configuration then. For a process that will be able to open next to
 *  nothing; http_exchange() does it else. Safe twice. */
enum err http_prepare(struct why *why) MUST_CHECK;
/** Where libcurl looks for the system's anchors: absolute paths that live as long as libcurl, NULL for none. */
struct http_store {
	const char *file, *folder;
};
struct http_store http_system_store(void);
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
