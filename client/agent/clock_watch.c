/* SPDX-License-Identifier: MIT */
#include "client/agent/clock_watch.h"
#include "client/agent/pass.h"
#include "hal/wake.h"

#define SOON_MS 16000    /* not synchronised: a time daemon that set the clock says so some seconds later (ntpd, chronyd) */
#define SELDOM_MS 3600000 /* synchronised: it may be slewed without being set */

enum err clock_watch_run(const struct config *config, struct why *why)
{
	char memory[FILE_PATH_MAX];
	struct store store;
	struct wake *wake = NULL;
	enum err e = store_open(config, &store, why);
	if (e == ERR_OK)
		e = path_join(memory, store.run, CLOCK_MEMORY);
	if (e == ERR_OK)
		e = wake_open(&wake, why);
	for (unsigned woken = 0; e == ERR_OK && (woken & WAKE_STOP) == 0;) {
		struct clock_facts facts = clock_look(config->root, memory);
		clock_remember(memory, &facts);
		woken = wake_wait(wake, clock_boot_ms() + (facts.is_synchronised ? SELDOM_MS : SOON_MS));
	}
	wake_close(&wake);
	return e;
}
