/* SPDX-License-Identifier: MIT */
#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cstring>
#include <string>
#include <vector>
#include "CppUTest/TestHarness.h"
#include "hal/clock.h"
#include "hal/hal_lab.hpp"
#include "hal/http.h"
#include "hal/web_server.hpp"

TEST_GROUP(http)
{
	HalLab lab;
	WebServer server;
	struct why why = {};
	struct http_reply reply = {};
	struct http_request request = {};
	struct buf password;

	void setup() override
	{
		lab.open();
		buf_init(&password, 100);
		server.open(lab.at("requests"));
		CHECK(server.port > 0);
		request.proxy = "none";
		request.timeout_ms = 5000;
	}
	void teardown() override
	{
		http_reply_clear(&reply);
		http_reply_clear(&reply);
		buf_clear(&password);
		server.close();
		lab.close();
	}
	enum err get_url(const std::string &url)
	{
		http_reply_clear(&reply);
		request.url = url.c_str();
		enum err e = http_exchange(&request, &reply, &why);
		request.url = nullptr;
		return e;
	}
	enum err get(const std::string &path) { return get_url(server.url(path)); }
	std::string body() { return text_of(buf_bytes(&reply.body)); }
	size_t times_asked(const std::string &text)
	{
		std::string all = lab.read("requests");
		size_t n = 0;
		for (size_t at = 0; (at = all.find(text, at)) != std::string::npos; at++)
			n++;
		return n;
	}
	/* RFC 7617 section 2: user "Aladdin", password "open sesame" */
	void give_login()
	{
		LONGS_EQUAL(ERR_OK, buf_add_text(&password, "open sesame"));
		request.user = "Aladdin";
		request.password = &password;
	}
	void nothing_came()
	{
		LONGS_EQUAL(0, reply.status);
		LONGS_EQUAL(0, reply.body.len);
		STRCMP_EQUAL("", reply.content_type);
	}
	void refused(enum err wanted, const char *code, const std::string &path)
	{
		LONGS_EQUAL_TEXT(wanted, get(path), path.c_str());
		STRCMP_EQUAL_TEXT(code, why.code, path.c_str());
		nothing_came();
	}
	bool says(const std::string &words)
	{
		return std::string(why.text).find(words) != std::string::npos;
	}
};

TEST(http, AReplyComesWithItsFacts)
{
	LONGS_EQUAL(ERR_OK, get("/ok"));
	LONGS_EQUAL(200, reply.status);
	STRCMP_EQUAL("text/plain", reply.content_type);
	STRCMP_EQUAL("hello", body().c_str());
	LONGLONGS_EQUAL(1795359759,
			reply.date); /* date -u -d 'Sun, 22 Nov 2026 15:02:39 GMT' +%s */
	LONGLONGS_EQUAL(0, reply.retry_after_s);
	LONGS_EQUAL(1, times_asked("GET /ok HTTP/1.1\r\n"));
	LONGS_EQUAL(0, times_asked("Authorization"));
}

TEST(http, AnyStatusIsAReply)
{
	LONGS_EQUAL(ERR_OK, get("/404"));
	LONGS_EQUAL(404, reply.status);
	STRCMP_EQUAL("none", body().c_str());
	STRCMP_EQUAL("", reply.content_type);
	LONGS_EQUAL(ERR_OK, get("/empty"));
	LONGS_EQUAL(0, reply.body.len);
	LONGLONGS_EQUAL(0, reply.date);
}

TEST(http, RetryAfterIsSecondsOrADateSeenFromTheServersClock)
{
	LONGS_EQUAL(ERR_OK, get("/busy-seconds"));
	LONGLONGS_EQUAL(120, reply.retry_after_s);
	LONGS_EQUAL(ERR_OK, get("/busy-date"));
	LONGLONGS_EQUAL(600, reply.retry_after_s);
	LONGS_EQUAL(ERR_OK, get("/busy-rubbish"));
	LONGLONGS_EQUAL(0, reply.retry_after_s);
	LONGLONGS_EQUAL(0, reply.date);
	LONGS_EQUAL(ERR_OK, get("/busy-long"));
	LONGLONGS_EQUAL(2147483647, reply.retry_after_s);
}

TEST(http, APostCarriesItsBytesAndTypeAndDoesNotWaitForContinue)
{
	std::string message(5000, '\0');
	for (size_t i = 0; i < message.size(); i++)
		message[i] = static_cast<char>(i * 7);
	struct bytes sent = bytes_of(message);
	request.body = &sent;
	request.content_type = "application/x-pki-message";
	LONGS_EQUAL(ERR_OK, get("/post"));
	CHECK(body() == message);
	STRCMP_EQUAL("application/x-pki-message", reply.content_type);
	LONGS_EQUAL(1, times_asked("POST /post HTTP/1.1\r\n"));
	LONGS_EQUAL(1, times_asked("\r\nContent-Type: application/x-pki-message\r\n"));
	message.resize(1100000); /* libcurl expects from 1 MiB on */
	sent = bytes_of(message);
	LONGS_EQUAL(ERR_OK, get("/ok"));
	LONGS_EQUAL(0, times_asked("Expect"));
}

TEST(http, AnEmptyPostIsSentEmptyAndAPostIsNotRedirected)
{
	struct bytes none = {nullptr, 0};
	request.body = &none;
	LONGS_EQUAL(ERR_OK, get("/post"));
	LONGS_EQUAL(0, reply.body.len);
	LONGS_EQUAL(1, times_asked("\r\nContent-Length: 0\r\n"));
	LONGS_EQUAL(ERR_OK, get("/r/1"));
	LONGS_EQUAL(302, reply.status);
	LONGS_EQUAL(0, times_asked(" /ok "));
}

TEST(http, ChunksArePutTogether)
{
	LONGS_EQUAL(ERR_OK, get("/chunked"));
	STRCMP_EQUAL("abcdefg", body().c_str());
}

TEST(http, ABodyOfExactlyTheLimitIsReadAndOneByteMoreIsNot)
{
	LONGS_EQUAL(ERR_OK, get("/exact"));
	LONGS_EQUAL(262144, reply.body.len);
	refused(ERR_TOO_BIG, "http.too_big", "/one-more");
	CHECK(says("262144 bytes"));
}

TEST(http, ARequestMayAskForALargerOrASmallerBody)
{
	request.body_max = 256 * 1024 + 1;
	LONGS_EQUAL(ERR_OK, get("/one-more"));
	LONGS_EQUAL(256 * 1024 + 1, reply.body.len);
	request.body_max = 256 * 1024 - 1;
	refused(ERR_TOO_BIG, "http.too_big", "/exact");
	CHECK(says("larger than 262143 bytes"));
	refused(ERR_TOO_BIG, "http.too_big", "/endless");
	request.body_max = 0;
	refused(ERR_TOO_BIG, "http.too_big", "/one-more");
}

TEST(http, AnAnnouncedGiantIsRefusedBeforeItComes)
{
	int64_t start = clock_boot_ms();
	refused(ERR_TOO_BIG, "http.too_big", "/announced");
	CHECK(clock_boot_ms() - start < 2000);
}

TEST(http, EndlessBodiesAndHeadersEnd)
{
	refused(ERR_TOO_BIG, "http.too_big", "/endless");
	refused(ERR_TOO_BIG, "http.too_big", "/headers");
	CHECK(says("header is larger than 65536 bytes"));
}

TEST(http, OneEndlessLineIsTheServersFaultNotALackOfMemory)
{
	for (const char *path : {"/header-line", "/status-line"}) {
		refused(ERR_TOO_BIG, "http.too_big", path);
		CHECK(says("header is larger than 65536 bytes"));
	}
}

TEST(http, AStalledOrSilentServerEndsAtTheTimeout)
{
	request.timeout_ms = 400;
	for (const char *path : {"/stall", "/silent"}) {
		int64_t start = clock_boot_ms();
		refused(ERR_UNREACHABLE, "http.timeout", path);
		int64_t took = clock_boot_ms() - start;
		CHECK(took >= 390 && took < 3000);
		CHECK(says(server.url(path)));
	}
}

/* The limits of hal/http.h themselves, by the wall clock: 10 s and 15 s, where the exchange as a whole may take 100 s. */
TEST(http, AConnectionThatIsNotTakenUpEndsAfterTenSeconds)
{
	struct sockaddr_in address = {};
	socklen_t len = sizeof address;
	int full = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int waiting[8];
	address.sin_family = AF_INET;
	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	LONGS_EQUAL(0, bind(full, reinterpret_cast<struct sockaddr *>(&address), len));
	LONGS_EQUAL(0, listen(full, 0));
	LONGS_EQUAL(0, getsockname(full, reinterpret_cast<struct sockaddr *>(&address), &len));
	for (int &one : waiting) { /* its queue is full with the first: the others' SYN gets no answer */
		one = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
		connect(one, reinterpret_cast<struct sockaddr *>(&address), len);
	}
	const std::string url = "http://127.0.0.1:" + std::to_string(ntohs(address.sin_port)) + "/ok";
	request.url = url.c_str();
	request.timeout_ms = 100000;
	int64_t start = clock_boot_ms();
	enum err e = http_exchange(&request, &reply, &why);
	int64_t took = clock_boot_ms() - start;
	for (int one : waiting)
		close(one);
	close(full);
	LONGS_EQUAL(ERR_UNREACHABLE, e);
	STRCMP_EQUAL("http.timeout", why.code);
	CHECK(took >= HTTP_CONNECT_MS - 100 && took < 50000);
	LONGS_EQUAL(10000, HTTP_CONNECT_MS);
}

TEST(http, AServerWithoutAByteForFifteenSecondsIsGivenUp)
{
	request.timeout_ms = 100000;
	int64_t start = clock_boot_ms();
	refused(ERR_UNREACHABLE, "http.timeout", "/stall");
	int64_t took = clock_boot_ms() - start;
	CHECK(took >= HTTP_STALL_S * 1000 - 100 && took < 50000);
	LONGS_EQUAL(15, HTTP_STALL_S);
}

TEST(http, ABrokenReplyIsNoReply)
{
	refused(ERR_UNREACHABLE, "http.io", "/cut");
	refused(ERR_UNREACHABLE, "http.io", "/nothing-at-all");
	refused(ERR_UNREACHABLE, "http.protocol", "/ssh");
}

TEST(http, TheSentenceNamesTheAddressWithoutItsQueryAndSecrets)
{
	refused(ERR_UNREACHABLE, "http.io", "/gone?message=SECRET#part");
	CHECK(says(server.url("/gone: ")));
	CHECK_FALSE(says("SECRET"));
	refused(ERR_UNREACHABLE, "http.io", "/a@b");
	CHECK(says(server.url("/a@b: ")));
	LONGS_EQUAL(ERR_INVALID, get_url("ftp://user:SECRET@host/x"));
	CHECK(says("ftp://host/x"));
	CHECK_FALSE(says("SECRET"));
}

TEST(http, OtherAddressesAreRefusedWithoutATry)
{
	std::string file = "file://" + lab.write("secret", "x");
	for (const std::string &url :
	     {file, std::string("ftp://127.0.0.1/x"), std::string("gopher://127.0.0.1/"),
	      std::string(""), std::string("127.0.0.1/x"), std::string("http://"),
	      "http://u:p@127.0.0.1:" + std::to_string(server.port) + "/ok"}) {
		LONGS_EQUAL_TEXT(ERR_INVALID, get_url(url), url.c_str());
		STRCMP_EQUAL_TEXT("http.url", why.code, url.c_str());
		nothing_came();
	}
	STRCMP_EQUAL("", lab.read("requests").c_str());
}

TEST(http, WhatCannotBeReachedSaysWhy)
{
	std::string url = server.url("/ok");
	server.close(); /* nobody listens there now */
	LONGS_EQUAL(ERR_UNREACHABLE, get_url(url));
	STRCMP_EQUAL("http.connect", why.code);
	CHECK(why.next_step[0] != '\0');
	/* a label of 70 characters is no name (RFC 1035 section 2.3.4): no resolver is asked */
	LONGS_EQUAL(ERR_UNREACHABLE, get_url("http://" + std::string(70, 'a') + "/"));
	STRCMP_EQUAL("http.resolve", why.code);
}

TEST(http, ThreeRedirectsOnTheSameHostAreFollowedAndNoFourth)
{
	LONGS_EQUAL(ERR_OK, get("/r/3"));
	LONGS_EQUAL(200, reply.status);
	STRCMP_EQUAL("hello", body().c_str());
	LONGS_EQUAL(4, times_asked("GET "));
	refused(ERR_UNREACHABLE, "http.redirect", "/r/4");
	LONGS_EQUAL(8, times_asked("GET "));
}

TEST(http, ARedirectElsewhereIsRefusedAndNobodyIsAsked)
{
	WebServer other;
	other.open(lab.at("other"));
	std::string p = std::to_string(server.port);
	for (const std::string &to :
	     {"http://localhost:" + p + "/ok", other.url("/ok"), "//127.0.0.2:" + p + "/ok",
	      std::string("http://127.0.0.1/ok"), "http://u:p@127.0.0.1:" + p + "/ok",
	      std::string("http://[/"), std::string("ftp://127.0.0.1:") + p + "/ok",
	      "file://" + lab.write("secret", "x"), std::string("https://127.0.0.1/ok")}) {
		refused(ERR_UNREACHABLE, "http.redirect", "/to/" + to);
		CHECK(why.next_step[0] != '\0');
	}
	other.close();
	STRCMP_EQUAL("", lab.read("other").c_str());
	LONGS_EQUAL(0, times_asked("GET /ok"));
}

TEST(http, NoCookieIsKept)
{
	LONGS_EQUAL(ERR_OK, get("/cookie"));
	STRCMP_EQUAL("hello", body().c_str());
	LONGS_EQUAL(0, times_asked("Cookie"));
}

TEST(http, ALoginIsSentOnlyWhenGivenAndOnlyToItsHost)
{
	lab.write(".netrc", "machine 127.0.0.1 login nobody password nothing\n");
	setenv("HOME", lab.folder.c_str(), 1);
	LONGS_EQUAL(ERR_OK, get("/ok"));
	LONGS_EQUAL(0, times_asked("Authorization"));
	give_login();
	LONGS_EQUAL(ERR_OK, get("/r/1")); /* which asks for none */
	LONGS_EQUAL(0, times_asked("Authorization"));
	LONGS_EQUAL(ERR_OK, get("/ask-basic"));
	LONGS_EQUAL(200, reply.status);
	LONGS_EQUAL(1, times_asked("\r\nAuthorization: Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==\r\n"));
	refused(ERR_UNREACHABLE, "http.redirect",
		"/to/http://localhost:" + std::to_string(server.port) + "/ask-basic");
	LONGS_EQUAL(1, times_asked("Authorization"));
	LONGS_EQUAL(ERR_OK, buf_add(&password, "\0x", 2));
	refused(ERR_INVALID, "http.login", "/ask-basic");
}

TEST(http, BasicGoesToThisMachineOnlyWhereTheLineIsInClear)
{
	std::string proxy = "http://127.0.0.1:" + std::to_string(server.port);
	give_login();
	request.proxy = proxy.c_str();
	for (std::string host : {"ndes1.test", "127.evil.test", "127.0.0.1.test", "10.0.0.1", "[2001:db8::1]"}) {
		LONGS_EQUAL_TEXT(ERR_OK, get_url("http://" + host + "/ask-basic"), host.c_str());
		LONGS_EQUAL_TEXT(401, reply.status, host.c_str());
		LONGS_EQUAL_TEXT(HTTP_LOGIN_CLEAR, reply.login, host.c_str());
	}
	LONGS_EQUAL(0, times_asked("Authorization: Basic"));
	CHECK(times_asked("GET http://ndes1.test/ask-basic") > 0);
	/* nor to a proxy: this machine is reached without it */
	LONGS_EQUAL(ERR_OK, get("/ask-basic"));
	LONGS_EQUAL(200, reply.status);
	LONGS_EQUAL(0, times_asked("GET " + server.url("/ask-basic")));
}

TEST(http, ALoginThatIsNotSpokenHereIsToldApart)
{
	LONGS_EQUAL(ERR_OK, get("/ask-basic"));
	LONGS_EQUAL(HTTP_LOGIN_USABLE, reply.login);
	LONGS_EQUAL(ERR_OK, get("/404"));
	LONGS_EQUAL(HTTP_LOGIN_NONE, reply.login);
	give_login();
	LONGS_EQUAL(ERR_OK, get("/ask-other"));
	LONGS_EQUAL(401, reply.status);
	LONGS_EQUAL(HTTP_LOGIN_OTHER, reply.login);
	LONGS_EQUAL(0, times_asked("Authorization"));
}

TEST(http, NtlmGoesBeforeBasicAndItsOldVersionIsNotSpoken)
{
	/* MS-NLMP section 4.2.2.3: no target information */
	lab.write("challenge", "TlRMTVNTUAACAAAADAAMADgAAAAzggLiASNFZ4mrze8AAAAAAAAAAAAAAAAAAAAABgBwFwAAAA9TAGUAcgB2AGUAcgA=");
	give_login();
	for (const char *path : {"/ask-both", "/ask-ntlm"}) {
		refused(ERR_UNTRUSTED, "http.ntlm_old", path);
		CHECK(why.next_step[0] != '\0');
	}
	LONGS_EQUAL(0, times_asked("Authorization: Basic"));
	LONGS_EQUAL(2, times_asked("Authorization: NTLM TlRMTVNTUAAB")); /* an offer, message type 1 */
	LONGS_EQUAL(0, times_asked("Authorization: NTLM TlRMTVNTUAAD")); /* no answer, message type 3 */
}

/* Occurrences of text in the writable memory of this process; `masked` so that it does not find
 * itself. */
static size_t times_in_memory(const std::string &masked)
{
	size_t hits = 0;
	std::string line;
	std::vector<char> part;
	std::ifstream maps("/proc/self/maps");
	int memory = open("/proc/self/mem", O_RDONLY);
	while (std::getline(maps, line)) {
		unsigned long from = 0, to = 0;
		char rights[8] = "";
		if (sscanf(line.c_str(), "%lx-%lx %7s", &from, &to, rights) != 3 ||
		    strncmp(rights, "rw", 2) != 0 ||
		    to - from > (1UL << 28)) /* the shadow of a sanitizer */
			continue;
		part.assign(to - from, 0);
		ssize_t n = pread(memory, part.data(), part.size(), static_cast<off_t>(from));
		for (ssize_t i = 0; i + static_cast<ssize_t>(masked.size()) <= n; i++) {
			size_t k = 0;
			while (k < masked.size() &&
			       (part[static_cast<size_t>(i) + k] ^ 0x55) == masked[k])
				k++;
			hits += k == masked.size();
		}
	}
	close(memory);
	return hits;
}

TEST(http, NoCopyOfALoginStaysInMemory)
{
	/* printf user:wiped-afterwards | base64 = dXNlcjp3aXBlZC1hZnRlcndhcmRz */
	std::string masked = "dXNlcjp3aXBlZC1h";
	for (char &c : masked)
		c = static_cast<char>(c ^ 0x55);
	for (char c :
	     {'w', 'i', 'p', 'e', 'd', '-', 'a', 'f', 't', 'e', 'r', 'w', 'a', 'r', 'd', 's'})
		LONGS_EQUAL(ERR_OK, buf_add(&password, &c, 1));
	request.user = "user";
	request.password = &password;
	LONGS_EQUAL(ERR_OK, get("/ask-basic"));
	LONGS_EQUAL(200, reply.status);
	LONGS_EQUAL(0, times_in_memory(masked));
}

TEST(http, TheProxyIsTheOneGivenElseTheEnvironmentsElseNone)
{
	std::string proxy = "http://127.0.0.1:" + std::to_string(server.port);
	std::string far =
	    "http://" + std::string(70, 'a') + "/far"; /* no name: only a proxy can reach it */
	setenv("http_proxy", proxy.c_str(), 1);
	LONGS_EQUAL(ERR_UNREACHABLE, get_url(far)); /* "none" */
	request.proxy = nullptr;
	LONGS_EQUAL(ERR_OK, get_url(far));
	request.proxy = "";
	LONGS_EQUAL(ERR_OK, get_url(far));
	unsetenv("http_proxy");
	request.proxy = proxy.c_str();
	LONGS_EQUAL(ERR_OK, get_url(far));
	LONGS_EQUAL(3, times_asked("GET " + far + " HTTP/1.1\r\n"));
}

TEST(http, EscapingLeavesTheUnreservedAlone)
{
	struct buf out;
	buf_init(&out, 400);
	LONGS_EQUAL(ERR_OK, http_escape(bytes_of(std::string("AZaz09-._~+/= &\0\xff", 17)), &out));
	STRCMP_EQUAL("AZaz09-._~%2B%2F%3D%20%26%00%FF", buf_text(&out));
	buf_clear(&out);
	buf_init(&out, 12);
	LONGS_EQUAL(ERR_OK, buf_add_text(&out, "kept"));
	LONGS_EQUAL(ERR_TOO_BIG, http_escape(bytes_of("abcdef///"), &out));
	STRCMP_EQUAL("kept", text_of(buf_bytes(&out)).c_str());
	buf_clear(&out);
}
