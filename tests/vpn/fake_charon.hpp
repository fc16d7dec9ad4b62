/* SPDX-License-Identifier: MIT */
#ifndef TESTS_VPN_FAKE_CHARON_HPP
#define TESTS_VPN_FAKE_CHARON_HPP
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include <algorithm>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <thread>
#include <utility>
#include <vector>

/*
 * The VICI side of charon 5.9.8 as far as vpn_control uses it, in a thread: it keeps certificates, keys, connections
 * and IKE_SAs, and picks certificates as the real one was measured to (vpn/vpn_load.c). Its codec is its own. It
 * records and answers and never CHECKs. tests/vpn/real_control.py asks the same of two real daemons.
 */
class fake_charon
{
public:
	struct sa {
		unsigned id;
		std::string state;
		bool has_child;
	};
	struct cert {
		std::string der, key; // key: text in its public key, by which keys are known
		bool is_ca;
	};

	/* What the next authentication comes to: ok, refused, untrusted, silent, half (no child), revoked (verified too
	 * late), gone (the old one goes too), vanishes without a word, verifying (never ends it), slow (up after a
	 * while), late (refused, and the words come after the state) */
	std::string outcome = "ok";
	/* Tokens: the key on it; "" for none. module: there, silent (there too), absent, no-plugin */
	std::string token_key, module = "there", token_id;
	std::string initiate_answers; // whatever comes of it; "" for the truth
	std::set<std::string> unknown;        // commands and events it does not know
	std::map<std::string, std::string> errors; // command -> errmsg
	std::map<std::string, std::string> raw;    // command -> bytes sent in place of an answer, then closed
	std::set<std::string> hangs;               // commands that are never answered
	std::string flood;                         // command before whose answer events never end
	std::string child = "signet-hq"; // name of the child of our IKE_SAs
	bool forgets_keys = false, starts_by_itself = true;
	std::string foreign_id;                    // local id of a foreign connection

	std::vector<cert> certs; // newest first
	std::vector<std::string> keys, conns, asked;
	std::string cached, shown; // der: used last; shown to the gateway last
	std::vector<sa> sas;
	unsigned next_id = 1;
	std::string loaded_connection, settings_id = "dev.example.test";

	static std::string id_of(const std::string &key)
	{
		static const char digits[] = "0123456789abcdef";
		std::string id;
		for (char c : key)
			(id += digits[c >> 4 & 15]) += digits[c & 15];
		id.resize(40, '0');
		return id;
	}
	static std::string value(const std::string &name, const std::string &text)
	{
		return std::string("\x03") + static_cast<char>(name.size()) + name + length(text) + text;
	}
	static std::string list(const std::string &name, const std::vector<std::string> &items)
	{
		std::string out = std::string("\x04") + static_cast<char>(name.size()) + name;
		for (const std::string &item : items)
			out += "\x05" + length(item) + item;
		return out + "\x06";
	}
	static std::string section(const std::string &name, const std::string &content)
	{
		return std::string("\x01") + static_cast<char>(name.size()) + name + content + "\x02";
	}
	static std::string packet(const std::string &body)
	{
		std::string out;
		for (int shift = 24; shift >= 0; shift -= 8)
			out += static_cast<char>(body.size() >> shift & 0xff);
		return out + body;
	}
	static std::string event(const std::string &name, const std::string &message)
	{
		return packet(std::string("\x07") + static_cast<char>(name.size()) + name + message);
	}

	explicit fake_charon(const std::string &path) : path_(path)
	{
		struct sockaddr_un address = {};
		address.sun_family = AF_UNIX;
		path.copy(address.sun_path, sizeof address.sun_path - 1);
		listener_ = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
		if (pipe(stop_) != 0 || bind(listener_, reinterpret_cast<struct sockaddr *>(&address), sizeof address) != 0 ||
		    listen(listener_, 4) != 0)
			return;
		thread_ = std::thread([this] { serve(); });
	}
	~fake_charon()
	{
		stop();
		unlink(path_.c_str());
	}
	fake_charon(const fake_charon &) = delete;
	fake_charon &operator=(const fake_charon &) = delete;
	void stop()
	{
		if (thread_.joinable()) {
			close(stop_[1]);
			thread_.join();
			close(stop_[0]);
			close(listener_);
		}
	}
	/* All that clients have asked so far is done and answered; then the test may read everything. */
	void settle()
	{
		struct sockaddr_un address = {};
		address.sun_family = AF_UNIX;
		path_.copy(address.sun_path, sizeof address.sun_path - 1);
		int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
		std::string question = packet(std::string("\x00\x06settle", 8));
		char answer;
		if (connect(fd, reinterpret_cast<struct sockaddr *>(&address), sizeof address) == 0 &&
		    ::send(fd, question.data(), question.size(), MSG_NOSIGNAL) > 0)
			(void)!recv(fd, &answer, 1, 0);
		close(fd);
	}
	long count(const std::string &what) const
	{
		return std::count(asked.begin(), asked.end(), what);
	}
	/* Position of the first, or -1. */
	long first(const std::string &what) const
	{
		auto found = std::find(asked.begin(), asked.end(), what);
		return found == asked.end() ? -1 : found - asked.begin();
	}

private:
	using fields = std::map<std::string, std::string>;
	std::string path_;
	int listener_ = -1, stop_[2] = { -1, -1 }, client_ = -1;
	std::set<std::string> events_;
	unsigned looks_ = 0; // list-sas since the last authentication
	bool is_late_ = false;
	std::thread thread_;

	static std::string length(const std::string &text)
	{
		return { static_cast<char>(text.size() >> 8 & 0xff), static_cast<char>(text.size() & 0xff) };
	}
	/* Top values by name; of sections their names, "{" before. */
	static fields parse(const std::string &message)
	{
		fields out;
		int depth = 0;
		std::string name;
		for (size_t at = 0; at < message.size();) {
			int kind = message[at++];
			if (kind == 1 || kind == 3 || kind == 4) {
				size_t len = static_cast<unsigned char>(message[at]);
				name = message.substr(at + 1, len);
				at += 1 + len;
			}
			if (kind == 1 && depth++ == 0)
				out["{" + name] = message;
			if (kind == 2)
				depth--;
			if (kind == 3 || kind == 5) {
				size_t len = static_cast<size_t>(static_cast<unsigned char>(message[at])) << 8 |
				             static_cast<unsigned char>(message[at + 1]);
				if (kind == 3 && depth == 0)
					out[name] = message.substr(at + 2, len);
				at += 2 + len;
			}
		}
		return out;
	}
	bool readable(int fd)
	{
		struct pollfd fds[2] = { { fd, POLLIN, 0 }, { stop_[0], POLLIN, 0 } };
		return poll(fds, 2, -1) > 0 && fds[1].revents == 0;
	}
	bool receive(std::string &out, size_t len)
	{
		out.clear();
		while (out.size() < len) {
			char chunk[4096];
			if (!readable(client_))
				return false;
			ssize_t got = recv(client_, chunk, std::min(sizeof chunk, len - out.size()), 0);
			if (got <= 0)
				return false;
			out.append(chunk, static_cast<size_t>(got));
		}
		return true;
	}
	bool send_all(const std::string &bytes)
	{
		for (size_t at = 0; at < bytes.size();) {
			ssize_t done = ::send(client_, bytes.data() + at, bytes.size() - at, MSG_NOSIGNAL);
			if (done <= 0)
				return false;
			at += static_cast<size_t>(done);
		}
		return true;
	}
	/* One packet of this client; false: it has gone, or is to go. */
	bool serve_one()
	{
		std::string head, body;
		size_t len = 0;
		if (!receive(head, 4))
			return false;
		for (char c : head)
			len = len << 8 | static_cast<unsigned char>(c);
		return receive(body, len) && handle(body);
	}
	/* Several clients in turn: swanctl may be one of them. */
	void serve()
	{
		std::map<int, std::set<std::string>> clients;
		for (;;) {
			std::vector<struct pollfd> fds = { { stop_[0], POLLIN, 0 }, { listener_, POLLIN, 0 } };
			for (const auto &client : clients)
				fds.push_back({ client.first, POLLIN, 0 });
			if (poll(fds.data(), fds.size(), -1) <= 0 || fds[0].revents != 0)
				break;
			if (fds[1].revents != 0)
				clients[accept(listener_, nullptr, nullptr)] = {};
			for (size_t i = 2; i < fds.size(); i++) {
				if (fds[i].revents == 0)
					continue;
				client_ = fds[i].fd;
				events_ = clients[client_];
				bool goes_on = serve_one();
				clients[client_] = events_;
				if (!goes_on) {
					close(client_);
					clients.erase(client_);
				}
			}
		}
		for (const auto &client : clients)
			close(client.first);
	}
	bool handle(const std::string &body)
	{
		int type = body[0];
		size_t len = static_cast<unsigned char>(body[1]);
		std::string name = body.substr(2, len);
		if (type == 3 || type == 4) {
			if (unknown.count(name) > 0)
				return send_all(packet("\x06"));
			type == 3 ? (void)events_.insert(name) : (void)events_.erase(name);
			return send_all(packet("\x05"));
		}
		fields message = parse(body.substr(2 + len));
		std::string detail;
		for (const char *key : { "flag", "id", "name", "reauth", "ike-id", "handle", "slot", "child" })
			if (message.count(key) > 0)
				detail += " " + message[key];
		if (name == "settle")
			return send_all(packet("\x01"));
		asked.push_back(name + detail);
		if (flood == name)
			for (unsigned i = 0;; i++)
				if (!send_all(event("log", value("msg", "again"))))
					return false;
		if (raw.count(name) > 0) {
			send_all(raw[name]);
			return false;
		}
		if (hangs.count(name) > 0)
			return true; // and goes on to hang
		if (unknown.count(name) > 0)
			return send_all(packet("\x02"));
		if (errors.count(name) > 0)
			return send_all(packet("\x01" + value("success", "no") + value("errmsg", errors[name])));
		std::string answer = command(name, message);
		bool goes_on = answer == "\xff" || send_all(packet("\x01" + answer));
		if (is_late_)
			log("signet-hq", next_id - 1, "received AUTHENTICATION_FAILED notify error");
		is_late_ = false;
		return goes_on;
	}
	static std::string yes()
	{
		return value("success", "yes");
	}
	static std::string no(const std::string &words)
	{
		return value("success", "no") + value("errmsg", words);
	}
	void log(const std::string &ike, unsigned id, const std::string &line, const std::string &as = "log")
	{
		if (events_.count(as) > 0)
			send_all(event(as, value("group", "IKE") + (ike.empty() ? "" : value("ikesa-name", ike) +
			               value("ikesa-uniqueid", std::to_string(id))) + value("msg", line)));
	}
	void stream(const std::string &name, const std::string &message)
	{
		if (events_.count(name) > 0)
			send_all(event(name, message));
	}
	std::vector<cert> order() const
	{
		std::vector<cert> all = certs;
		std::stable_partition(all.begin(), all.end(), [this](const cert &c) { return c.der == cached; });
		return all;
	}
	bool has_key(const std::string &key) const
	{
		return std::find(keys.begin(), keys.end(), id_of(key)) != keys.end();
	}
	/* The certificate that charon authenticates with. */
	void pick()
	{
		for (const cert &c : order())
			if (!c.is_ca && has_key(c.key) && c.der.find(settings_id) != std::string::npos) {
				cached = shown = c.der;
				return;
			}
	}
	std::string command(const std::string &name, fields &message);
	std::string load_token(fields &message);
	void authenticate(const std::string &as, unsigned old);
};

inline std::string fake_charon::load_token(fields &message)
{
	bool has_slot = message.count("slot") > 0;
	if (module == "there" && !token_key.empty()) {
		if (!forgets_keys)
			keys.push_back(id_of(token_key));
		return yes() + value("id", token_id.empty() ? id_of(token_key) : token_id);
	}
	if (module == "absent" && has_slot)
		log("", 0, "PKCS#11 module 'signet' not found");
	else if (module == "there" && has_slot)
		log("", 0, "opening private key session on 'signet':0 failed: SLOT_ID_INVALID");
	else if (module != "no-plugin" && !has_slot)
		log("", 0, "no PKCS#11 module found having a keyid 68:71");
	log("", 0, "building CRED_PRIVATE_KEY - ANY failed, tried 8 builders");
	return no("loading private key from token failed");
}

/* A new IKE_SA, with what charon says meanwhile; `old` goes when the new one is up. */
inline void fake_charon::authenticate(const std::string &as, unsigned old)
{
	const std::string ours = "signet-hq";
	unsigned id = next_id++;
	pick();
	looks_ = 0;
	log("foreign", id + 100, "received AUTHENTICATION_FAILED notify error", as);
	if (outcome == "refused")
		log(ours, id, "received AUTHENTICATION_FAILED notify error", as);
	if (outcome == "untrusted")
		log(ours, id, "no trusted RSA public key found for 'vpn.example.test'", as);
	if (outcome == "silent")
		log(ours, id, "retransmit 1 of request with message ID 0", as);
	if (outcome == "silent" || outcome == "nothing" || outcome == "slow" || outcome == "late")
		sas.push_back({ id, "CONNECTING", false });
	if (outcome == "vanishes")
		log(ours, id, "IKE_SA deleted", as);
	if (outcome == "gone")
		sas.clear();
	if (outcome == "ok" || outcome == "half" || outcome == "revoked" || outcome == "verifying") {
		sas.push_back({ id, "ESTABLISHED", outcome != "half" });
		sas.erase(std::remove_if(sas.begin(), sas.end(), [old](const sa &s) { return s.id == old; }), sas.end());
		stream("child-updown", value("up", "yes"));
		if (old != 0)
			log(ours, id, "verifying peer certificate", as);
		if (old != 0 && outcome == "ok")
			log(ours, id, "peer certificate successfully verified", as);
	}
	if (outcome == "revoked") {
		log(ours, id, "certificate was revoked on Nov 24 20:17:39 UTC 2026, reason: key compromise", as);
		log(ours, id, "peer certificate verification failed, deleting SA", as);
	}
	stream("ike-updown", value("up", "yes"));
}

inline std::string fake_charon::command(const std::string &name, fields &message)
{
	const std::string ours = "signet-hq";
	if (name == "load-cert") {
		bool is_ca = message["flag"] == "CA";
		std::string der = message["data"];
		size_t at = der.find("key:");
		for (const cert &c : certs)
			if (c.der == der)
				return yes();
		certs.insert(certs.begin(), { der, at == std::string::npos ? "" : der.substr(at + 4, 2), is_ca });
		return yes();
	}
	if (name == "load-key") {
		if (!forgets_keys)
			keys.push_back(id_of(message["data"]));
		return yes() + value("id", id_of(message["data"]));
	}
	if (name == "load-token")
		return load_token(message);
	if (name == "unload-key") {
		keys.erase(std::remove(keys.begin(), keys.end(), message["id"]), keys.end());
		return yes();
	}
	if (name == "get-keys")
		return list("keys", keys);
	if (name == "get-conns")
		return list("conns", conns);
	if (name == "flush-certs") {
		cached.clear();
		return yes();
	}
	if (name == "list-certs") {
		for (const cert &c : order())
			stream("list-cert", value("type", "X509") + value("flag", c.is_ca ? "CA" : "NONE") +
			       (has_key(c.key) ? value("has_privkey", "yes") : "") + value("data", c.der));
		return "";
	}
	if (name == "list-conns") {
		for (const std::string &conn : conns)
			stream("list-conn", section(conn, section("local-1", value("id", conn == ours ? settings_id : foreign_id))));
		return "";
	}
	if (name == "list-sas") {
		looks_++;
		if (outcome == "slow" && looks_ == 3)
			sas = { { next_id - 1, "ESTABLISHED", true } };
		if (outcome == "late" && looks_ == 2 && !sas.empty() && !sas.back().has_child) {
			sas.pop_back();
			is_late_ = true;
		}
		for (const sa &s : sas)
			stream("list-sa", section(ours, value("uniqueid", std::to_string(s.id)) + value("state", s.state) +
			       section("child-sas", s.has_child ? section(ours + "-1", value("name", child) +
			                                                  value("state", "INSTALLED")) : "")));
		stream("list-sa", section("foreign", value("uniqueid", "99") + value("state", "ESTABLISHED")));
		return "";
	}
	if (name == "load-conn") {
		std::string given = message["{" + ours];
		bool is_new = loaded_connection != given;
		loaded_connection = given;
		if (std::find(conns.begin(), conns.end(), ours) == conns.end())
			conns.push_back(ours);
		if (is_new && starts_by_itself && sas.empty())
			authenticate("none", 0);
		return yes();
	}
	if (name == "unload-conn") {
		bool had = std::find(conns.begin(), conns.end(), message["name"]) != conns.end();
		conns.erase(std::remove(conns.begin(), conns.end(), message["name"]), conns.end());
		return had ? yes() : no("unload: connection not found");
	}
	if (name == "terminate") {
		size_t before = sas.size();
		sas.erase(std::remove_if(sas.begin(), sas.end(),
		                         [&](const sa &s) { return std::to_string(s.id) == message["ike-id"]; }), sas.end());
		return before != sas.size() ? yes() : no("no matching SAs to terminate found");
	}
	if (name == "rekey") {
		for (const sa &s : sas)
			if (std::to_string(s.id) == message["ike-id"]) {
				send_all(packet("\x01" + yes())); // it answers first, the rest comes later
				authenticate("log", s.id);
				return "\xff";
			}
		return no("no matching SAs to rekey found");
	}
	if (name == "initiate") {
		bool is_up = std::any_of(sas.begin(), sas.end(), [](const sa &s) { return s.has_child; });
		if (!is_up)
			authenticate("control-log", 0);
		is_up = std::any_of(sas.begin(), sas.end(), [](const sa &s) { return s.has_child; });
		if (!initiate_answers.empty())
			is_up = initiate_answers == "yes";
		return is_up ? yes() : no("establishing CHILD_SA 'signet-hq' failed");
	}
	return yes(); // reload-settings
}

#endif
