/* SPDX-License-Identifier: MIT */
#pragma once
#include <atomic>
#include <chrono>
#include <cstring>
#include <functional>
#include <map>
#include <mutex>
#include <poll.h>
#include <string>
#include <sys/socket.h>
#include <sys/un.h>
#include <thread>
#include <unistd.h>
#include <vector>

/**
 * A wpa_supplicant of words: a control socket at folder/interface that answers commands from a table and
 * says events after (or before) some of them. Records what it was asked; checks nothing.
 */
class fake_supplicant
{
      public:
	struct network {
		int id;
		std::string id_str, ssid, flags;
	};
	std::vector<network> networks = { { 0, "signet-lan", "", "[CURRENT]" } };
	std::map<std::string, std::string> replies; // instead of the usual answer; "" is no answer at all
	int answer_ms = 0;                         // it takes so long for each answer
	std::map<std::string, int> late_ms;        // and so much longer for this command's
	std::map<std::string, std::string> strays;  // a datagram on the same connection before the answer
	std::string status = "id=0\nid_str=signet-lan\nwpa_state=COMPLETED\nsuppPortStatus=Authorized\n"
			     "EAP state=SUCCESS\nselectedMethod=13 (EAP-TLS)\neap_session_id=0dabcd\n";
	/* For the n-th (from 1) RECONFIGURE or REASSOCIATE: events before and behind its answer. */
	std::function<std::vector<std::string>(const std::string &command, int n)> before, behind;

	explicit fake_supplicant(const std::string &path) : path_(path)
	{
		replies["PING"] = "PONG\n";
		replies["GET tls_library"] = "OpenSSL build=OpenSSL 3.0.16 11 Feb 2025 run=OpenSSL 3.0.19 1 Jan 2026";
		replies["GET pkcs11_engine_path"] = replies["GET pkcs11_module_path"] = "FAIL\n";
		socket_ = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
		struct sockaddr_un a = {};
		a.sun_family = AF_UNIX;
		std::strncpy(a.sun_path, path.c_str(), sizeof a.sun_path - 1);
		is_bound = bind(socket_, reinterpret_cast<struct sockaddr *>(&a), sizeof a) == 0;
	}
	~fake_supplicant()
	{
		stop();
		unlink(path_.c_str());
	}
	fake_supplicant(const fake_supplicant &) = delete;
	fake_supplicant &operator=(const fake_supplicant &) = delete;

	bool is_bound = false;
	void start() { thread_ = std::thread([this] { serve(); }); }
	void stop()
	{
		is_ending_ = true;
		if (thread_.joinable())
			thread_.join();
		if (socket_ >= 0)
			close(socket_);
		socket_ = -1;
	}
	std::vector<std::string> asked()
	{
		std::lock_guard<std::mutex> guard(lock_);
		return asked_;
	}
	size_t count(const std::string &command)
	{
		size_t n = 0;
		for (const std::string &c : asked())
			n += c == command;
		return n;
	}
	void say(const std::string &event)
	{
		std::string line = "<3>" + event;
		sendto(socket_, line.data(), line.size(), MSG_NOSIGNAL, reinterpret_cast<struct sockaddr *>(&listener_),
		       listener_len_);
	}

      private:
	std::string path_;
	int socket_ = -1;
	struct sockaddr_un listener_ = {};
	socklen_t listener_len_ = 0;
	std::thread thread_;
	std::atomic<bool> is_ending_{ false };
	std::mutex lock_;
	std::vector<std::string> asked_;
	std::map<std::string, int> counts_;

	static bool begins(const std::string &text, const std::string &with) { return text.compare(0, with.size(), with) == 0; }
	std::string answer(const std::string &command)
	{
		auto r = replies.find(command);
		if (r != replies.end())
			return r->second;
		if (command == "STATUS")
			return status;
		if (begins(command, "LIST_NETWORKS")) {
			size_t last = command.find("LAST_ID=");
			int after = last != std::string::npos ? std::stoi(command.substr(last + 8)) : -1;
			std::string text = "network id / ssid / bssid / flags\n";
			for (const network &n : networks) {
				std::string row = std::to_string(n.id) + "\t" + n.ssid + "\tany\t" + n.flags + "\n";
				if (n.id > after && text.size() + row.size() < 4000)
					text += row;
			}
			return text;
		}
		if (begins(command, "GET_NETWORK ")) {
			int id = std::stoi(command.substr(12));
			bool is_id = command.find(" id_str") != std::string::npos;
			for (const network &n : networks)
				if (n.id == id && is_id && !n.id_str.empty())
					return "\"" + n.id_str + "\"";
			return is_id ? "FAIL\n" : "\"/old/chain.pem\"";
		}
		if (begins(command, "REMOVE_NETWORK ")) {
			int id = std::stoi(command.substr(15));
			for (size_t i = 0; i < networks.size(); i++)
				if (networks[i].id == id)
					networks.erase(networks.begin() + static_cast<long>(i));
		}
		return "OK\n";
	}
	void serve()
	{
		while (!is_ending_) {
			struct pollfd p = { socket_, POLLIN, 0 };
			if (poll(&p, 1, 20) <= 0)
				continue;
			char text[8192];
			struct sockaddr_un from = {};
			socklen_t from_len = sizeof from;
			ssize_t n = recvfrom(socket_, text, sizeof text, 0, reinterpret_cast<struct sockaddr *>(&from), &from_len);
			if (n < 0)
				continue;
			std::string command(text, static_cast<size_t>(n));
			{
				std::lock_guard<std::mutex> guard(lock_);
				asked_.push_back(command);
			}
			if (command == "ATTACH") {
				listener_ = from;
				listener_len_ = from_len;
			}
			int nth = ++counts_[command];
			if (before)
				for (const std::string &e : before(command, nth))
					say(e);
			std::string reply = answer(command);
			auto late = late_ms.find(command);
			int pause_ms = answer_ms + (late != late_ms.end() ? late->second : 0);
			if (pause_ms > 0)
				std::this_thread::sleep_for(std::chrono::milliseconds(pause_ms));
			std::string stray = strays[command];
			if (!stray.empty())
				sendto(socket_, stray.data(), stray.size(), MSG_NOSIGNAL, reinterpret_cast<struct sockaddr *>(&from), from_len);
			if (!reply.empty())
				sendto(socket_, reply.data(), reply.size(), MSG_NOSIGNAL, reinterpret_cast<struct sockaddr *>(&from), from_len);
			if (behind)
				for (const std::string &e : behind(command, nth))
					say(e);
		}
	}
};
