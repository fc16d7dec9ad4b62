/* SPDX-License-Identifier: MIT */
#include "hal/http.h"
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <curl/curl.h>
#include "hal/clock.h"

#define HEADERS_MAX (64 * 1024) /* bytes of all response headers: endless headers must end */
#define REDIRECTS_MAX 3         /* on the same host, GET only */
#define SHOWN_URL_MAX 300       /* characters of an address in a sentence */

/* One transfer as libcurl's callbacks see it. */
struct transfer {
	struct http_reply reply;
	size_t header_len;
	bool is_too_big;
};

static size_t take_body(char *data, size_t size, size_t count, void *user)
{
	struct transfer *t = user;
	if (buf_add(&t->reply.body, data, size * count) == ERR_OK)
		return size * count;
	t->is_too_big = true;
	return 0;
}

static size_t take_header(char *data, size_t size, size_t count, void *user)
{
	struct transfer *t = user;
	size_t len = size * count;
	(void)data;
	t->header_len += len;
	if (t->header_len <= HEADERS_MAX)
		return len;
	t->is_too_big = true;
	return 0;
}

static int stop_when_too_big(void *user, curl_off_t total, curl_off_t now, curl_off_t up_total, curl_off_t up_now)
{
	struct transfer *t = user;
	(void)up_total;
	(void)up_now;
	t->is_too_big = t->is_too_big || total > HTTP_BODY_MAX || now > HTTP_BODY_MAX;
	return t->is_too_big ? 1 : 0;
}

/* The query is not shown: a GET message is long, and says nothing to a technician. */
static void shown_url(const char *url, char out[SHOWN_URL_MAX])
{
	size_t len = strcspn(url, "?#");
	const char *at = memchr(url, '@', len);
	if (at != NULL) { /* nobody's password either */
		len -= (size_t)(at + 1 - url);
		url = at + 1;
	}
	snprintf(out, SHOWN_URL_MAX, "%.*s", (int)(len < SHOWN_URL_MAX ? len : SHOWN_URL_MAX - 1), url);
}

static enum err translate(CURLcode code, const struct transfer *t, const char *url, const char *words,
                          struct why *why)
{
	char shown[SHOWN_URL_MAX];
	const char *said = words[0] != '\0' ? words : curl_easy_strerror(code);
	shown_url(url, shown);
	if (t->is_too_big)
		return why_set(why, ERR_TOO_BIG, "http.too_big", "%s: the reply is larger than %d bytes", shown, HTTP_BODY_MAX);
	enum err e;
	switch (code) { /* libcurl's own enum: what is not named is an I/O failure */
	case CURLE_UNSUPPORTED_PROTOCOL:
	case CURLE_URL_MALFORMAT:
		e = why_set(why, ERR_INVALID, "http.url", "%s: %s", shown, said);
		why_next(why, "use a http:// or https:// address");
		return e;
	case CURLE_COULDNT_RESOLVE_HOST:
	case CURLE_COULDNT_RESOLVE_PROXY:
		e = why_set(why, ERR_UNREACHABLE, "http.resolve", "%s: %s", shown, said);
		why_next(why, "check the name and this device's DNS");
		return e;
	case CURLE_COULDNT_CONNECT:
		e = why_set(why, ERR_UNREACHABLE, "http.connect", "%s: %s", shown, said);
		why_next(why, "check the network, the address and whether the server runs");
		return e;
	case CURLE_OPERATION_TIMEDOUT:
		e = why_set(why, ERR_UNREACHABLE, "http.timeout", "%s: %s", shown, said);
		why_next(why, "check the network; raise timeout for a slow server");
		return e;
	case CURLE_PEER_FAILED_VERIFICATION:
	case CURLE_SSL_ISSUER_ERROR:
		e = why_set(why, ERR_UNTRUSTED, "http.tls", "%s: %s", shown, said);
		why_next(why, "set tls_trust to the trust profile of the server's CA; check the clock");
		return e;
	case CURLE_SSL_CACERT_BADFILE:
		return why_set(why, ERR_IO, "http.tls", "%s: %s", shown, said);
	case CURLE_OUT_OF_MEMORY:
		return ERR_NO_MEMORY;
	default:
		return why_set(why, ERR_UNREACHABLE, "http.io", "%s: %s", shown, said);
	}
}

static void set_common(CURL *curl, const struct http_request *r, struct transfer *t, char words[CURL_ERROR_SIZE])
{
	curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L);
	curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, (long)HTTP_CONNECT_MS);
	curl_easy_setopt(curl, CURLOPT_LOW_SPEED_LIMIT, 1L);
	curl_easy_setopt(curl, CURLOPT_LOW_SPEED_TIME, (long)HTTP_STALL_S);
	curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take_body);
	curl_easy_setopt(curl, CURLOPT_WRITEDATA, t);
	curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, take_header);
	curl_easy_setopt(curl, CURLOPT_HEADERDATA, t);
	curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, stop_when_too_big);
	curl_easy_setopt(curl, CURLOPT_XFERINFODATA, t);
	curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
	curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, words);
	curl_easy_setopt(curl, CURLOPT_USERAGENT, "signet");
	if (r->proxy != NULL && strcmp(r->proxy, "none") == 0)
		curl_easy_setopt(curl, CURLOPT_PROXY, "");
	else if (r->proxy != NULL && r->proxy[0] != '\0')
		curl_easy_setopt(curl, CURLOPT_PROXY, r->proxy);
	if (r->ca_file != NULL) {
		curl_easy_setopt(curl, CURLOPT_CAINFO, r->ca_file);
		curl_easy_setopt(curl, CURLOPT_CAPATH, NULL);
	}
}

/* libcurl copies user and password and wipes nothing; ours live in wiped buffers, its copy ends with the worker. */
static enum err set_login(CURL *curl, const struct http_request *r)
{
	struct buf copy;
	if (r->user == NULL)
		return ERR_OK;
	buf_init(&copy, 4096);
	enum err e = r->password != NULL ? buf_add(&copy, r->password->data, r->password->len) : ERR_OK;
	const char *password = e == ERR_OK ? buf_text(&copy) : NULL;
	if (password == NULL || curl_easy_setopt(curl, CURLOPT_USERNAME, r->user) != CURLE_OK ||
	    curl_easy_setopt(curl, CURLOPT_PASSWORD, password) != CURLE_OK)
		e = e != ERR_OK ? e : ERR_NO_MEMORY;
	curl_easy_setopt(curl, CURLOPT_HTTPAUTH, (long)CURLAUTH_BASIC);
	buf_clear(&copy);
	return e;
}

static void read_facts(CURL *curl, struct http_reply *reply)
{
	struct curl_header *header;
	const char *type = NULL;
	curl_off_t retry = 0;
	curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &reply->status);
	if (curl_easy_getinfo(curl, CURLINFO_CONTENT_TYPE, &type) == CURLE_OK && type != NULL)
		snprintf(reply->content_type, sizeof reply->content_type, "%s", type);
	if (curl_easy_getinfo(curl, CURLINFO_RETRY_AFTER, &retry) == CURLE_OK)
		reply->retry_after_s = retry;
	if (curl_easy_header(curl, "Date", 0, CURLH_HEADER, -1, &header) == CURLHE_OK) {
		time_t date = curl_getdate(header->value, NULL);
		reply->date = date > 0 ? (int64_t)date : 0;
	}
}

static enum err one_transfer(const struct http_request *r, const char *url, int64_t timeout_ms, struct transfer *t,
                             char **out_location, struct why *why)
{
	char words[CURL_ERROR_SIZE] = "";
	char type[160];
	struct curl_slist *headers = NULL;
	char *location = NULL;
	CURL *curl = curl_easy_init();
	if (curl == NULL)
		return ERR_NO_MEMORY;
	set_common(curl, r, t, words);
	enum err e = set_login(curl, r);
	curl_easy_setopt(curl, CURLOPT_URL, url);
	curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, (long)timeout_ms);
	if (r->body != NULL) {
		snprintf(type, sizeof type, "Content-Type: %s", r->content_type != NULL ? r->content_type : "application/octet-stream");
		headers = curl_slist_append(NULL, type);
		struct curl_slist *more = headers != NULL ? curl_slist_append(headers, "Expect:") : NULL;
		e = more == NULL && e == ERR_OK ? ERR_NO_MEMORY : e;
		curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
		curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)r->body->len);
		curl_easy_setopt(curl, CURLOPT_POSTFIELDS, r->body->data);
	}
	CURLcode code = e == ERR_OK ? curl_easy_perform(curl) : CURLE_OK;
	if (e == ERR_OK && code != CURLE_OK)
		e = translate(code, t, url, words, why);
	if (e == ERR_OK) {
		read_facts(curl, &t->reply);
		if (curl_easy_getinfo(curl, CURLINFO_REDIRECT_URL, &location) == CURLE_OK && location != NULL && r->body == NULL)
			*out_location = strdup(location);
	}
	curl_slist_free_all(headers);
	curl_easy_cleanup(curl);
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

static bool may_follow(const char *from, const char *to)
{
	bool is_downgrade = strncasecmp(from, "https://", 8) == 0 && strncasecmp(to, "https://", 8) != 0;
	return is_http(to) && !is_downgrade && is_same_part(from, to, CURLUPART_HOST) &&
	       is_same_part(from, to, CURLUPART_PORT);
}

static enum err refuse_redirect(const char *url, const char *to, struct why *why)
{
	char shown[SHOWN_URL_MAX];
	char shown_to[SHOWN_URL_MAX];
	shown_url(url, shown);
	shown_url(to, shown_to);
	enum err e = why_set(why, ERR_UNREACHABLE, "http.redirect", "%s sends us to %s: another host is never followed", shown,
	                     shown_to);
	why_next(why, "set url to the address that answers itself; a captive portal may be in between");
	return e;
}

enum err http_exchange(const struct http_request *request, struct http_reply *out, struct why *why)
{
	struct transfer t = { .header_len = 0 };
	char *url = strdup(request->url);
	char *location = NULL;
	int64_t until = clock_boot_ms() + request->timeout_ms;
	buf_init(&t.reply.body, HTTP_BODY_MAX);
	enum err e = url == NULL ? ERR_NO_MEMORY : ERR_OK;
	if (e == ERR_OK && !is_http(url))
		e = why_set(why, ERR_INVALID, "http.url", "%.200s is no http:// or https:// address", url);
	for (unsigned hops = 0; e == ERR_OK; hops++) {
		int64_t left = until - clock_boot_ms();
		e = one_transfer(request, url, left > 0 ? left : 1, &t, &location, why);
		if (e != ERR_OK || location == NULL)
			break;
		if (hops == REDIRECTS_MAX || !may_follow(url, location)) {
			e = refuse_redirect(url, location, why);
			break;
		}
		free(url);
		url = location;
		location = NULL;
		http_reply_clear(&t.reply);
		t.header_len = 0;
	}
	free(location);
	free(url);
	if (e == ERR_OK) {
		*out = t.reply; /* handed to the caller */
		return e;
	}
	http_reply_clear(&t.reply);
	return e;
}

void http_reply_clear(struct http_reply *reply)
{
	size_t max = reply->body.max;
	buf_clear(&reply->body);
	*reply = (struct http_reply){ .status = 0 };
	buf_init(&reply->body, max);
}

enum err http_escape(struct bytes in, struct buf *out)
{
	enum err e = ERR_OK;
	for (size_t i = 0; i < in.len && e == ERR_OK; i++) {
		uint8_t c = in.data[i];
		bool is_plain = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
		                (c != 0 && strchr("-._~", c) != NULL); /* RFC 3986 section 2.3 */
		e = is_plain ? buf_add(out, &c, 1) : buf_add_format(out, "%%%02X", c);
	}
	return e;
}
