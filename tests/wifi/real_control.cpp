/* SPDX-License-Identifier: MIT */
/*
 * The contract of control_bench.hpp, and what only the real ones can show, against Debian's wpa_supplicant and hostapd: wired
 * 802.1X over a veth pair in a network name space of this process, which goes with it. Needs root; fails without.
 */
#include <csignal>
#include <fcntl.h>
#include <memory>
#include <sched.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <utility>
#include <vector>
#include "CppUTest/CommandLineTestRunner.h"
#include "hal/clock.h"
#include "hal/log.h"
#include "test_folder.hpp"
#include "wifi/control_bench.hpp"
#include "wifi/wifi_lab.hpp"

#define START_MS 10000 // a daemon that is not up by then will not come

/* One process of ours; ended by its id. */
class daemon_process
{
      public:
	daemon_process(const std::string &log, std::vector<std::string> words)
	{
		std::vector<char *> argv;
		for (std::string &w : words)
			argv.push_back(&w[0]);
		argv.push_back(nullptr);
		pid_ = fork();
		if (pid_ == 0) {
			prctl(PR_SET_PDEATHSIG, SIGTERM); // a test that is killed leaves nothing running
			int fd = open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
			dup2(fd, 1);
			dup2(fd, 2);
			execvp(argv[0], argv.data());
			_exit(127);
		}
	}
	~daemon_process()
	{
		kill(pid_, SIGTERM);
		waitpid(pid_, nullptr, 0);
	}
	void send(int signal_number) { kill(pid_, signal_number); }
	daemon_process(const daemon_process &) = delete;
	daemon_process &operator=(const daemon_process &) = delete;

      private:
	pid_t pid_;
};

/* Keys and certificates, made once: openssl's own words, nothing of ours. */
static test_folder *pki;
static void make_pki()
{
	pki = new test_folder("wpki");
	pki->run("ca() { openssl req -x509 -newkey rsa:2048 -nodes -keyout $1.key -out $1.pem -days 3650 -subj \"/CN=$2\" 2>/dev/null; }\n"
	         "leaf() { openssl req -newkey rsa:2048 -nodes -keyout $1.key -out $1.csr -subj \"/CN=$2\" 2>/dev/null\n"
	         " printf \"subjectAltName=DNS:$2\\nextendedKeyUsage=serverAuth,clientAuth\\n\" > $1.ext\n"
	         " openssl x509 -req -in $1.csr -CA $3.pem -CAkey $3.key -CAcreateserial -days $4 -extfile $1.ext -out $1.pem 2>/dev/null; }\n"
	         "ca ca 'lab root'; ca other 'other root'\n"
	         "leaf server radius.lab.example ca 365; leaf stranger radius.lab.example other 365\n"
	         "leaf old radius.lab.example ca 0; leaf dev1 dev1 ca 365; leaf dev2 dev2 ca 365; leaf bad bad other 365\n"
	         "printf '* TLS\\n' > users");
}

class real_bench : public control_bench
{
      public:
	test_folder folder{ "wreal" };
	std::string control = folder.path("ctrl"), name = "radius.lab.example", server = "server", more;
	std::unique_ptr<daemon_process> authenticator, supplicant;
	real_bench()
	{
		link.control = control.c_str();
		link.interface = "sup";
		link.profile = "lan";
		link.is_wired = true;
		link.key = WIFI_KEY_FILE;
		use("dev1", "dev1");
	}
	/* The device's certificate and key, at the names that its settings have. */
	void use(const std::string &certificate, const std::string &key)
	{
		folder.run("cp " + pki->path(certificate + ".pem") + " cert.pem; cp " + pki->path(key + ".key") + " key.pem");
	}
	std::string file(const std::string &control_line)
	{
		struct buf block, whole;
		std::string ca = pki->path("ca.pem"), cert = folder.path("cert.pem"), key = folder.path("key.pem");
		buf_init(&block, WIFI_CONFIG_MAX);
		buf_init(&whole, WIFI_CONFIG_MAX);
		struct wifi_network n = wifi_lab_network();
		n.profile = "lan";
		n.security = WIFI_WIRED;
		n.server_name = name.c_str();
		n.ca_path = ca.c_str();
		n.certificate_path = cert.c_str();
		n.private_key = key.c_str();
		n.pkcs11_engine_path = n.pkcs11_module_path = "";
		n.control = control.c_str();
		std::string user = "ctrl_interface=" + control_line + "\nupdate_config=1\nap_scan=0\n";
		LONGS_EQUAL(ERR_OK, wifi_render(&n, &block, &why));
		LONGS_EQUAL(ERR_OK, wifi_merge(bytes_of(user), &n, buf_bytes(&block), &whole, &why));
		std::string text = text_of(whole);
		buf_clear(&block);
		buf_clear(&whole);
		return text + more;
	}
	void write_file() { folder.write("sup.conf", file(control)); }
	void start_hostapd(const std::string &lines = "")
	{
		folder.write("hostapd.conf", "interface=aut\ndriver=wired\nieee8021x=1\neap_server=1\nuse_pae_group_addr=1\n"
		                             "logger_stdout=-1\nlogger_stdout_level=0\neap_user_file=" + pki->path("users") +
		                                     "\nca_cert=" + pki->path("ca.pem") + "\nserver_cert=" + pki->path(server + ".pem") +
		                                     "\nprivate_key=" + pki->path(server + ".key") + "\n" + lines);
		authenticator = std::make_unique<daemon_process>(
			folder.path("hostapd.log"), std::vector<std::string>{ "hostapd", "-d", folder.path("hostapd.conf") });
		wait_for("grep -q AP-ENABLED hostapd.log");
	}
	void start_supplicant(const std::string &environment = "SIGNET=1")
	{
		supplicant = std::make_unique<daemon_process>(
			folder.path("sup.log"),
			std::vector<std::string>{ "env", environment, "wpa_supplicant", "-d", "-Dwired", "-isup", "-c", folder.path("sup.conf") });
		wait_for("test -S ctrl/sup");
	}
	bool wait_for(const std::string &line)
	{
		int64_t end = clock_boot_ms() + START_MS;
		for (;;) {
			int status = 0;
			folder.run_status(line, &status);
			if (status == 0)
				return true;
			if (clock_boot_ms() > end)
				return false;
			usleep(20000);
		}
	}
	std::string cli(const std::string &command)
	{
		int status;
		return folder.run_status("wpa_cli -p " + control + " -i sup " + command, &status);
	}
	/* Subjects of the client certificates that hostapd saw, in order. */
	std::string subjects()
	{
		return folder.run("grep -o 'depth=0 .*subject=/CN=[a-z0-9]*' hostapd.log | sed 's/.*=//' | tr '\\n' ' '");
	}
	void be(world w) override
	{
		if (w == world::absent)
			return;
		server = w == world::unknown_ca ? "stranger" : w == world::expired_server ? "old" : "server";
		name = w == world::wrong_name ? "radius.other.example" : "radius.lab.example";
		if (w == world::refuses)
			use("bad", "bad");
		if (w == world::mismatch)
			use("dev1", "dev2");
		if (w != world::silent)
			start_hostapd();
		write_file();
		start_supplicant();
	}
};

TEST_GROUP(real_control)
{
	std::unique_ptr<real_bench> bench;
	struct wifi_state before, after;
	void setup() override
	{
		before = after = {};
		bench = std::make_unique<real_bench>();
	}
	void teardown() override
	{
		if (std::system("ip link set aut up") != 0)
			std::perror("ip");
		bench.reset();
	}
	void ok(enum err e) { LONGS_EQUAL_TEXT(ERR_OK, e, bench->why.text); }
};

CONTROL_CONTRACT(real_control)

TEST(real_control, a_new_certificate_in_the_same_files_is_presented_and_a_rollback_after_a_refusal_comes_back)
{
	bench->be(world::accepts);
	ok(wifi_control_switch(&bench->link, &bench->why));
	bench->use("dev2", "dev2");
	ok(wifi_control_switch(&bench->link, &bench->why));
	bench->use("bad", "bad");
	LONGS_EQUAL_TEXT(ERR_DENIED, wifi_control_switch(&bench->link, &bench->why), bench->why.text);
	bench->use("dev2", "dev2");
	int64_t start = clock_boot_ms();
	ok(wifi_control_switch(&bench->link, &bench->why));
	printf("(rollback after EAP-Failure: %lld ms) ", static_cast<long long>(clock_boot_ms() - start));
	STRCMP_CONTAINS("dev1 dev2 ", bench->subjects().c_str());
	STRCMP_CONTAINS("bad dev2 ", bench->subjects().c_str());
}

TEST(real_control, settings_that_trust_the_server_again_come_back_after_those_that_did_not)
{
	bench->be(world::accepts);
	ok(wifi_control_switch(&bench->link, &bench->why));
	bench->name = "radius.other.example";
	bench->write_file();
	LONGS_EQUAL(ERR_UNTRUSTED, wifi_control_switch(&bench->link, &bench->why));
	bench->name = "radius.lab.example";
	bench->write_file();
	int64_t start = clock_boot_ms();
	ok(wifi_control_switch(&bench->link, &bench->why));
	printf("(rollback after a refused server: %lld ms) ", static_cast<long long>(clock_boot_ms() - start));
}

TEST(real_control, a_rollback_after_a_key_that_did_not_load_comes_back)
{
	bench->be(world::accepts);
	ok(wifi_control_switch(&bench->link, &bench->why));
	bench->use("dev1", "dev2");
	LONGS_EQUAL(ERR_INVALID, wifi_control_switch(&bench->link, &bench->why));
	bench->use("dev1", "dev1");
	int64_t start = clock_boot_ms();
	ok(wifi_control_switch(&bench->link, &bench->why));
	printf("(rollback after CTRL-REQ: %lld ms) ", static_cast<long long>(clock_boot_ms() - start));
}

TEST(real_control, an_armed_certificate_is_presented_at_the_next_authentication_while_the_link_stays)
{
	bench->start_hostapd("eap_reauth_period=4\n");
	bench->write_file();
	bench->start_supplicant();
	ok(wifi_control_switch(&bench->link, &bench->why));
	ok(wifi_control_look(&bench->link, &before, &bench->why));
	ok(wifi_control_arm(&bench->link, pki->path("dev2.pem").c_str(), pki->path("dev2.key").c_str(), &bench->why));
	ok(wifi_control_look(&bench->link, &after, &bench->why));
	CHECK(after.is_authorised);
	CHECK(bench->wait_for("grep -q 'depth=0 .*subject=/CN=dev2' hostapd.log"));
	for (int i = 0; i < 100 && strcmp(before.session, after.session) == 0; i++) {
		usleep(50000);
		ok(wifi_control_look(&bench->link, &after, &bench->why));
	}
	CHECK(after.is_authorised);
	CHECK(strcmp(before.session, after.session) != 0);
	STRCMP_EQUAL("0\n", bench->folder.run("grep -c 'CTRL-EVENT-DISCONNECTED' sup.log || true").c_str());
}

TEST(real_control, a_wire_without_link_is_out_of_range_and_the_file_was_read_all_the_same)
{
	bench->be(world::accepts);
	ok(wifi_control_switch(&bench->link, &bench->why));
	bench->folder.run("ip link set aut down");
	LONGS_EQUAL_TEXT(ERR_AGAIN, wifi_control_switch(&bench->link, &bench->why), bench->why.text);
	STRCMP_EQUAL("wifi.out_of_range", bench->why.code);
	LONGS_EQUAL(ERR_AGAIN, wifi_control_try(&bench->link, &bench->why));
	STRCMP_EQUAL("2\n", bench->folder.run("grep -c \"RECONFIGURE\" sup.log").c_str());
}

TEST(real_control, removing_ours_leaves_the_link_of_another_network_up)
{
	bench->be(world::accepts);
	std::string other = bench->file(bench->control);
	size_t at = other.find("signet-lan");
	other.replace(at, 10, "of-the-user");
	bench->more = "network={\n\tkey_mgmt=IEEE8021X\n\teap=TLS\n\tidentity=\"x\"\n\tid_str=\"signet-lan\"\n}\n";
	bench->folder.write("sup.conf", other + bench->more);
	bench->link.timeout_s = 10;
	LONGS_EQUAL_TEXT(ERR_AGAIN, wifi_control_switch(&bench->link, &bench->why), bench->why.text);
	STRCMP_EQUAL("wifi.other_network", bench->why.code);
	ok(wifi_control_remove(&bench->link, &bench->why));
	ok(wifi_control_remove(&bench->link, &bench->why));
	ok(wifi_control_look(&bench->link, &after, &bench->why));
	CHECK(!after.is_current);
	STRCMP_CONTAINS("suppPortStatus=Authorized", bench->cli("status").c_str());
	STRCMP_CONTAINS("id_str=of-the-user", bench->cli("status").c_str());
}

TEST(real_control, a_file_that_moves_the_control_socket_in_words_only_is_followed)
{
	bench->be(world::accepts);
	bench->folder.write("sup.conf", bench->file("DIR=" + bench->control));
	ok(wifi_control_switch(&bench->link, &bench->why));
}

TEST(real_control, a_file_that_is_damaged_is_said_so_and_the_link_stays)
{
	bench->be(world::accepts);
	ok(wifi_control_switch(&bench->link, &bench->why));
	bench->folder.write("sup.conf", "network={\n\tnonsense=1\n}\n");
	LONGS_EQUAL(ERR_IO, wifi_control_switch(&bench->link, &bench->why));
	ok(wifi_control_look(&bench->link, &after, &bench->why));
	CHECK(after.is_authorised);
}

TEST(real_control, a_daemon_that_is_stopped_in_its_tracks_is_absent_and_wakes_up_unharmed)
{
	bench->be(world::accepts);
	bench->supplicant->send(SIGSTOP);
	LONGS_EQUAL(ERR_NOT_FOUND, wifi_control_switch(&bench->link, &bench->why));
	STRCMP_CONTAINS("does not answer", bench->why.text);
	bench->supplicant->send(SIGCONT);
	ok(wifi_control_switch(&bench->link, &bench->why));
}

TEST(real_control, what_save_config_makes_of_our_file_is_merged_in_place)
{
	struct buf out;
	struct why why = {};
	buf_init(&out, WIFI_CONFIG_MAX);
	bench->be(world::accepts);
	STRCMP_CONTAINS("OK", bench->cli("save_config").c_str());
	std::string saved = bench->folder.read("sup.conf");
	CHECK(saved.find("BEGIN signet") == std::string::npos);
	STRCMP_CONTAINS("id_str=\"signet-lan\"", saved.c_str());
	LONGS_EQUAL(ERR_OK, wifi_remove(bytes_of(saved), "lan", &out, &why));
	std::string left = text_of(out);
	buf_clear(&out);
	CHECK(left.find("network={") == std::string::npos);
}

TEST(real_control, a_provider_counts_when_it_is_loaded_into_the_daemon_and_new_enough)
{
	for (const char *version : { "", "1.1.1", "1.2.0", "2.0" }) {
		bool is_new = version[0] == '2' || (version[0] != '\0' && version[2] == '2');
		bench = std::make_unique<real_bench>();
		bench->link.key = WIFI_KEY_PROVIDER;
		bench->folder.write("tpm2.c", std::string("const char name[] = \"TPM 2.0 Provider\\0buildinfo\\0\" \"") + version + "\\0status\";\n");
		bench->folder.run("cc -shared -fPIC -o tpm2.so tpm2.c");
		bench->start_hostapd();
		bench->write_file();
		bench->start_supplicant(version[0] != '\0' ? "LD_PRELOAD=" + bench->folder.path("tpm2.so") : "SIGNET=1");
		LONGS_EQUAL_TEXT(is_new ? ERR_OK : ERR_UNSUPPORTED, wifi_control_switch(&bench->link, &bench->why), bench->why.text);
		STRCMP_EQUAL(is_new ? "" : "wifi.build", bench->why.code);
		STRCMP_CONTAINS(is_new ? "" : version[0] != '\0' ? "1.2 is needed" : "runs without OpenSSL's tpm2", bench->why.text);
	}
}

/* name=value of each line of a golden file's network. */
static std::vector<std::pair<std::string, std::string>> values_of(const std::string &text)
{
	std::vector<std::pair<std::string, std::string>> all;
	std::stringstream lines(text);
	for (std::string line; std::getline(lines, line);)
		if (line.size() > 1 && line[0] == '\t')
			all.emplace_back(line.substr(1, line.find('=') - 1), line.substr(line.find('=') + 1));
	return all;
}

TEST(real_control, the_daemon_reads_back_every_value_of_the_golden_files)
{
	for (const char *name : { "wired.conf", "wpa2-wpa3.conf", "psk.conf", "sae.conf", "quoting.conf" }) {
		std::string text = golden(name);
		size_t at = text.find("/usr/lib/x86_64-linux-gnu/pkcs11/libsignet-pkcs11.so"); // must exist to be read
		if (at != std::string::npos)
			text.replace(at, 52, "/usr/lib/x86_64-linux-gnu/p11-kit-proxy.so");
		at = text.find("ctrl_interface=/run/wpa_supplicant");
		if (at != std::string::npos)
			text.replace(at, 34, "ctrl_interface=" + bench->control);
		else
			text = "ctrl_interface=" + bench->control + "\n" + text;
		bench->folder.write("sup.conf", text);
		bench->start_supplicant();
		std::vector<std::pair<std::string, std::string>> values = values_of(text);
		CHECK(!values.empty());
		for (const auto &v : values) {
			std::string got = bench->cli("get_network 0 " + v.first);
			got = got.substr(0, got.find('\n'));
			if (v.first == "psk" || v.first == "sae_password")
				STRCMP_EQUAL_TEXT("*", got.c_str(), name);
			else if (v.first == "key_mgmt" || v.second[0] == 'P')
				CHECK_TEXT(got != "FAIL" && !got.empty(), (std::string(name) + " " + v.first).c_str());
			else
				STRCMP_EQUAL_TEXT(v.second.c_str(), got.c_str(), (std::string(name) + " " + v.first).c_str());
		}
		STRCMP_CONTAINS("\n0\t", bench->cli("list_networks").c_str());
		bench->supplicant.reset();
	}
}

int main(int argc, char **argv)
{
	log_set_level(getenv("WIFI_DEBUG") != nullptr ? LOG_DEBUG : LOG_ERROR);
	if (geteuid() != 0 || unshare(CLONE_NEWNET | CLONE_NEWNS) != 0 ||
	    mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0 || mount("sysfs", "/sys", "sysfs", 0, nullptr) != 0 ||
	    std::system("ip link add sup type veth peer name aut && ip link set sup up && ip link set aut up") != 0) {
		std::printf("needs root, network name spaces and iproute2\n");
		return 1;
	}
	make_pki();
	int failures = CommandLineTestRunner::RunAllTests(argc, argv);
	delete pki;
	return failures;
}
