/* SPDX-License-Identifier: MIT */
/* One call of vpn_control on the command line, for tests/vpn/real_control.py: VERB NAME=VALUE... Prints
 * error, code, sentence and next step on a line each; after "look" the state. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "hal/file.h"
#include "hal/log.h"
#include "vpn/vpn_control.h"

#define FILE_MAX 65536 /* bytes of one file of the test */
#define AUTHORITIES 4

struct host {
	struct buf settings, certificate, trust, key, authority[AUTHORITIES];
	struct bytes authorities[AUTHORITIES];
	struct vpn_link link;
};

static void read_into(const char *path, struct buf *out, struct bytes *bytes)
{
	buf_init(out, FILE_MAX);
	if (file_read(path, out, NULL) != ERR_OK) {
		fprintf(stderr, "cannot read %s\n", path);
		exit(2);
	}
	*bytes = buf_bytes(out);
}

static void set(struct host *h, const char *name, const char *value)
{
	struct vpn_link *l = &h->link;
	if (strcmp(name, "control") == 0)
		l->control = value;
	else if (strcmp(name, "profile") == 0)
		l->profile = value;
	else if (strcmp(name, "settings") == 0)
		read_into(value, &h->settings, &l->settings);
	else if (strcmp(name, "certificate") == 0)
		read_into(value, &h->certificate, &l->certificate);
	else if (strcmp(name, "trust") == 0)
		read_into(value, &h->trust, &l->trust);
	else if (strcmp(name, "key") == 0)
		read_into(value, &h->key, &l->key);
	else if (strcmp(name, "key_id") == 0)
		l->key_id = value;
	else if (strcmp(name, "old_key_id") == 0)
		l->old_key_id = value;
	else if (strcmp(name, "timeout") == 0)
		l->timeout_s = (unsigned)atoi(value);
	else if (strcmp(name, "on_demand") == 0)
		l->is_on_demand = true;
	else if (strcmp(name, "authority") == 0 && l->authority_count < AUTHORITIES) {
		size_t i = l->authority_count++;
		read_into(value, &h->authority[i], &h->authorities[i]);
	} else {
		exit(2);
	}
}

static enum err call(const char *verb, const struct vpn_link *link, struct vpn_state *state, struct why *why)
{
	if (strcmp(verb, "look") == 0)
		return vpn_control_look(link, state, why);
	if (strcmp(verb, "switch") == 0)
		return vpn_control_switch(link, why);
	if (strcmp(verb, "start") == 0)
		return vpn_control_start(link, why);
	if (strcmp(verb, "try") == 0)
		return vpn_control_try(link, why);
	if (strcmp(verb, "remove") == 0)
		return vpn_control_remove(link, why);
	exit(2);
}

int main(int argc, char **argv)
{
	static struct host h;
	struct why why = { .code = "" };
	struct vpn_state state = { .is_up = false };
	h.link.authorities = h.authorities;
	h.link.key_id = h.link.old_key_id = "";
	log_set_level(LOG_DEBUG);
	for (int i = 2; i < argc; i++) {
		char *value = strchr(argv[i], '=');
		if (value == NULL)
			return 2;
		*value = '\0';
		set(&h, argv[i], value + 1);
	}
	enum err e = argc > 1 ? call(argv[1], &h.link, &state, &why) : ERR_BUG;
	printf("%d\n%s\n%s\n%s\n", (int)e, why.code, why.text, why.next_step);
	printf("%d %d %u\n", state.is_loaded, state.is_up, state.unique_id);
	buf_clear(&h.settings);
	buf_clear(&h.certificate);
	buf_clear(&h.trust);
	buf_clear(&h.key);
	for (size_t i = 0; i < AUTHORITIES; i++)
		buf_clear(&h.authority[i]);
	return 0;
}
