/* SPDX-License-Identifier: MIT */
#include "client/cli/bundle.h"
#include <string.h>
#include <sys/utsname.h>
#include "client/agent/agent.h"
#include "client/cli/doctor.h"
#include "client/cli/json.h"
#include "client/cli/plan.h"
#include "client/doctor/doctor.h"
#include "hal/file.h"

#define BUNDLE_FILE_MODE 0600 /* no secrets, but names of people and machines */

enum part { PART_VERSION, PART_STATUS, PART_PLAN, PART_DOCTOR, PART_CONFIG, PART_COUNT };

/* What fails to be found out is said in its place: a bundle is made where something is wrong. */
static void put_failure(struct text_out *out, const struct why *why)
{
	text_put(out, "%s: %s\n", why->code, why->text);
}

static void put_version(struct text_out *out)
{
	struct utsname system;
	struct buf release;
	buf_init(&release, 16 * 1024);
	text_put(out, "signet %s\n", cli_version());
	if (uname(&system) == 0)
		text_put(out, "%s %s %s\n", system.sysname, system.release, system.machine);
	if (file_read("/etc/os-release", &release, NULL) == ERR_OK)
		text_put_raw(out, release.data, release.len);
	buf_clear(&release);
}

static void put_status(const struct config *config, struct text_out *out)
{
	struct device_view view = {.profiles = NULL};
	struct why why = {.code = ""};
	if (agent_look(config, true, &view, &why) != ERR_OK)
		put_failure(out, &why);
	else if (out->err == ERR_OK)
		out->err = json_status(&view, cli_version(), NULL, &out->bytes);
	device_view_clear(&view);
}

static void put_plan(const struct config *config, struct text_out *out)
{
	struct plan plan = {.steps = NULL};
	struct why why = {.code = ""};
	if (agent_plan(config, &plan, &why) != ERR_OK)
		put_failure(out, &why);
	else
		plan_text(&plan, out);
	plan_clear(&plan);
}

static void put_doctor(const struct config *config, struct text_out *out)
{
	struct doctor_report report = {.findings = NULL};
	struct why why = {.code = ""};
	if (doctor_examine(config, NULL, &report, &why) != ERR_OK)
		put_failure(out, &why);
	else
		doctor_text(&report, false, out);
	report_clear(&report);
}

static enum err collect(const struct config *config, struct text_out parts[PART_COUNT], struct buf *tar, struct why *why)
{
	static const char *const names[] = {[PART_VERSION] = "version", [PART_STATUS] = "status.json", [PART_PLAN] = "plan",
					    [PART_DOCTOR] = "doctor", [PART_CONFIG] = "configuration"};
	struct bundle_text texts[PART_COUNT];
	put_version(&parts[PART_VERSION]);
	put_status(config, &parts[PART_STATUS]);
	put_plan(config, &parts[PART_PLAN]);
	put_doctor(config, &parts[PART_DOCTOR]);
	parts[PART_CONFIG].err = config_show(config, &parts[PART_CONFIG].bytes);
	for (size_t i = 0; i < PART_COUNT; i++) {
		if (parts[i].err != ERR_OK)
			return why_set(why, parts[i].err, "bundle.text", "%s: %s", names[i], err_text(parts[i].err));
		texts[i] = (struct bundle_text){names[i], buf_bytes(&parts[i].bytes)};
	}
	return agent_bundle(config, texts, PART_COUNT, tar, why);
}

enum signet_exit bundle_run(const struct cli *cli, const struct config *config)
{
	struct text_out parts[PART_COUNT];
	struct text_out tar;
	struct why why = {.code = ""};
	if (!cli_has(cli, OPTION_OUTPUT) && cli->has_screen) {
		why_set(&why, ERR_INVALID, "usage.option", "a bundle is an archive, and standard output is a terminal");
		why_next(&why, "signet bundle -o FILE");
		return cli_fail(cli, SIGNET_USAGE, &why);
	}
	for (size_t i = 0; i < PART_COUNT; i++)
		text_init(&parts[i]);
	text_init(&tar);
	buf_init(&tar.bytes, BUNDLE_MAX);
	enum err e = collect(config, parts, &tar.bytes, &why);
	for (size_t i = 0; i < PART_COUNT; i++)
		text_clear(&parts[i]);
	if (e == ERR_OK)
		return cli_deliver(cli, &tar, BUNDLE_FILE_MODE);
	text_clear(&tar);
	return cli_fail_agent(cli, e, &why);
}
