/* SPDX-License-Identifier: MIT */
/*
 * A fleet over two years, by the functions that the devices run (client/agent/schedule.h): what it asks of its servers.
 * fleet [--devices N] [--rate N] [--seed N] [--svg FILE]; prints a table, exits 1 when a figure is missed.
 */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "tests/bench/fleet_plot.h"
#include "tests/bench/fleet_sim.h"

/* What must be reached. Days and hours vary by chance as well (330 a day, 14 an hour): 4 of 200 seeds miss one of the first
 * two, and fewer devices miss them often. */
#define DAY_RATIO_MAX 1.25    /* steady state: busiest day to mean day */
#define HOUR_RATIO_MAX 2.5    /* steady state: busiest hour to mean hour */
#define CATCH_UP_RATIO_MAX 3.0 /* after an outage: busiest hour (and five minutes) to the mean of the catch-up */
#define FIRST_BOOT_MAX 3.0    /* mass first boot: the time it takes, to the shortest that the servers allow; the last wait an hour */
#define WAVE_RATIO_MAX 1.25   /* issued on one day: busiest day to an even spread */
#define SERVER_SHARE_MAX 0.55 /* on any day of that: one of two servers */

#define MINUTE_MS (60 * SECOND_MS)
#define WAVE_MS (DAY_MS * 365 * 20 * 25 / 10000) /* over which one day's certificates are renewed: 18.25 days */
#define WAVE_FROM (DAY_MS * 292)                 /* 80 % of the first year */

enum { STEADY, FIRST_BOOT, OUTAGE, ONE_DAY, FIRST_BOOT_AFTER, OUTAGE_IN_WAVE, SCENARIOS };

static const struct scenario scenarios[SCENARIOS] = {
	[STEADY] = { .name = "steady state", .fleet = FLEET_STEADY },
	[FIRST_BOOT] = { .name = "mass first boot", .fleet = FLEET_FIRST_BOOT },
	[OUTAGE] = { .name = "down for a day",
	             .fleet = FLEET_STEADY,
	             .down_from = 365 * DAY_MS,
	             .down_until = 366 * DAY_MS },
	[ONE_DAY] = { .name = "issued on one day", .fleet = FLEET_ISSUED },
	[FIRST_BOOT_AFTER] = { .name = "mass first boot, Retry-After: 600", .fleet = FLEET_FIRST_BOOT, .retry_after_s = 600 },
	[OUTAGE_IN_WAVE] = { .name = "issued on one day, down while renewed",
	                     .fleet = FLEET_ISSUED,
	                     .down_from = 300 * DAY_MS,
	                     .down_until = 301 * DAY_MS },
};

struct options {
	size_t devices;
	unsigned rate; /* dialogues a second and server */
	uint64_t seed;
	const char *svg;
};

/* Requests of the busiest `step` in [from, until), and of a mean one. */
struct load {
	double mean, busiest, ratio;
	size_t requests;
};

static struct load load_of(const struct traffic *t, int64_t from, int64_t until, int64_t step)
{
	struct load load = { .busiest = 0 };
	size_t in_step = 0;
	int64_t current = -1;
	for (size_t i = 0; i < t->count; i++) {
		if (t->requests[i].at < from || t->requests[i].at >= until)
			continue;
		int64_t here = (t->requests[i].at - from) / step;
		in_step = here == current ? in_step + 1 : 1;
		current = here;
		if (load.busiest < (double)in_step)
			load.busiest = (double)in_step;
		load.requests++;
	}
	load.mean = until > from ? (double)load.requests * (double)step / (double)(until - from) : 0;
	load.ratio = load.mean > 0 ? load.busiest / load.mean : 0;
	return load;
}

/* The catch-up: from the servers' return until the last device that had failed before has its certificate. */
static int64_t catch_up_end(const struct traffic *t, int64_t from)
{
	int64_t end = from;
	for (size_t i = 0; i < t->count; i++)
		if (t->requests[i].at >= from && t->requests[i].is_retry && t->requests[i].is_answered)
			end = t->requests[i].at + 1;
	return end;
}

/* The larger share that one server had on the most uneven day of the wave. */
static double uneven_share(const struct traffic *t)
{
	double worst = 0;
	for (int64_t from = WAVE_FROM + DAY_MS; from + DAY_MS <= WAVE_FROM + WAVE_MS; from += DAY_MS) {
		size_t count[SIM_SERVERS] = { 0 };
		for (size_t i = 0; i < t->count; i++)
			if (t->requests[i].at >= from && t->requests[i].at < from + DAY_MS)
				count[t->requests[i].server]++;
		for (size_t s = 0; s < SIM_SERVERS; s++) {
			double share = (double)count[s] / (double)(count[0] + count[1] + (count[0] + count[1] == 0));
			worst = share > worst ? share : worst;
		}
	}
	return worst;
}

static bool check(const char *what, double value, double limit)
{
	bool is_met = value > 0 && value <= limit; /* 0: nothing happened, so nothing was shown */
	printf("  %-72s %7.2f  at most %5.2f  %s\n", what, value, limit, is_met ? "ok" : "MISSED");
	return is_met;
}

static void print_loads(const struct traffic traffic[])
{
	printf("%-38s %9s %9s | %8s %8s %6s | %8s %8s %6s\n", "over two years", "requests", "answered", "mean day",
	       "busiest", "ratio", "mean hr", "busiest", "ratio");
	for (size_t i = 0; i < SCENARIOS; i++) {
		struct load day = load_of(&traffic[i], 0, SIM_MS, DAY_MS), hour = load_of(&traffic[i], 0, SIM_MS, HOUR_MS);
		size_t answered = 0;
		for (size_t r = 0; r < traffic[i].count; r++)
			answered += traffic[i].requests[r].is_answered;
		printf("%-38s %9zu %9zu | %8.1f %8.0f %6.2f | %8.1f %8.0f %6.2f\n", scenarios[i].name, day.requests, answered,
		       day.mean, day.busiest, day.ratio, hour.mean, hour.busiest, hour.ratio);
	}
}

static void print_catch_ups(const struct traffic traffic[])
{
	printf("\n%-38s %9s %9s | %8s %8s %6s | %8s %8s %6s\n", "catch-up: until all that failed are served", "minutes",
	       "requests", "mean hr", "busiest", "ratio", "mean 5'", "busiest", "ratio");
	for (size_t i = 0; i < SCENARIOS; i++) {
		int64_t from = scenarios[i].down_until, end = catch_up_end(&traffic[i], from);
		if (end == from)
			continue;
		struct load hour = load_of(&traffic[i], from, end, HOUR_MS), five = load_of(&traffic[i], from, end, 5 * MINUTE_MS);
		printf("%-38s %13.1f %9zu | %8.1f %8.0f %6.2f | %8.1f %8.0f %6.2f\n", scenarios[i].name,
		       (double)(end - from) / (double)MINUTE_MS, hour.requests, hour.mean, hour.busiest, hour.ratio, five.mean,
		       five.busiest, five.ratio);
	}
}

static bool print_checks(const struct options *o, const struct traffic traffic[])
{
	bool is_met = true;
	printf("\nmust be reached\n");
	is_met &= check("steady state: busiest day to mean day", load_of(&traffic[STEADY], 0, SIM_MS, DAY_MS).ratio,
	                DAY_RATIO_MAX);
	is_met &= check("steady state: busiest hour to mean hour", load_of(&traffic[STEADY], 0, SIM_MS, HOUR_MS).ratio,
	                HOUR_RATIO_MAX);
	for (size_t i = 0; i < SCENARIOS; i++) {
		int64_t from = scenarios[i].down_until, end = catch_up_end(&traffic[i], from);
		if (from == 0)
			continue;
		is_met &= check(i == OUTAGE ? "after the outage: busiest hour to the mean of the catch-up"
		                            : "the same in the wave of one day's certificates",
		                load_of(&traffic[i], from, end, HOUR_MS).ratio, CATCH_UP_RATIO_MAX);
		is_met &= check("  and its busiest five minutes", load_of(&traffic[i], from, end, 5 * MINUTE_MS).ratio,
		                CATCH_UP_RATIO_MAX);
	}
	double shortest = (double)o->devices / o->rate / SIM_SERVERS * SECOND_MS;
	is_met &= check("mass first boot: time until all are served to the shortest possible",
	                (double)catch_up_end(&traffic[FIRST_BOOT], 0) / shortest, FIRST_BOOT_MAX);
	is_met &= check("issued on one day: busiest day to an even spread",
	                load_of(&traffic[ONE_DAY], 0, SIM_MS, DAY_MS).busiest * (double)WAVE_MS /
	                    ((double)o->devices * DAY_MS),
	                WAVE_RATIO_MAX);
	is_met &= check("issued on one day: share of one of two servers, most uneven day", uneven_share(&traffic[ONE_DAY]),
	                SERVER_SHARE_MAX);
	return is_met;
}

static struct plot_panel panel_steady(const struct traffic *t, char label[2][64])
{
	struct load day = load_of(t, 0, SIM_MS, DAY_MS);
	snprintf(label[0], 64, "mean %.0f", day.mean);
	snprintf(label[1], 64, "%.2f times the mean", DAY_RATIO_MAX);
	return (struct plot_panel){ .title = "Steady state",
		                    .x_label = "days",
		                    .y_label = "requests a day",
		                    .until = SIM_MS,
		                    .step = DAY_MS,
		                    .x_unit = DAY_MS,
		                    .lines = { { day.mean, label[0] }, { DAY_RATIO_MAX * day.mean, label[1] } } };
}

static struct plot_panel panel_first_boot(const struct traffic *t, const struct options *o, char label[2][64])
{
	double possible = (double)o->rate * SIM_SERVERS * 60;
	int64_t end = catch_up_end(t, 0);
	snprintf(label[0], 64, "all that the servers can answer: %.0f", possible);
	return (struct plot_panel){ .title = "Mass first boot: all powered on within a minute",
		                    .x_label = "minutes since power came",
		                    .y_label = "requests a minute",
		                    .until = end + end / 10 + MINUTE_MS,
		                    .step = MINUTE_MS,
		                    .x_unit = MINUTE_MS,
		                    .y_max = 8 * possible,
		                    .lines = { { possible, label[0] } } };
}

static struct plot_panel panel_outage(const struct traffic *t, const struct scenario *s, char label[2][64])
{
	struct load load = load_of(t, s->down_until, catch_up_end(t, s->down_until), 5 * MINUTE_MS);
	snprintf(label[0], 64, "mean of the catch-up %.0f", load.mean);
	snprintf(label[1], 64, "%.0f times that", CATCH_UP_RATIO_MAX);
	return (struct plot_panel){ .title = "Both servers down for a day",
		                    .x_label = "hours since the servers' return",
		                    .y_label = "requests in five minutes",
		                    .from = s->down_from - 6 * HOUR_MS,
		                    .until = s->down_until + 6 * HOUR_MS,
		                    .step = 5 * MINUTE_MS,
		                    .x_unit = HOUR_MS,
		                    .x_zero = (double)s->down_until / (double)HOUR_MS,
		                    .lines = { { load.mean, label[0] }, { CATCH_UP_RATIO_MAX * load.mean, label[1] } } };
}

static struct plot_panel panel_one_day(const struct options *o, char label[2][64])
{
	double even = (double)o->devices * DAY_MS / (double)WAVE_MS;
	snprintf(label[0], 64, "even spread over 18.25 days: %.0f", even);
	return (struct plot_panel){ .title = "All certificates issued on one day",
		                    .x_label = "days",
		                    .y_label = "requests a day",
		                    .until = SIM_MS,
		                    .step = DAY_MS,
		                    .x_unit = DAY_MS,
		                    .lines = { { even, label[0] } } };
}

static bool draw(const struct options *o, const struct traffic traffic[])
{
	char title[160], label[4][2][64];
	struct plot_panel panels[] = { panel_steady(&traffic[STEADY], label[0]),
		                       panel_first_boot(&traffic[FIRST_BOOT], o, label[1]),
		                       panel_outage(&traffic[OUTAGE], &scenarios[OUTAGE], label[2]),
		                       panel_one_day(o, label[3]) };
	snprintf(title, sizeof title, "Requests of %zu devices to %d servers of %u dialogues a second; seed %llu", o->devices,
	         SIM_SERVERS, o->rate, (unsigned long long)o->seed);
	FILE *out = fopen(o->svg, "w");
	if (out == NULL) {
		perror(o->svg);
		return false;
	}
	plot_write(out, title, panels, traffic, sizeof panels / sizeof panels[0]);
	bool is_written = ferror(out) == 0;
	return fclose(out) == 0 && is_written;
}

static bool read_options(int argc, char **argv, struct options *o)
{
	static const struct option known[] = { { "devices", required_argument, NULL, 'd' },
		                               { "rate", required_argument, NULL, 'r' },
		                               { "seed", required_argument, NULL, 's' },
		                               { "svg", required_argument, NULL, 'o' },
		                               { NULL, 0, NULL, 0 } };
	for (int c; (c = getopt_long(argc, argv, "", known, NULL)) != -1;) {
		if (c == 'd')
			o->devices = strtoul(optarg, NULL, 10);
		else if (c == 'r')
			o->rate = (unsigned)strtoul(optarg, NULL, 10);
		else if (c == 's')
			o->seed = strtoull(optarg, NULL, 10);
		else if (c == 'o')
			o->svg = optarg;
		else
			return false;
	}
	return optind == argc && o->devices > 0 && o->devices <= UINT32_MAX && o->rate > 0;
}

int main(int argc, char **argv)
{
	/* 10 dialogues a second: what a server with a CA of one signature in 100 ms does */
	struct options o = { .devices = 100000, .rate = 10, .seed = 1, .svg = "fleet.svg" };
	struct traffic traffic[SCENARIOS] = { { .count = 0 } };
	if (!read_options(argc, argv, &o)) {
		fprintf(stderr, "usage: fleet [--devices N] [--rate N] [--seed N] [--svg FILE]\n");
		return 2;
	}
	bool is_ok = true;
	for (size_t i = 0; i < SCENARIOS && is_ok; i++)
		is_ok = fleet_simulate(&scenarios[i], o.devices, o.rate, o.seed + i, &traffic[i]);
	if (is_ok) {
		printf("%zu devices, certificates of a year, %d servers of %u dialogues a second, seed %llu\n\n", o.devices,
		       SIM_SERVERS, o.rate, (unsigned long long)o.seed);
		print_loads(traffic);
		print_catch_ups(traffic);
		is_ok = print_checks(&o, traffic);
		is_ok = draw(&o, traffic) && is_ok;
	}
	for (size_t i = 0; i < SCENARIOS; i++)
		traffic_clear(&traffic[i]);
	return is_ok ? 0 : 1;
}
