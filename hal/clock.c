/* SPDX-License-Identifier: MIT */
#include "hal/clock.h"
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/timex.h>
#include <time.h>
#include "hal/buf.h"
#include "hal/device.h"
#include "hal/file.h"
#include "hal/log.h"

#define BOOT_ID_CAP 37 /* a UUID and NUL */
#define RTC_APART_S (24 * 3600) /* an RTC without a battery is years away; one that is not synchronised drifts an hour a year */
#define NEWS_S 5 /* an offset that moved by more is remembered anew; less adds up to no step */

/* A number in RTC/NAME/FILE of sysfs. */
static bool read_number(const char *folder, const char *rtc, const char *file, int64_t *out)
{
	char path[FILE_PATH_MAX];
	char tail[300];
	char *end = NULL;
	struct buf text;
	buf_init(&text, 4096); /* sysfs files claim a page */
	snprintf(tail, sizeof tail, "%.250s/%s", rtc, file);
	const char *s = path_join(path, folder, tail) == ERR_OK && file_read(path, &text, NULL) == ERR_OK
			    ? buf_text(&text)
			    : NULL;
	long long number = s != NULL ? strtoll(s, &end, 10) : 0;
	bool is_number = s != NULL && end != s;
	if (is_number)
		*out = number;
	buf_clear(&text);
	return is_number;
}

struct rtc_search {
	const char *folder;
	int64_t now;
	bool has_set;
};

/* hctosys stays 1 when somebody sets the clock later on, to a floor for instance; then the RTC says another time. */
static void look_at_rtc(void *ctx, const char *name)
{
	struct rtc_search *s = ctx;
	int64_t has_set = 0;
	int64_t time = 0;
	if (read_number(s->folder, name, "hctosys", &has_set) && has_set == 1 &&
	    read_number(s->folder, name, "since_epoch", &time) && llabs(time - s->now) <= RTC_APART_S)
		s->has_set = true;
}

static int64_t milliseconds(clockid_t id)
{
	struct timespec t = {0, 0};
	clock_gettime(id, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* One line: boot id and offset. */
static bool read_memory(const char *memory, int64_t *out_offset)
{
	char boot_id[BOOT_ID_CAP] = "";
	struct buf text;
	buf_init(&text, 128);
	size_t len = device_boot_id(boot_id, sizeof boot_id) == ERR_OK ? strlen(boot_id) : 0;
	const char *s = file_read(memory, &text, NULL) == ERR_OK ? buf_text(&text) : NULL;
	char *end = NULL;
	bool is_ours = s != NULL && len > 0 && strncmp(s, boot_id, len) == 0 && s[len] == ' ';
	long long offset = is_ours ? strtoll(s + len + 1, &end, 10) : 0;
	is_ours = is_ours && end != s + len + 1 && *end == '\n';
	if (is_ours)
		*out_offset = offset;
	buf_clear(&text);
	return is_ours;
}

struct clock_facts clock_look(const char *root, const char *memory)
{
	char folder[FILE_PATH_MAX];
	struct timex state = {.modes = 0};
		int64_t now_ms = milliseconds(CLOCK_REALTIME);
	struct clock_facts facts = {.now = now_ms / 1000,
				    .build_date = SIGNET_BUILD_DATE,
				    .offset = (now_ms - clock_boot_ms()) / 1000};
	struct rtc_search search = {folder, facts.now, false};
	facts.is_synchronised = adjtimex(&state) >= 0 && (state.status & STA_UNSYNC) == 0;
	if (path_in_root(folder, root, "/sys/class/rtc") == ERR_OK &&
	    file_list(folder, look_at_rtc, &search, NULL) == ERR_OK)
		facts.has_rtc_set_clock = search.has_set;
	facts.was_synchronised = memory != NULL && read_memory(memory, &facts.offset_then);
	return facts;
}

void clock_remember(const char *memory, const struct clock_facts *facts)
{
	char boot_id[BOOT_ID_CAP] = "";
	struct why why = {.code = ""};
	struct buf text;
	if (!facts->is_synchronised ||
	    (facts->was_synchronised && llabs(facts->offset - facts->offset_then) <= NEWS_S) ||
	    device_boot_id(boot_id, sizeof boot_id) != ERR_OK)
		return;
	buf_init(&text, 128);
	enum err e = buf_add_format(&text, "%s %" PRId64 "\n", boot_id, facts->offset);
	if (e == ERR_OK)
		e = file_write_atomic(memory, buf_bytes(&text), 0600, &why);
	if (e != ERR_OK)
		log_debug("clock: not remembered: %s", why.text);
	buf_clear(&text);
}

static bool is_between(int64_t t, int64_t floor, int64_t latest)
{
	return t > floor && t < latest;
}

struct clock_view clock_judge(const struct clock_facts *facts, enum clock_setting setting,
			      int64_t saved, int64_t own_not_before)
{
	struct clock_view view = {.floor = facts->build_date,
				  .latest = facts->build_date + CLOCK_YEARS_15_S};
	if (is_between(saved, view.floor, view.latest))
		view.floor = saved;
	if (is_between(own_not_before, view.floor, view.latest))
		view.floor = own_not_before;
	bool is_plausible = is_between(facts->now, view.floor, view.latest);
	int64_t step = facts->offset - facts->offset_then;
	bool is_kept = facts->was_synchronised && llabs(step) <= CLOCK_STEP_S;
	bool is_ahead = facts->was_synchronised && step > CLOCK_STEP_S;
	switch (setting) {
	case CLOCK_TRUSTED:
		view.is_trusted = view.is_confirmed = true;
		break;
	case CLOCK_UNTRUSTED:
		break;
	case CLOCK_AUTO:
		view.is_confirmed = facts->is_synchronised || is_kept;
		view.is_trusted = view.is_confirmed ||
				  ((facts->has_rtc_set_clock || is_ahead) && is_plausible);
		break;
	}
	view.is_confirmed = view.is_confirmed && facts->now > facts->build_date;
	view.now = view.is_confirmed || facts->now > view.floor ? facts->now : view.floor;
	return view;
}

int64_t clock_within(const struct clock_view *view, int64_t t, int64_t not_before,
		     int64_t not_after)
{
	if (view->is_trusted)
		return t;
	if (t >= not_after && not_after > view->floor)
		t = not_after - 1;
	return t < not_before ? not_before : t;
}

bool clock_hint_allows(const struct clock_view *view, int64_t date, int64_t due_at,
		       int64_t last_date, int64_t last_ago_s)
{
	if (view->is_trusted || !is_between(date, view->floor, view->latest) || date < due_at)
		return false;
	return last_date == 0 ||
	       (llabs(date - last_date) >= CLOCK_HINT_EVERY_S &&
		(last_ago_s < 0 || last_ago_s >= CLOCK_HINT_EVERY_S));
}

enum err clock_set(int64_t unix_s, struct why *why)
{
	char text[32];
	const struct timespec t = {.tv_sec = (time_t)unix_s};
	if (clock_settime(CLOCK_REALTIME, &t) == 0)
		return ERR_OK;
	int reason = errno;
	clock_text(unix_s, text, sizeof text);
	return why_set(why, reason == EPERM ? ERR_DENIED : ERR_IO, "clock.set",
		       "the clock cannot be set to %s: %s", text, strerror(reason));
}

bool clock_is_moment(int64_t unix_s)
{
	return unix_s >= 0 && unix_s <= CLOCK_LAST;
}

int64_t clock_boot_ms(void)
{
	return milliseconds(CLOCK_BOOTTIME);
}

void clock_text(int64_t unix_s, char out[], unsigned cap)
{
	struct tm tm;
	time_t t = (time_t)unix_s;
	if (gmtime_r(&t, &tm) == NULL || strftime(out, cap, "%Y-%m-%dT%H:%M:%SZ", &tm) == 0)
		out[0] = '\0';
}
