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

/* A TLS server of OpenSSL with a certificate for 127.0.0.1 that nobody's system trusts. */
TEST_GROUP(http_tls)
{
	HalLab lab;
	struct why why = {};
	struct http_reply reply = {};
	pid_t pid = -1;
	std::string url, address, anchor;

	void setup() override
	{
		lab.open();
		anchor = lab.at("cert.pem");
		int status = 0;
		std::string said =
		    output_of("openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 "
			      "-nodes -days 2 -subj "
			      "/CN=lab -addext subjectAltName=IP:127.0.0.1 -keyout " +
				  lab.at("key.pem") + " -out " + anchor + " 2>&1",
			      &status);
		STRCMP_EQUAL_TEXT("0", std::to_string(status).c_str(), said.c_str());
	}
	void teardown() override
	{
		http_reply_clear(&reply);
		if (pid > 0) {
			kill(pid, SIGKILL);
			waitpid(pid, nullptr, 0);
		}
		lab.close();
	}
	static int free_port()
	{
		struct sockaddr_in address = {};
		socklen_t len = sizeof address;
		int fd = socket(AF_INET, SOCK_STREAM, 0);
		address.sin_family = AF_INET;
		address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
		CHECK(bind(fd, reinterpret_cast<struct sockaddr *>(&address), len) == 0);
		getsockname(fd, reinterpret_cast<struct sockaddr *>(&address), &len);
		close(fd);
		return ntohs(address.sin_port);
	}
	/* mode: -www, a page of its own; -HTTP, replies that stand in files of the lab's folder */
	void start(const char *version, const char *mode = "-www")
	{
		address = "127.0.0.1:" + std::to_string(free_port());
		std::string key = lab.at("key.pem");
		std::string log = lab.at("log");
		url = "https://" + address + "/";
		pid = fork();
		if (pid == 0) {
			prctl(PR_SET_PDEATHSIG, SIGKILL);
			int out = open(log.c_str(), O_RDWR | O_CREAT, 0600);
			dup2(out, 1);
			dup2(out, 2);
			if (chdir(lab.folder.c_str()) != 0)
				_exit(127);
			execlp("openssl", "openssl", "s_server", mode, "-accept", address.c_str(),
			       "-cert", anchor.c_str(), "-key", key.c_str(), "-cipher",
			       "ALL:@SECLEVEL=0", version, nullptr);
			_exit(127);
		}
		for (int i = 0; i < 250 && lab.read("log").find("ACCEPT") == std::string::npos; i++)
			usleep(20000);
		CHECK(lab.read("log").find("ACCEPT") != std::string::npos);
	}
	enum err get(const std::string &ca)
	{
		struct http_request request = {};
		request.url = url.c_str();
		request.proxy = "none";
		request.ca = bytes_of(ca);
		request.timeout_ms = 5000;
		return http_exchange(&request, &reply, &why);
	}
};

TEST(http_tls, APeerThatVerifiesUnderTheAnchorIsRead)
{
	start("-tls1_2");
	LONGS_EQUAL(ERR_OK, get(lab.read("cert.pem")));
	LONGS_EQUAL(200, reply.status);
	CHECK(reply.body.len > 100);
}

TEST(http_tls, AnUnknownPeerIsUntrusted)
{
	start("-tls1_3");
	LONGS_EQUAL(ERR_UNTRUSTED, get(""));
	STRCMP_EQUAL("http.tls", why.code);
	CHECK(why.next_step[0] != '\0');
	LONGS_EQUAL(0, reply.body.len);
}

TEST(http_tls, ACertificateForAnotherNameIsUntrusted)
{
	start("-tls1_2");
	url.replace(url.find("127.0.0.1"), 9, "localhost");
	LONGS_EQUAL(ERR_UNTRUSTED, get(lab.read("cert.pem")));
	STRCMP_EQUAL("http.tls", why.code);
}

TEST(http_tls, ACertificateThatIsOverIsToldApart)
{
	int status = 0;
	std::string said = output_of("openssl x509 -in " + anchor + " -signkey " + lab.at("key.pem") + " -days -1 -out " +
					 lab.at("over.pem") + " 2>&1 && mv " + lab.at("over.pem") + " " + anchor,
				     &status);
	LONGS_EQUAL_TEXT(0, status, said.c_str());
	start("-tls1_2");
	LONGS_EQUAL(ERR_UNTRUSTED, get(lab.read("cert.pem")));
	STRCMP_EQUAL("http.tls_date", why.code);
	CHECK(why.next_step[0] != '\0');
}

TEST(http_tls, AServerThatOffersLessThanTls12IsRefused)
{
	start("-tls1_1");
	LONGS_EQUAL(ERR_UNREACHABLE, get(lab.read("cert.pem")));
	STRCMP_EQUAL("http.tls", why.code);
}

TEST(http_tls, AnchorsThatHoldNoCertificateAreOurFault)
{
	start("-tls1_2");
	LONGS_EQUAL(ERR_IO, get("none"));
	STRCMP_EQUAL("http.tls", why.code);
}

TEST(http_tls, ARedirectToTheSamePlaceWithoutTlsIsNotFollowed)
{
	start("-tls1_2", "-HTTP");
	lab.write("away", "HTTP/1.1 302 Found\r\nConnection: close\r\nContent-Length: 0\r\nLocation: http://" + address + "/\r\n\r\n");
	url += "away";
	LONGS_EQUAL(ERR_UNREACHABLE, get(lab.read("cert.pem")));
	STRCMP_EQUAL("http.redirect", why.code);
}

TEST(http_tls, APlainServerBehindAHttpsAddressIsNamed)
{
	WebServer plain;
	plain.open(lab.at("requests"));
	url = "https://127.0.0.1:" + std::to_string(plain.port) + "/ssh";
	enum err e = get(lab.read("cert.pem"));
	plain.close();
	LONGS_EQUAL(ERR_UNREACHABLE, e);
	STRCMP_EQUAL("http.tls", why.code);
}
