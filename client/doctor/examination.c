/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "client/agent/retirement.h"
#include "client/doctor/checks.h"
#include "client/pki/name.h"
#include "hal/clock.h"

/* What blocks inside asks twice a second whether to go on. */
static bool is_stopping(void *ctx) { return examination_left_ms(ctx) == 0; }

static void busy(void *ctx, unsigned seconds)
{
	(void)ctx;
	(void)seconds;
}

/* A folder that is not there yet hides nothing. */
static bool can_see(const char *folder)
{
	return access(folder, R_OK | X_OK) == 0 || errno == ENOENT;
}

enum err examination_open(const struct config *config, unsigned limit_s,
			  struct doctor_report *report, struct examination *out, struct why *why)
{
	*out = (struct examination){.report = report,
				    .until_ms = clock_boot_ms() + (int64_t)limit_s * 1000};
	out->host = (struct agent_host){busy, is_stopping, out};
	out->options = (struct apply_options){.host = &out->host};
	enum err e = pass_open(config, &out->options, &out->pass, why);
	if (e != ERR_OK)
		return e;
	out->pass.tpm_total_s = TPM_LIMIT_S;
	out->can_see_state = can_see(out->pass.store.state);
	return ERR_OK;
}

void examination_close(struct examination *x)
{
	servers_clear(x);
	pass_close(&x->pass);
}

int64_t examination_left_ms(const struct examination *x)
{
	int64_t left = x->until_ms - clock_boot_ms();
	return left > 0 ? left : 0;
}

bool examination_is_over(struct examination *x, const char *about)
{
	if (examination_left_ms(x) > 0)
		return false;
	find_unseen(x, about,
		    "%s: not looked at, what came before took all the time; ask with --only %s",
		    x->check->what, x->check->id);
	return true;
}

static void find(struct examination *x, enum finding_level level, enum signet_exit exit,
		 const char *about, const char *next, const char *text)
{
	static const char word[] = "PROFILE";
	char named[sizeof((struct finding *)0)->next_step];
	const char *at = about[0] != '\0' ? strstr(next, word) : NULL;
	if (at != NULL) {
		snprintf(named, sizeof named, "%.*s%s%s", (int)(at - next), next, about,
			 at + strlen(word));
		next = named;
	}
	enum err e = report_add(x->report, x->check->id, about, level, exit, text, next);
	if (x->err == ERR_OK)
		x->err = e;
}

#define FORMAT_INTO(text)                                                                          \
	char text[sizeof((struct finding *)0)->text];                                              \
	va_list args;                                                                              \
	va_start(args, format);                                                                    \
	vsnprintf(text, sizeof text, format, args);                                                \
	va_end(args)

void find_ok(struct examination *x, const char *about, const char *format, ...)
{
	FORMAT_INTO(text);
	find(x, FINDING_OK, SIGNET_DONE, about, "", text);
}

void find_trouble(struct examination *x, const char *about, const char *next, const char *format,
		  ...)
{
	FORMAT_INTO(text);
	find(x, x->check->severity, SIGNET_FAILED, about, next, text);
}

void find_warning(struct examination *x, const char *about, const char *next, const char *format,
		  ...)
{
	FORMAT_INTO(text);
	find(x, FINDING_WARNING, SIGNET_DONE, about, next, text);
}

void find_unseen(struct examination *x, const char *about, const char *format, ...)
{
	FORMAT_INTO(text);
	find(x, FINDING_UNSEEN, SIGNET_DONE, about, geteuid() != 0 ? "run it as root" : "", text);
}

void find_why(struct examination *x, enum finding_level level, const char *about, enum err e,
	      const struct why *why)
{
	const char *text = why->text[0] != '\0' ? why->text : err_text(e);
	bool is_of_state = x->check->needs_state && (strncmp(why->code, "file.", 5) == 0 ||
						     strncmp(why->code, "certificate.", 12) == 0 ||
						     strncmp(why->code, "waiting.", 8) == 0);
	const char *next = why->next_step[0] == '\0' && is_of_state ? MENDS : why->next_step;
	if (e == ERR_DENIED && strncmp(why->code, "file.", 5) == 0)
		find_unseen(x, about, "%s", text);
	else
		find(x, level, outcome_exit(e, why), about, next, text);
}

void tell_retired(struct examination *x, const char *only)
{
	const struct config *c = x->pass.written;
	for (size_t i = 0; i < c->scep_count; i++) {
		struct why why = {.code = ""};
		const char *name = c->sceps[i].name;
		if ((only == NULL || strcmp(only, name) == 0) &&
		    retirement_say(&x->pass, name, &why) != ERR_OK)
			find_ok(x, name, "%s", why.text);
	}
}

bool own_certificate_read(const struct examination *x, const struct scep_profile *profile,
			  struct own_certificate *out)
{
	*out = (struct own_certificate){.generations.current = 0};
	buf_init(&out->der, CERTIFICATE_MAX);
	return generations_look(&x->pass.store, profile->name, &out->generations, NULL) == ERR_OK &&
	       out->generations.current != 0 &&
	       generation_certificate(&x->pass.store, profile->name, out->generations.current,
				      &out->der, NULL) == ERR_OK &&
	       certificate_parse(buf_bytes(&out->der), &out->cert, NULL) == ERR_OK;
}

void subject_text(struct bytes der, char out[256])
{
	struct certificate cert;
	struct buf text;
	buf_init(&text, 256);
	const char *s = certificate_parse(der, &cert, NULL) == ERR_OK &&
				name_to_text(cert.subject, &text) == ERR_OK
			    ? buf_text(&text)
			    : NULL;
	snprintf(out, 256, "%s", s != NULL ? s : "?");
	buf_clear(&text);
}
