/* SPDX-License-Identifier: MIT */
#ifndef TESTS_CLIENT_CLI_SUPPORT_H
#define TESTS_CLIENT_CLI_SUPPORT_H
#include <initializer_list>
#include <string>
#include <vector>
#include "client/agent/agent.h"
#include "client/doctor/doctor.h"

/* In place of client/agent: answers what a test laid down, and remembers what it was asked. */
struct fake_agent {
	enum err err;	       /* of whichever call comes */
	struct why why;	       /* of a failure, or of `exit` */
	enum signet_exit exit; /* agent_apply's *out_exit */
	std::vector<struct profile_view> profiles;
	std::vector<struct plan_step> steps;
	std::vector<struct test_result> results;
	std::string asked_test; /* subject and profile of agent_test */
	std::vector<struct retire_item> retired;
	std::string asked_retire, done_retire; /* profile of agent_retire_look and agent_retire; "*": all */
	std::vector<struct finding> findings;
	std::string asked_doctor; /* "doctor ID", "tpm PROFILE", "scep PROFILE"; "*": all */
	std::string device;
	bool is_clock_trusted, reports_progress;
	int looks, plans, applies;
	bool asked_tpm;
	std::vector<std::string> asked_profiles;
	bool has_challenge, force, only_renewal;
	std::string challenge, imported;
	unsigned wait_s;
};
extern struct fake_agent fake;

/* Lays down an agent whose device is all right: two trust profiles, one certificate, one Wi-Fi, one
 * VPN. */
void fake_reset();
/* For teardown(): nothing stays allocated between tests. */
void fake_clear();
struct profile_view make_profile(enum profile_kind kind, const char *name,
				 enum profile_state state);
struct profile_view make_certificate(const char *name);
struct device_view make_view();

/* One run of the command line. */
struct ran {
	int exit;
	std::string out, err;
};
/* With a good configuration (-c FILE in front) for exactly the profiles of fake_reset(). */
struct ran run_signet(std::initializer_list<const char *> words, const std::string &input = "");
/* Only these words. */
struct ran run_bare(std::initializer_list<const char *> words, const std::string &input = "");

/* A folder of this test process, removed at its end. */
std::string folder();
void write_file(const std::string &path, const std::string &content);
std::string read_file(const std::string &path);
/* Standard output of a shell command, its exit status in *status. */
std::string shell(const std::string &command, int *status = nullptr);
/* Python's opinion of a JSON text: every key with its path, in order, one a line; "" when it is no
 * JSON. */
std::string json_keys(const std::string &json);
/* A Python expression over `d`, the parsed JSON. */
std::string json_value(const std::string &json, const std::string &expression);

#endif
