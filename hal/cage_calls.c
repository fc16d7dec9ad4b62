/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/sched.h>
#include <linux/seccomp.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "hal/cage.h"
#include "hal/cage_parts.h"

/*
 * The system calls of the worker: those of its own work (buffers, memory, time, the way to the parent), of libcurl with
 * its resolver's thread, of getaddrinfo(3), and what glibc and musl call beneath them. Where the two differ, or an older
 * processor has a call of its own, both stand in the list. Three answers:
 *
 * - ALLOW, some by their arguments;
 * - REFUSE with an error: what a library may try and can do without; and all that is younger than NEWEST, for a
 *   library of later years tries it and falls back, as it does on an older kernel;
 * - anything else ends the process. SIGSYS cannot be caught then.
 *
 * Rules are looked at in their order; the first that fits decides.
 */

#if defined(__x86_64__) && defined(__LP64__)
#define PROCESSOR AUDIT_ARCH_X86_64
#elif defined(__aarch64__) && defined(__AARCH64EL__)
#define PROCESSOR AUDIT_ARCH_AARCH64
#elif defined(__arm__) && defined(__ARMEL__) && defined(__ARM_EABI__)
#define PROCESSOR AUDIT_ARCH_ARM
#elif defined(__riscv) && __riscv_xlen == 64
#define PROCESSOR AUDIT_ARCH_RISCV64
#endif

#ifdef PROCESSOR

#define NEWEST 450             /* set_mempolicy_home_node of Linux 5.17: the lists below were held against all up to it */
#define X32 0x40000000u        /* __X32_SYSCALL_BIT: another set of calls behind the same name of the processor */
#define CHECKS_MAX 3
#define INSTRUCTIONS_MAX 1024  /* 3 for a call, 4 more for a check of an argument; the kernel takes 4096 */
#define KILL 0x80000000u       /* SECCOMP_RET_KILL_PROCESS, Linux 4.14; an older kernel ends the thread */
#define ALLOW_IT SECCOMP_RET_ALLOW
#define REFUSE_WITH(number) (SECCOMP_RET_ERRNO | (number))

/* The low half of an argument: the kernel, too, looks at no more of an int. */
struct check {
	uint8_t argument;
	uint32_t mask, value;
};

struct rule {
	int call;
	uint32_t answer;
	struct check checks[CHECKS_MAX]; /* all of them; mask 0: no further one */
};

#define ALLOW(name) { .call = SYS_##name, .answer = ALLOW_IT }
#define ALLOW_IF(name, arg, bits, want) { .call = SYS_##name, .answer = ALLOW_IT, .checks = { { arg, bits, want } } }
#define REFUSE(name, number) { .call = SYS_##name, .answer = REFUSE_WITH(number) }
#define SOCKET(family, type, protocol) \
	{ .call = SYS_socket, .answer = ALLOW_IT, \
	  .checks = { { 0, ~0u, family }, { 1, SOCKET_TYPE, type }, { 2, ~0u, protocol } } }

#define SOCKET_TYPE 0xfu /* SOCK_TYPE_MASK of the kernel: flags stand above */
#define OPEN_CHANGES ((uint32_t)(O_ACCMODE | O_CREAT | O_TRUNC | O_APPEND | (O_TMPFILE & ~O_DIRECTORY)))
#define NEW_SPACES ((uint32_t)(CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWUSER | CLONE_NEWPID | \
			       CLONE_NEWNET))

static const struct rule rules[] = {
	/* descriptors that are open */
	ALLOW(read), ALLOW(readv), ALLOW(write), ALLOW(writev), ALLOW(close), ALLOW(lseek),
	ALLOW_IF(fcntl, 1, ~0u, F_GETFD), ALLOW_IF(fcntl, 1, ~0u, F_SETFD), ALLOW_IF(fcntl, 1, ~0u, F_GETFL),
	ALLOW_IF(fcntl, 1, ~0u, F_SETFL), ALLOW_IF(fcntl, 1, ~0u, F_DUPFD), ALLOW_IF(fcntl, 1, ~0u, F_DUPFD_CLOEXEC),
	REFUSE(fcntl, EINVAL), ALLOW_IF(ioctl, 1, ~0u, FIONBIO), ALLOW_IF(ioctl, 1, ~0u, FIONREAD), REFUSE(ioctl, ENOTTY),
	ALLOW(ppoll), ALLOW(pselect6), ALLOW(epoll_create1), ALLOW(epoll_ctl), ALLOW(epoll_pwait), ALLOW(eventfd2),
	ALLOW(pipe2),
	/* files, to be read: which ones, Landlock and the user decide */
	ALLOW_IF(openat, 2, OPEN_CHANGES, O_RDONLY), REFUSE(openat, EACCES), ALLOW(faccessat), ALLOW(readlinkat),
	ALLOW(getdents64), ALLOW(statx),
	/* memory; also such that can be written and run: who is shut in here has his code already */
	ALLOW(brk), ALLOW(munmap), ALLOW(mremap), ALLOW(madvise), ALLOW(mprotect),
	/* the network */
	SOCKET(AF_INET, SOCK_STREAM, 0), SOCKET(AF_INET, SOCK_STREAM, IPPROTO_TCP), SOCKET(AF_INET, SOCK_DGRAM, 0),
	SOCKET(AF_INET, SOCK_DGRAM, IPPROTO_UDP), SOCKET(AF_INET6, SOCK_STREAM, 0),
	SOCKET(AF_INET6, SOCK_STREAM, IPPROTO_TCP), SOCKET(AF_INET6, SOCK_DGRAM, 0),
	SOCKET(AF_INET6, SOCK_DGRAM, IPPROTO_UDP),
	/* no AF_UNIX: neither nscd nor a resolver daemon is asked but by DNS; no AF_NETLINK: getaddrinfo() sorts without */
	REFUSE(socket, EAFNOSUPPORT),
	/* libcurl wakes its thread by one; of streams, for a datagram may be sent from a pair to every socket that has a name */
	{ .call = SYS_socketpair, .answer = ALLOW_IT, .checks = { { 0, ~0u, AF_UNIX }, { 1, SOCKET_TYPE, SOCK_STREAM } } },
	REFUSE(socketpair, EAFNOSUPPORT),
	ALLOW(connect), ALLOW(getsockname), ALLOW(getpeername), ALLOW(getsockopt), ALLOW(shutdown),
	ALLOW_IF(setsockopt, 1, ~0u, SOL_SOCKET), ALLOW_IF(setsockopt, 1, ~0u, IPPROTO_TCP),
	ALLOW_IF(setsockopt, 1, ~0u, IPPROTO_IP), ALLOW_IF(setsockopt, 1, ~0u, IPPROTO_IPV6), REFUSE(setsockopt, ENOPROTOOPT),
	ALLOW(sendto), ALLOW(sendmsg), ALLOW(sendmmsg), ALLOW(recvfrom), ALLOW(recvmsg), ALLOW(recvmmsg),
	ALLOW(bind), /* musl's resolver; without listen() it takes no connection */
	/* threads, of this process alone; clone3() keeps its flags in memory, and without it clone() is called */
	ALLOW_IF(clone, 0, CLONE_THREAD | NEW_SPACES, CLONE_THREAD), REFUSE(clone3, ENOSYS), ALLOW(set_robust_list),
	ALLOW(futex), ALLOW(sched_yield), ALLOW(sched_getaffinity), ALLOW(membarrier), ALLOW(exit), ALLOW(exit_group),
	/* signals, of this process alone: tgkill is below */
	ALLOW(rt_sigaction), ALLOW(rt_sigprocmask), ALLOW(rt_sigreturn), ALLOW(sigaltstack), ALLOW(restart_syscall),
	ALLOW(rt_sigtimedwait), /* valgrind looks for signals by it */
	/* time, chance, and who one is */
	ALLOW(clock_gettime), ALLOW(clock_getres), ALLOW(clock_nanosleep), ALLOW(nanosleep), ALLOW(gettimeofday),
	ALLOW(getrandom), ALLOW(getpid), ALLOW(getppid), ALLOW(gettid), ALLOW(getuid), ALLOW(geteuid), ALLOW(getgid),
	ALLOW(getegid), ALLOW(uname), ALLOW(sysinfo),
	/* thread names, names of memory; nothing of it is needed, and much of it would open the cage */
	REFUSE(prctl, EINVAL), REFUSE(prlimit64, EPERM),
	/* calls of one word's width, or of processors from before 2012 */
#ifdef SYS_mmap
	ALLOW(mmap),
#endif
#ifdef SYS_mmap2
	ALLOW(mmap2),
#endif
#ifdef SYS_fcntl64
	ALLOW_IF(fcntl64, 1, ~0u, F_GETFD), ALLOW_IF(fcntl64, 1, ~0u, F_SETFD), ALLOW_IF(fcntl64, 1, ~0u, F_GETFL),
	ALLOW_IF(fcntl64, 1, ~0u, F_SETFL), ALLOW_IF(fcntl64, 1, ~0u, F_DUPFD), ALLOW_IF(fcntl64, 1, ~0u, F_DUPFD_CLOEXEC),
	REFUSE(fcntl64, EINVAL), ALLOW(_llseek),
#endif
#ifdef SYS_open
	ALLOW_IF(open, 1, OPEN_CHANGES, O_RDONLY), REFUSE(open, EACCES), ALLOW(access), ALLOW(readlink), ALLOW(pipe),
	ALLOW(pause), ALLOW(epoll_wait), ALLOW(poll),
#endif
#ifdef SYS_select
	ALLOW(select),
#endif
#ifdef SYS__newselect
	ALLOW(_newselect),
#endif
#ifdef SYS_fstat
	ALLOW(fstat),
#endif
#ifdef SYS_stat
	ALLOW(stat), ALLOW(lstat),
#endif
#ifdef SYS_newfstatat
	ALLOW(newfstatat),
#endif
#ifdef SYS_fstat64
	ALLOW(fstat64), ALLOW(fstatat64), ALLOW(stat64), ALLOW(lstat64),
#endif
#ifdef SYS_recv
	ALLOW(recv), ALLOW(send),
#endif
#ifdef SYS_time
	ALLOW(time),
#endif
#ifdef SYS_getuid32
	ALLOW(getuid32), ALLOW(geteuid32), ALLOW(getgid32), ALLOW(getegid32),
#endif
#ifdef SYS_sigreturn
	ALLOW(sigreturn),
#endif
#ifdef SYS_faccessat2
	ALLOW(faccessat2), REFUSE(openat2, ENOSYS),
#endif
#ifdef SYS_rseq
	ALLOW(rseq),
#endif
#ifdef SYS_clock_gettime64 /* 32 bits, seconds beyond 2038 */
	ALLOW(clock_gettime64), ALLOW(clock_getres_time64), ALLOW(clock_nanosleep_time64), ALLOW(futex_time64),
	ALLOW(ppoll_time64), ALLOW(pselect6_time64), ALLOW(recvmmsg_time64),
#endif
};

struct program {
	struct sock_filter code[INSTRUCTIONS_MAX];
	unsigned short count;
	bool is_full;
};

static void put(struct program *p, unsigned code, uint32_t k, unsigned if_so, unsigned if_not)
{
	p->is_full = p->is_full || p->count == INSTRUCTIONS_MAX;
	if (!p->is_full)
		p->code[p->count++] =
			(struct sock_filter){ (unsigned short)code, (unsigned char)if_so, (unsigned char)if_not, k };
}

static void put_load(struct program *p, size_t offset)
{
	put(p, BPF_LD | BPF_W | BPF_ABS, (uint32_t)offset, 0, 0);
}

static void put_answer(struct program *p, uint32_t answer)
{
	put(p, BPF_RET | BPF_K, answer, 0, 0);
}

static size_t low_half(uint8_t argument)
{
	size_t offset = offsetof(struct seccomp_data, args) + argument * sizeof(uint64_t);
	return __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__ ? offset + sizeof(uint32_t) : offset;
}

/* The call's number is in the accumulator before and after. */
static void put_rule(struct program *p, const struct rule *r)
{
	unsigned checks = 0;
	while (checks < CHECKS_MAX && r->checks[checks].mask != 0)
		checks++;
	/* behind the first comparison: three for each check, the answer, and the number again if a check did not fit */
	unsigned length = checks > 0 ? 3 * checks + 2 : 1;
	put(p, BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)r->call, 0, length);
	for (unsigned i = 0; i < checks; i++) {
		put_load(p, low_half(r->checks[i].argument));
		put(p, BPF_ALU | BPF_AND | BPF_K, r->checks[i].mask, 0, 0);
		put(p, BPF_JMP | BPF_JEQ | BPF_K, r->checks[i].value, 0, 3 * (checks - i - 1) + 1);
	}
	put_answer(p, r->answer);
	if (checks > 0)
		put_load(p, offsetof(struct seccomp_data, nr));
}

enum err cage_calls_enter(void)
{
	struct program p = { .count = 0 };
	const struct rule own_signals = ALLOW_IF(tgkill, 0, ~0u, (uint32_t)getpid());
	put_load(&p, offsetof(struct seccomp_data, arch));
	put(&p, BPF_JMP | BPF_JEQ | BPF_K, PROCESSOR, 1, 0);
	put_answer(&p, KILL);
	put_load(&p, offsetof(struct seccomp_data, nr));
	put(&p, BPF_JMP | BPF_JGE | BPF_K, X32, 0, 1);
	put_answer(&p, KILL);
	put_rule(&p, &own_signals);
	for (size_t i = 0; i < sizeof rules / sizeof rules[0]; i++)
		put_rule(&p, &rules[i]);
	put(&p, BPF_JMP | BPF_JGT | BPF_K, NEWEST, 0, 1);
	put_answer(&p, REFUSE_WITH(ENOSYS));
	put_answer(&p, KILL);
	const struct sock_fprog program = { p.count, p.code };
	if (p.is_full)
		return ERR_BUG;
	if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0) == 0)
		return ERR_OK;
	return errno == EINVAL ? ERR_UNSUPPORTED : ERR_IO;
}

#else

/* A processor whose calls nobody has held against the list. */
enum err cage_calls_enter(void)
{
	return ERR_UNSUPPORTED;
}

#endif
