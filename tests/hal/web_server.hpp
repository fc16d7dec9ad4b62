/* SPDX-License-Identifier: MIT */
#ifndef TESTS_HAL_WEB_SERVER_HPP
#define TESTS_HAL_WEB_SERVER_HPP
#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>
#include <fstream>
#include <sstream>
#include <string>

/*
 * A web server of one page a path, in a process of its own on 127.0.0.1. It answers with fixed
 * bytes, so that what the client must bear is in sight, and writes each request into a file.
 */
class WebServer
{
	pid_t pid = -1;
	int listener = -1;
	std::string folder; /* of the record */

      public:
	int port = 0;

	void open(const std::string &record)
	{
		struct sockaddr_in address = {};
		socklen_t len = sizeof address;
		folder = record.substr(0, record.rfind('/'));
		listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
		address.sin_family = AF_INET;
		address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
		if (bind(listener, reinterpret_cast<struct sockaddr *>(&address), len) != 0 ||
		    listen(listener, 8) != 0 ||
		    getsockname(listener, reinterpret_cast<struct sockaddr *>(&address), &len) != 0)
			return;
		port = ntohs(address.sin_port);
		pid = fork();
		if (pid == 0)
			serve(record);
	}
	void close()
	{
		if (pid > 0) {
			kill(pid, SIGKILL);
			waitpid(pid, nullptr, 0);
		}
		::close(listener);
		pid = -1;
	}
	std::string url(const std::string &path) const
	{
		return "http://127.0.0.1:" + std::to_string(port) + path;
	}

      private:
	[[noreturn]] void serve(const std::string &record)
	{
		prctl(PR_SET_PDEATHSIG, SIGKILL); /* a test that crashes leaves nothing behind */
		signal(SIGPIPE, SIG_IGN);
		for (;;) {
			int fd = accept(listener, nullptr, nullptr);
			if (fd < 0)
				_exit(1);
			std::string request = receive(fd);
			std::ofstream(record, std::ios::app | std::ios::binary)
			    << request << "\n=====\n";
			size_t from = request.find(' ') + 1;
			answer(fd, request.substr(from, request.find(' ', from) - from), request);
			::close(fd);
		}
	}
	static std::string receive(int fd)
	{
		std::string text;
		char part[4096];
		size_t wanted = std::string::npos;
		while (text.size() < wanted &&
		       text[0] != 0x16) { /* a TLS handshake (RFC 8446 section 5.1) is no request */
			ssize_t n = read(fd, part, sizeof part);
			if (n <= 0)
				break;
			text.append(part, static_cast<size_t>(n));
			size_t end = text.find("\r\n\r\n");
			if (end == std::string::npos)
				continue;
			size_t length = text.find("Content-Length: ");
			wanted =
			    end + 4 + (length < end ? std::stoul(text.substr(length + 16)) : 0);
		}
		return text;
	}
	static bool send_all(int fd, const std::string &text)
	{
		size_t done = 0;
		while (done < text.size()) {
			ssize_t n = write(fd, text.data() + done, text.size() - done);
			if (n <= 0)
				return false;
			done += static_cast<size_t>(n);
		}
		return true;
	}
	static void hang(int fd) /* until the client goes away */
	{
		char byte;
		while (read(fd, &byte, 1) > 0)
			;
	}
	static std::string page(const std::string &head, const std::string &body)
	{
		return "HTTP/1.1 200 OK\r\nConnection: close\r\n" + head +
		       "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
	}
	static std::string redirect(const std::string &to)
	{
		return "HTTP/1.1 302 Found\r\nConnection: close\r\nContent-Length: "
		       "5\r\nLocation: " +
		       to + "\r\n\r\nmoved";
	}
	void endless(int fd, const std::string &head, const std::string &piece)
	{
		if (send_all(fd, head))
			while (send_all(fd, piece))
				;
	}
	/* /ask-basic, /ask-ntlm, /ask-other or /ask-both: a login, which any answer satisfies. The challenge of NTLM is
	 * what stands in the file "challenge" beside the record. */
	void ask_login(int fd, const std::string &path, const std::string &request)
	{
		std::string wanted = path.substr(path.find("/ask-") + 5);
		std::string asked;
		if (wanted == "basic" || wanted == "both")
			asked += "WWW-Authenticate: Basic realm=\"lab\"\r\n";
		if (wanted == "other")
			asked += "WWW-Authenticate: Bearer\r\nWWW-Authenticate: Negotiate\r\n";
		if (wanted == "ntlm" || wanted == "both") {
			std::ifstream challenge(folder + "/challenge");
			std::string token;
			challenge >> token;
			bool is_negotiated = request.find("Authorization: NTLM ") != std::string::npos;
			asked += "WWW-Authenticate: NTLM" + (is_negotiated ? " " + token : "") + "\r\n";
		}
		if (request.find("Authorization: Basic ") != std::string::npos)
			send_all(fd, page("", "hello"));
		else
			send_all(fd, "HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n" + asked + "\r\n");
	}
	void answer(int fd, const std::string &path, const std::string &request)
	{
		if (request[0] == 0x16)
			send_all(fd, "HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n");
		static const char date[] = "Date: Sun, 22 Nov 2026 15:02:39 GMT\r\n";
		std::string ok = "HTTP/1.1 200 OK\r\nConnection: close\r\n";
		if (path.find("/ask-") != std::string::npos && path.compare(0, 4, "/to/") != 0)
			ask_login(fd, path, request);
		else if (path == "/ok" || path.compare(0, 4, "/ok?") == 0 ||
		    path.compare(0, 7, "http://") == 0)
			send_all(fd,
				 page(std::string(date) + "Content-Type: text/plain\r\n", "hello"));
		else if (path.compare(0, 6, "/file/") == 0) { /* beside the record, as it is now */
			std::ifstream file(folder + path.substr(5), std::ios::binary);
			std::ostringstream content;
			content << file.rdbuf();
			send_all(fd, page("", content.str()));
		} else if (path == "/post")
			send_all(fd, page("Content-Type: application/x-pki-message\r\n",
					  request.substr(request.find("\r\n\r\n") + 4)));
		else if (path == "/empty")
			send_all(fd, page("", ""));
		else if (path == "/404")
			send_all(fd, "HTTP/1.1 404 Not Found\r\nContent-Length: 4\r\nConnection: "
				     "close\r\n\r\nnone");
		else if (path == "/busy-seconds")
			send_all(fd, page("Retry-After: 120\r\n", ""));
		else if (path == "/busy-date")
			send_all(fd, page(std::string(date) +
					      "Retry-After: Sun, 22 Nov 2026 15:12:39 GMT\r\n",
					  ""));
		else if (path == "/busy-rubbish")
			send_all(fd, page("Retry-After: 12x\r\nDate: yesterday\r\n", ""));
		else if (path == "/busy-long")
			send_all(fd, page("Retry-After: 99999999999999999999999\r\n", ""));
		else if (path == "/chunked")
			send_all(fd, ok + "Transfer-Encoding: "
					  "chunked\r\n\r\n3\r\nabc\r\n4\r\ndefg\r\n0\r\n\r\n");
		else if (path == "/exact")
			send_all(fd, page("", std::string(256 * 1024, 'x')));
		else if (path == "/one-more")
			send_all(fd, page("", std::string(256 * 1024 + 1, 'x')));
		else if (path == "/announced") {
			send_all(fd, ok + "Content-Length: 100000000\r\n\r\n");
			hang(fd);
		} else if (path == "/endless")
			endless(fd, ok + "Transfer-Encoding: chunked\r\n\r\n",
				"400\r\n" + std::string(1024, 'x') + "\r\n");
		else if (path == "/headers")
			endless(fd, ok, "X-Filler: " + std::string(1000, 'x') + "\r\n");
		else if (path == "/header-line")
			endless(fd, ok + "X-Filler: ", std::string(1000, 'x'));
		else if (path == "/status-line")
			endless(fd, "HTTP/1.1 200 ", std::string(1000, 'x'));
		else if (path == "/stall") {
			send_all(fd, ok + "Content-Length: 10\r\n\r\nhalf");
			hang(fd);
		} else if (path == "/silent")
			hang(fd);
		else if (path == "/cut")
			send_all(fd, ok + "Content-Length: 10\r\n\r\nhalf");
		else if (path == "/ssh")
			send_all(fd, "SSH-2.0-OpenSSH_9.2p1\r\n");
		else if (path == "/cookie")
			send_all(fd, "HTTP/1.1 302 Found\r\nConnection: close\r\nSet-Cookie: "
				     "a=b\r\nContent-Length: 0\r\n"
				     "Location: /ok\r\n\r\n");
		else if (path.compare(0, 3, "/r/") == 0) {
			int left = std::stoi(path.substr(3));
			send_all(fd, redirect(left > 1 ? "/r/" + std::to_string(left - 1) : "/ok"));
		} else if (path.compare(0, 4, "/to/") == 0)
			send_all(fd, redirect(path.substr(4)));
	}
};
#endif
