/* SPDX-License-Identifier: MIT */
#include "tests/bench/fleet_sim.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "client/agent/schedule.h"

/* The defaults of the configuration, and what a CA issues. */
#define LIFE_S (365 * 86400LL)
#define THRESHOLD_PERCENT 20
#define SPREAD_PERCENT 25
#define RETRY_DELAY_S 60
#define RETRY_DELAY_MAX_S 3600

struct device {
	uint32_t identity;
	unsigned failures; /* in a row */
	size_t urls[SIM_SERVERS];
};

struct event {
	int64_t at;
	uint32_t device;
};

struct server {
	int64_t second; /* of the last request */
	unsigned answered;
};

struct sim {
	const struct scenario *scenario;
	unsigned rate;
	uint64_t random;
	struct device *devices;
	struct event *queue; /* binary heap, one event a device */
	size_t queue_len;
	struct server servers[SIM_SERVERS];
	struct traffic traffic;
};

/* SplitMix64 (Steele, Lea, Flood 2014): the same everywhere, from any seed. */
static uint32_t draw(uint64_t *state)
{
	uint64_t z = *state += 0x9e3779b97f4a7c15u;
	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	return (uint32_t)((z ^ (z >> 31)) >> 32);
}

/* A moment before `end`, each as likely as another. */
static int64_t draw_below(uint64_t *state, int64_t end)
{
	return (int64_t)((double)end * draw(state) / 4294967296.0);
}

static bool is_before(const struct event *a, const struct event *b)
{
	return a->at < b->at || (a->at == b->at && a->device < b->device);
}

static void queue_put(struct sim *sim, struct event event)
{
	size_t i = sim->queue_len++;
	for (; i > 0 && is_before(&event, &sim->queue[(i - 1) / 2]); i = (i - 1) / 2)
		sim->queue[i] = sim->queue[(i - 1) / 2];
	sim->queue[i] = event;
}

static struct event queue_take(struct sim *sim)
{
	struct event first = sim->queue[0], last = sim->queue[--sim->queue_len];
	size_t i = 0;
	for (size_t child = 1; child < sim->queue_len; child = 2 * i + 1) {
		if (child + 1 < sim->queue_len && is_before(&sim->queue[child + 1], &sim->queue[child]))
			child++;
		if (!is_before(&sim->queue[child], &last))
			break;
		sim->queue[i] = sim->queue[child];
		i = child;
	}
	sim->queue[i] = last;
	return first;
}

static int64_t renewal_ms(const struct device *d, int64_t issued_ms)
{
	int64_t s = issued_ms / SECOND_MS;
	return schedule_renew_at(s, s + LIFE_S, THRESHOLD_PERCENT, SPREAD_PERCENT, d->identity) * SECOND_MS;
}

static int64_t first_event(struct sim *sim, const struct device *d)
{
	switch (sim->scenario->fleet) {
	case FLEET_STEADY:
		return draw_below(&sim->random, renewal_ms(d, 0));
	case FLEET_ISSUED:
		return renewal_ms(d, draw_below(&sim->random, DAY_MS));
	case FLEET_FIRST_BOOT:
		break;
	}
	return draw_below(&sim->random, 60 * SECOND_MS);
}

static bool record(struct traffic *t, struct request request)
{
	if (t->count == t->cap) {
		size_t cap = t->cap != 0 ? 2 * t->cap : 1 << 16;
		struct request *more = realloc(t->requests, cap * sizeof *more);
		if (more == NULL)
			return false;
		t->requests = more;
		t->cap = cap;
	}
	t->requests[t->count++] = request;
	return true;
}

static bool does_answer(struct sim *sim, struct server *server, int64_t at)
{
	if (at >= sim->scenario->down_from && at < sim->scenario->down_until)
		return false;
	if (server->second != at / SECOND_MS)
		*server = (struct server){ .second = at / SECOND_MS };
	if (server->answered >= sim->rate)
		return false;
	server->answered++;
	return true;
}

/* One dialogue: the urls in the device's order until one answers, then the next appointment. False without memory. */
static bool run_device(struct sim *sim, struct event event)
{
	struct device *d = &sim->devices[event.device];
	bool is_answered = false;
	for (size_t i = 0; i < SIM_SERVERS && !is_answered; i++) {
		is_answered = does_answer(sim, &sim->servers[d->urls[i]], event.at);
		struct request request = { .at = event.at,
			                   .server = (uint8_t)d->urls[i],
			                   .is_answered = is_answered,
			                   .is_retry = d->failures > 0 };
		if (!record(&sim->traffic, request))
			return false;
	}
	if (is_answered) {
		d->failures = 0;
		event.at = renewal_ms(d, event.at);
	} else {
		bool is_down = event.at >= sim->scenario->down_from && event.at < sim->scenario->down_until;
		event.at += schedule_retry_ms(++d->failures, RETRY_DELAY_S, RETRY_DELAY_MAX_S,
		                              is_down ? 0 : sim->scenario->retry_after_s, draw(&sim->random));
	}
	queue_put(sim, event);
	return true;
}

bool fleet_simulate(const struct scenario *scenario, size_t devices, unsigned rate, uint64_t seed, struct traffic *out)
{
	struct sim sim = { .scenario = scenario, .rate = rate, .random = seed };
	sim.devices = calloc(devices, sizeof *sim.devices);
	sim.queue = calloc(devices, sizeof *sim.queue);
	bool is_ok = sim.devices != NULL && sim.queue != NULL;
	for (size_t i = 0; i < devices && is_ok; i++) {
		char name[64];
		struct device *d = &sim.devices[i];
		snprintf(name, sizeof name, "CN=%llu-%zu,O=Fleet", (unsigned long long)seed, i);
		d->identity = schedule_identity((struct bytes){ (const uint8_t *)name, strlen(name) });
		schedule_url_order(d->identity, SIM_SERVERS, d->urls);
		queue_put(&sim, (struct event){ .at = first_event(&sim, d), .device = (uint32_t)i });
	}
	while (is_ok && sim.queue_len > 0 && sim.queue[0].at < SIM_MS)
		is_ok = run_device(&sim, queue_take(&sim));
	free(sim.devices);
	free(sim.queue);
	*out = sim.traffic; /* handed to the caller */
	if (!is_ok)
		traffic_clear(out);
	return is_ok;
}

void traffic_clear(struct traffic *traffic)
{
	free(traffic->requests);
	*traffic = (struct traffic){ .requests = NULL };
}
