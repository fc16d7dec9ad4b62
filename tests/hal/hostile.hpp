// SPDX-License-Identifier: MIT
#ifndef TESTS_HAL_HOSTILE_HPP
#define TESTS_HAL_HOSTILE_HPP
#include <cerrno>
#include <csignal>
#include <cstring>
#include <fcntl.h>
#include <linux/capability.h>
#include <netinet/in.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/reboot.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <termios.h>
#include <unistd.h>
#include <string>
#include <vector>

/* What somebody tries who runs code of his own in a worker. */
struct attempt {
	const char *what;
	long (*act)(); // what the system call says; -1 with errno
};

/* Where the attempts are made; read in the child. */
struct target {
	pid_t parent;
	char folder[64]; // with "plain" and "socket" for everybody, and "key.pem" of the parent alone
	const void *secret; // in the parent's memory
};
static struct target target;


static std::string at(const char *name)
{
	return std::string(target.folder) + "/" + name;
}

static long open_it(const std::string &path, int flags)
{
	return open(path.c_str(), flags, 0600);
}

/* A place in the parent's memory; the answer is the number of bytes that were read. */
static long read_parent(int call)
{
	char taken[8];
	struct iovec mine = { taken, sizeof taken };
	struct iovec its = { const_cast<void *>(target.secret), sizeof taken };
	return syscall(call, target.parent, &mine, 1, &its, 1, 0);
}

static long run(const char *path)
{
	char *const none[] = { nullptr };
	return execve(path, none, none);
}

static long run_from_memory()
{
	char *const none[] = { nullptr };
	long fd = syscall(SYS_memfd_create, "x", 0);
	return fd < 0 ? -1 : syscall(SYS_execveat, fd, "", none, none, AT_EMPTY_PATH);
}

static long open_by_handle()
{
	return syscall(SYS_open_by_handle_at, AT_FDCWD, nullptr, O_RDONLY);
}

static long other_words() // the same processor, the calls of 32 bits: 20 is getpid there
{
#ifdef __x86_64__
	long r = 20;
	signal(SIGSEGV, [](int) { setuid(0); }); // a kernel without them: the instruction faults, and this ends it
	__asm__ volatile("int $0x80" : "+a"(r)::"memory");
	return r;
#else
	return raise(SIGSYS);
#endif
}

static long x32()
{
#ifdef __x86_64__
	return syscall(0x40000000 | SYS_getpid);
#else
	return raise(SIGSYS);
#endif
}

#define TRY(text, expression) { text, []() -> long { return expression; } }
#define CALL(name) { #name, []() -> long { return syscall(SYS_##name, 0, 0, 0, 0, 0, 0); } }

/* Attempts that end the worker. */
static const std::vector<attempt> deadly = {
	TRY("unlink", unlink(at("plain").c_str())),
	TRY("rename", rename(at("plain").c_str(), at("other").c_str())),
	TRY("mkdir", mkdir(at("new").c_str(), 0700)),
	TRY("rmdir", rmdir(target.folder)),
	TRY("link", link(at("plain").c_str(), at("new").c_str())),
	TRY("symlink", symlink("/etc", at("new").c_str())),
	TRY("mknod", mknod(at("new").c_str(), S_IFIFO | 0600, 0)),
	TRY("truncate", truncate(at("plain").c_str(), 0)),
	TRY("ftruncate", ftruncate(2, 0)),
	TRY("chmod", chmod(at("plain").c_str(), 0777)),
	TRY("fchmod", fchmod(2, 0777)),
	TRY("chown", chown(at("plain").c_str(), 0, 0)),
	TRY("utimensat", utimensat(AT_FDCWD, at("plain").c_str(), nullptr, 0)),
	TRY("setxattr", syscall(SYS_setxattr, at("plain").c_str(), "user.a", "b", 1, 0)),
	TRY("chdir", chdir("/etc")),
	TRY("chroot", chroot("/tmp")),
	TRY("open_by_handle_at", open_by_handle()),
	TRY("execve", run("/bin/true")),
	TRY("execveat of memory", run_from_memory()),
	TRY("fork", fork()),
	TRY("clone of a process", syscall(SYS_clone, SIGCHLD, nullptr, nullptr, nullptr, nullptr)),
	TRY("clone into a name space", syscall(SYS_clone, CLONE_NEWUSER | SIGCHLD, nullptr, nullptr, nullptr, nullptr)),
	TRY("unshare", syscall(SYS_unshare, CLONE_NEWUSER)),
	TRY("setns", syscall(SYS_setns, 2, 0)),
	TRY("ptrace", ptrace(PTRACE_ATTACH, target.parent, nullptr, nullptr)),
	TRY("ptrace me", ptrace(PTRACE_TRACEME, 0, nullptr, nullptr)),
	TRY("process_vm_readv", read_parent(SYS_process_vm_readv)),
	TRY("process_vm_writev", read_parent(SYS_process_vm_writev)),
	TRY("pidfd_open", syscall(434, target.parent, 0)),
	TRY("pidfd_getfd", syscall(438, 0, 3, 0)),
	TRY("pidfd_send_signal", syscall(424, 0, SIGKILL, nullptr, 0)),
	TRY("kcmp", syscall(SYS_kcmp, target.parent, getpid(), 0, 0, 0)),
	TRY("kill the parent", kill(target.parent, 0)),
	TRY("kill all", kill(-1, 0)),
	TRY("tgkill the parent", syscall(SYS_tgkill, target.parent, target.parent, 0)),
	TRY("tkill the parent", syscall(SYS_tkill, target.parent, 0)),
	TRY("sigqueue", syscall(SYS_rt_sigqueueinfo, target.parent, SIGTERM, nullptr)),
	TRY("mount", mount("none", "/tmp", "tmpfs", 0, nullptr)),
	TRY("umount", umount2("/tmp", 0)),
	TRY("fsopen", syscall(430, "tmpfs", 0)),
	TRY("pivot_root", syscall(SYS_pivot_root, "/", "/")),
	TRY("setuid", setuid(0)),
	TRY("setresuid", setresuid(0, 0, 0)),
	TRY("setgid", setgid(0)),
	TRY("setgroups", syscall(SYS_setgroups, 0, nullptr)),
	TRY("setfsuid", syscall(SYS_setfsuid, 0)),
	TRY("listen", listen(socket(AF_INET, SOCK_STREAM, 0), 1)),
	TRY("accept", accept(socket(AF_INET, SOCK_STREAM, 0), nullptr, nullptr)),
	TRY("setrlimit", syscall(SYS_setrlimit, RLIMIT_NOFILE, nullptr)),
	TRY("setpriority", setpriority(PRIO_PROCESS, static_cast<id_t>(target.parent), 0)),
	TRY("sethostname", sethostname("x", 1)),
	TRY("clock_settime", syscall(SYS_clock_settime, 0, nullptr)),
	TRY("reboot", syscall(SYS_reboot, 0, 0, 0, nullptr)),
	TRY("another processor's calls", other_words()),
	TRY("x32 calls", x32()),
	CALL(capset), CALL(bpf), CALL(io_uring_setup), CALL(io_uring_enter), CALL(userfaultfd), CALL(keyctl), CALL(add_key),
	CALL(request_key), CALL(perf_event_open), CALL(seccomp), CALL(personality), CALL(memfd_create), CALL(init_module),
	CALL(finit_module), CALL(delete_module), CALL(kexec_load), CALL(swapon), CALL(acct), CALL(syslog), CALL(quotactl),
	CALL(shmget), CALL(shmat), CALL(msgget), CALL(semget), CALL(mq_open), CALL(timer_create), CALL(inotify_init1),
	CALL(fanotify_init), CALL(signalfd4), CALL(splice), CALL(vmsplice), CALL(tee), CALL(sendfile), CALL(copy_file_range),
	CALL(dup3), CALL(setsid), CALL(setpgid), CALL(sched_setscheduler), CALL(sched_setaffinity), CALL(migrate_pages),
	CALL(move_pages), CALL(process_madvise), CALL(name_to_handle_at), CALL(landlock_create_ruleset), CALL(fsync), CALL(sync),
};

static long ask_ioctl(unsigned long what)
{
	char letter = 'x';
	return ioctl(2, what, &letter);
}

static long bind_device()
{
	int fd = socket(AF_INET, SOCK_DGRAM, 0);
	return fd < 0 ? 0 : setsockopt(fd, 255 /* SOL_RAW */, 1, "x", 1);
}

static long make_pair(int type)
{
	int pair[2];
	return socketpair(AF_UNIX, type, 0, pair);
}

/* To the socket outside that the test has opened to everybody, as those of a journal are. */
static long send_from_pair(int type)
{
	int pair[2];
	struct sockaddr_un to = {};
	if (socketpair(AF_UNIX, type, 0, pair) != 0)
		return -1;
	to.sun_family = AF_UNIX;
	strcpy(to.sun_path, at("socket").c_str());
	return sendto(pair[0], "x", 1, MSG_DONTWAIT, reinterpret_cast<struct sockaddr *>(&to), sizeof to);
}

static long limit_parent()
{
	struct rlimit none = { 0, 0 };
	return prlimit(target.parent, RLIMIT_CPU, &none, nullptr);
}

static long send_by_signal() // a descriptor whose owner gets a signal at each byte
{
	return fcntl(2, F_SETOWN, target.parent);
}

/* Attempts that are answered with an error. */
static const std::vector<attempt> refused = {
	TRY("open for writing", open_it(at("plain"), O_WRONLY)),
	TRY("open for reading and writing", open_it(at("plain"), O_RDWR)),
	TRY("make a file", open_it(at("new"), O_RDONLY | O_CREAT)),
	TRY("empty a file", open_it(at("plain"), O_RDONLY | O_TRUNC)),
	TRY("append", open_it(at("plain"), O_WRONLY | O_APPEND)),
	TRY("a file without a name", open_it(target.folder, O_TMPFILE | O_RDWR)),
	TRY("a device", open_it("/dev/tpmrm0", O_RDWR)),
	TRY("a terminal", open_it("/dev/tty", O_RDWR)),
	TRY("its own memory by a file", open_it("/proc/self/mem", O_RDWR)),
	TRY("the old open", syscall(SYS_openat, AT_FDCWD, at("plain").c_str(), O_WRONLY)),
	TRY("openat2", syscall(437, AT_FDCWD, at("plain").c_str(), nullptr, 0)),
	TRY("AF_UNIX", socket(AF_UNIX, SOCK_STREAM, 0)),
	TRY("a datagram to the journal, from a pair", send_from_pair(SOCK_DGRAM)),
	TRY("the same from a pair of streams", send_from_pair(SOCK_STREAM)),
	TRY("a pair of packets", make_pair(SOCK_SEQPACKET)),
	TRY("AF_NETLINK", socket(AF_NETLINK, SOCK_RAW, 0)),
	TRY("AF_PACKET", socket(AF_PACKET, SOCK_RAW, 0)),
	TRY("AF_ALG", socket(AF_ALG, SOCK_SEQPACKET, 0)),
	TRY("AF_VSOCK", socket(AF_VSOCK, SOCK_STREAM, 0)),
	TRY("raw IP", socket(AF_INET, SOCK_RAW, IPPROTO_ICMP)),
	TRY("raw IPv6", socket(AF_INET6, SOCK_RAW, IPPROTO_ICMPV6)),
	TRY("ping", socket(AF_INET, SOCK_DGRAM, IPPROTO_ICMP)),
	TRY("SCTP", socket(AF_INET, SOCK_STREAM, IPPROTO_SCTP)),
	TRY("a socket option of another level", bind_device()),
	TRY("TIOCSTI", ask_ioctl(TIOCSTI)),
	TRY("TIOCLINUX", ask_ioctl(TIOCLINUX)),
	TRY("core files again", prctl(PR_SET_DUMPABLE, 1)),
	TRY("to outlive the parent", prctl(PR_SET_PDEATHSIG, 0)),
	TRY("a tracer", prctl(PR_SET_PTRACER, static_cast<unsigned long>(target.parent), 0, 0, 0)),
	TRY("the parent's limits", limit_parent()),
	TRY("signals by F_SETOWN", send_by_signal()),
	TRY("clone3", syscall(435, nullptr, 0)),
	TRY("a call of later years", syscall(600, 0, 0, 0)),
};

static std::string of_parent(const char *file)
{
	return "/proc/" + std::to_string(target.parent) + "/" + file;
}

/* What only Landlock or another user keeps away, whichever is there. */
static const std::vector<attempt> reading = {
	TRY("/etc/shadow", open_it("/etc/shadow", O_RDONLY)),
	TRY("a key file", open_it(at("key.pem"), O_RDONLY)),
	TRY("the parent's memory", open_it(of_parent("mem"), O_RDONLY)),
	TRY("the parent's environment", open_it(of_parent("environ"), O_RDONLY)),
	TRY("the parent's descriptors", open_it(of_parent("fd"), O_RDONLY | O_DIRECTORY)),
	TRY("the machine's memory", open_it("/dev/mem", O_RDONLY)),
};
#endif
