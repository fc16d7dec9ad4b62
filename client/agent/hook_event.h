/* SPDX-License-Identifier: MIT */
#ifndef CLIENT_AGENT_HOOK_EVENT_H
#define CLIENT_AGENT_HOOK_EVENT_H
#include "client/agent/event.h"
#ifdef __cplusplus
extern "C" {
#endif

/*
 * An event that hooks have not all been told yet: hooks/PROFILE.EVENT.SERIAL, below STATE for what happens once (installed,
 * renewed, retired), below RUN for what the next boot finds again (failed, expiring). ".SERIAL" is left out where there
 * is none. So no serial is lost, however long a hook fails.
 */

/** Nothing is written for an event that is not for hooks, or where there are none. */
enum err hook_event_write(const struct store *store, const struct event *event, struct why *why) MUST_CHECK;
/** Folder of the events that wait below `base`, store->state or store->run. */
enum err hook_event_folder(const char *base, char out[FILE_PATH_MAX]) MUST_CHECK;
/**
 * Read one of them. name: of the file; it is cut at its first dot, and out->profile borrows it. ERR_INVALID: damaged, or no
 * file of ours.
 */
enum err hook_event_read(const char *folder, char *name, struct event *out) MUST_CHECK;

#ifdef __cplusplus
}
#endif
#endif
