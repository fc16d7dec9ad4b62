/* SPDX-License-Identifier: MIT */
#ifndef TESTS_BENCH_FLEET_SIM_H
#define TESTS_BENCH_FLEET_SIM_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#ifdef __cplusplus
extern "C" {
#endif

#define SECOND_MS 1000LL
#define HOUR_MS (3600 * SECOND_MS)
#define DAY_MS (24 * HOUR_MS)
#define SIM_MS (730 * DAY_MS) /* two years */
#define SIM_SERVERS 2

/* A fleet, its servers and what happens to them. Times in ms from the beginning of the simulation. */
struct scenario {
	const char *name;
	enum {
		FLEET_STEADY,     /* enrolled years ago: at any point of its renewal period */
		FLEET_ISSUED,     /* every certificate issued during the first day */
		FLEET_FIRST_BOOT  /* no certificate yet; powered on during the first minute */
	} fleet;
	int64_t down_from, down_until; /* both servers; equal: never */
	int64_t retry_after_s;         /* what a busy server says; 0: nothing */
};

/* One request at one server. */
struct request {
	int64_t at;
	uint8_t server;
	bool is_answered; /* with a certificate; else 503, or nobody there */
	bool is_retry;    /* the device failed before */
};

struct traffic {
	struct request *requests; /* owned; in the order of time */
	size_t count, cap;
};

/**
 * Run `devices` devices through the scenario for two years: renewals, retries and the order of urls exactly by
 * client/agent/schedule.h, with the defaults of the configuration. Each server answers `rate` dialogues a second and says
 * 503 to what is above. The same seed gives the same traffic. False without memory; *out is released by traffic_clear().
 */
bool fleet_simulate(const struct scenario *scenario, size_t devices, unsigned rate, uint64_t seed, struct traffic *out);
void traffic_clear(struct traffic *traffic);

#ifdef __cplusplus
}
#endif
#endif
