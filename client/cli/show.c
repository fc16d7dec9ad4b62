/* SPDX-License-Identifier: MIT */
#include "client/cli/show.h"
#include <string.h>
#include "client/agent/agent.h"
#include "client/cli/json.h"
#include "client/cli/profiles.h"
#include "hal/clock.h"
#include "hal/file.h"

static void put_fact(struct text_out *out, const char *name, const char *value)
{
	if (value[0] == '\0')
		return;
	text_put(out, "%-13s ", name);
	text_put_wrapped(out, value, 14, 14, 0);
}

static void put_time(struct text_out *out, const char *name, int64_t unix_s)
{
	char text[32];
	if (unix_s == 0)
		return;
	clock_text(unix_s, text, sizeof text);
	put_fact(out, name, text);
}

static void put_server(struct text_out *out, const struct server_view *server)
{
	char line[sizeof server->url + 32];
	snprintf(line, sizeof line, "%s (%s)", server->url,
		 server->state != NULL ? server->state : "unknown");
	put_fact(out, "server", line);
	put_time(out, "last contact", server->last_contact);
	put_fact(out, "last error", server->last_error);
}

void show_text(const struct device_view *view, const struct profile_view *p, struct text_out *out)
{
	const struct certificate_view *c = &p->certificate;
	char line[64];
	put_fact(out, "profile", p->name);
	put_fact(out, "state", profile_state_text(p->state));
	put_fact(out, "detail", p->detail);
	put_fact(out, "subject", c->subject);
	put_fact(out, "issuer", c->issuer);
	put_fact(out, "serial", c->serial);
	put_fact(out, "sha256", c->sha256);
	put_time(out, "not before", c->not_before);
	put_time(out, "not after", c->not_after);
	if (view->is_clock_trusted && c->not_after > view->time) {
		snprintf(line, sizeof line, "%lld", (long long)(c->not_after - view->time) / 86400);
		put_fact(out, "days left", line);
	} else if (view->is_clock_trusted) {
		put_fact(out, "days left", "none: expired");
	}
	put_time(out, "renewal", c->renew_at);
	snprintf(line, sizeof line, "%u", c->generation);
	put_fact(out, "generation", line);
	put_fact(out, "certificate", c->path);
	put_fact(out, "chain", c->chain_path);
	if (p->has_key) {
		snprintf(line, sizeof line, "%s, %s", p->key.type, p->key.storage);
		put_fact(out, "key", line);
		put_fact(out, "key file", p->key.path);
		put_fact(out, "key URI", p->key.uri);
	}
	if (p->has_server)
		put_server(out, &p->server);
}

static const struct profile_view *find(const struct device_view *view, const char *name)
{
	for (size_t i = 0; i < view->profile_count; i++)
		if (strcmp(view->profiles[i].name, name) == 0)
			return &view->profiles[i];
	return NULL;
}

static enum signet_exit fail_without_certificate(const struct cli *cli,
						 const struct profile_view *p)
{
	struct why why = {.code = ""};
	why_set(&why, ERR_NOT_FOUND, p->code[0] != '\0' ? p->code : "certificate.absent",
		"'%s' has no certificate installed%s%s", p->name, p->detail[0] != '\0' ? ": " : "",
		p->detail);
	why_next(&why, "%s", p->next_step);
	return cli_fail(cli, p->exit != SIGNET_DONE ? p->exit : SIGNET_WAITING, &why);
}

static enum err check_options(const struct cli *cli, struct why *why)
{
	static const enum cli_option forms[] = {OPTION_PEM, OPTION_CHAIN, OPTION_TEXT, OPTION_JSON};
	int count = 0;
	for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++)
		count += cli_has(cli, forms[i]);
	if (count > 1)
		return why_set(why, ERR_INVALID, "usage.option",
			       "--pem, --chain, --text and --json exclude each other");
	return ERR_OK;
}

/* A view's paths are those of the device: without --root in front. */
static enum err read_below_root(const struct cli *cli, const char *path, struct buf *out,
				struct why *why)
{
	char real[FILE_PATH_MAX];
	enum err e = cli_path(cli, path, real, why);
	return e == ERR_OK ? file_read(real, out, why) : e;
}

enum signet_exit show_run(const struct cli *cli, const struct config *config)
{
	const char *name = cli->options.args[0];
	struct device_view view = {.profiles = NULL};
	struct why why = {.code = ""};
	struct text_out out;
	text_init(&out);
	enum err e = check_options(cli, &why);
	if (e == ERR_OK)
		e = profiles_check(config, name, true, &why);
	if (e != ERR_OK)
		return cli_fail(cli, SIGNET_USAGE, &why);
	e = agent_look(config, false, &view, &why);
	const struct profile_view *p = e == ERR_OK ? find(&view, name) : NULL;
	enum signet_exit exit = SIGNET_DONE;
	if (e == ERR_OK && p == NULL)
		e = why_set(&why, ERR_BUG, "show.profile",
			    "profile '%s' is configured but was not looked at", name);
	if (e == ERR_OK && !p->has_certificate) {
		exit = fail_without_certificate(cli, p);
		goto out;
	}
	if (e == ERR_OK && cli_has(cli, OPTION_JSON))
		out.err = json_profile(p, &out.bytes);
	else if (e == ERR_OK && cli_has(cli, OPTION_PEM))
		e = read_below_root(cli, p->certificate.path, &out.bytes, &why);
	else if (e == ERR_OK && cli_has(cli, OPTION_CHAIN))
		e = read_below_root(cli, p->certificate.chain_path, &out.bytes, &why);
	else if (e == ERR_OK)
		show_text(&view, p, &out);
	exit = e == ERR_OK ? cli_finish(cli, &out, SIGNET_DONE) : cli_fail_agent(cli, e, &why);
out:
	text_clear(&out);
	device_view_clear(&view);
	return exit;
}
