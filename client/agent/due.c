/* SPDX-License-Identifier: MIT */
#include "client/agent/due.h"
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "client/agent/consumer.h"
#include "client/agent/last.h"
#include "client/agent/revocation.h"

#define LEAST_MS 1000
#define CLOCK_MS 60000 /* a kernel that becomes synchronised without a step wakes nobody */
#define OPEN_MS 60000 /* a daemon that is there and has not proven its certificate: one look a minute */

struct due {
	const struct pass *pass;
	int64_t now_ms, now; /* boot time, and unix s by the system's clock */
	int64_t at_ms;
};

static void at_ms(struct due *d, int64_t ms)
{
	if (ms > d->now_ms && ms < d->at_ms)
		d->at_ms = ms;
}

/* The end of a pause. One that came while the pass was at work on others was seen by nobody. */
static void at_retry(struct due *d, const struct last *last)
{
	if (last->retry_ms != 0)
		at_ms(d, last->retry_ms > d->now_ms ? last->retry_ms : d->now_ms + OPEN_MS);
}

/* A moment of the wall clock; what is past already was seen by the pass before. */
static void at_time(struct due *d, int64_t unix_s)
{
	if (unix_s > d->now && unix_s - d->now < DUE_MAX_MS / 1000)
		at_ms(d, d->now_ms + (unix_s - d->now) * 1000 + LEAST_MS);
}

static void due_scep(struct due *d, const struct scep_profile *p)
{
	struct scep_view v;
	struct last last = { .exit = SIGNET_DONE };
	bool has_last = last_read(&d->pass->store, p->name, &last) == ERR_OK && last.exit != SIGNET_DONE;
	if (has_last)
		at_retry(d, &last);
	if (scep_look(d->pass, p, &v, NULL) != ERR_OK)
		return;
	at_time(d, v.retry_at);
	at_ms(d, revocation_next_ms(d->pass, p));
	if (d->pass->clock.is_trusted && v.has_certificate) {
		at_time(d, v.renew_at);
		at_time(d, v.not_after);
	}
	if (v.next != SCEP_NEXT_NOTHING && !has_last)
		at_ms(d, d->now_ms + OPEN_MS); /* cut short, or something came up since */
}

static void due_consumer(struct due *d, const struct consumer *c)
{
	struct generations g = { .current = 1 };
	struct record r;
	struct last last;
	if (last_read(&d->pass->store, c->name, &last) == ERR_OK && last.exit != SIGNET_DONE) {
		at_retry(d, &last);
		return;
	}
	if (c->certificate[0] == '\0' || generations_look(&d->pass->store, c->certificate, &g, NULL) != ERR_OK || g.current == 0)
		return;
	record_read(&d->pass->store, c->ops->folder, c->name, &r);
	if (r.proven != g.current && c->ops->is_present(d->pass, c))
		at_ms(d, d->now_ms + OPEN_MS);
}

int64_t due_ms(const struct pass *pass)
{
	struct due d = { .pass = pass, .now_ms = clock_boot_ms(), .now = (int64_t)time(NULL) };
	struct consumer *consumers = calloc(CONFIG_PROFILES_MAX, sizeof *consumers);
	size_t count = consumers != NULL ? consumers_list(pass->config, consumers) : 0;
	d.at_ms = d.now_ms + (pass->clock.is_trusted ? DUE_MAX_MS : CLOCK_MS);
	for (size_t i = 0; i < pass->config->trust_count; i++) {
		struct last last;
		if (last_read(&pass->store, pass->config->trusts[i].name, &last) == ERR_OK && last.exit != SIGNET_DONE)
			at_retry(&d, &last);
	}
	for (size_t i = 0; i < pass->config->scep_count; i++)
		due_scep(&d, &pass->config->sceps[i]);
	for (size_t i = 0; i < count; i++)
		due_consumer(&d, &consumers[i]);
	free(consumers);
	return d.at_ms < d.now_ms + LEAST_MS ? d.now_ms + LEAST_MS : d.at_ms;
}
