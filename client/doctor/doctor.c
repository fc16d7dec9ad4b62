/* SPDX-License-Identifier: MIT */
#include "client/doctor/doctor.h"
#include <stdio.h>
#include <string.h>
#include "client/doctor/checks.h"
#include "hal/log.h"

/* "tpm" takes tpm.device and the others of its area. */
static bool is_picked(const struct check *check, const char *only)
{
	size_t len = only != NULL ? strlen(only) : 0;
	return only == NULL || (strncmp(check->id, only, len) == 0 &&
				(check->id[len] == '\0' || check->id[len] == '.'));
}

enum err doctor_check_only(const char *only, struct why *why)
{
	char ids[512] = "";
	for (size_t i = 0; i < check_count; i++) {
		if (is_picked(&checks[i], only))
			return ERR_OK;
		size_t len = strlen(ids);
		snprintf(ids + len, sizeof ids - len, "%s%s", i > 0 ? ", " : "", checks[i].id);
	}
	why_set(why, ERR_NOT_FOUND, "usage.argument", "there is no check '%s'", only);
	why_next(why, "one of: %s", ids);
	return ERR_NOT_FOUND;
}

static void run_check(struct examination *x, const struct check *check)
{
	x->check = check;
	if (examination_is_over(x, ""))
		return;
	if (check->needs_state && !x->can_see_state)
		find_unseen(x, "", "%s: not looked at, this user may not read %s", check->what,
			    x->pass.store.state);
	else
		check->run(x);
}

enum err doctor_examine(const struct config *config, const char *only, struct doctor_report *out,
			struct why *why)
{
	struct examination x;
	struct doctor_report report = {.findings = NULL};
	enum log_level level = log_get_level();
	enum err e = doctor_check_only(only, why);
	if (e == ERR_OK)
		e = examination_open(config, DOCTOR_LIMIT_S, &report, &x, why);
	if (e != ERR_OK)
		return e;
	if (level < LOG_DEBUG) /* what the log would warn of is in the report */
		log_set_level(LOG_ERROR);
	for (size_t i = 0; i < check_count; i++)
		if (is_picked(&checks[i], only))
			run_check(&x, &checks[i]);
	log_set_level(level);
	e = x.err;
	examination_close(&x);
	if (e != ERR_OK) {
		report_clear(&report);
		return why_set(why, e, "doctor.report", "the report does not fit: %s", err_text(e));
	}
	*out = report; /* handed to the caller */
	return ERR_OK;
}
