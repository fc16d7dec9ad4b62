/* SPDX-License-Identifier: MIT */
#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/inotify.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>
#include <string>
#include "CppUTest/TestHarness.h"
#include "hal/clock.h"
#include "hal/file.h"
#include "hal/hal_lab.hpp"

static void collect(void *ctx, const char *name)
{
	*static_cast<std::string *>(ctx) += std::string(name) + "|";
}

TEST_GROUP(file)
{
	HalLab lab;
	struct why why = {};
	struct buf got;
	mode_t old_umask = 0;

	void setup() override
	{
		lab.open();
		buf_init(&got, 10000); /* more than one read() takes */
		old_umask = umask(022);
	}
	void teardown() override
	{
		umask(old_umask);
		buf_clear(&got);
		lab.close();
	}
	enum err put(const std::string &name, const std::string &text, unsigned mode)
	{
		return file_write_atomic(lab.at(name).c_str(), bytes_of(text), mode, &why);
	}
	ino_t inode(const std::string &name)
	{
		struct stat info = {};
		stat(lab.at(name).c_str(), &info);
		return info.st_ino;
	}
};

TEST(file, ReadAppendsTheWholeFile)
{
	std::string path = lab.write("f", std::string("a\0b", 3));
	LONGS_EQUAL(ERR_OK, buf_add_text(&got, "<"));
	LONGS_EQUAL(ERR_OK, file_read(path.c_str(), &got, &why));
	LONGS_EQUAL(4, got.len);
	MEMCMP_EQUAL("<a\0b", got.data, 4);
}

TEST(file, ReadStopsAtTheCallersLimitAndLeavesTheBufferAsItWas)
{
	std::string path = lab.write("f", std::string(10001, 'x'));
	LONGS_EQUAL(ERR_TOO_BIG, file_read(path.c_str(), &got, &why));
	LONGS_EQUAL(0, got.len);
	CHECK(std::string(why.text).find(path) != std::string::npos);
	STRCMP_EQUAL("file.read", why.code);
}

TEST(file, ReadNamesAMissingFileAndRefusesWhatIsNoFileWithoutBlocking)
{
	LONGS_EQUAL(ERR_NOT_FOUND, file_read(lab.at("none").c_str(), &got, &why));
	CHECK(std::string(why.text).find("none") != std::string::npos);
	CHECK(std::string(why.text).find("No such file") != std::string::npos);
	LONGS_EQUAL(0, mkfifo(lab.at("fifo").c_str(), 0600));
	LONGS_EQUAL(ERR_IO, file_read(lab.at("fifo").c_str(), &got, &why));
	LONGS_EQUAL(ERR_IO, file_read(lab.folder.c_str(), &got, &why));
	LONGS_EQUAL(ERR_IO, file_read("/dev/zero", &got, &why));
}

TEST(file, WriteMakesTheFileWithExactlyItsModeWhateverTheUmask)
{
	umask(077);
	LONGS_EQUAL(ERR_OK, put("wide", "x", 0644));
	LONGS_EQUAL(0644, lab.mode("wide"));
	umask(0);
	LONGS_EQUAL(ERR_OK, put("narrow", "x", 0600));
	LONGS_EQUAL(0600, lab.mode("narrow"));
}

TEST(file, WriteReplacesByRenameAndLeavesNothingBesideIt)
{
	lab.write("f", "old");
	ino_t before = inode("f");
	int reader = open(lab.at("f").c_str(), O_RDONLY);
	LONGS_EQUAL(ERR_OK, put("f", "new content", 0600));
	STRCMP_EQUAL("new content", lab.read("f").c_str());
	CHECK(inode("f") != before);
	char old[8] = "";
	LONGS_EQUAL(3,
		    read(reader, old, sizeof old)); /* who had it open still reads all of the old */
	STRCMP_EQUAL("old", old);
	close(reader);
	LONGS_EQUAL(1, lab.count());
}

TEST(file, WriteKeepsTheOwnerOfAFileThatIsThere)
{
	LONGS_EQUAL(0, geteuid()); /* this test needs root */
	lab.write("f", "old");
	LONGS_EQUAL(0, chown(lab.at("f").c_str(), 1234, 4321));
	LONGS_EQUAL(ERR_OK, put("f", "new", 0640));
	struct stat info = {};
	stat(lab.at("f").c_str(), &info);
	LONGS_EQUAL(1234, info.st_uid);
	LONGS_EQUAL(4321, info.st_gid);
	LONGS_EQUAL(0640, lab.mode("f"));
}

TEST(file, WriteKeepsASymlinkAndReplacesWhatItPointsAt)
{
	lab.write("data/real.conf", "old");
	LONGS_EQUAL(0, symlink("data/real.conf", lab.at("link.conf").c_str()));
	LONGS_EQUAL(ERR_OK, put("link.conf", "new", 0600));
	STRCMP_EQUAL("new", lab.read("data/real.conf").c_str());
	CHECK(std::filesystem::is_symlink(lab.at("link.conf")));
}

TEST(file, WriteRefusesADanglingLinkAFifoAndAFolder)
{
	LONGS_EQUAL(0, symlink("nowhere", lab.at("dangling").c_str()));
	LONGS_EQUAL(ERR_NOT_FOUND, put("dangling", "x", 0600));
	LONGS_EQUAL(0, mkfifo(lab.at("fifo").c_str(), 0600));
	LONGS_EQUAL(ERR_IO, put("fifo", "x", 0600));
	std::filesystem::create_directory(lab.at("folder"));
	LONGS_EQUAL(ERR_IO, put("folder", "x", 0600));
	LONGS_EQUAL(ERR_NOT_FOUND, put("none/f", "x", 0600));
	LONGS_EQUAL(ERR_TOO_BIG, put(std::string(2000, 'a'), "x", 0600));
	LONGS_EQUAL(3, lab.count());
}

TEST(file, AWriteThatFailsLeavesTheOldContentAndNoTemporaryFile)
{
	lab.write("f", "old");
	struct rlimit kept = {};
	getrlimit(RLIMIT_FSIZE, &kept);
	struct rlimit small = {100, kept.rlim_max};
	sighandler_t handler = signal(SIGXFSZ, SIG_IGN);
	setrlimit(RLIMIT_FSIZE, &small);
	enum err e = put("f", std::string(5000, 'x'), 0600);
	setrlimit(RLIMIT_FSIZE, &kept);
	signal(SIGXFSZ, handler);
	LONGS_EQUAL(ERR_TOO_BIG, e); /* EFBIG */
	STRCMP_EQUAL("old", lab.read("f").c_str());
	LONGS_EQUAL(1, lab.count());
}

TEST(file, WhatACutLeftGoesWithTheNextWrite)
{
	lab.write("victim", "precious");
	lab.write(".f.new", "half of a file that is longer than the next one");
	LONGS_EQUAL(ERR_OK, put("f", "new", 0600));
	STRCMP_EQUAL("new", lab.read("f").c_str());
	LONGS_EQUAL(0, symlink("victim", lab.at(".f.new").c_str()));
	LONGS_EQUAL(ERR_OK, put("f", "newer", 0600));
	STRCMP_EQUAL("newer", lab.read("f").c_str());
	STRCMP_EQUAL("precious", lab.read("victim").c_str());
	LONGS_EQUAL(2, lab.count());
	std::filesystem::create_directory(lab.at(".f.new")); /* not ours: said, and left alone */
	LONGS_EQUAL(ERR_IO, put("f", "x", 0600));
	CHECK(std::filesystem::is_directory(lab.at(".f.new")));
	STRCMP_EQUAL("newer", lab.read("f").c_str());
}

TEST(file, WhatACutLeftOfAKeyIsOverwrittenFirst)
{
	std::string left = lab.write(".key.der.new", "secret");
	int still_open = open(left.c_str(), O_RDONLY);
	char seen[7] = "";
	LONGS_EQUAL(ERR_OK, put("key.der", "new", 0600));
	LONGS_EQUAL(6, pread(still_open, seen, 6, 0));
	close(still_open);
	MEMCMP_EQUAL("\0\0\0\0\0\0", seen, 6);
	STRCMP_EQUAL("new", lab.read("key.der").c_str());
	LONGS_EQUAL(1, lab.count());
}

TEST(file, AWriteOfAKeyThatFailsLeavesNothingOfItOnTheDisk)
{
	lab.write("f", "");
	struct rlimit kept = {};
	getrlimit(RLIMIT_FSIZE, &kept);
	struct rlimit small = {4, kept.rlim_max};
	sighandler_t handler = signal(SIGXFSZ, SIG_IGN);
	int events = inotify_init1(IN_NONBLOCK);
	inotify_add_watch(events, lab.folder.c_str(), IN_OPEN | IN_CLOSE_WRITE);
	setrlimit(RLIMIT_FSIZE, &small);
	enum err e = put("key.der", "secret", 0600);
	setrlimit(RLIMIT_FSIZE, &kept);
	signal(SIGXFSZ, handler);
	LONGS_EQUAL(ERR_TOO_BIG, e);
	alignas(struct inotify_event) char data[4096];
	ssize_t n = read(events, data, sizeof data);
	close(events);
	int written = 0; /* once with the failed content, once with zeros */
	for (ssize_t at = 0; at < n;) {
		auto *event = static_cast<struct inotify_event *>(static_cast<void *>(data + at));
		written += (event->mask & IN_CLOSE_WRITE) != 0;
		at += static_cast<ssize_t>(sizeof *event + event->len);
	}
	LONGS_EQUAL(2, written);
	LONGS_EQUAL(1, lab.count());
}

TEST(file, ANameOfTheGreatestLengthIsWrittenAndLinked)
{
	std::string longest(255, 'n');
	LONGS_EQUAL(ERR_OK, put(longest, "x", 0600));
	LONGS_EQUAL(ERR_OK, put(longest, "y", 0600));
	STRCMP_EQUAL("y", lab.read(longest).c_str());
	LONGS_EQUAL(ERR_OK, put(longest.substr(0, 250), "z", 0600));
	LONGS_EQUAL(ERR_TOO_BIG, put(longest + "n", "x", 0600));
	LONGS_EQUAL(2, lab.count());
	std::string link(255, 'l');
	LONGS_EQUAL(ERR_OK, file_switch_link(lab.at(link).c_str(), "a", &why));
	LONGS_EQUAL(ERR_OK, file_switch_link(lab.at(link).c_str(), "b", &why));
	LONGS_EQUAL(3, lab.count());
}

TEST(file, WhoseTemporaryFileWasTakenAwayPutsNothingInPlace)
{
	int status = 0;
	lab.write("f", "old");
	for (int i = 0; i < 50 && status == 0; i++) { /* until we were between its creation and its rename */
		unlink(lab.at(".f.new").c_str());
		pid_t writer = fork();
		if (writer == 0)
			_exit(put("f", std::string(30000000, 'x'), 0600));
		while (!file_exists(lab.at(".f.new").c_str()) && waitpid(writer, &status, WNOHANG) == 0) {
		}
		unlink(lab.at(".f.new").c_str());
		lab.write(".f.new", "half of another's");
		waitpid(writer, &status, 0);
	}
	LONGS_EQUAL(ERR_BUSY, WEXITSTATUS(status));
	CHECK(lab.read("f") != "half of another's");
	STRCMP_EQUAL("half of another's", lab.read(".f.new").c_str());
}

TEST(file, ASweepTakesTheLeftoversAndNothingElse)
{
	for (const char *name : {".a.new", ".meta.ini.new", "b.new", ".c", ".new", "..new", ".key.derx", "key.der"})
		lab.write(name, "x");
	std::string key = lab.write(".key.pem.new", "secret");
	LONGS_EQUAL(0, symlink("b.new", lab.at(".current.new").c_str()));
	std::filesystem::create_directory(lab.at(".d.new"));
	int still_open = open(key.c_str(), O_RDONLY);
	LONGS_EQUAL(ERR_OK, file_sweep_leftovers(lab.folder.c_str(), &why));
	std::string names;
	LONGS_EQUAL(ERR_OK, file_list(lab.folder.c_str(), collect, &names, &why));
	STRCMP_EQUAL("..new|.c|.d.new|.key.derx|.new|b.new|key.der|", names.c_str());
	char seen[6];
	LONGS_EQUAL(6, pread(still_open, seen, sizeof seen, 0));
	close(still_open);
	MEMCMP_EQUAL("\0\0\0\0\0\0", seen, 6);
	LONGS_EQUAL(ERR_OK, file_sweep_leftovers(lab.at("none").c_str(), &why));
	STRCMP_EQUAL("", why.code);
}

TEST(file, AppendAddsRecordsAndTakesAHalfWrittenOneBack)
{
	std::string path = lab.at("log");
	LONGS_EQUAL(ERR_OK, file_append(path.c_str(), bytes_of("one\n"), 0640, &why));
	LONGS_EQUAL(ERR_OK, file_append(path.c_str(), bytes_of("two\n"), 0600, &why));
	LONGS_EQUAL(0640, lab.mode("log"));
	struct rlimit kept = {};
	getrlimit(RLIMIT_FSIZE, &kept);
	struct rlimit small = {100, kept.rlim_max};
	sighandler_t handler = signal(SIGXFSZ, SIG_IGN);
	setrlimit(RLIMIT_FSIZE, &small);
	enum err e = file_append(path.c_str(), bytes_of(std::string(200, 'x')), 0600, &why);
	setrlimit(RLIMIT_FSIZE, &kept);
	signal(SIGXFSZ, handler);
	LONGS_EQUAL(ERR_TOO_BIG, e);
	STRCMP_EQUAL("one\ntwo\n", lab.read("log").c_str());
}

TEST(file, AppendFollowsNoSymlinkAndBlocksOnNoFifo)
{
	lab.write("victim", "");
	LONGS_EQUAL(0, symlink("victim", lab.at("log").c_str()));
	LONGS_EQUAL(ERR_IO, file_append(lab.at("log").c_str(), bytes_of("x"), 0600, &why));
	STRCMP_EQUAL("", lab.read("victim").c_str());
	LONGS_EQUAL(0, mkfifo(lab.at("fifo").c_str(), 0600));
	LONGS_EQUAL(ERR_IO, file_append(lab.at("fifo").c_str(), bytes_of("x"), 0600, &why));
}

TEST(file, FoldersAreMadeWithTheirParentsAndTheirMode)
{
	umask(077);
	LONGS_EQUAL(ERR_OK, file_make_folder(lab.at("a//b/c/").c_str(), 0755, &why));
	LONGS_EQUAL(0755, lab.mode("a"));
	LONGS_EQUAL(0755, lab.mode("a/b/c"));
	LONGS_EQUAL(ERR_OK, file_make_folder(lab.at("a/b").c_str(), 0700, &why));
	LONGS_EQUAL(0755, lab.mode("a/b")); /* what is there keeps its own */
	lab.write("a/file", "x");
	LONGS_EQUAL(ERR_IO, file_make_folder(lab.at("a/file").c_str(), 0700, &why));
	CHECK(file_make_folder(lab.at("a/file/x").c_str(), 0700, &why) != ERR_OK);
	CHECK(std::string(why.text).find("a/file") != std::string::npos);
}

TEST(file, ALinkIsSwitchedByOneRename)
{
	std::string path = lab.at("current");
	char target[64];
	LONGS_EQUAL(ERR_OK, file_switch_link(path.c_str(), "0001", &why));
	LONGS_EQUAL(0, symlink("rubbish of a power cut", lab.at(".current.new").c_str()));
	LONGS_EQUAL(ERR_OK, file_switch_link(path.c_str(), "0002", &why));
	LONGS_EQUAL(ERR_OK, file_read_link(path.c_str(), target, sizeof target, &why));
	STRCMP_EQUAL("0002", target);
	LONGS_EQUAL(1, lab.count());
}

TEST(file, ASwitchIsNeverSeenHalfway)
{
	std::string path = lab.at("current");
	LONGS_EQUAL(ERR_OK, file_switch_link(path.c_str(), "a", &why));
	pid_t writer = fork();
	if (writer == 0) {
		for (int i = 0; i < 200; i++)
			if (file_switch_link(path.c_str(), i % 2 != 0 ? "a" : "b", nullptr) !=
			    ERR_OK)
				_exit(1);
		_exit(0);
	}
	int status = 0;
	int missing = 0;
	while (waitpid(writer, &status, WNOHANG) == 0) {
		char target[8];
		missing += file_read_link(path.c_str(), target, sizeof target, nullptr) != ERR_OK;
	}
	LONGS_EQUAL(0, status);
	LONGS_EQUAL(0, missing);
}

TEST(file, ReadLinkWritesNothingWhenItFails)
{
	char target[5] = "keep";
	LONGS_EQUAL(ERR_NOT_FOUND,
		    file_read_link(lab.at("none").c_str(), target, sizeof target, &why));
	lab.write("plain", "x");
	LONGS_EQUAL(ERR_NOT_FOUND,
		    file_read_link(lab.at("plain").c_str(), target, sizeof target, &why));
	LONGS_EQUAL(0, symlink("12345", lab.at("long").c_str()));
	LONGS_EQUAL(ERR_TOO_BIG,
		    file_read_link(lab.at("long").c_str(), target, sizeof target, &why));
	STRCMP_EQUAL("keep", target);
}

TEST(file, RemovingIsDoneOrWasDone)
{
	std::string path = lab.write("f", "x");
	LONGS_EQUAL(ERR_OK, file_remove(path.c_str(), &why));
	CHECK_FALSE(file_exists(path.c_str()));
	LONGS_EQUAL(ERR_OK, file_remove(path.c_str(), &why));
	CHECK(file_remove(lab.folder.c_str(), &why) != ERR_OK);
}

TEST(file, WhatNeedNotBeSecuredAtOnceIsDoneAllTheSame)
{
	lab.write("elsewhere", "old");
	LONGS_EQUAL(0, symlink("elsewhere", lab.at("link").c_str()));
	const struct bytes content = {reinterpret_cast<const uint8_t *>("new"), 3};
	LONGS_EQUAL(ERR_OK, file_write_part(lab.at("link").c_str(), content, 0640, &why));
	STRCMP_EQUAL("new", lab.read("elsewhere").c_str());
	LONGS_EQUAL(0640, lab.mode("elsewhere"));
	LONGS_EQUAL(2, lab.count());
	LONGS_EQUAL(ERR_OK, file_drop(lab.at("link").c_str(), &why));
	LONGS_EQUAL(ERR_OK, file_drop(lab.at("link").c_str(), &why));
	LONGS_EQUAL(1, lab.count());
	CHECK(file_drop(lab.folder.c_str(), &why) != ERR_OK);
	int key = open(lab.write("0007/key.pem", "secret").c_str(), O_RDONLY);
	LONGS_EQUAL(ERR_OK, file_drop_folder(lab.at("0007").c_str(), &why));
	LONGS_EQUAL(ERR_OK, file_drop_folder(lab.at("0007").c_str(), &why));
	CHECK_FALSE(file_exists(lab.at("0007").c_str()));
	char seen[6];
	LONGS_EQUAL(6, pread(key, seen, sizeof seen, 0));
	close(key);
	MEMCMP_EQUAL("\0\0\0\0\0\0", seen, 6);
}

TEST(file, WipeOverwritesTheContentBeforeItUnlinks)
{
	std::string secret(9000, 's');
	std::string path = lab.write("key", secret);
	int still_open = open(path.c_str(), O_RDONLY);
	LONGS_EQUAL(ERR_OK, file_wipe(path.c_str(), &why));
	CHECK_FALSE(file_exists(path.c_str()));
	std::string seen(secret.size() + 1, '?');
	LONGS_EQUAL(secret.size(), pread(still_open, &seen[0], seen.size(), 0));
	close(still_open);
	CHECK(seen.substr(0, secret.size()) == std::string(secret.size(), '\0'));
	LONGS_EQUAL(ERR_OK, file_wipe(path.c_str(), &why));
}

TEST(file, WipeDoesNotFollowASymlink)
{
	lab.write("victim", "precious");
	LONGS_EQUAL(0, symlink("victim", lab.at("key").c_str()));
	CHECK(file_wipe(lab.at("key").c_str(), &why) != ERR_OK);
	STRCMP_EQUAL("precious", lab.read("victim").c_str());
}

TEST(file, AFolderGoesWithItsFilesAndItsKeysAreWiped)
{
	lab.write("0007/cert.pem", "c");
	int keys[] = {open(lab.write("0007/key.der", "secret").c_str(), O_RDONLY),
		      open(lab.write("0007/.key.der.new", "secret").c_str(), O_RDONLY)};
	LONGS_EQUAL(0, symlink("/etc/passwd", lab.at("0007/link").c_str()));
	LONGS_EQUAL(ERR_OK, file_remove_folder(lab.at("0007").c_str(), &why));
	CHECK_FALSE(file_exists(lab.at("0007").c_str()));
	CHECK(file_exists("/etc/passwd"));
	for (int still_open : keys) {
		char seen[6];
		LONGS_EQUAL(6, pread(still_open, seen, sizeof seen, 0));
		close(still_open);
		MEMCMP_EQUAL("\0\0\0\0\0\0", seen, 6);
	}
	LONGS_EQUAL(ERR_OK, file_remove_folder(lab.at("0007").c_str(), &why));
	STRCMP_EQUAL("", why.code);
}

TEST(file, AFolderWithASubfolderStaysAndALinkToAFolderIsNotEmptied)
{
	lab.write("top/sub/file", "x");
	LONGS_EQUAL(ERR_IO, file_remove_folder(lab.at("top").c_str(), &why));
	STRCMP_EQUAL("x", lab.read("top/sub/file").c_str());
	lab.write("elsewhere/file", "x");
	LONGS_EQUAL(0, symlink("elsewhere", lab.at("link").c_str()));
	LONGS_EQUAL(ERR_IO, file_remove_folder(lab.at("link").c_str(), &why));
	STRCMP_EQUAL("x", lab.read("elsewhere/file").c_str());
}

TEST(file, ListIsSortedAndWithoutDots)
{
	std::string names;
	lab.write("b", "");
	lab.write("a", "");
	lab.write(".c", "");
	LONGS_EQUAL(ERR_OK, file_list(lab.folder.c_str(), collect, &names, &why));
	STRCMP_EQUAL(".c|a|b|", names.c_str());
	LONGS_EQUAL(ERR_NOT_FOUND, file_list(lab.at("none").c_str(), collect, &names, &why));
}

TEST(file, TheLockIsOneProcessAloneAndIsWaitedFor)
{
	std::string path = lab.at("lock");
	int ready[2];
	LONGS_EQUAL(0, pipe(ready));
	pid_t holder = fork();
	if (holder == 0) {
		int fd = -1;
		if (file_lock(path.c_str(), 0, &fd, nullptr) != ERR_OK ||
		    write(ready[1], "x", 1) != 1)
			_exit(1);
		usleep(700 * 1000);
		_exit(0); /* its end releases the lock */
	}
	char byte;
	close(ready[1]);
	LONGS_EQUAL(1, read(ready[0], &byte, 1));
	close(ready[0]);
	int fd = -1;
	int64_t start = clock_boot_ms();
	LONGS_EQUAL(ERR_BUSY, file_lock(path.c_str(), 0, &fd, &why));
	CHECK(clock_boot_ms() - start < 300);
	LONGS_EQUAL(-1, fd);
	STRCMP_EQUAL("file.lock", why.code);
	CHECK(why.next_step[0] != '\0');
	LONGS_EQUAL(ERR_OK, file_lock(path.c_str(), 10, &fd, &why));
	int64_t waited = clock_boot_ms() - start;
	CHECK(waited >= 300 && waited < 5000);
	LONGS_EQUAL(FD_CLOEXEC, fcntl(fd, F_GETFD));
	LONGS_EQUAL(0600, lab.mode("lock"));
	file_unlock(&fd);
	file_unlock(&fd);
	LONGS_EQUAL(-1, fd);
	int status = 0;
	waitpid(holder, &status, 0);
	LONGS_EQUAL(0, status);
}

TEST(file, TheLockIsGivenBackAndFollowsNoSymlink)
{
	int fd = -1;
	int second = -1;
	LONGS_EQUAL(ERR_OK, file_lock(lab.at("lock").c_str(), 0, &fd, &why));
	file_unlock(&fd);
	LONGS_EQUAL(ERR_OK, file_lock(lab.at("lock").c_str(), 0, &second, &why));
	file_unlock(&second);
	LONGS_EQUAL(0, symlink("victim", lab.at("link").c_str()));
	LONGS_EQUAL(ERR_IO, file_lock(lab.at("link").c_str(), 0, &fd, &why));
	CHECK_FALSE(file_exists(lab.at("victim").c_str()));
}

TEST(file, WhatRightsForbidIsDenied)
{
	lab.write("f", "x");
	chmod(lab.folder.c_str(), 0700);
	pid_t other = fork();
	if (other == 0) {
		if (setgid(65534) != 0 || setuid(65534) != 0)
			_exit(99);
		struct buf mine;
		buf_init(&mine, 10);
		_exit(file_read(lab.at("f").c_str(), &mine, nullptr));
	}
	int status = 0;
	waitpid(other, &status, 0);
	LONGS_EQUAL(ERR_DENIED, WEXITSTATUS(status));
}
