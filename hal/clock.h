/* SPDX-License-Identifier: MIT */
#ifndef HAL_CLOCK_H
#define HAL_CLOCK_H
#include <stdbool.h>
#include <stdint.h>
#include "hal/why.h"
#ifdef __cplusplus
extern "C" {
#endif

#define CLOCK_YEARS_15_S (15LL * 31556952) /* a device lives at most this long after its build */
#define CLOCK_STEP_S 60                    /* wall against boot time: less is a leap second or a slow correction, no step */
#define CLOCK_LAST 253402300799            /* unix s: 9999-12-31T23:59:59Z, the last that HTTP and X.509 can write */
#define CLOCK_HINT_EVERY_S (24 * 3600)     /* a server's Date starts a renewal once a day at most */

enum clock_setting { CLOCK_AUTO, CLOCK_TRUSTED, CLOCK_UNTRUSTED };

/** What the trust rule looks at; filled by clock_look(), pure data for tests. */
struct clock_facts {
	int64_t now;            /* unix s, CLOCK_REALTIME */
	int64_t build_date;     /* unix s, compiled in (SOURCE_DATE_EPOCH obeyed) */
	bool is_synchronised;   /* adjtimex(2): STA_UNSYNC is clear */
	bool has_rtc_set_clock; /* some /sys/class/rtc/rtcN/hctosys reads 1, and its since_epoch still agrees with now */
	int64_t offset;         /* s, wall minus boot time: changes only when the wall clock is stepped */
	bool was_synchronised;  /* remembered: the kernel was synchronised earlier in this boot */
	int64_t offset_then;    /* s, the offset at that time */
};

struct clock_view {
	bool is_trusted;
	bool is_confirmed; /* by more than an RTC: such a time may be saved, and proves a saved one wrong */
	int64_t floor;     /* no time below this can be right */
	int64_t latest;    /* build date + 15 years: no time from here on is believed unless the clock is confirmed */
	int64_t now;       /* what certificates are checked at; see clock_judge() */
};

/**
 * Read the facts from the kernel, and from `memory` what clock_remember() wrote in this boot; NULL or not readable: nothing
 * is remembered. Never fails: what cannot be read is false. `root` as --root, "" for none.
 */
struct clock_facts clock_look(const char *root, const char *memory);
/**
 * Remember that the kernel is synchronised in the file `memory` (RUN/clock: of this boot; it names the boot, so a folder that
 * outlives one does no harm). Writes only when there is something new to say; where it may not, the next look
 * judges without.
 */
void clock_remember(const char *memory, const struct clock_facts *facts);
/**
 * The trust rule, pure. `saved`: a time that was confirmed once, `own_not_before`: of our newest certificate; 0 for what is
 * not known.
 *
 * Floor: newest of build date, saved and own_not_before; the last two only below build date + 15 years.
 * Trusted, by the setting or (auto)
 *   - the kernel is synchronised, or was in this boot and the wall clock was not stepped back since. One that was stepped
 *     forward since is believed as far as an RTC is;
 *   - an RTC set the clock and floor < now < build date + 15 years.
 * Confirmed: trusted, above the build date, and not by an RTC alone.
 * now: the wall clock, not below the floor. A confirmed clock is right also when the floor says otherwise (a saved time, or a
 * CA, was wrong): then only the build date holds. So an RTC that runs years ahead is believed until time is
 * synchronised, never saved, and leaves nothing behind that a right clock could not correct.
 */
struct clock_view clock_judge(const struct clock_facts *facts, enum clock_setting setting, int64_t saved,
                              int64_t own_not_before);
/** Move `t` into not_before..not_after as far as an untrusted clock may: up without limit, since "not yet valid" proves
 *  nothing, and down to the floor, since "expired" does not either. A trusted clock's t stays. Pure. */
int64_t clock_within(const struct clock_view *view, int64_t t, int64_t not_before, int64_t not_after);
/**
 * May a server's Date start what is due at `due_at`? Pure. Only while the clock is not trusted, only a date between floor and
 * build date + 15 years, and once a day: by that date, and by boot time, since a server that lies about the one does not rule
 * the other. An attempt is all it starts: nothing is judged by it.
 * date       of the reply, unix s; 0: none
 * last_date  the date that started the last one, 0: none did
 * last_ago_s seconds of boot time since then; -1: that was in another boot
 */
bool clock_hint_allows(const struct clock_view *view, int64_t date, int64_t due_at, int64_t last_date, int64_t last_ago_s);
/** Set the system's clock. ERR_DENIED "clock.set": no right to. */
enum err clock_set(int64_t unix_s, struct why *why) MUST_CHECK;
/** Is it a moment of the years 1970 to 9999? What a damaged file holds may be none, and arithmetic with it overflows. */
bool clock_is_moment(int64_t unix_s);
/** CLOCK_BOOTTIME in milliseconds: for deadlines and progress lines. */
int64_t clock_boot_ms(void);
/** RFC 3339 UTC text of a unix time, "2026-11-22T15:02:39Z"; out holds at least 21 bytes. */
void clock_text(int64_t unix_s, char out[], unsigned cap);

#ifdef __cplusplus
}
#endif
#endif
