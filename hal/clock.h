/* SPDX-License-Identifier: MIT */
#ifndef HAL_CLOCK_H
#define HAL_CLOCK_H
#include <stdbool.h>
#include <stdint.h>
#ifdef __cplusplus
extern "C" {
#endif

#define CLOCK_YEARS_15_S (15LL * 31556952) /* a device lives at most this long after its build */

enum clock_setting { CLOCK_AUTO, CLOCK_TRUSTED, CLOCK_UNTRUSTED };

/** What the trust rule looks at; filled by clock_look(), pure data for tests. */
struct clock_facts {
	int64_t now;            /* unix s, CLOCK_REALTIME */
	int64_t build_date;     /* unix s, compiled in (SOURCE_DATE_EPOCH obeyed) */
	bool is_synchronised;   /* adjtimex(2): STA_UNSYNC is clear */
	bool has_rtc_set_clock; /* some /sys/class/rtc/rtcN/hctosys reads 1 */
};

struct clock_view {
	bool is_trusted;
	int64_t floor; /* no time below this can be right */
	int64_t now;   /* max(now, floor): what certificates are checked at */
};

/** Read the facts from the kernel. Never fails: what cannot be read is false. `root` as --root, "" for none. */
struct clock_facts clock_look(const char *root);
/**
 * The trust rule, pure. Floor = newest of build date, `saved` and `own_not_before` (the latter only
 * when below build date + 15 years); pass 0 for what is not known. Trusted = setting says so, or
 * (auto) the kernel is synchronised, or an RTC set the clock and floor < now < build date + 15 years.
 */
struct clock_view clock_judge(const struct clock_facts *facts, enum clock_setting setting, int64_t saved,
                              int64_t own_not_before);
/** CLOCK_BOOTTIME in milliseconds: for deadlines and progress lines. */
int64_t clock_boot_ms(void);
/** RFC 3339 UTC text of a unix time, "2026-11-22T15:02:39Z"; out holds at least 21 bytes. */
void clock_text(int64_t unix_s, char out[], unsigned cap);

#ifdef __cplusplus
}
#endif
#endif
