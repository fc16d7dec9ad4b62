/* SPDX-License-Identifier: MIT */
#ifndef CLIENT_AGENT_NOTE_H
#define CLIENT_AGENT_NOTE_H
#include "client/agent/store.h"
#ifdef __cplusplus
extern "C" {
#endif

#define NOTE_MAX 4096 /* bytes: two sentences of why.h and some numbers */

/* A note is a short text that is good to have until the next boot: RUN/FOLDER/NAME. Losing one costs a question asked twice. */

/** The text, borrowed from `out`, which is the caller's: a new buf of NOTE_MAX. NULL: none there, or not readable. */
const char *note_read(const struct store *store, const char *folder, const char *name, struct buf *out);
/** Best effort: a failure is logged at debug. */
void note_write(const struct store *store, const char *folder, const char *name, const char *format, ...)
	__attribute__((format(printf, 4, 5)));
/** Take it away; best effort as well. */
void note_forget(const struct store *store, const char *folder, const char *name);

#ifdef __cplusplus
}
#endif
#endif
