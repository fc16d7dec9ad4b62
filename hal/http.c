/* SPDX-License-Identifier: MIT */
#include "hal/http.h"
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>
#include "hal/clock.h"
#include "hal/http_date.h"
#include "hal/libcurl.h"
#include "hal/ntlm.h"
#include "hal/wiped_memory.h"

#define HEADERS_MAX (64 * 1024) /* bytes of all response headers: endless headers must end */
#define REDIRECTS_MAX 3		/* on the same host, GET only */
#define SHOWN_URL_MAX 300	/* characters of an address in a sentence */
#define PASSWORD_MAX 4096	/* bytes; no login form takes more */

/* One transfer as libcurl's callbacks see it. */
struct transfer {
	struct http_reply reply;
	size_t header_len;
	bool has_big_body;
	bool has_big_header;
	unsigned failures; /* wiped_failures() when it began */
	bool has_weak_ntlm;
};

static size_t take_body(char *data, size_t size, size_t count, void *user)
{
	struct transfer *t = user;
	enum err e = buf_add(&t->reply.body, data, size * count);
	if (e == ERR_OK)
		return size * count;
	t->has_big_body = e == ERR_TOO_BIG;
	return CURL_WRITEFUNC_ERROR;
}

static size_t take_header(char *data, size_t size, size_t count, void *user)
{
	struct transfer *t = user;
	t->header_len += size * count;
	t->has_big_header = t->header_len > HEADERS_MAX;
	t->has_weak_ntlm = ntlm_is_weak(data, size * count);
	if (!t->has_big_header && !t->has_weak_ntlm)
		return size * count;
	return CURL_WRITEFUNC_ERROR;
}

/* The query is not shown: a GET message is long, and says nothing to a technician. Nobody's
 * password either. */
static void shown_url(const char *url, char out[SHOWN_URL_MAX])
{
	const char *host = strstr(url, "://");
	host = host != NULL ? host + 3 : url;
	const char *at = memchr(host, '@', strcspn(host, "/?#"));
	snprintf(out, SHOWN_URL_MAX, "%.*s%.*s", (int)(host - url < 16 ? host - url : 0), url,
		 (int)(at != NULL ? strcspn(at + 1, "?#") : strcspn(host, "?#")),
		 at != NULL ? at + 1 : host);
}

/* What a failure of libcurl means for the caller, and what a technician does about it. */
struct meaning {
	CURLcode code;
	enum err err;
	const char *word;
	const char *next;
};

static const struct meaning *meaning_of(CURLcode code)
{
	static const char trust[] =
	    "set tls_trust to the trust profile of the server's CA; check the clock";
	static const char handshake[] =
	    "is this a https address? The server must offer TLS 1.2 or newer";
	static const struct meaning meanings[] = {
	    {CURLE_URL_MALFORMAT, ERR_INVALID, "http.url", "use a http:// or https:// address"},
	    {CURLE_LOGIN_DENIED, ERR_INVALID, "http.url",
	     "take user and password out of the address"},
	    {CURLE_COULDNT_RESOLVE_HOST, ERR_UNREACHABLE, "http.resolve",
	     "check the name and this device's DNS"},
	    {CURLE_COULDNT_RESOLVE_PROXY, ERR_UNREACHABLE, "http.resolve",
	     "check proxy and this device's DNS"},
	    {CURLE_COULDNT_CONNECT, ERR_UNREACHABLE, "http.connect",
	     "check the network, the address and whether the server runs"},
	    {CURLE_OPERATION_TIMEDOUT, ERR_UNREACHABLE, "http.timeout",
	     "check the network; raise timeout for a slow server"},
	    {CURLE_PEER_FAILED_VERIFICATION, ERR_UNTRUSTED, "http.tls", trust},
	    {CURLE_SSL_ISSUER_ERROR, ERR_UNTRUSTED, "http.tls", trust},
	    {CURLE_SSL_INVALIDCERTSTATUS, ERR_UNTRUSTED, "http.tls", trust},
	    {CURLE_SSL_CONNECT_ERROR, ERR_UNREACHABLE, "http.tls", handshake},
	    {CURLE_SSL_CIPHER, ERR_UNREACHABLE, "http.tls", handshake},
	    {CURLE_SSL_CACERT_BADFILE, ERR_IO, "http.tls",
	     "install the trust profile that tls_trust names"},
	    /* HTTP/0.9, which libcurl calls so; other schemes are refused before */
	    {CURLE_UNSUPPORTED_PROTOCOL, ERR_UNREACHABLE, "http.protocol",
	     "is this a web server's address?"},
	    {CURLE_WEIRD_SERVER_REPLY, ERR_UNREACHABLE, "http.protocol",
	     "is this a web server's address?"},
	    {CURLE_BAD_CONTENT_ENCODING, ERR_UNREACHABLE, "http.protocol",
	     "is this a web server's address?"},
	    {CURLE_OUT_OF_MEMORY, ERR_NO_MEMORY, "http.memory", ""},
	};
	/* the line broke in the middle, and whatever a newer libcurl may invent */
	static const struct meaning other = {CURLE_OK, ERR_UNREACHABLE, "http.io",
					     "check the network and whether the server runs"};
	for (size_t i = 0; i < sizeof meanings / sizeof meanings[0]; i++)
		if (meanings[i].code == code)
			return &meanings[i];
	return &other;
}

static enum err too_big(const char *shown, const char *part, size_t max, struct why *why)
{
	enum err e = why_set(why, ERR_TOO_BIG, "http.too_big", "%s: the %s is larger than %zu bytes",
			     shown, part, max);
	why_next(why, "is the url right? A captive portal or proxy may answer in its place");
	return e;
}

/* libcurl has one code for every peer that does not verify; its words are those of OpenSSL or wolfSSL. */
static bool is_about_dates(const char *words)
{
	static const char *const dates[] = {"not yet valid", "has expired", "date error"};
	for (size_t i = 0; i < sizeof dates / sizeof dates[0]; i++)
		if (strstr(words, dates[i]) != NULL)
			return true;
	return false;
}

static enum err weak_ntlm(const char *shown, struct why *why)
{
	enum err e =
	    why_set(why, ERR_UNTRUSTED, "http.ntlm_old",
		    "%s asks for an NTLMv1 answer, from which the password can be computed: none was sent", shown);
	why_next(why, "let the server ask for NTLMv2; if it does, somebody in between wants the password");
	return e;
}

static enum err translate(CURLcode code, const struct transfer *t, const char *url,
			  const char *words, struct why *why)
{
	char shown[SHOWN_URL_MAX];
	shown_url(url, shown);
	if (t->has_big_body || code == CURLE_FILESIZE_EXCEEDED)
		return too_big(shown, "reply", t->reply.body.max, why);
	/* libcurl has no other code for one line that outgrows its buffer (100 KiB in 7.88) */
	bool has_big_line = code == CURLE_OUT_OF_MEMORY && wiped_failures() == t->failures;
	if (t->has_big_header || has_big_line)
		return too_big(shown, "reply's header", HEADERS_MAX, why);
	if (t->has_weak_ntlm)
		return weak_ntlm(shown, why);
	const struct meaning *m = meaning_of(code);
	bool is_date = m->err == ERR_UNTRUSTED && is_about_dates(words);
	why_set(why, m->err, is_date ? "http.tls_date" : m->word, "%s: %s", shown,
		words[0] != '\0' ? words : curl_easy_strerror(code));
	why_next(why, "%s", m->next);
	return m->err;
}

static void set_common(CURL *curl, const struct http_request *r, struct transfer *t,
		       char words[CURL_ERROR_SIZE])
{
	curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(curl, CURLOPT_REDIR_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L); /* by hand, see may_follow() */
	curl_easy_setopt(curl, CURLOPT_DISALLOW_USERNAME_IN_URL, 1L);
	curl_easy_setopt(curl, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
	curl_easy_setopt(curl, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2); /* RFC 8996 */
	curl_easy_setopt(curl, CURLOPT_MAXFILESIZE_LARGE,
			 (curl_off_t)t->reply.body.max); /* by Content-Length */
	curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, (long)HTTP_CONNECT_MS);
	/* else the end of a transfer waits for its resolver's thread, and that for a name server that is silent: up to
	 * minutes, see resolv.conf(5) */
	curl_easy_setopt(curl, CURLOPT_QUICK_EXIT, 1L);
	curl_easy_setopt(curl, CURLOPT_LOW_SPEED_LIMIT, 1L);
	curl_easy_setopt(curl, CURLOPT_LOW_SPEED_TIME, (long)HTTP_STALL_S);
	curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take_body);
	curl_easy_setopt(curl, CURLOPT_WRITEDATA, t);
	curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, take_header);
	curl_easy_setopt(curl, CURLOPT_HEADERDATA, t);
	curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, words);
	curl_easy_setopt(curl, CURLOPT_USERAGENT, "signet");
	if (r->proxy != NULL && strcmp(r->proxy, "none") == 0)
		curl_easy_setopt(curl, CURLOPT_PROXY, "");
	else if (r->proxy != NULL && r->proxy[0] != '\0')
		curl_easy_setopt(curl, CURLOPT_PROXY, r->proxy);
}

/* From memory: who talks to a server may open next to nothing, see hal/cage.h. */
static enum err set_anchors(CURL *curl, struct bytes ca, struct why *why)
{
	struct curl_blob blob = {.data = (void *)(uintptr_t)ca.data, /* is not written to */
				 .len = ca.len,
				 .flags = CURL_BLOB_NOCOPY};
	if (ca.len == 0)
		return ERR_OK;
	if (curl_easy_setopt(curl, CURLOPT_CAPATH, NULL) == CURLE_OK &&
	    curl_easy_setopt(curl, CURLOPT_CAINFO_BLOB, &blob) == CURLE_OK)
		return ERR_OK;
	enum err e = why_set(why, ERR_UNSUPPORTED, "http.tls",
			     "this libcurl cannot take CA certificates from memory");
	why_next(why, "build libcurl with OpenSSL, or 8.2 and newer with wolfSSL");
	return e;
}

static char *part_of(const char *url, CURLUPart part)
{
	char *text = NULL;
	char *copy = NULL;
	CURLU *parsed = curl_url();
	if (parsed != NULL && curl_url_set(parsed, CURLUPART_URL, url, 0) == CURLUE_OK &&
	    curl_url_get(parsed, part, &text, CURLU_DEFAULT_PORT) == CURLUE_OK)
		copy = strdup(text);
	curl_free(text);
	curl_url_cleanup(parsed);
	return copy;
}

/* Nobody sits between this machine and itself. */
static bool is_loopback(const char *url)
{
	char *host = part_of(url, CURLUPART_HOST);
	bool is_so = host != NULL && (strncmp(host, "127.", 4) == 0 ? strspn(host, "0123456789.") == strlen(host)
								      : strcmp(host, "[::1]") == 0 ||
									    strcasecmp(host, "localhost") == 0);
	free(host);
	return is_so;
}

static bool may_send_basic(const char *url)
{
	return strncasecmp(url, "https://", 8) == 0 || is_loopback(url);
}

/* libcurl asks without a login first when there are two schemes to choose from, and takes NTLM
 * before Basic. Copies of libcurl are wiped by hal/wiped_memory.h. */
static enum err set_login(CURL *curl, const struct http_request *r, const char *url,
			  struct why *why)
{
	struct buf copy;
	if (r->user == NULL)
		return ERR_OK;
	buf_init(&copy, PASSWORD_MAX + 1);
	enum err e =
	    r->password != NULL ? buf_add(&copy, r->password->data, r->password->len) : ERR_OK;
	if (e == ERR_TOO_BIG ||
	    (e == ERR_OK &&
	     (copy.len > PASSWORD_MAX || (copy.len > 0 && memchr(copy.data, 0, copy.len) != NULL))))
		e = why_set(why, ERR_INVALID, "http.login",
			    "the password is longer than %d bytes or has a NUL in it", PASSWORD_MAX);
	const char *password = e == ERR_OK ? buf_text(&copy) : NULL;
	if (e == ERR_OK &&
	    (password == NULL || curl_easy_setopt(curl, CURLOPT_USERNAME, r->user) != CURLE_OK ||
	     curl_easy_setopt(curl, CURLOPT_PASSWORD, password) != CURLE_OK))
		e = ERR_NO_MEMORY;
	buf_clear(&copy);
	unsigned long schemes = CURLAUTH_NTLM | (may_send_basic(url) ? CURLAUTH_BASIC : 0);
	if (e == ERR_OK && curl_easy_setopt(curl, CURLOPT_HTTPAUTH, schemes) != CURLE_OK)
		e = why_set(why, ERR_INVALID, "http.login",
			    "this libcurl has no NTLM, and Basic is not sent over plain http");
	/* NTLM is of one connection, which HTTP/2 has not (RFC 4559 section 6 on its kind) */
	curl_easy_setopt(curl, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
	if (is_loopback(url))
		curl_easy_setopt(curl, CURLOPT_PROXY, ""); /* a proxy's own loopback is another's */
	return e;
}

static enum http_login login_of(CURL *curl, const char *url)
{
	long offered = 0;
	if (curl_easy_getinfo(curl, CURLINFO_HTTPAUTH_AVAIL, &offered) != CURLE_OK || offered == 0)
		return HTTP_LOGIN_NONE;
	if ((offered & (long)CURLAUTH_NTLM) != 0)
		return HTTP_LOGIN_USABLE;
	if ((offered & (long)CURLAUTH_BASIC) != 0)
		return may_send_basic(url) ? HTTP_LOGIN_USABLE : HTTP_LOGIN_CLEAR;
	return HTTP_LOGIN_OTHER;
}

/* RFC 9110 section 10.2.3: seconds, or a date; that is seen from the server's Date, for our clock
 * may be wrong. */
static int64_t retry_after(const char *value, int64_t date)
{
	char *end = NULL;
	if (value[0] >= '0' && value[0] <= '9') {
		unsigned long long seconds = strtoull(value, &end, 10);
		return *end != '\0' ? 0 : seconds < INT32_MAX ? (int64_t)seconds : INT32_MAX;
	}
	int64_t until = http_date(value);
	int64_t from = date > 0 ? date : (int64_t)time(NULL);
	return until <= from ? 0 : until - from < INT32_MAX ? until - from : INT32_MAX;
}

static void read_facts(CURL *curl, const char *url, struct http_reply *reply)
{
	struct curl_header *header;
	const char *type = NULL;
	curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &reply->status);
	if (curl_easy_getinfo(curl, CURLINFO_CONTENT_TYPE, &type) == CURLE_OK && type != NULL)
		snprintf(reply->content_type, sizeof reply->content_type, "%s", type);
	if (curl_easy_header(curl, "Date", 0, CURLH_HEADER, -1, &header) == CURLHE_OK)
		reply->date = http_date(header->value);
	if (curl_easy_header(curl, "Retry-After", 0, CURLH_HEADER, -1, &header) == CURLHE_OK)
		reply->retry_after_s = retry_after(header->value, reply->date);
	if (reply->status == 401)
		reply->login = login_of(curl, url);
}

static enum err set_body(CURL *curl, const struct http_request *r, struct curl_slist **headers)
{
	char type[160];
	snprintf(type, sizeof type, "Content-Type: %s",
		 r->content_type != NULL ? r->content_type : "application/octet-stream");
	*headers = curl_slist_append(NULL, type);
	if (*headers == NULL || curl_slist_append(*headers, "Expect:") == NULL)
		return ERR_NO_MEMORY;
	curl_easy_setopt(curl, CURLOPT_HTTPHEADER, *headers);
	curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)r->body->len);
	/* never NULL: libcurl would read stdin */
	curl_easy_setopt(curl, CURLOPT_POSTFIELDS,
			 r->body->len > 0 ? (const char *)r->body->data : "");
	return ERR_OK;
}

static bool is_redirect(long status)
{
	return status == 301 || status == 302 || status == 303 || status == 307 ||
	       status == 308; /* RFC 9110 15.4 */
}

/* Location against `url`. Not CURLINFO_REDIRECT_URL: libcurl writes user and password of the
 * request into it. */
static enum err read_location(CURL *curl, const char *url, char **out_location)
{
	struct curl_header *header;
	char *text = NULL;
	if (curl_easy_header(curl, "Location", 0, CURLH_HEADER, -1, &header) != CURLHE_OK)
		return ERR_OK;
	CURLU *target = curl_url();
	bool is_url = target != NULL && curl_url_set(target, CURLUPART_URL, url, 0) == CURLUE_OK &&
		      curl_url_set(target, CURLUPART_URL, header->value,
				   CURLU_NON_SUPPORT_SCHEME) == CURLUE_OK &&
		      curl_url_get(target, CURLUPART_URL, &text, 0) == CURLUE_OK;
	char *copy =
	    strdup(is_url ? text : header->value); /* what is no URL is refused, and named */
	curl_free(text);
	curl_url_cleanup(target);
	if (copy == NULL)
		return ERR_NO_MEMORY;
	*out_location = copy;
	return ERR_OK;
}

/* *out_location: where the server sends a GET; malloc'ed, NULL when it does not. */
static enum err one_transfer(const struct http_request *r, const char *url, int64_t timeout_ms,
			     struct transfer *t, char **out_location, struct why *why)
{
	char words[CURL_ERROR_SIZE] = "";
	struct curl_slist *headers = NULL;
	CURL *curl = curl_easy_init();
	if (curl == NULL)
		return ERR_NO_MEMORY;
	t->failures = wiped_failures();
	set_common(curl, r, t, words);
	enum err e = set_anchors(curl, r->ca, why);
	if (e == ERR_OK)
		e = set_login(curl, r, url, why);
	if (e == ERR_OK && curl_easy_setopt(curl, CURLOPT_URL, url) != CURLE_OK)
		e = ERR_NO_MEMORY;
	curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS,
			 (long)(timeout_ms < INT_MAX ? timeout_ms : INT_MAX));
	if (e == ERR_OK && r->body != NULL)
		e = set_body(curl, r, &headers);
	CURLcode code = e == ERR_OK ? curl_easy_perform(curl) : CURLE_OK;
	if (code != CURLE_OK)
		e = translate(code, t, url, words, why);
	if (e == ERR_OK) {
		read_facts(curl, url, &t->reply);
		if (r->body == NULL && is_redirect(t->reply.status))
			e = read_location(curl, url, out_location);
	}
	curl_easy_cleanup(curl);
	curl_slist_free_all(headers);
	return e;
}

static bool is_same_part(const char *a, const char *b, CURLUPart part)
{
	char *x = part_of(a, part);
	char *y = part_of(b, part);
	bool is_same = x != NULL && y != NULL && strcasecmp(x, y) == 0;
	free(x);
	free(y);
	return is_same;
}

static bool is_http(const char *url)
{
	return strncasecmp(url, "http://", 7) == 0 || strncasecmp(url, "https://", 8) == 0;
}

static bool has_port(const char *url, const char *wanted)
{
	char *port = part_of(url, CURLUPART_PORT);
	bool is_so = port != NULL && strcmp(port, wanted) == 0;
	free(port);
	return is_so;
}

/* To the same host and port; from http to https also where both ports are the usual ones; never
 * back. */
static bool may_follow(const char *from, const char *to)
{
	bool was_tls = strncasecmp(from, "https://", 8) == 0;
	bool is_tls = strncasecmp(to, "https://", 8) == 0;
	char *user = part_of(to, CURLUPART_USER);
	bool has_user = user != NULL;
	free(user);
	if (has_user || !is_http(to) || (was_tls && !is_tls) ||
	    !is_same_part(from, to, CURLUPART_HOST))
		return false;
	return is_same_part(from, to, CURLUPART_PORT) ||
	       (!was_tls && is_tls && has_port(from, "80") && has_port(to, "443"));
}

static enum err refuse_redirect(const char *url, const char *to, bool is_loop, struct why *why)
{
	char shown[SHOWN_URL_MAX];
	char shown_to[SHOWN_URL_MAX];
	shown_url(url, shown);
	shown_url(to, shown_to);
	enum err e =
	    is_loop
		? why_set(why, ERR_UNREACHABLE, "http.redirect",
			  "%s sends us on, to %s, for the %dth time", shown, shown_to,
			  REDIRECTS_MAX + 1)
		: why_set(
		      why, ERR_UNREACHABLE, "http.redirect",
		      "%s sends us to %s: another host, port or a weaker scheme is never followed",
		      shown, shown_to);
	why_next(why,
		 "set url to the address that answers itself; a captive portal may be in between");
	return e;
}

enum err http_prepare(struct why *why)
{
	static bool is_started;
	enum err e = libcurl_load(why);
	if (e != ERR_OK)
		return e;
	if (!is_started &&
	    curl_global_init_mem(CURL_GLOBAL_DEFAULT, wiped_malloc, wiped_free, wiped_realloc,
				 wiped_strdup, wiped_calloc) != CURLE_OK)
		return why_set(why, ERR_NO_MEMORY, "http.memory", "libcurl cannot be started");
	is_started = true;
	return ERR_OK;
}

struct http_store http_system_store(void)
{
	struct http_store store = {.file = NULL};
	if (libcurl_load(NULL) != ERR_OK)
		return store;
	const curl_version_info_data *info = curl_version_info(CURLVERSION_NOW);
	if (info->age >= CURLVERSION_SEVENTH) /* libcurl 7.70 */
		store = (struct http_store){info->cainfo, info->capath};
	return store;
}

static enum err follow(const struct http_request *request, struct transfer *t, struct why *why)
{
	int64_t until = clock_boot_ms() + request->timeout_ms;
	char *location = NULL;
	char *url = strdup(request->url);
	enum err e = url != NULL ? ERR_OK : ERR_NO_MEMORY;
	for (int hops = 0; e == ERR_OK; hops++) {
		int64_t left = until - clock_boot_ms();
		e = one_transfer(request, url, left > 0 ? left : 1, t, &location, why);
		if (e != ERR_OK || location == NULL)
			break;
		if (hops == REDIRECTS_MAX || !may_follow(url, location)) {
			e = refuse_redirect(url, location, hops == REDIRECTS_MAX, why);
			break;
		}
		free(url);
		url = location;
		location = NULL;
		http_reply_clear(&t->reply);
		t->header_len = 0;
	}
	free(location);
	free(url);
	return e;
}

enum err http_exchange(const struct http_request *request, struct http_reply *out, struct why *why)
{
	struct transfer t = {.header_len = 0};
	*out = (struct http_reply){.status = 0};
	size_t body_max = request->body_max != 0 ? request->body_max : HTTP_BODY_MAX;
	buf_init(&out->body, body_max);
	buf_init(&t.reply.body, body_max);
	if (!is_http(request->url)) {
		char shown[SHOWN_URL_MAX];
		shown_url(request->url, shown);
		enum err e = why_set(why, ERR_INVALID, "http.url",
				     "%s is no http:// or https:// address", shown);
		why_next(why, "use a http:// or https:// address");
		return e;
	}
	enum err e = http_prepare(why);
	if (e == ERR_OK)
		e = follow(request, &t, why);
	if (e == ERR_OK)
		*out = t.reply; /* handed to the caller */
	else
		http_reply_clear(&t.reply);
	return e;
}

void http_reply_clear(struct http_reply *reply)
{
	size_t max = reply->body.max;
	buf_clear(&reply->body);
	*reply = (struct http_reply){.status = 0};
	buf_init(&reply->body, max);
}

enum err http_escape(struct bytes in, struct buf *out)
{
	enum err e = ERR_OK;
	size_t len_before = out->len;
	for (size_t i = 0; i < in.len && e == ERR_OK; i++) {
		uint8_t c = in.data[i];
		bool is_plain = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
				(c >= '0' && c <= '9') ||
				(c != 0 && strchr("-._~", c) != NULL); /* RFC 3986 section 2.3 */
		e = is_plain ? buf_add(out, &c, 1) : buf_add_format(out, "%%%02X", c);
	}
	if (e != ERR_OK)
		buf_cut(out, len_before);
	return e;
}
