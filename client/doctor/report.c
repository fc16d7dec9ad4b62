/* SPDX-License-Identifier: MIT */
#include "client/doctor/report.h"
#include <stdio.h>
#include <stdlib.h>
#include "hal/text.h"

#define FIRST_CAP 64 /* findings: a device with five profiles has about 40 */

const char *finding_level_text(enum finding_level level)
{
	switch (level) {
	case FINDING_OK:
		return "ok";
	case FINDING_WARNING:
		return "warning";
	case FINDING_FAILURE:
		return "failure";
	case FINDING_UNSEEN:
		return "unseen";
	}
	return "?";
}

enum err report_add(struct doctor_report *report, const char *id, const char *about,
		    enum finding_level level, enum signet_exit exit, const char *text,
		    const char *next_step)
{
	if (report->count == FINDINGS_MAX)
		return ERR_TOO_BIG;
	if (report->count == report->cap) {
		size_t cap = report->cap == 0 ? FIRST_CAP : 2 * report->cap;
		struct finding *more = realloc(report->findings, cap * sizeof *more);
		if (more == NULL)
			return ERR_NO_MEMORY;
		report->findings = more;
		report->cap = cap;
	}
	struct finding *f = &report->findings[report->count++];
	*f = (struct finding){.id = id, .level = level, .exit = exit};
	snprintf(f->about, sizeof f->about, "%s", about);
	snprintf(f->text, sizeof f->text, "%s", text);
	snprintf(f->next_step, sizeof f->next_step, "%s", next_step);
	text_clean(f->text);
	text_clean(f->next_step);
	return ERR_OK;
}

size_t report_count(const struct doctor_report *report, enum finding_level level)
{
	size_t count = 0;
	for (size_t i = 0; i < report->count; i++)
		count += report->findings[i].level == level;
	return count;
}

enum err report_of_config(struct doctor_report *report, enum err e, const struct why *reason)
{
	bool is_unseen = e == ERR_DENIED;
	return report_add(report, "config", "", is_unseen ? FINDING_UNSEEN : FINDING_FAILURE,
			  SIGNET_CONFIG, reason->text,
			  is_unseen ? "run it as root" : reason->next_step);
}

enum signet_exit report_exit(const struct doctor_report *report)
{
	if (report_count(report, FINDING_FAILURE) > 0)
		return SIGNET_DOCTOR_FAILURES;
	return report_count(report, FINDING_OK) < report->count ? SIGNET_DOCTOR_WARNINGS
								: SIGNET_DONE;
}

enum signet_exit report_try_exit(const struct doctor_report *report)
{
	for (size_t i = 0; i < report->count; i++)
		if (report->findings[i].level == FINDING_FAILURE)
			return report->findings[i].exit;
	return SIGNET_DONE;
}

void report_clear(struct doctor_report *report)
{
	free(report->findings);
	*report = (struct doctor_report){.findings = NULL};
}
