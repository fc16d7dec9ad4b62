/* SPDX-License-Identifier: MIT */
#include "client/scep/exchange.h"
#include <string.h>
#include <strings.h>
#include "hal/clock.h"

#define QUERY_MAX (192 * 1024) /* bytes: a message in base64, percent-escaped */

static enum err spent(const char *url, struct why *why)
{
	enum err e = why_set(why, ERR_UNREACHABLE, "http.timeout", "%s: the time for the whole dialogue is used up", url);
	why_next(why, "raise timeout in the profile, or look at the network");
	return e;
}

static void hint(const struct exchange *x, enum scep_hint kind, int64_t value)
{
	if (x->ports->hint != NULL)
		x->ports->hint(x->ports->ctx, kind, value);
}

static int64_t left_ms(const struct exchange *x)
{
	return x->deadline_ms - clock_boot_ms();
}

static struct bytes cut(const void *p, size_t len)
{
	return (struct bytes){ p, len < SCEP_WIRE_MAX ? len : SCEP_WIRE_MAX };
}

static void record(const struct exchange *x, const struct http_request *request, const struct http_reply *reply,
                   const struct why *trouble)
{
	if (x->ports->wire == NULL)
		return;
	const struct scep_wire wire = {
		.url = cut(request->url, strlen(request->url)),
		.request = request->body != NULL ? cut(request->body->data, request->body->len) : cut("", 0),
		.status = reply->status,
		.content_type = cut(reply->content_type, strlen(reply->content_type)),
		.reply = cut(reply->body.data, reply->body.len),
		.trouble = cut(trouble->text, strlen(trouble->text)),
	};
	x->ports->wire(x->ports->ctx, &wire);
}

/* request->timeout_ms: 0 for all the time that is left */
static enum err ask(const struct exchange *x, struct http_request *request, struct http_reply *out, struct why *why)
{
	request->proxy = x->server->proxy;
	request->ca = x->server->tls_ca;
	if (request->timeout_ms == 0)
		request->timeout_ms = left_ms(x);
	if (request->timeout_ms <= 0)
		return spent(request->url, why);
	enum err e = x->ports->http(request, out, why);
	if (e == ERR_OK && out->date > 0)
		hint(x, SCEP_HINT_DATE, out->date);
	if (e == ERR_OK && out->retry_after_s > 0)
		hint(x, SCEP_HINT_RETRY_AFTER, out->retry_after_s);
	return e;
}

static enum err get(const struct exchange *x, struct http_request *request, struct http_reply *out, struct why *why)
{
	struct why own = { .code = "" };
	enum err e = ask(x, request, out, &own);
	record(x, request, out, &own);
	if (e != ERR_OK && why != NULL)
		*why = own;
	return e;
}

static enum err build_url(const char *url, const char *operation, struct bytes message, struct buf *out)
{
	char joint = strchr(url, '?') != NULL ? '&' : '?';
	enum err e = buf_add_format(out, "%s%coperation=%s", url, joint, operation);
	if (e == ERR_OK && message.len > 0) {
		e = buf_add_text(out, "&message=");
		if (e == ERR_OK)
			e = http_escape(message, out);
	}
	return e;
}

/* What a status means on a SCEP server, for the technician (NDES above all). */
static enum err status_error(const char *url, long status, struct why *why)
{
	static const struct {
		long status;
		const char *next;
	} advice[] = {
		{ 401, "the SCEP path itself asks for a login: allow anonymous access to it on the server" },
		{ 403, "the server refuses this path: is the url complete (.../certsrv/mscep/mscep.dll)?" },
		{ 404, "is the url right? With GET: the query is too long for the server; raise its limits to 65534" },
		{ 414, "the query is too long for the server: raise its URL limits to 65534, or let it offer POST" },
		{ 500, "on NDES: look whether its RA certificates have expired, and at its event log" },
		{ 502, "a proxy in between does not reach the server: start the server or the proxy's connector" },
		{ 503, "on NDES: the SCEP application pool is stopped or crashes; look at its event log" },
		{ 504, "a proxy in between does not reach the server: start the server or the proxy's connector" },
	};
	/* 401 and 403 too: a status is nobody's signed word, and no refusal by the CA */
	enum err e = why_set(why, ERR_UNREACHABLE, "http.status", "%s answers HTTP status %ld", url, status);
	why_next(why, status >= 300 && status < 400
	                  ? "set url to the address that answers itself; a captive portal may be in between"
	                  : "look at the server's log; a proxy in between may answer in its place");
	for (size_t i = 0; i < sizeof advice / sizeof advice[0]; i++)
		if (advice[i].status == status)
			why_next(why, "%s", advice[i].next);
	return e;
}

enum err exchange_capabilities(const struct exchange *x, const char *url, struct scep_capabilities *out,
                               struct why *why)
{
	struct http_reply reply = { .status = 0 };
	struct buf full;
	struct why own = { .code = "" };
	buf_init(&full, QUERY_MAX);
	struct bytes identifier = { (const uint8_t *)x->server->ca_identifier, strlen(x->server->ca_identifier) };
	enum err e = build_url(url, "GetCACaps", identifier, &full);
	struct http_request request = { .url = buf_text(&full) };
	if (e == ERR_OK)
		e = request.url == NULL ? ERR_NO_MEMORY : get(x, &request, &reply, &own);
	buf_clear(&full);
	if (e == ERR_UNREACHABLE && strcmp(own.code, "http.io") != 0) {
		if (why != NULL)
			*why = own;
		return e;
	}
	struct scep_capabilities none = { .is_known = false };
	*out = e == ERR_OK && reply.status == 200 ? scep_capabilities_parse(buf_bytes(&reply.body)) : none;
	http_reply_clear(&reply);
	return ERR_OK;
}

static enum err take_certificates(const char *url, const struct http_reply *reply, struct certificate_set *out,
                                  struct why *why)
{
	struct certificate single;
	struct why own = { .code = "" };
	struct bytes body = buf_bytes(&reply->body);
	if (certificate_parse(body, &single, NULL) == ERR_OK)
		return certificate_set_add(out, body);
	if (cms_certificates(body, out, &own) == ERR_OK && out->count > 0)
		return ERR_OK;
	certificate_set_clear(out);
	enum err e = why_set(why, ERR_UNREACHABLE, "scep.get_ca_cert",
	                     "%s answers GetCACert with neither a certificate nor a list of them that is taken (%zu bytes, content "
	                     "type \"%s\"): %s",
	                     url, reply->body.len, reply->content_type, own.text);
	why_next(why, "is this the SCEP url? A captive portal or proxy may answer in its place");
	return e;
}

/* GetCACert, GetNextCACert: status 200 and a body, which nobody has judged. *out is to be cleared in any case. */
static enum err ask_certificates(const struct exchange *x, const char *url, const char *operation,
                                 const char *identifier, int64_t timeout_ms, struct http_reply *out, struct why *why)
{
	struct buf full;
	buf_init(&full, QUERY_MAX);
	struct bytes message = { (const uint8_t *)identifier, strlen(identifier) };
	enum err e = build_url(url, operation, message, &full);
	struct http_request request = { .url = buf_text(&full), .timeout_ms = timeout_ms };
	if (e == ERR_OK)
		e = request.url == NULL ? ERR_NO_MEMORY : get(x, &request, out, why);
	if (e == ERR_OK && out->status != 200)
		e = status_error(url, out->status, why);
	buf_clear(&full);
	return e;
}

enum err exchange_ca_certificates(const struct exchange *x, const char *url, const char *identifier,
                                  struct certificate_set *out, struct why *why)
{
	struct http_reply reply = { .status = 0 };
	enum err e = ask_certificates(x, url, "GetCACert", identifier, 0, &reply, why);
	if (e == ERR_OK)
		e = take_certificates(url, &reply, out, why);
	http_reply_clear(&reply);
	return e;
}

enum err exchange_next_ca(const struct exchange *x, const char *url, const char *identifier, struct buf *out,
                          struct why *why)
{
	struct http_reply reply = { .status = 0 };
	/* the request itself comes after it: a server that hangs here must leave time for that */
	enum err e = ask_certificates(x, url, "GetNextCACert", identifier, left_ms(x) / 4, &reply, why);
	if (e == ERR_OK)
		e = buf_add(out, reply.body.data, reply.body.len);
	http_reply_clear(&reply);
	return e;
}

/* RFC 4648 section 4, as RFC 8894 section 4.1 asks for GET. */
static enum err base64(struct bytes in, struct buf *out)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	enum err e = ERR_OK;
	for (size_t i = 0; i < in.len && e == ERR_OK; i += 3) {
		size_t left = in.len - i;
		uint32_t v = (uint32_t)in.data[i] << 16 | (left > 1 ? (uint32_t)in.data[i + 1] << 8 : 0) |
		             (left > 2 ? in.data[i + 2] : 0);
		char four[4] = { digits[v >> 18], digits[v >> 12 & 63], left > 1 ? digits[v >> 6 & 63] : '=',
			         left > 2 ? digits[v & 63] : '=' };
		e = buf_add(out, four, sizeof four);
	}
	return e;
}

static enum err judge_reply(const char *url, struct http_reply *reply, struct buf *out, struct why *why)
{
	if (reply->status != 200)
		return status_error(url, reply->status, why);
	if (strncasecmp(reply->content_type, "text/html", 9) == 0) {
		enum err e = why_set(why, ERR_UNREACHABLE, "scep.web_page",
		                     "%s answers PKIOperation with a web page: the server could not read the request", url);
		why_next(why, "on NDES look for events 16, 17, 18: often the request was encrypted to an outdated RA certificate");
		return e;
	}
	return buf_add(out, reply->body.data, reply->body.len);
}

enum err exchange_message(const struct exchange *x, const char *url, bool use_post, struct bytes message,
                          struct buf *out, struct why *why)
{
	struct http_reply reply = { .status = 0 };
	struct buf text;
	struct buf full;
	buf_init(&text, QUERY_MAX);
	buf_init(&full, QUERY_MAX);
	struct bytes none = { NULL, 0 };
	enum err e = use_post ? ERR_OK : base64(message, &text);
	if (e == ERR_OK)
		e = build_url(url, "PKIOperation", use_post ? none : buf_bytes(&text), &full);
	struct http_request request = { .url = buf_text(&full) };
	if (use_post) {
		request.body = &message;
		request.content_type = "application/x-pki-message";
	}
	if (e == ERR_OK)
		e = request.url == NULL ? ERR_NO_MEMORY : get(x, &request, &reply, why);
	if (e == ERR_OK)
		e = judge_reply(url, &reply, out, why);
	http_reply_clear(&reply);
	buf_clear(&full);
	buf_clear(&text);
	return e;
}

/* 401: why the account did not open the page. */
static enum err login_error(const char *url, bool has_user, enum http_login login, struct why *why)
{
	if (!has_user) {
		why_set(why, ERR_DENIED, "challenge.account", "%s asks for an account", url);
		why_next(why, "set challenge_credentials_file: user in its first line, password in its second");
	} else if (login == HTTP_LOGIN_CLEAR) {
		why_set(why, ERR_DENIED, "challenge.login_clear",
		        "%s asks for the password in clear (Basic over http): it was not sent", url);
		why_next(why, "use https in challenge_url, or turn on Windows authentication with NTLM for this path");
	} else if (login == HTTP_LOGIN_OTHER) {
		why_set(why, ERR_DENIED, "challenge.login_kind", "%s offers neither NTLM nor Basic to log in", url);
		why_next(why, "on the server: add the provider NTLM to the Windows authentication of this path");
	} else {
		why_set(why, ERR_DENIED, "challenge.login", "%s does not accept the account of challenge_credentials_file", url);
		why_next(why, "check user and password, whether the user needs his domain (DOMAIN\\user), and whether the account is locked");
	}
	return ERR_DENIED;
}

enum err exchange_page(const struct exchange *x, const char *url, const char *user, const struct buf *password,
                       struct buf *out, struct why *why)
{
	struct http_reply reply = { .status = 0 };
	struct http_request request = { .url = url, .user = user, .password = password };
	enum err e = ask(x, &request, &reply, why);
	if (e == ERR_OK && reply.status == 401) {
		e = login_error(url, user != NULL, reply.login, why);
	} else if (e == ERR_OK && reply.status != 200) {
		e = status_error(url, reply.status, why);
	} else if (e == ERR_OK) {
		e = buf_add(out, reply.body.data, reply.body.len);
	}
	http_reply_clear(&reply);
	return e;
}
