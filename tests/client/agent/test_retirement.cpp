// SPDX-License-Identifier: MIT
#include "CppUTest/TestHarness.h"
#include "client/ca_lab.hpp"
#include <cstdio>
#include <cstring>
#include <fcntl.h>
#include <string>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include <vector>
#include "client/agent/consumer.h"
#include "client/agent/generation.h"
#include "client/agent/last.h"
#include "client/agent/retirement.h"
#include "client/agent/used.h"
#include "test_folder.hpp"

// The power goes at the n-th call that changes the disk: these stand in front of libc's.
static int calls_left = -1; // negative: never
static bool has_bare_key;   // a key's name was taken away while its bytes still stood

static void cut()
{
	if (calls_left == 0)
		_exit(9);
	if (calls_left > 0)
		calls_left--;
}

static void look_at_key(const char *path)
{
	const char *name = strrchr(path, '/');
	char bytes[64];
	int fd = name != nullptr && strncmp(name, "/key.", 5) == 0 ? open(path, O_RDONLY) : -1;
	if (fd < 0)
		return;
	ssize_t n = read(fd, bytes, sizeof bytes);
	for (ssize_t i = 0; i < n; i++)
		has_bare_key |= bytes[i] != 0;
	close(fd);
}

extern "C" int unlink(const char *path)
{
	cut();
	look_at_key(path);
	return static_cast<int>(syscall(SYS_unlinkat, AT_FDCWD, path, 0));
}
extern "C" int rmdir(const char *path)
{
	cut();
	return static_cast<int>(syscall(SYS_unlinkat, AT_FDCWD, path, AT_REMOVEDIR));
}
extern "C" int rename(const char *from, const char *to)
{
	cut();
	return static_cast<int>(syscall(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, 0));
}
extern "C" int fsync(int)
{
	cut(); // of the process: what it wrote is there
	return 0;
}

static const char CONFIG[] = R"([agent]
state_dir = /state
run_dir = /run
[device]
name = GW-7F31
[trust root]
certificate = /root.cer
[trust other]
certificate = /root.cer
[scep dev]
url = http://127.0.0.1:1/scep
trust = root
challenge_file = /challenge
subject = CN=x
key_usage = digitalSignature
key_usage = keyEncipherment
extended_key_usage = clientAuth
)";
static const char CONSUMERS[] = R"([wifi lan]
interface = wlan0
ssid = CORP
certificate = dev
trust = root
server_name = radius.example.test
identity = host/x
config = /etc/wpa.conf
control = /run/wpa
[vpn hq]
tunnel = device
gateway = vpn.example.test
certificate = dev
trust = root
local_id = x.example.test
remote_network = 10.0.0.0/8
directory = /etc/swanctl
control = /run/charon.vici
)";
static const char OPEN_NETWORK[] = R"([wifi setup]
interface = wlan0
ssid = SETUP
security = wpa2-psk
psk_file = /psk
config = /etc/wpa.conf
control = /run/wpa
)";
static const char OWN[] = "network={\n\tssid=\"HOME\"\n}\n# no newline at the end";

TEST_GROUP(retirement)
{
	test_folder *folder;
	struct config config;
	struct why why;
	bool has_config;

	void setup() override
	{
		folder = new test_folder("sgr");
		why = {};
		has_config = false;
		calls_left = -1;
		has_bare_key = false;
		folder->run("mkdir -p root/etc/swanctl/conf.d root/etc/strongswan.d root/run");
		folder->write("root/root.cer", "-----BEGIN CERTIFICATE-----\nMA==\n-----END CERTIFICATE-----\n");
		folder->write("root/psk", "a pass phrase");
		folder->write("root/etc/wpa.conf", OWN);
		folder->write("root/etc/swanctl/conf.d/own.conf", "theirs");
		load(std::string(CONFIG) + CONSUMERS + OPEN_NETWORK);
		enroll();
	}
	void teardown() override
	{
		calls_left = -1;
		if (has_config)
			config_clear(&config);
		delete folder;
	}

	void load(const std::string &text)
	{
		if (has_config)
			config_clear(&config);
		folder->write("root/signet.conf", text);
		has_config = false;
		LONGS_EQUAL_TEXT(ERR_OK, config_load("/signet.conf", folder->path("root").c_str(), &config, &why), why.text);
		has_config = true;
	}

	struct pass opened(const struct apply_options *options = nullptr)
	{
		struct pass pass;
		LONGS_EQUAL_TEXT(ERR_OK, pass_open(&config, options, &pass, &why), why.text);
		return pass;
	}

	// A device that has all of it, in the middle of a trial.
	void enroll()
	{
		struct pass pass = opened();
		const struct bytes x = { reinterpret_cast<const uint8_t *>("secret"), 6 };
		LONGS_EQUAL(ERR_OK, store_prepare(&pass.store, &why));
		for (unsigned number : { 1u, 2u, 3u }) {
			struct generation_meta meta = {};
			LONGS_EQUAL(ERR_OK, generation_meta_write(&pass.store, "dev", number, &meta, &why));
			for (const char *part : { "key.der", "ca.pem", "chain.pem" })
				LONGS_EQUAL(ERR_OK, generation_write(&pass.store, "dev", number, part, x, &why));
			LONGS_EQUAL(ERR_OK, generation_write(&pass.store, "dev", number, number == 3 ? "message.der" : "cert.pem", x, &why));
		}
		LONGS_EQUAL(ERR_OK, generation_link(&pass.store, "dev", "previous", 1, &why));
		LONGS_EQUAL(ERR_OK, generation_link(&pass.store, "dev", "current", 2, &why));
		folder->run("echo marks > root/state/scep/dev/used; echo x > root/state/scep/dev/rollover.pem; "
		            "ln -s 0002 root/state/scep/dev/current.new; "
		            "echo pem > root/state/trust/other.pem");
		folder->write("root/state/trust/root.pem", ca_lab::get().folder.read("root.pem"));
		struct consumer *list = new struct consumer[CONFIG_PROFILES_MAX];
		size_t count = consumers_list(&config, list);
		for (size_t i = 0; i < count; i++) {
			struct record r;
			char sha256[65];
			LONGS_EQUAL_TEXT(ERR_OK, consumer_install(&pass, &list[i], &r, sha256, &why), why.text);
			r.told = r.proven = 2;
			LONGS_EQUAL(ERR_OK, record_write(&pass.store, list[i].ops->folder, list[i].name, &r, &why));
		}
		delete[] list;
		pass_close(&pass);
	}

	enum err work(std::vector<const char *> named = {}, bool only_renewal = false)
	{
		struct apply_options options = {};
		struct retire_item failed;
		options.profiles = named.data();
		options.profile_count = named.size();
		options.only_renewal = only_renewal;
		struct pass pass = opened(&options);
		enum err e = retirement_work(&pass, &failed, &why);
		pass_close(&pass);
		return e;
	}
	void mark(const char *name)
	{
		struct pass pass = opened();
		LONGS_EQUAL_TEXT(ERR_OK, retirement_mark(&pass.store, name, &why), why.text);
		pass_close(&pass);
	}
	std::string marks() { return folder->run("ls -m root/state/retired | tr -d '\\n'"); }
	std::string state()
	{
		return folder->run("cd root/state; find . ! -type d ! -path './retired/*' ! -name history | sort | tr '\\n' ' '");
	}
	std::string settings() { return folder->run("cd root/etc; find . -type f | sort | tr '\\n' ' '"); }
	// "trust:root scep:dev wifi:lan vpn:hq"
	std::string in()
	{
		struct pass pass = opened();
		std::string all;
		for (size_t i = 0; i < pass.config->trust_count; i++)
			all += std::string("trust:") + pass.config->trusts[i].name + " ";
		for (size_t i = 0; i < pass.config->scep_count; i++)
			all += std::string("scep:") + pass.config->sceps[i].name + " ";
		for (size_t i = 0; i < pass.config->wifi_count; i++)
			all += std::string("wifi:") + pass.config->wifis[i].name + " ";
		for (size_t i = 0; i < pass.config->vpn_count; i++)
			all += std::string("vpn:") + pass.config->vpns[i].name + " ";
		pass_close(&pass);
		return all;
	}
	std::string to_go(const char *name = nullptr, bool everything = false)
	{
		struct pass pass = opened();
		std::string all;
		struct retirement_question q = { &pass, name, everything,
			                         [](void *ctx, enum profile_kind kind, const char *profile) {
				                         *static_cast<std::string *>(ctx) +=
				                             std::string(profile_kind_text(kind)) + ":" + profile + " ";
			                         },
			                         &all };
		LONGS_EQUAL(ERR_OK, retirement_look(&q, &why));
		pass_close(&pass);
		return all;
	}
	void is_only_theirs()
	{
		STRCMP_EQUAL("./swanctl/conf.d/own.conf ./wpa.conf ", settings().c_str());
		STRCMP_EQUAL(OWN, folder->read("root/etc/wpa.conf").c_str());
	}
	// What another process did until its power went: true; or it came to its end: false.
	bool is_cut_at(int n)
	{
		pid_t pid = fork();
		if (pid == 0) {
			calls_left = n;
			bool is_done = work() == ERR_OK;
			_exit(has_bare_key ? 7 : is_done ? 0 : 8);
		}
		int status = 0;
		waitpid(pid, &status, 0);
		CHECK(WIFEXITED(status));
		CHECK_TEXT(WEXITSTATUS(status) == 0 || WEXITSTATUS(status) == 9, std::to_string(WEXITSTATUS(status)).c_str());
		return WEXITSTATUS(status) == 9;
	}
	// Every point where the power may go, or each `step`th; `after` says what is to be true in the end.
	template <typename F> int sweep(int step, F after)
	{
		int n = 0;
		struct stat info;
		folder->run("rm -rf keep; cp -a root keep");
		for (bool was_cut = true; was_cut; n += step) {
			folder->run("rm -rf root; cp -a keep root");
			was_cut = is_cut_at(n);
			std::string left = to_go();
			bool has_links = lstat(folder->path("root/state/scep/dev/current").c_str(), &info) == 0;
			bool has_settings = folder->read("root/etc/wpa.conf").find("signet-lan") != std::string::npos;
			// whoever uses the certificate goes before it, and what is not done yet is still seen
			CHECK(has_links || !has_settings);
			CHECK(!was_cut || left != "" || folder->run("find root/state -name 'key.*'") == "");
			LONGS_EQUAL_TEXT(ERR_OK, work(), why.text);
			after();
			STRCMP_EQUAL("", to_go().c_str());
		}
		return n - step;
	}
};

TEST(retirement, NothingIsOutUntilSomebodySaysSo)
{
	std::string before = folder->run("cd root; find . -printf '%p %C@ %i\\n' | grep -v ' ./run' | sort");
	STRCMP_EQUAL("trust:root trust:other scep:dev wifi:lan wifi:setup vpn:hq ", in().c_str());
	LONGS_EQUAL(ERR_OK, work());
	STRCMP_EQUAL("", to_go().c_str());
	STRCMP_EQUAL(before.c_str(), folder->run("cd root; find . -printf '%p %C@ %i\\n' | grep -v ' ./run' | sort").c_str());
}

TEST(retirement, ACertificateGoesWithWhatUsesItAndInThisOrder)
{
	STRCMP_EQUAL("wifi:lan vpn:hq scep:dev ", to_go("dev").c_str());
	STRCMP_EQUAL("wifi:lan wifi:setup vpn:hq scep:dev trust:other trust:root ", to_go(nullptr, true).c_str());
	mark("dev");
	STRCMP_EQUAL("wifi:lan vpn:hq scep:dev ", to_go().c_str());
	STRCMP_EQUAL("trust:root trust:other wifi:setup ", in().c_str());
	LONGS_EQUAL_TEXT(ERR_OK, work(), why.text);
	STRCMP_EQUAL("./scep/dev/used ./trust/other.pem ./trust/root.pem ./wifi/setup ", state().c_str());
	STRCMP_EQUAL("marks\n", folder->read("root/state/scep/dev/used").c_str());
	STRCMP_CONTAINS("SETUP", folder->read("root/etc/wpa.conf").c_str());
	STRCMP_EQUAL("./swanctl/conf.d/own.conf ./wpa.conf ", settings().c_str());
}

TEST(retirement, EveryCertificateThatCanBeRevokedHasItsLine)
{
	mark("dev");
	LONGS_EQUAL(ERR_OK, work());
	STRCMP_EQUAL("retired dev serial=- old_serial=- generation=1\nretired dev serial=- old_serial=- generation=2\n",
	             folder->run("cut -d' ' -f2- root/state/history").c_str());
}

TEST(retirement, ACutAnywhereHeals)
{
	mark("dev");
	mark("setup");
	int cuts = sweep(1, [this] {
		is_only_theirs();
		STRCMP_EQUAL("./scep/dev/used ./trust/other.pem ./trust/root.pem ", state().c_str());
		STRCMP_CONTAINS("retired dev", folder->read("root/state/history").c_str());
	});
	CHECK_TEXT(cuts > 40, std::to_string(cuts).c_str());
}

TEST(retirement, ACutWhileItVanishesHeals)
{
	load(std::string(CONFIG).substr(0, std::string(CONFIG).find("[trust other]")));
	STRCMP_EQUAL("wifi:lan wifi:setup vpn:hq scep:dev trust:other ", to_go().c_str());
	int cuts = sweep(7, [this] { // the way is the same
		is_only_theirs();
		STRCMP_EQUAL("./scep/dev/used ./trust/root.pem ", state().c_str());
	});
	CHECK_TEXT(cuts > 40, std::to_string(cuts).c_str());
}

TEST(retirement, KeysAreOverwrittenBeforeTheirNamesGo)
{
	mark("dev");
	folder->run("cd root/state/scep/dev; for g in 1 2 3; do ln 000$g/key.der ../../spy$g; done");
	LONGS_EQUAL(ERR_OK, work());
	CHECK_FALSE(has_bare_key);
	for (const char *spy : { "root/state/spy1", "root/state/spy2", "root/state/spy3" })
		CHECK(folder->read(spy) == std::string(6, '\0'));
}

TEST(retirement, AnEmptyConfigurationTakesNothingOffButWhatIsMarked)
{
	std::string before = state();
	load("[agent]\nstate_dir = /state\nrun_dir = /run\n");
	STRCMP_EQUAL("", to_go().c_str());
	LONGS_EQUAL(ERR_OK, work());
	STRCMP_EQUAL(before.c_str(), state().c_str());
	mark("dev"); // its consumers are known by their records
	STRCMP_EQUAL("wifi:lan vpn:hq scep:dev ", to_go().c_str());
	STRCMP_EQUAL("wifi:lan wifi:setup vpn:hq scep:dev trust:other trust:root ", to_go(nullptr, true).c_str());
}

TEST(retirement, ANameOfAnotherKindIsAnotherProfile)
{
	std::string text = CONFIG;
	text.replace(text.find("[scep dev]"), 10, "[scep lan]"); // was a wired network
	load(text);
	STRCMP_EQUAL("wifi:lan wifi:setup vpn:hq scep:dev ", to_go().c_str());
}

TEST(retirement, NamingItTakesItUpAgainButNotForARenewal)
{
	mark("dev");
	mark("lan");
	LONGS_EQUAL(ERR_OK, work({ "dev" }, true));
	STRCMP_EQUAL("dev, lan", marks().c_str());
	LONGS_EQUAL(ERR_OK, work({ "hq" })); // its certificate stays off
	STRCMP_EQUAL("trust:root trust:other wifi:setup ", in().c_str());
	struct pass pass = opened();
	LONGS_EQUAL(ERR_NOT_FOUND, retirement_say(&pass, "hq", &why));
	STRCMP_EQUAL("retired with its certificate \"dev\"; signet enroll dev takes it up again", why.text);
	LONGS_EQUAL(ERR_NOT_FOUND, retirement_say(&pass, "lan", &why));
	STRCMP_EQUAL("retired; signet apply lan takes it up again", why.text);
	STRCMP_EQUAL("waiting.retired", why.code);
	LONGS_EQUAL(ERR_OK, retirement_say(&pass, "setup", &why));
	pass_close(&pass);
	LONGS_EQUAL(ERR_OK, work({ "dev" }));
	STRCMP_EQUAL("lan", marks().c_str());
	STRCMP_EQUAL("trust:root trust:other scep:dev wifi:setup vpn:hq ", in().c_str());
}

TEST(retirement, TakenUpAgainItStartsAnewAlsoAfterACut)
{
	mark("dev");
	for (int n : { 20, 30, 40, 50 }) { // half of it is gone
		CHECK(is_cut_at(n - 20));
		LONGS_EQUAL(ERR_OK, work({ "dev" }));
		STRCMP_EQUAL("", folder->run("find root/state -name 'key.*'").c_str());
		STRCMP_EQUAL("", marks().c_str());
		folder->run("rm -rf root/state");
		enroll();
		mark("dev");
	}
}

TEST(retirement, ATrustProfileIsInAsLongAsSomebodyUsesIt)
{
	struct pass pass = opened();
	LONGS_EQUAL(ERR_INVALID, retirement_refuse(&pass, "root", &why));
	STRCMP_EQUAL("the trust profile \"root\" is used by dev, lan, hq", why.text);
	LONGS_EQUAL(ERR_OK, retirement_refuse(&pass, "other", &why));
	LONGS_EQUAL(ERR_OK, retirement_refuse(&pass, "dev", &why));
	pass_close(&pass);
	mark("root"); // a cut came before those of the others, with --all
	STRCMP_EQUAL("", to_go().c_str());
	STRCMP_EQUAL("trust:root trust:other scep:dev wifi:lan wifi:setup vpn:hq ", in().c_str());
	mark("dev");
	LONGS_EQUAL(ERR_OK, work());
	STRCMP_EQUAL("./scep/dev/used ./trust/other.pem ./wifi/setup ", state().c_str());
	STRCMP_EQUAL("trust:other wifi:setup ", in().c_str());
	LONGS_EQUAL(ERR_OK, work({ "dev" })); // and comes along with who does
	STRCMP_EQUAL("", marks().c_str());
	STRCMP_EQUAL("trust:root trust:other scep:dev wifi:lan wifi:setup vpn:hq ", in().c_str());
}

TEST(retirement, OneThatFailsDoesNotStopTheOthers)
{
	mark("dev");
	mark("setup");
	folder->run("mv root/etc/wpa.conf root/wpa.conf; mkdir root/etc/wpa.conf");
	LONGS_EQUAL(ERR_IO, work());
	STRCMP_EQUAL("wifi.read", why.code);
	STRCMP_EQUAL("./scep/dev/used ./trust/other.pem ./trust/root.pem ./wifi/lan ./wifi/setup ", state().c_str());
	STRCMP_EQUAL("wifi:lan wifi:setup ", to_go().c_str());
	folder->run("rmdir root/etc/wpa.conf; mv root/wpa.conf root/etc/wpa.conf");
	LONGS_EQUAL(ERR_OK, work());
	is_only_theirs();
}

TEST(retirement, WhatIsNotGoneIsNotTakenUpAgain)
{
	mark("dev");
	folder->run("mkdir root/state/scep/dev/0001/foreign");
	LONGS_EQUAL(ERR_IO, work({ "dev" }));
	STRCMP_EQUAL("dev", marks().c_str());
	folder->run("rmdir root/state/scep/dev/0001/foreign");
	LONGS_EQUAL(ERR_OK, work({ "dev" }));
	STRCMP_EQUAL("", marks().c_str());
}

TEST(retirement, WhatACutLeftBesideARecordIsNoProfile)
{
	folder->run("touch root/state/wifi/lan.Ab12Cd root/state/trust/root.pem.new root/state/trust/x.der root/state/vpn/-rf; "
	            "mkdir -p root/state/scep/empty root/state/scep/_x; touch root/state/scep/_x/key.der");
	STRCMP_EQUAL("", to_go().c_str());
}

TEST(retirement, TheLastResultIsForgotten)
{
	struct last last = {};
	last.exit = SIGNET_REFUSED;
	struct pass pass = opened();
	last_write(&pass.store, "dev", &last);
	LONGS_EQUAL(ERR_OK, last_read(&pass.store, "dev", &last));
	mark("dev");
	LONGS_EQUAL(ERR_OK, work());
	LONGS_EQUAL(ERR_NOT_FOUND, last_read(&pass.store, "dev", &last));
	pass_close(&pass);
}
