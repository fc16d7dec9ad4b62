// SPDX-License-Identifier: MIT
#include "hal/hostile.hpp"
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <netdb.h>
#include <pthread.h>
#include <sys/wait.h>
#include <cstddef>
#include <set>
#include "CppUTest/TestHarness.h"
#include "hal/cage.h"
#include "hal/child.h"
#include "hal/clock.h"
#include "hal/hal_lab.hpp"
#include "hal/http.h"
#include "hal/web_server.hpp"

namespace {
struct said {
	long result;
	int number;
};

int make_attempt(void *ctx, int fd)
{
	const auto *one = static_cast<const attempt *>(ctx);
	struct said s = { one->act(), errno };
	return write(fd, &s, sizeof s) == static_cast<ssize_t>(sizeof s) ? 0 : 1;
}

/* "" when it goes as it should: it dies, or it is refused. */
std::string try_it(const attempt &one, bool is_deadly)
{
	struct child child;
	struct said s = { 0, 0 };
	attempt copy = one;
	if (child_start(make_attempt, &copy, &child) != ERR_OK)
		return std::string(one.what) + ": no child\n";
	bool has_answer = read(child.fd, &s, sizeof s) == static_cast<ssize_t>(sizeof s);
	bool is_caged = child_end(&child);
	if (is_deadly)
		return is_caged && !has_answer ? "" : std::string(one.what) + ": lives, " + std::to_string(s.result) + "\n";
	if (has_answer && s.result == -1 && !is_caged)
		return "";
	return std::string(one.what) + ": " + (is_caged ? "dies" : "open, " + std::to_string(s.result)) + "\n";
}

std::string try_all(const std::vector<attempt> &all, bool is_deadly)
{
	std::string wrong;
	for (const attempt &one : all)
		wrong += try_it(one, is_deadly);
	return wrong;
}

void no_change() {}

/* A kernel without Landlock: its first call says so. */
void hide_landlock()
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_landlock_create_ruleset, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = { sizeof code / sizeof code[0], code };
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 || prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0) != 0)
		_exit(9);
}

/* An agent that may not change its user. It keeps one capability: who has none may read its memory else. */
void lose_rights()
{
	struct __user_cap_header_struct head = { _LINUX_CAPABILITY_VERSION_3, 0 };
	struct __user_cap_data_struct some[_LINUX_CAPABILITY_U32S_3] = {};
	some[0].permitted = some[0].effective = 1u << CAP_SYS_TIME;
	if (prctl(PR_SET_DUMPABLE, 0) != 0 || syscall(SYS_capset, &head, some) != 0)
		_exit(9);
}

/* The agent under its unit: what changes users, and nothing else; not CAP_KILL. */
void keep_two_rights()
{
	struct __user_cap_header_struct head = { _LINUX_CAPABILITY_VERSION_3, 0 };
	struct __user_cap_data_struct some[_LINUX_CAPABILITY_U32S_3] = {};
	some[0].permitted = some[0].effective = 1u << CAP_SETUID | 1u << CAP_SETGID;
	if (syscall(SYS_capset, &head, some) != 0)
		_exit(9);
}

/* In a process of its own, for what `world` does stays: what was found open. */
std::string in_world(void (*world)(), std::string (*find)())
{
	int ends[2];
	char text[16384];
	size_t length = 0;
	int status = 0;
	if (pipe(ends) != 0)
		return "no pipe";
	pid_t pid = fork();
	if (pid == 0) {
		close(ends[0]);
		world();
		target.parent = getpid();
		std::string found = find();
		_exit(write(ends[1], found.data(), found.size()) == static_cast<ssize_t>(found.size()) ? 0 : 8);
	}
	close(ends[1]);
	for (ssize_t n; length < sizeof text && (n = read(ends[0], text + length, sizeof text - length)) > 0;)
		length += static_cast<size_t>(n);
	close(ends[0]);
	waitpid(pid, &status, 0);
	return std::string(text, length) + (status == 0 ? "" : "status " + std::to_string(status));
}

std::string find_all()
{
	return try_all(deadly, true) + try_all(refused, false) + try_all(reading, false);
}

std::string find_readable()
{
	return try_all(reading, false);
}

/* A socket for datagrams that everybody may write to. */
int listen_at(const std::string &path)
{
	struct sockaddr_un own = {};
	int fd = socket(AF_UNIX, SOCK_DGRAM, 0);
	own.sun_family = AF_UNIX;
	strcpy(own.sun_path, path.c_str());
	return bind(fd, reinterpret_cast<struct sockaddr *>(&own), sizeof own) == 0 && chmod(path.c_str(), 0666) == 0 ? fd : -1;
}
}

TEST_GROUP(cage)
{
	HalLab lab;
	int outside = -1;
	void setup() override
	{
		lab.open();
		chmod(lab.folder.c_str(), 0755);
		chmod(lab.write("plain", "text").c_str(), 0666);
		chmod(lab.write("key.pem", "secret").c_str(), 0600);
		target.parent = getpid();
		target.secret = this;
		snprintf(target.folder, sizeof target.folder, "%s", lab.folder.c_str());
		outside = listen_at(at("socket"));
		LONGS_EQUAL_TEXT(0, geteuid(), "needs root: who is not root cannot change the user");
	}
	void teardown() override
	{
		close(outside);
		STRCMP_EQUAL("text", lab.read("plain").c_str());
		LONGS_EQUAL(3, lab.count());
		lab.close();
	}
};

TEST(cage, HostileCodeFindsNothingOpen)
{
	CHECK_TEXT(syscall(SYS_landlock_create_ruleset, nullptr, 0, 1) >= 1, "needs a kernel with Landlock");
	STRCMP_EQUAL("", in_world(no_change, find_all).c_str());
}

TEST(cage, TheUserAloneKeepsFilesAwayWhereThereIsNoLandlock)
{
	STRCMP_EQUAL("", in_world(hide_landlock, find_all).c_str());
}

TEST(cage, LandlockAloneKeepsFilesAwayWhereTheUserStays)
{
	STRCMP_EQUAL("", in_world(lose_rights, find_all).c_str());
}

/* What cage.h says of itself: one of the two is needed. Shows too that the three worlds above differ. */
TEST(cage, WithNeitherFilesOfTheUserAreRead)
{
	std::string open = in_world([]() { hide_landlock(); lose_rights(); }, find_readable);
	CHECK_TRUE_TEXT(open.find("a key file: open") != std::string::npos, open.c_str());
	CHECK_TRUE_TEXT(open.find("the parent's memory") == std::string::npos, open.c_str());
}

namespace {
int wait_long(void *, int fd)
{
	char ready = 'r';
	while (write(fd, &ready, 1) == 1)
		pause();
	return 0;
}

std::string status_of(pid_t pid, const char *file, const std::string &key)
{
	std::ifstream in("/proc/" + std::to_string(pid) + "/" + file);
	for (std::string line; std::getline(in, line);)
		if (line.compare(0, key.size(), key) == 0)
			return line.substr(key.size());
	return "none";
}
}

/* Where it cannot be ended, the parent waits for it until the alarm. */
TEST(cage, IsEndedByAParentWithoutTheRightToKill)
{
	STRCMP_EQUAL("0", in_world(keep_two_rights, []() -> std::string {
		struct child child;
		char ready;
		alarm(20);
		if (child_start(wait_long, nullptr, &child) != ERR_OK || read(child.fd, &ready, 1) != 1)
			return "no child";
		child_end(&child);
		return std::to_string(geteuid());
	}).c_str());
}

TEST(cage, IsAnotherUserWithoutRightsThatLeavesNoCore)
{
	struct child child;
	char ready;
	int kept = open("/dev/null", O_RDONLY); /* not O_CLOEXEC, as that of a library may be */
	LONGS_EQUAL(ERR_OK, child_start(wait_long, nullptr, &child));
	LONGS_EQUAL(1, read(child.fd, &ready, 1));
	STRCMP_EQUAL("\t65534\t65534\t65534\t65534", status_of(child.pid, "status", "Uid:").c_str());
	STRCMP_EQUAL("\t65534\t65534\t65534\t65534", status_of(child.pid, "status", "Gid:").c_str());
	STRCMP_EQUAL("\t ", status_of(child.pid, "status", "Groups:").c_str());
	STRCMP_EQUAL("\t0000000000000000", status_of(child.pid, "status", "CapPrm:").c_str());
	STRCMP_EQUAL("\t1", status_of(child.pid, "status", "NoNewPrivs:").c_str());
	STRCMP_EQUAL("\t2", status_of(child.pid, "status", "Seccomp:").c_str());
	CHECK(status_of(child.pid, "limits", "Max core file size").find(" 0  ") != std::string::npos);
	CHECK(status_of(child.pid, "limits", "Max open files").find(" 64  ") != std::string::npos);
	CHECK(status_of(child.pid, "limits", "Max processes").find(" 64  ") != std::string::npos);
	struct stat owner;
	LONGS_EQUAL(0, stat(("/proc/" + std::to_string(child.pid) + "/environ").c_str(), &owner));
	LONGS_EQUAL(0, owner.st_uid); /* not its own: it is not dumpable, proc(5) */
	std::set<std::string> names;
	for (const auto &entry : std::filesystem::directory_iterator("/proc/" + std::to_string(child.pid) + "/fd"))
		names.insert(entry.path().filename());
	LONGS_EQUAL(4, names.size()); /* 0, 1, 2 and the way to the parent */
	CHECK(names.count(std::to_string(kept)) == 0);
	child_end(&child);
	close(kept);
}

namespace {
void *end_at_once(void *)
{
	return nullptr;
}

void *sleep_long(void *)
{
	sleep(600);
	return nullptr;
}

int make_threads(void *, int fd)
{
	int made = 0;
	pthread_attr_t small;
	pthread_attr_init(&small);
	pthread_attr_setstacksize(&small, 65536);
	for (pthread_t thread; made < 2 * CAGE_TASKS && pthread_create(&thread, &small, sleep_long, nullptr) == 0;)
		made++;
	return write(fd, &made, sizeof made) == static_cast<ssize_t>(sizeof made) ? 0 : 1;
}
}

TEST(cage, ThreadsAreCounted)
{
	struct child child;
	int made = 0;
	LONGS_EQUAL(ERR_OK, child_start(make_threads, nullptr, &child));
	LONGS_EQUAL(sizeof made, read(child.fd, &made, sizeof made));
	CHECK(made > 0 && made < CAGE_TASKS);
	CHECK_FALSE(child_end(&child));
}

namespace {
int take_memory(void *, int fd)
{
	long taken = 0; /* MiB */
	while (taken < 4096 && mmap(nullptr, 1 << 20, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0) != MAP_FAILED)
		taken++;
	return write(fd, &taken, sizeof taken) == static_cast<ssize_t>(sizeof taken) ? 0 : 1;
}
}

TEST(cage, MemoryIsCounted)
{
	struct child child;
	long taken = 0;
	LONGS_EQUAL(ERR_OK, child_start(take_memory, nullptr, &child));
	LONGS_EQUAL(sizeof taken, read(child.fd, &taken, sizeof taken));
	CHECK(taken > 64 && taken <= 512);
	CHECK_FALSE(child_end(&child));
}

namespace {
/* What the work needs, one after the other; the number of the first that does not go. */
int work(void *ctx, int fd)
{
	struct http_request request = {};
	struct http_reply reply = {};
	struct why why = {};
	struct addrinfo *found = nullptr;
	pthread_t thread;
	char answer = '0';
	request.url = static_cast<const char *>(ctx);
	request.proxy = "none";
	request.timeout_ms = 20000;
	if (getaddrinfo("localhost", "80", nullptr, &found) != 0)
		answer = '1';
	else if (pthread_create(&thread, nullptr, end_at_once, nullptr) != 0 || pthread_join(thread, nullptr) != 0)
		answer = '2';
	else if (http_exchange(&request, &reply, &why) != ERR_OK)
		answer = '3';
	else if (http_system_store().file != nullptr && open(http_system_store().file, O_RDONLY) < 0 && errno != ENOENT)
		answer = '4';
	if (found != nullptr)
		freeaddrinfo(found);
	http_reply_clear(&reply);
	return write(fd, &answer, 1) == 1 ? 0 : 1;
}

char web_url[64];

std::string do_work()
{
	struct child child;
	char answer = 'x';
	if (child_start(work, web_url, &child) != ERR_OK || read(child.fd, &answer, 1) != 1)
		answer = 'y';
	return std::string(1, answer) + (child_end(&child) ? " dies" : "");
}
}

TEST(cage, NamesAreResolvedAndServersAskedInEveryWorld)
{
	WebServer web;
	web.open(lab.folder + ".requests");
	snprintf(web_url, sizeof web_url, "http://localhost:%d/ok", web.port);
	std::string all = in_world(no_change, do_work) + in_world(hide_landlock, do_work) + in_world(lose_rights, do_work);
	web.close();
	unlink((lab.folder + ".requests").c_str());
	STRCMP_EQUAL("000", all.c_str());
}

TEST(cage, ItsEndIsToldInOneSentence)
{
	struct why why = {};
	LONGS_EQUAL(ERR_UNREACHABLE, child_was_caged("worker.cage", &why));
	STRCMP_EQUAL("worker.cage", why.code);
	CHECK(why.text[0] != '\0' && why.next_step[0] != '\0');
}
