/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "hal/cage.h"
#include "hal/cage_parts.h"
#include "hal/http.h"

/*
 * Landlock, landlock(7). Its numbers stand here, for the headers that a system is built with are often older than the
 * kernel it runs on, and <linux/landlock.h> is missing before 5.13.
 */
#define NR_CREATE_RULESET 444 /* the same on all processors */
#define NR_ADD_RULE 445
#define NR_RESTRICT_SELF 446
#define CREATE_RULESET_VERSION 1 /* flag: tell the ABI's version */
#define RULE_PATH_BENEATH 1
#define ACCESS_READ_FILE (1ULL << 2)
#define ACCESS_READ_DIR (1ULL << 3)
#define SCOPES 3ULL /* abstract sockets and signals of processes outside; ABI 6 */

struct ruleset {
	uint64_t files, ports, scopes;
};

struct path_rule {
	uint64_t access;
	int32_t folder;
} __attribute__((packed));

/* Every right over files that the ABI knows: 13 in the first, then REFER, TRUNCATE and, in the fifth, IOCTL_DEV. */
static uint64_t all_files(int abi)
{
	unsigned count = abi >= 5 ? 16 : abi >= 3 ? 15 : abi == 2 ? 14 : 13;
	return (1ULL << count) - 1;
}

/* What is not there is not needed. A symlink stands for what it points at now. */
static enum err allow(int rules, const char *path)
{
	struct stat info;
	struct path_rule rule = { .access = ACCESS_READ_FILE };
	rule.folder = open(path, O_PATH | O_CLOEXEC);
	if (rule.folder < 0)
		return ERR_OK;
	if (fstat(rule.folder, &info) == 0 && S_ISDIR(info.st_mode))
		rule.access |= ACCESS_READ_DIR;
	long r = syscall(NR_ADD_RULE, rules, RULE_PATH_BENEATH, &rule, 0);
	close(rule.folder);
	return r == 0 ? ERR_OK : ERR_IO;
}

enum err cage_files_open(int *out_rules)
{
	/* What getaddrinfo(3) of glibc and musl reads, with the modules of nsswitch.conf; seeds of a TLS library on a kernel
	 * without getrandom(2); the folders that the links of a certificate store point into. */
	static const char *const readable[] = {
		"/etc/resolv.conf", "/etc/hosts", "/etc/nsswitch.conf", "/etc/host.conf", "/etc/gai.conf", "/etc/services",
		"/etc/protocols", "/etc/ld.so.cache", "/lib", "/lib64", "/usr/lib", "/usr/lib64", "/usr/local/lib",
		"/dev/urandom", "/usr/share/ca-certificates", "/usr/local/share/ca-certificates",
	};
	long abi = syscall(NR_CREATE_RULESET, NULL, 0, CREATE_RULESET_VERSION);
	if (abi < 1)
		return ERR_UNSUPPORTED;
	const struct http_store store = http_system_store();
	const struct ruleset wanted = { .files = all_files((int)abi), .scopes = abi >= 6 ? SCOPES : 0 };
	/* a kernel takes fields that it does not know where they are 0 */
	int rules = (int)syscall(NR_CREATE_RULESET, &wanted, sizeof wanted, 0);
	enum err e = rules >= 0 ? ERR_OK : ERR_IO;
	for (size_t i = 0; i < sizeof readable / sizeof readable[0] && e == ERR_OK; i++)
		e = allow(rules, readable[i]);
	if (e == ERR_OK && store.file != NULL)
		e = allow(rules, store.file);
	if (e == ERR_OK && store.folder != NULL)
		e = allow(rules, store.folder);
	if (e != ERR_OK && rules >= 0)
		close(rules);
	if (e == ERR_OK)
		*out_rules = rules;
	return e;
}

enum err cage_files_enter(int *rules)
{
	long r = syscall(NR_RESTRICT_SELF, *rules, 0);
	close(*rules);
	*rules = -1;
	return r == 0 ? ERR_OK : ERR_IO;
}
