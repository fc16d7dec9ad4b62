/* SPDX-License-Identifier: MIT */
#include "wifi/wifi_attempt.h"
#include <string.h>

static enum wifi_do end(struct wifi_attempt *a, enum wifi_end ending)
{
	a->ending = ending;
	return WIFI_DO_END;
}

static enum wifi_do look(struct wifi_attempt *a, int64_t now)
{
	a->looked = now;
	return WIFI_DO_LOOK;
}

static void reach(struct wifi_attempt *a, enum wifi_stage stage, int64_t now)
{
	a->stage = stage;
	a->progress = now;
}

void wifi_attempt_begin(struct wifi_attempt *a, int id, bool is_open, bool is_switch,
			int64_t now_ms, int64_t end_ms)
{
	*a = (struct wifi_attempt){.id = id,
				   .is_open = is_open,
				   .may_reconfigure = is_switch,
				   .begun = now_ms,
				   .progress = now_ms,
				   .looked = now_ms,
				   .end = end_ms,
				   .other_id = -1};
}

void wifi_attempt_again(struct wifi_attempt *a, int id, int64_t now_ms)
{
	wifi_attempt_begin(a, id, a->is_open, false, now_ms, a->end);
}

/* Once more from the association on: what EAP said so far is void. */
static enum wifi_do reassociate(struct wifi_attempt *a, int64_t now)
{
	a->is_running = a->is_success = a->is_other = false;
	a->progress = now;
	return WIFI_DO_REASSOCIATE;
}

static enum wifi_do connected(struct wifi_attempt *a, const struct wifi_event *event, int64_t now)
{
	if (event->id >= 0 && event->id != a->id) {
		a->other_id = event->id;
		return end(a, WIFI_END_OTHER);
	}
	if (a->is_open || a->is_success) {
		a->is_success = true;
		return look(a, now);
	}
	/* Connected without EAP: a cached PMK of an earlier authentication, which proves nothing.
	 */
	return a->is_running ? WIFI_DO_WAIT : reassociate(a, now);
}

static enum wifi_do disabled(struct wifi_attempt *a, const struct wifi_event *event)
{
	if (event->id != a->id || a->stage < WIFI_STAGE_ASSOCIATING)
		return WIFI_DO_WAIT; /* of an association before ours */
	if (strcmp(event->word, "WRONG_KEY") == 0 ||
	    (a->is_open && strcmp(event->word, "CONN_FAILED") != 0))
		return end(a, WIFI_END_PASS_PHRASE);
	if (a->is_running && !a->is_other && strcmp(event->word, "AUTH_FAILED") == 0)
		return end(a, a->is_refused_by_us ? WIFI_END_SERVER : WIFI_END_REFUSED);
	return WIFI_DO_WAIT;
}

static enum wifi_do asks(struct wifi_attempt *a, const struct wifi_event *event, int64_t now)
{
	if (event->id != a->id)
		return WIFI_DO_WAIT;
	memcpy(a->asked, event->word, sizeof a->asked);
	if (!a->may_reconfigure || now - a->begun > WIFI_KEY_AGAIN_MS)
		return end(a, WIFI_END_KEY);
	a->may_reconfigure = false;
	return WIFI_DO_RECONFIGURE;
}

static enum wifi_do failure(struct wifi_attempt *a)
{
	if (!a->is_running || a->is_other)
		return WIFI_DO_WAIT; /* not of a conversation that we saw begin on our network */
	if (a->has_own_fault && !a->is_refused_by_us) {
		a->is_running = false; /* the answer to our alert, not a verdict */
		return WIFI_DO_WAIT;
	}
	return end(a, a->is_refused_by_us ? WIFI_END_SERVER : WIFI_END_REFUSED);
}

enum wifi_do wifi_attempt_event(struct wifi_attempt *a, const struct wifi_event *event,
				int64_t now_ms)
{
	switch (event->kind) {
	case WIFI_EVENT_OTHER:
	case WIFI_EVENT_DISCONNECTED:
		return WIFI_DO_WAIT;
	case WIFI_EVENT_SCAN:
		if (a->stage <= WIFI_STAGE_SCANNING)
			reach(a, WIFI_STAGE_SCANNING, now_ms);
		return WIFI_DO_WAIT;
	case WIFI_EVENT_NOT_FOUND:
		if (a->stage <= WIFI_STAGE_SCANNING && ++a->scans_in_vain >= WIFI_SCANS_IN_VAIN)
			return end(a, WIFI_END_OUT_OF_RANGE);
		return WIFI_DO_WAIT;
	case WIFI_EVENT_ASSOCIATING:
		reach(a, WIFI_STAGE_ASSOCIATING, now_ms);
		return WIFI_DO_WAIT;
	case WIFI_EVENT_REJECTED:
		reach(a, WIFI_STAGE_REJECTED, now_ms);
		return WIFI_DO_WAIT;
	case WIFI_EVENT_ASSOCIATED:
		reach(a, WIFI_STAGE_ASSOCIATED, now_ms);
		a->is_running = false;
		return look(
		    a, now_ms); /* now, before EAP begins: it answers nothing while its TPM signs */
	case WIFI_EVENT_EAP_STARTED:
		a->is_running = true;
		reach(a, WIFI_STAGE_EAP, now_ms);
		return WIFI_DO_WAIT;
	case WIFI_EVENT_OWN_FAULT: /* tried again all the same: a TPM may come back */
		if (a->is_running && !a->is_other && !a->is_refused_by_us)
			a->has_own_fault = true;
		return WIFI_DO_WAIT;
	case WIFI_EVENT_EAP_GOES_ON:
		a->progress = now_ms;
		return WIFI_DO_WAIT;
	case WIFI_EVENT_SERVER_REFUSED:
		if (a->is_running && !a->is_other &&
		    !a->is_refused_by_us) { /* the first is the reason */
			a->is_refused_by_us = true;
			a->refused_at = now_ms;
			a->server = *event;
		}
		return WIFI_DO_WAIT;
	case WIFI_EVENT_EAP_SUCCESS:
		if (!a->is_running || a->is_other)
			return WIFI_DO_WAIT;
		a->is_success = true;
		a->has_own_fault = false;
		reach(a, WIFI_STAGE_PORT, now_ms);
		return look(a, now_ms);
	case WIFI_EVENT_EAP_FAILURE:
		return failure(a);
	case WIFI_EVENT_CONNECTED:
		return connected(a, event, now_ms);
	case WIFI_EVENT_DISABLED:
		return disabled(a, event);
	case WIFI_EVENT_ASKS:
		return asks(a, event, now_ms);
	case WIFI_EVENT_TERMINATING:
		return end(a, WIFI_END_GONE);
	}
	return WIFI_DO_WAIT;
}

enum wifi_do wifi_attempt_status(struct wifi_attempt *a, const struct wifi_status *s,
				 int64_t now_ms)
{
	a->looked = now_ms;
	if (s->id >= 0) {
		a->is_other = s->id != a->id;
		a->other_id = a->is_other ? s->id : -1;
	}
	if (a->is_other)
		return a->is_success ? end(a, WIFI_END_OTHER) : WIFI_DO_WAIT;
	if (!a->is_success || s->id < 0)
		return WIFI_DO_WAIT;
	if (a->is_open ? s->is_completed
		       : s->is_port_open && s->is_eap_success && s->method == WIFI_METHOD_TLS)
		return end(a, WIFI_END_SUCCESS);
	return WIFI_DO_WAIT;
}

static int64_t quiet_end(const struct wifi_attempt *a)
{
	return a->progress + (a->is_running ? WIFI_EAP_QUIET_MS : WIFI_QUIET_MS);
}

enum wifi_do wifi_attempt_time(struct wifi_attempt *a, int64_t now_ms)
{
	if (a->is_refused_by_us &&
	    (now_ms >= a->refused_at + WIFI_LAST_WORD_MS || now_ms >= a->end))
		return end(a, WIFI_END_SERVER);
	if (now_ms >= a->end) {
		if (a->has_own_fault && a->stage >= WIFI_STAGE_ASSOCIATING &&
		    a->stage <= WIFI_STAGE_EAP)
			a->stage = WIFI_STAGE_UNSIGNED;
		return end(a, a->is_other ? WIFI_END_OTHER : WIFI_END_TIMEOUT);
	}
	if (a->is_refused_by_us)
		return WIFI_DO_WAIT;
	if (now_ms >= quiet_end(a))
		return reassociate(a, now_ms);
	if (a->is_success && now_ms >= a->looked + WIFI_LOOK_MS)
		return look(a, now_ms);
	return WIFI_DO_WAIT;
}

int wifi_attempt_wait_ms(const struct wifi_attempt *a, int64_t now_ms)
{
	int64_t next = a->end < quiet_end(a) ? a->end : quiet_end(a);
	if (a->is_success && a->looked + WIFI_LOOK_MS < next)
		next = a->looked + WIFI_LOOK_MS;
	if (a->is_refused_by_us && a->refused_at + WIFI_LAST_WORD_MS < next)
		next = a->refused_at + WIFI_LAST_WORD_MS;
	return next - now_ms > 1 ? (int)(next - now_ms) : 1;
}
