/* SPDX-License-Identifier: MIT */
#include <cstring>
#include "CppUTest/TestHarness.h"
#include "client/cli/options.h"

TEST_GROUP(options)
{
	struct cli_options o;
	struct why why;

	enum err parse(std::initializer_list<const char *> words)
	{
		const char *argv[300] = {"signet"};
		int argc = 1;
		for (const char *word : words)
			argv[argc++] = word;
		memset(&o, 0, sizeof o);
		memset(&why, 0, sizeof why);
		return options_parse(argc, argv, &o, &why);
	}
};

TEST(options, a_value_may_be_attached_or_stand_behind)
{
	LONGS_EQUAL(ERR_OK, parse({"--root", "/a", "-c", "b", "status"}));
	STRCMP_EQUAL("/a", o.root);
	STRCMP_EQUAL("b", o.config);
	LONGS_EQUAL(ERR_OK, parse({"--root=/a", "-cb", "status"}));
	STRCMP_EQUAL("/a", o.root);
	STRCMP_EQUAL("b", o.config);
}

TEST(options, wait_takes_seconds_only_behind_an_equals_sign)
{
	LONGS_EQUAL(ERR_OK, parse({"apply", "--wait=90"}));
	LONGS_EQUAL(90, o.wait_s);
	LONGS_EQUAL(ERR_OK, parse({"apply", "--wait", "90"}));
	LONGS_EQUAL(WAIT_MAX_S, o.wait_s);
	STRCMP_EQUAL("90", o.args[0]);
}

TEST(options, seconds_that_are_none_are_refused)
{
	for (const char *bad : {"--wait=", "--wait=5x", "--wait=-1", "--wait= 5",
				"--wait=99999999999999999999", "--wait=31622401"})
		LONGS_EQUAL(ERR_INVALID, parse({"apply", bad}));
	LONGS_EQUAL(ERR_OK, parse({"apply", "--wait=31622400"}));
}

TEST(options, two_dashes_end_the_options_and_one_dash_is_a_word)
{
	LONGS_EQUAL(ERR_OK, parse({"enroll", "--", "--json"}));
	LONGS_EQUAL(0, o.given);
	STRCMP_EQUAL("--json", o.args[0]);
	LONGS_EQUAL(ERR_OK, parse({"enroll", "p", "--challenge-file", "-"}));
	STRCMP_EQUAL("-", o.challenge_file);
}

TEST(options, an_unknown_option_names_the_nearest)
{
	LONGS_EQUAL(ERR_INVALID, parse({"apply", "--wiat=5"}));
	STRCMP_EQUAL("no option '--wiat'; did you mean '--wait'?", why.text);
	LONGS_EQUAL(ERR_INVALID, parse({"-x"}));
	LONGS_EQUAL(ERR_INVALID, parse({"-qq"}));
	LONGS_EQUAL(ERR_INVALID, parse({"--js"}));
}

TEST(options, contradictions_and_empty_values_are_refused)
{
	LONGS_EQUAL(ERR_INVALID, parse({"-q", "-v"}));
	LONGS_EQUAL(ERR_INVALID, parse({"-c", "a", "-c", "b"}));
	LONGS_EQUAL(ERR_INVALID, parse({"--json=yes"}));
	LONGS_EQUAL(ERR_INVALID, parse({"-c"}));
	LONGS_EQUAL(ERR_INVALID, parse({"-c", ""}));
	LONGS_EQUAL(ERR_INVALID, parse({"--root="}));
}

TEST(options, more_arguments_than_profiles_can_be_are_refused)
{
	const char *argv[CONFIG_PROFILES_MAX + 3] = {"signet", "apply"};
	for (int i = 2; i < CONFIG_PROFILES_MAX + 3; i++)
		argv[i] = "p";
	LONGS_EQUAL(ERR_OK, options_parse(CONFIG_PROFILES_MAX + 2, argv, &o, &why));
	LONGS_EQUAL(ERR_INVALID, options_parse(CONFIG_PROFILES_MAX + 3, argv, &o, &why));
}
