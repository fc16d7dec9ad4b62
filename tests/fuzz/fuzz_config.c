/* SPDX-License-Identifier: MIT */
/* Configuration text, as two files that are merged ("\n%%\n" between them): checked, shown, expanded.
 * Every refusal must name what, where and the remedy. Corpus: tests/data/config. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include "client/config/config_check.h"
#include "client/config/config_values.h"
#include "client/config/variables.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void use(const struct config *config)
{
	struct why why = {.code = ""};
	struct buf text;
	buf_init(&text, 1024 * 1024);
	if (config_show(config, &text) != ERR_OK)
		__builtin_trap();
	for (size_t i = 0; i < config->scep_count; i++) {
		buf_cut(&text, 0);
		enum err e =
		    variables_expand(config, config->sceps[i].subject, PLACE_RDN, &text, &why);
		if (e == ERR_BUG)
			__builtin_trap();
	}
	buf_clear(&text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct why why = {.code = ""};
	struct config config = {.root = strdup("/nowhere"), .shown = NULL};
	const uint8_t *mark = memmem(data, size, "\n%%\n", 4);
	size_t first = mark != NULL ? (size_t)(mark - data) + 1 : size;
	config.shown = calloc(1, sizeof(*config.shown));
	if (config.shown == NULL || config.root == NULL)
		return 0;
	enum err e =
	    config_draft_merge(config.shown, "a", (struct bytes){data, first}, false, &why);
	if (e == ERR_OK && mark != NULL)
		e = config_draft_merge(config.shown, "b",
				       (struct bytes){mark + 4, size - first - 3}, true, &why);
	if (e == ERR_OK)
		e = config_values_fill(&config, &why);
	if (e == ERR_OK)
		e = config_check(&config, &why);
	if (e == ERR_OK)
		use(&config);
	else if (e != ERR_NO_MEMORY &&
		 (why.code[0] == '\0' || why.text[0] == '\0' || why.next_step[0] == '\0'))
		__builtin_trap();
	config_clear(&config);
	return 0;
}
