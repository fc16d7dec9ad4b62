/* SPDX-License-Identifier: MIT */
#include "client/cli/csr.h"
#include "client/agent/agent.h"
#include "client/cli/profiles.h"

#define CSR_FILE_MODE 0644 /* it goes to somebody else, and holds no secret */

enum signet_exit csr_run(const struct cli *cli, const struct config *config)
{
	const char *name = cli->options.args[0];
	struct why why = {.code = ""};
	struct text_out out;
	if (profiles_check(config, name, true, &why) != ERR_OK)
		return cli_fail(cli, SIGNET_USAGE, &why);
	text_init(&out);
	enum err e = agent_csr(config, name, &out.bytes, &why);
	if (e == ERR_OK)
		return cli_deliver(cli, &out, CSR_FILE_MODE);
	text_clear(&out);
	return cli_fail_agent(cli, e, &why);
}
