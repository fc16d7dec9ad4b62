/* SPDX-License-Identifier: MIT */
#include "client/cli/plan.h"
#include "client/agent/agent.h"
#include "client/cli/json.h"

void plan_text(const struct plan *plan, struct text_out *out)
{
	if (plan->count == 0)
		text_put(out, "nothing to do\n");
	for (size_t i = 0; i < plan->count; i++) {
		const struct plan_step *s = &plan->steps[i];
		char line[sizeof *s + 64];
		snprintf(line, sizeof line, "%s %s: %s%s%s%s", profile_kind_text(s->kind), s->name,
			 s->action, s->reason[0] != '\0' ? " (" : "", s->reason,
			 s->reason[0] != '\0' ? ")" : "");
		text_put(out, "%3zu. ", i + 1);
		text_put_wrapped(out, line, 5, 5, 0);
	}
}

enum signet_exit plan_run(const struct cli *cli, const struct config *config)
{
	struct plan plan = {.steps = NULL};
	struct why why = {.code = ""};
	struct text_out out;
	text_init(&out);
	enum err e = agent_plan(config, &plan, &why);
	if (e != ERR_OK)
		return cli_fail_agent(cli, e, &why);
	if (cli_has(cli, OPTION_JSON))
		out.err = json_plan(&plan, &out.bytes);
	else
		plan_text(&plan, &out);
	plan_clear(&plan);
	return cli_finish(cli, &out, SIGNET_DONE);
}
