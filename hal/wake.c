/* SPDX-License-Identifier: MIT */
#include "hal/wake.h"
#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>
#include "hal/clock.h"
#include "hal/file.h"
#include "hal/log.h"
#include "hal/network.h"

#define WATCHES_MAX 256	    /* paths: some for each profile of a large configuration; the kernel's own limit is 8192 */
#define QUIET_MS 200	    /* without an event: whoever wrote a file in several steps is done */
#define BURST_MS 2000	    /* who never stops writing must not hold the agent */
#define READS_MAX 1000	    /* of one descriptor at one time: as above */
#define FAR_AWAY_S LONG_MAX /* of the wall clock: the kernel takes it as "never" */
#define FILE_EVENTS                                                                                                    \
	(IN_CLOSE_WRITE | IN_MOVED_TO | IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_DELETE_SELF | IN_MOVE_SELF)
#define BURSTS (WAKE_FILE | WAKE_NETWORK)

/* A folder that is watched, and the entry in it that counts; "": every entry. */
struct place {
	int wd; /* -1: none */
	char name[NAME_MAX + 1];
};

struct watch {
	char *path;
	bool is_own;
	struct place thing; /* or its nearest existing parent */
	struct place link;  /* when the path is a symlink */
};

struct wake {
	int signal_fd;
	int time_fd;
	int clock_fd;
	int file_fd;  /* -1: this kernel has no inotify */
	int route_fd; /* -1: the kernel refused rtnetlink */
	sigset_t old_mask;
	unsigned kept; /* WAKE_ flags that have come and were not returned */
	size_t watch_count;
	struct watch *watches;
	struct network network;
};

static void close_fd(int fd)
{
	if (fd >= 0)
		close(fd);
}

/* The wall clock is watched by a timer that never ends: setting the clock cancels it (timerfd_create(2)). */
static enum err arm_clock(struct wake *w)
{
	struct itimerspec never = { .it_value = { .tv_sec = FAR_AWAY_S } };
	return timerfd_settime(w->clock_fd, TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET, &never, NULL) == 0 ||
	                       errno == ECANCELED
	               ? ERR_OK
	               : ERR_IO;
}

static enum err open_all(struct wake *w, const sigset_t *signals, struct why *why)
{
	w->signal_fd = signalfd(-1, signals, SFD_CLOEXEC | SFD_NONBLOCK);
	w->time_fd = timerfd_create(CLOCK_BOOTTIME, TFD_CLOEXEC | TFD_NONBLOCK);
	w->clock_fd = timerfd_create(CLOCK_REALTIME, TFD_CLOEXEC | TFD_NONBLOCK);
	if (w->signal_fd < 0 || w->time_fd < 0 || w->clock_fd < 0 || arm_clock(w) != ERR_OK)
		return why_set(why, ERR_IO, "wake.open", "the kernel gives no signalfd or timerfd: %s", strerror(errno));
	w->file_fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	if (w->file_fd < 0)
		log_warn("wake: no inotify: %s; changed files are seen later", strerror(errno));
	w->route_fd = network_listen();
	if (w->route_fd < 0)
		log_warn("wake: no rtnetlink: %s; a network that comes up is seen later", strerror(errno));
	return ERR_OK;
}

enum err wake_open(struct wake **out, struct why *why)
{
	sigset_t signals;
	struct wake *w = calloc(1, sizeof *w);
	if (w == NULL)
		return why_set(why, ERR_NO_MEMORY, "wake.open", "no memory");
	w->signal_fd = w->time_fd = w->clock_fd = w->file_fd = w->route_fd = -1;
	sigemptyset(&signals);
	sigaddset(&signals, SIGHUP);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGINT);
	sigprocmask(SIG_BLOCK, &signals, &w->old_mask); /* fails for a wrong first argument only */
	enum err e = open_all(w, &signals, why);
	if (e != ERR_OK) {
		wake_close(&w);
		return e;
	}
	*out = w;
	return ERR_OK;
}

/* ---- files ---- */

/* Cut the last name off `path`, which has to hold one, into `name`. False: too long for a name, nothing was cut. */
static bool cut_name(char path[FILE_PATH_MAX], char name[NAME_MAX + 1])
{
	size_t len = strlen(path);
	while (len > 1 && path[len - 1] == '/')
		path[--len] = '\0';
	char *slash = strrchr(path, '/');
	const char *last = slash != NULL ? slash + 1 : path;
	if (strlen(last) > NAME_MAX)
		return false;
	memcpy(name, last, strlen(last) + 1);
	if (slash == NULL)
		memcpy(path, ".", 2);
	else
		slash[slash == path] = '\0';
	return true;
}

/* Adding what is watched already gives the same number again; what an earlier look watched stays and is not heard. */
static enum err watch_place(const struct wake *w, const char *folder, const char *name, struct place *out)
{
	out->wd = inotify_add_watch(w->file_fd, folder, FILE_EVENTS | IN_ONLYDIR);
	memcpy(out->name, name, strlen(name) + 1);
	return out->wd >= 0 ? ERR_OK : ERR_IO;
}

static enum err watch_thing(const struct wake *w, const char *path, struct place *out)
{
	char folder[FILE_PATH_MAX];
	char name[NAME_MAX + 1] = "";
	char *real = realpath(path, NULL);
	int len = snprintf(folder, sizeof folder, "%s", real != NULL ? real : path);
	free(real);
	if (len < 0 || len >= (int)sizeof folder) {
		errno = ENAMETOOLONG;
		return ERR_IO;
	}
	while (!file_is_folder(folder) && strcmp(folder, "/") != 0 && strcmp(folder, ".") != 0)
		if (!cut_name(folder, name))
			return ERR_IO;
	return watch_place(w, folder, name, out);
}

static enum err watch_link(const struct wake *w, const char *path, struct place *out)
{
	char folder[FILE_PATH_MAX];
	char name[NAME_MAX + 1];
	struct stat info;
	out->wd = -1;
	if (lstat(path, &info) != 0 || !S_ISLNK(info.st_mode))
		return ERR_OK;
	memcpy(folder, path, strlen(path) + 1);
	return cut_name(folder, name) ? watch_place(w, folder, name, out) : ERR_IO;
}

static enum err arm_watch(const struct wake *w, struct watch *watch)
{
	enum err link = watch_link(w, watch->path, &watch->link);
	enum err thing = watch_thing(w, watch->path, &watch->thing);
	return thing != ERR_OK ? thing : link;
}

enum err wake_watch(struct wake *wake, const char *path, bool is_own, struct why *why)
{
	if (wake->file_fd < 0)
		return why_set(why, ERR_UNSUPPORTED, "wake.watch", "%s is not watched: no inotify", path);
	if (wake->watch_count == WATCHES_MAX || strlen(path) >= FILE_PATH_MAX)
		return why_set(why, ERR_TOO_BIG, "wake.watch", "%s is not watched: more than %d paths, or one too long", path,
		               WATCHES_MAX);
	struct watch *grown = realloc(wake->watches, (wake->watch_count + 1) * sizeof *grown);
	if (grown == NULL)
		return why_set(why, ERR_NO_MEMORY, "wake.watch", "%s is not watched: no memory", path);
	wake->watches = grown;
	struct watch *watch = &grown[wake->watch_count];
	*watch = (struct watch){ .path = strdup(path), .is_own = is_own, .thing = { .wd = -1 }, .link = { .wd = -1 } };
	if (watch->path == NULL)
		return why_set(why, ERR_NO_MEMORY, "wake.watch", "%s is not watched: no memory", path);
	wake->watch_count++;
	if (arm_watch(wake, watch) == ERR_OK)
		return ERR_OK;
	why_set(why, ERR_IO, "wake.watch", "%s cannot be watched: %s", path, strerror(errno));
	why_next(why, "raise fs.inotify.max_user_watches if the kernel has no space left for watches");
	return ERR_IO;
}

static void drop_watches(struct wake *w)
{
	for (size_t i = 0; i < w->watch_count; i++)
		free(w->watches[i].path);
	free(w->watches);
	w->watches = NULL;
	w->watch_count = 0;
	close_fd(w->file_fd); /* its watches go with it, those of former looks too */
	w->file_fd = -1;
}

void wake_unwatch(struct wake *wake)
{
	drop_watches(wake);
	wake->kept &= ~(unsigned)WAKE_FILE;
	wake->file_fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
}

static bool is_at(const struct place *place, const struct inotify_event *event)
{
	return place->wd == event->wd &&
	       (event->len == 0 || place->name[0] == '\0' || strcmp(place->name, event->name) == 0);
}

/* What of `w` an event speaks of. One folder may be watched for several paths, own and foreign. */
enum { OWN = 1, FOREIGN = 2 };

static unsigned whose(const struct watch *watch)
{
	return watch->is_own ? OWN : FOREIGN;
}

static unsigned judge(const struct wake *w, const struct inotify_event *event)
{
	unsigned found = 0;
	for (size_t i = 0; i < w->watch_count; i++)
		if (is_at(&w->watches[i].thing, event) || is_at(&w->watches[i].link, event))
			found |= whose(&w->watches[i]);
	if ((event->mask & IN_Q_OVERFLOW) != 0)
		found = FOREIGN; /* events were lost: any may be among them */
	return (found & FOREIGN) != 0 ? FOREIGN : found;
}

static unsigned read_events(const struct wake *w)
{
	_Alignas(struct inotify_event) char data[4096]; /* holds the largest event: NAME_MAX and 17 bytes */
	unsigned found = 0;
	for (int i = 0; i < READS_MAX; i++) {
		ssize_t n = read(w->file_fd, data, sizeof data);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			break;
		for (size_t at = 0; at < (size_t)n;) {
			const struct inotify_event *event = (const struct inotify_event *)(const void *)(data + at);
			found |= judge(w, event);
			at += sizeof *event + event->len;
		}
	}
	return found;
}

static bool is_same(const struct place *a, const struct place *b)
{
	return a->wd == b->wd && (a->wd < 0 || strcmp(a->name, b->name) == 0);
}

/*
 * Folders come, go and are replaced: look again where each path leads. After the events were read, which speak of the
 * places as they were; a place that moves counts as an event, for one that came in between is not heard any more.
 */
static unsigned arm_again(struct wake *w)
{
	unsigned found = 0;
	for (size_t i = 0; i < w->watch_count; i++) {
		struct watch *watch = &w->watches[i];
		struct place thing = watch->thing;
		struct place link = watch->link;
		if (arm_watch(w, watch) != ERR_OK)
			log_debug("wake: %s cannot be watched: %s", watch->path, strerror(errno));
		if (!is_same(&thing, &watch->thing) || !is_same(&link, &watch->link))
			found |= whose(watch);
	}
	return found;
}

static unsigned look_at_files(struct wake *w)
{
	return w->watch_count > 0 ? read_events(w) | arm_again(w) : 0;
}

void wake_forget(struct wake *wake)
{
	if ((look_at_files(wake) & FOREIGN) != 0)
		wake->kept |= WAKE_FILE;
}

/* ---- signals and time ---- */

static unsigned read_signals(const struct wake *w)
{
	struct signalfd_siginfo info;
	unsigned flags = 0;
	while (read(w->signal_fd, &info, sizeof info) == (ssize_t)sizeof info)
		flags |= info.ssi_signo == SIGHUP ? WAKE_RELOAD : WAKE_STOP;
	return flags;
}

static unsigned read_clock(struct wake *w)
{
	uint64_t count;
	if (read(w->clock_fd, &count, sizeof count) >= 0 || errno != ECANCELED)
		return 0;
	if (arm_clock(w) != ERR_OK)
		log_warn("wake: the wall clock is not watched any more: %s", strerror(errno));
	return WAKE_CLOCK;
}

bool wake_is_stopping(struct wake *wake)
{
	wake->kept |= read_signals(wake);
	return (wake->kept & WAKE_STOP) != 0;
}

/* A timer of the kernel, no timeout of poll(2): that one stands still while the device is suspended. */
static void arm_time(const struct wake *w, int64_t until_ms)
{
	int64_t ms = until_ms > 0 ? until_ms : 1; /* zero would disarm it */
	struct itimerspec at = { .it_value = { .tv_sec = (time_t)(ms / 1000), .tv_nsec = (long)(ms % 1000) * 1000000 } };
	if (timerfd_settime(w->time_fd, TFD_TIMER_ABSTIME, &at, NULL) != 0)
		log_error("wake: the timer cannot be set: %s", strerror(errno));
}

/* Sleep once. The flags of what has come; 0 when it was nothing after all. */
static unsigned sleep_until(struct wake *w, int64_t until_ms)
{
	struct pollfd fds[] = { { w->signal_fd, POLLIN, 0 },
		                { w->time_fd, POLLIN, 0 },
		                { w->clock_fd, POLLIN, 0 },
		                { w->file_fd, POLLIN, 0 },
		                { w->route_fd, POLLIN, 0 } };
	uint64_t count;
	unsigned flags = 0;
	arm_time(w, until_ms);
	if (poll(fds, sizeof fds / sizeof fds[0], -1) < 0)
		return 0; /* a signal with a handler; out of memory: the next try may do better */
	flags |= read_signals(w) | read_clock(w);
	if (fds[1].revents != 0 && read(w->time_fd, &count, sizeof count) > 0)
		flags |= WAKE_TIME;
	if (look_at_files(w) != 0)
		flags |= WAKE_FILE;
	if (fds[4].revents != 0 && network_has_come(&w->network, w->route_fd))
		flags |= WAKE_NETWORK;
	return flags;
}

unsigned wake_wait(struct wake *wake, int64_t until_ms)
{
	unsigned flags = wake->kept;
	int64_t burst_end = 0;
	wake->kept = 0;
	while ((flags & WAKE_STOP) == 0) {
		int64_t until = until_ms;
		bool is_burst = (flags & BURSTS) != 0;
		if (flags != 0 && !is_burst)
			break;
		if (is_burst) {
			int64_t now = clock_boot_ms();
			burst_end = burst_end != 0 ? burst_end : now + BURST_MS;
			until = now + QUIET_MS < burst_end ? now + QUIET_MS : burst_end;
		}
		unsigned more = sleep_until(wake, until);
		if (is_burst && (more & WAKE_TIME) != 0) /* quiet, or long enough */
			return flags | (more & ~(unsigned)WAKE_TIME);
		flags |= more;
	}
	return flags;
}

void wake_close(struct wake **wake)
{
	struct wake *w = *wake;
	if (w == NULL)
		return;
	if (w->signal_fd >= 0)
		read_signals(w); /* a second SIGTERM must not end the program by its default, once it is unblocked */
	drop_watches(w);
	close_fd(w->route_fd);
	close_fd(w->clock_fd);
	close_fd(w->time_fd);
	close_fd(w->signal_fd);
	sigprocmask(SIG_SETMASK, &w->old_mask, NULL);
	free(w);
	*wake = NULL;
}
