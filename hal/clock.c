/* SPDX-License-Identifier: MIT */
#include "hal/clock.h"
#include <stdio.h>
#include <string.h>
#include <sys/timex.h>
#include <time.h>
#include "hal/buf.h"
#include "hal/file.h"

static bool rtc_has_set(const char *folder, const char *name)
{
	char path[FILE_PATH_MAX];
	char tail[300];
	struct buf text;
	buf_init(&text, 4096); /* sysfs files claim a page */
	snprintf(tail, sizeof tail, "%.250s/hctosys", name);
	bool is_set = path_join(path, folder, tail) == ERR_OK &&
		      file_read(path, &text, NULL) == ERR_OK && text.len > 0 && text.data[0] == '1';
	buf_clear(&text);
	return is_set;
}

struct rtc_search {
	const char *folder;
	bool has_set;
};

static void look_at_rtc(void *ctx, const char *name)
{
	struct rtc_search *s = ctx;
	s->has_set = s->has_set || rtc_has_set(s->folder, name);
}

struct clock_facts clock_look(const char *root)
{
	char folder[FILE_PATH_MAX];
	struct timex state = {.modes = 0};
	struct rtc_search search = {folder, false};
	struct clock_facts facts = {.now = (int64_t)time(NULL), .build_date = SIGNET_BUILD_DATE};
	facts.is_synchronised = adjtimex(&state) >= 0 && (state.status & STA_UNSYNC) == 0;
	if (path_in_root(folder, root, "/sys/class/rtc") == ERR_OK &&
	    file_list(folder, look_at_rtc, &search, NULL) == ERR_OK)
		facts.has_rtc_set_clock = search.has_set;
	return facts;
}

struct clock_view clock_judge(const struct clock_facts *facts, enum clock_setting setting,
			      int64_t saved, int64_t own_not_before)
{
	int64_t latest = facts->build_date + CLOCK_YEARS_15_S;
	struct clock_view view = {.floor = facts->build_date};
	if (saved > view.floor)
		view.floor = saved;
	if (own_not_before > view.floor && own_not_before < latest)
		view.floor = own_not_before;
	bool is_plausible = facts->now > view.floor && facts->now < latest;
	switch (setting) {
	case CLOCK_TRUSTED:
		view.is_trusted = true;
		break;
	case CLOCK_UNTRUSTED:
		break;
	case CLOCK_AUTO:
		view.is_trusted =
		    facts->is_synchronised || (facts->has_rtc_set_clock && is_plausible);
		break;
	}
	view.now = facts->now > view.floor ? facts->now : view.floor;
	return view;
}

int64_t clock_boot_ms(void)
{
	struct timespec t = {0, 0};
	clock_gettime(CLOCK_BOOTTIME, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

void clock_text(int64_t unix_s, char out[], unsigned cap)
{
	struct tm tm;
	time_t t = (time_t)unix_s;
	if (gmtime_r(&t, &tm) == NULL || strftime(out, cap, "%Y-%m-%dT%H:%M:%SZ", &tm) == 0)
		out[0] = '\0';
}
