/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <time.h>
#include "client/doctor/checks.h"
#include "hal/clock.h"

#define APART_MAX_S                                                                                \
	300 /* seconds between device and server: what issued.c allows a CA's clock, and Kerberos  \
	       a client's */

void check_config(struct examination *x)
{
	const struct config *c = x->pass.written;
	size_t profiles = c->trust_count + c->scep_count + c->wifi_count + c->vpn_count;
	if (profiles == 0)
		find_trouble(x, "",
			     "write [trust NAME] and [scep NAME] sections; 'signet config show' "
			     "shows what was read",
			     "the configuration has no profile");
	else
		find_ok(x, "", "%zu trust, %zu scep, %zu Wi-Fi and wired, %zu VPN profiles",
			c->trust_count, c->scep_count, c->wifi_count, c->vpn_count);
	tell_retired(x, NULL);
}

void check_clock(struct examination *x)
{
	char now[32];
	char floor[32];
	const struct clock_view *clock = &x->pass.clock;
	clock_text((int64_t)time(NULL), now, sizeof now);
	clock_text(clock->floor, floor, sizeof floor);
	if (clock->is_trusted)
		find_ok(x, "", "%s, trusted%s", now,
			clock->is_confirmed ? "" : " (by the RTC alone)");
	else if ((int64_t)time(NULL) < clock->floor)
		find_trouble(x, "",
			     "let the device get the time (NTP), or fit a battery for its RTC",
			     "the clock shows %s, which cannot be: it is %s at least. Nothing is "
			     "found expired, and a renewal starts only "
			     "by a server's word",
			     now, floor);
	else
		find_trouble(x, "",
			     "let the device get the time (NTP); if something else keeps it right, "
			     "set [agent] clock = trusted",
			     "the clock shows %s and nobody vouches for it: nothing is found "
			     "expired, and a renewal starts only by a "
			     "server's word",
			     now);
}

void check_clock_server(struct examination *x)
{
	int64_t now = (int64_t)time(NULL);
	size_t seen = 0;
	size_t apart = 0;
	ask_servers(x, NULL);
	for (size_t i = 0; i < x->server_count; i++) {
		const struct server_answer *a = &x->servers[i];
		char date[32];
		if (a->survey.date == 0)
			continue;
		seen++;
		clock_text(a->survey.date, date, sizeof date);
		if (llabs((long long)(a->survey.date - now)) <= APART_MAX_S)
			continue;
		apart++;
		find_trouble(x, a->profile->name, "set this device's clock, or that of the server",
			     "%s says %s: %lld s from this device's time", a->url, date,
			     (long long)(a->survey.date - now));
	}
	if (seen == 0 && x->server_count > 0)
		find_unseen(x, "", "no server told its time");
	else if (seen > 0 && apart == 0)
		find_ok(x, "", "no server is more than %d s away", APART_MAX_S);
}
