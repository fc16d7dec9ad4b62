/* SPDX-License-Identifier: MIT */
#include "wifi/wifi_attempt.h"
#include "CppUTest/TestHarness.h"

TEST_GROUP(wifi_attempt)
{
	struct wifi_attempt a;
	int64_t now = 1000;
	void setup() override { wifi_attempt_begin(&a, 4, false, true, now, now + 30000); }
	enum wifi_do event(enum wifi_event_kind kind, int id = -1, const char *word = "")
	{
		struct wifi_event e = {};
		e.kind = kind;
		e.id = id;
		strncpy(e.word, word, sizeof e.word - 1);
		return wifi_attempt_event(&a, &e, now);
	}
	enum wifi_do status(int id, bool is_open)
	{
		struct wifi_status s = {};
		s.id = id;
		s.is_port_open = s.is_eap_success = is_open;
		s.is_completed = is_open;
		s.method = is_open ? 13 : -1;
		return wifi_attempt_status(&a, &s, now);
	}
	enum wifi_do at(int64_t ms)
	{
		now = 1000 + ms;
		return wifi_attempt_time(&a, now);
	}
};

TEST(wifi_attempt, an_end_without_a_beginning_is_of_another_association)
{
	LONGS_EQUAL(WIFI_DO_WAIT, event(WIFI_EVENT_EAP_FAILURE));
	LONGS_EQUAL(WIFI_DO_WAIT, event(WIFI_EVENT_SERVER_REFUSED));
	LONGS_EQUAL(WIFI_DO_WAIT, event(WIFI_EVENT_EAP_SUCCESS));
	LONGS_EQUAL(WIFI_DO_WAIT, event(WIFI_EVENT_DISABLED, 4, "AUTH_FAILED"));
	event(WIFI_EVENT_EAP_STARTED);
	LONGS_EQUAL(WIFI_DO_END, event(WIFI_EVENT_EAP_FAILURE));
	LONGS_EQUAL(WIFI_END_REFUSED, a.ending);
}

TEST(wifi_attempt, a_new_association_forgets_the_conversation_before)
{
	event(WIFI_EVENT_EAP_STARTED);
	LONGS_EQUAL(WIFI_DO_LOOK, event(WIFI_EVENT_ASSOCIATED));
	LONGS_EQUAL(WIFI_DO_WAIT, event(WIFI_EVENT_EAP_FAILURE));
	LONGS_EQUAL(WIFI_END_NONE, a.ending);
}

TEST(wifi_attempt, a_failure_on_another_network_is_not_ours)
{
	event(WIFI_EVENT_ASSOCIATED);
	LONGS_EQUAL(WIFI_DO_WAIT, status(5, false));
	event(WIFI_EVENT_EAP_STARTED);
	LONGS_EQUAL(WIFI_DO_WAIT, event(WIFI_EVENT_EAP_FAILURE));
	LONGS_EQUAL(WIFI_DO_WAIT, event(WIFI_EVENT_ASKS, 5, "PASSPHRASE"));
	LONGS_EQUAL(WIFI_DO_END, at(30000));
	LONGS_EQUAL(WIFI_END_OTHER, a.ending);
	LONGS_EQUAL(5, a.other_id);
}

TEST(wifi_attempt, the_first_word_about_the_server_outlives_the_failure_behind_it)
{
	struct wifi_event e = {};
	event(WIFI_EVENT_EAP_STARTED);
	e.kind = WIFI_EVENT_SERVER_REFUSED;
	e.reason = WIFI_FAULT_EXPIRED;
	LONGS_EQUAL(WIFI_DO_WAIT, wifi_attempt_event(&a, &e, now));
	e.reason = WIFI_FAULT_UNTRUSTED;
	LONGS_EQUAL(WIFI_DO_WAIT, wifi_attempt_event(&a, &e, now));
	LONGS_EQUAL(WIFI_DO_END, event(WIFI_EVENT_EAP_FAILURE));
	LONGS_EQUAL(WIFI_END_SERVER, a.ending);
	LONGS_EQUAL(WIFI_FAULT_EXPIRED, a.server.reason);
}

TEST(wifi_attempt, a_refused_server_that_says_nothing_more_ends_it_soon)
{
	event(WIFI_EVENT_EAP_STARTED);
	event(WIFI_EVENT_SERVER_REFUSED);
	LONGS_EQUAL(WIFI_DO_WAIT, at(WIFI_LAST_WORD_MS - 1));
	LONGS_EQUAL(1, wifi_attempt_wait_ms(&a, now));
	LONGS_EQUAL(WIFI_DO_END, at(WIFI_LAST_WORD_MS));
	LONGS_EQUAL(WIFI_END_SERVER, a.ending);
}

TEST(wifi_attempt, silence_is_broken_every_three_seconds_but_never_an_eap_under_way)
{
	LONGS_EQUAL(WIFI_DO_WAIT, at(2999));
	LONGS_EQUAL(WIFI_DO_REASSOCIATE, at(3000));
	LONGS_EQUAL(WIFI_DO_WAIT, at(5999));
	LONGS_EQUAL(WIFI_DO_REASSOCIATE, at(6000));
	event(WIFI_EVENT_EAP_STARTED);
	LONGS_EQUAL(WIFI_DO_WAIT, at(6000 + WIFI_EAP_QUIET_MS - 1));
	event(WIFI_EVENT_EAP_GOES_ON);
	LONGS_EQUAL(WIFI_DO_WAIT, at(6000 + 2 * WIFI_EAP_QUIET_MS - 2));
	LONGS_EQUAL(WIFI_DO_REASSOCIATE, at(6000 + 2 * WIFI_EAP_QUIET_MS - 1));
	LONGS_EQUAL(WIFI_DO_WAIT, event(WIFI_EVENT_EAP_FAILURE)); // of the conversation that we gave up
}

TEST(wifi_attempt, a_key_that_does_not_sign_is_no_verdict_of_the_network_and_is_tried_again)
{
	event(WIFI_EVENT_ASSOCIATED);
	event(WIFI_EVENT_EAP_STARTED);
	LONGS_EQUAL(WIFI_DO_WAIT, event(WIFI_EVENT_OWN_FAULT));
	LONGS_EQUAL(WIFI_DO_WAIT, event(WIFI_EVENT_EAP_FAILURE));
	LONGS_EQUAL(WIFI_DO_REASSOCIATE, at(WIFI_QUIET_MS));
	event(WIFI_EVENT_ASSOCIATED);
	LONGS_EQUAL(WIFI_DO_END, at(a.end));
	LONGS_EQUAL(WIFI_END_TIMEOUT, a.ending);
	LONGS_EQUAL(WIFI_STAGE_UNSIGNED, a.stage);
}

TEST(wifi_attempt, scans_count_as_progress)
{
	at(2900);
	event(WIFI_EVENT_SCAN);
	LONGS_EQUAL(WIFI_DO_WAIT, at(3100));
	LONGS_EQUAL(WIFI_STAGE_SCANNING, a.stage);
}

TEST(wifi_attempt, two_scans_in_vain_are_out_of_range_but_not_after_an_association)
{
	LONGS_EQUAL(WIFI_DO_WAIT, event(WIFI_EVENT_NOT_FOUND));
	event(WIFI_EVENT_ASSOCIATING);
	LONGS_EQUAL(WIFI_DO_WAIT, event(WIFI_EVENT_NOT_FOUND));
	wifi_attempt_again(&a, 4, now);
	LONGS_EQUAL(WIFI_DO_WAIT, event(WIFI_EVENT_NOT_FOUND));
	LONGS_EQUAL(WIFI_DO_END, event(WIFI_EVENT_NOT_FOUND));
	LONGS_EQUAL(WIFI_END_OUT_OF_RANGE, a.ending);
}

TEST(wifi_attempt, a_key_is_asked_for_once_more_in_the_first_seconds_only)
{
	now += WIFI_KEY_AGAIN_MS;
	LONGS_EQUAL(WIFI_DO_RECONFIGURE, event(WIFI_EVENT_ASKS, 4, "PASSPHRASE"));
	wifi_attempt_again(&a, 4, now);
	LONGS_EQUAL(WIFI_DO_END, event(WIFI_EVENT_ASKS, 4, "PASSPHRASE"));
	LONGS_EQUAL(WIFI_END_KEY, a.ending);
	STRCMP_EQUAL("PASSPHRASE", a.asked);
	setup();
	now += WIFI_KEY_AGAIN_MS + 1;
	LONGS_EQUAL(WIFI_DO_END, event(WIFI_EVENT_ASKS, 4, "PIN"));
}

TEST(wifi_attempt, doing_it_again_moves_no_end)
{
	at(20000);
	wifi_attempt_again(&a, 4, now);
	LONGS_EQUAL(WIFI_DO_END, at(30000));
	LONGS_EQUAL(WIFI_END_TIMEOUT, a.ending);
}

TEST(wifi_attempt, success_needs_our_network_its_open_port_and_tls)
{
	LONGS_EQUAL(WIFI_DO_WAIT, status(4, true)); // of before
	event(WIFI_EVENT_EAP_STARTED);
	LONGS_EQUAL(WIFI_DO_LOOK, event(WIFI_EVENT_EAP_SUCCESS));
	LONGS_EQUAL(WIFI_DO_WAIT, status(4, false));
	LONGS_EQUAL(WIFI_DO_WAIT, status(-1, true));
	LONGS_EQUAL(WIFI_DO_WAIT, at(WIFI_LOOK_MS - 1));
	LONGS_EQUAL(WIFI_DO_LOOK, at(WIFI_LOOK_MS));
	LONGS_EQUAL(WIFI_DO_END, status(4, true));
	LONGS_EQUAL(WIFI_END_SUCCESS, a.ending);
}

TEST(wifi_attempt, a_connection_from_a_cached_key_is_no_authentication)
{
	LONGS_EQUAL(WIFI_DO_REASSOCIATE, event(WIFI_EVENT_CONNECTED, 4));
	event(WIFI_EVENT_EAP_STARTED);
	event(WIFI_EVENT_EAP_SUCCESS);
	LONGS_EQUAL(WIFI_DO_LOOK, event(WIFI_EVENT_CONNECTED, 4));
}

TEST(wifi_attempt, a_connection_of_another_network_ends_it)
{
	LONGS_EQUAL(WIFI_DO_END, event(WIFI_EVENT_CONNECTED, 0));
	LONGS_EQUAL(WIFI_END_OTHER, a.ending);
}

TEST(wifi_attempt, a_rest_that_was_given_counts_for_our_network_and_our_association)
{
	LONGS_EQUAL(WIFI_DO_WAIT, event(WIFI_EVENT_DISABLED, 4, "WRONG_KEY"));
	event(WIFI_EVENT_ASSOCIATING);
	LONGS_EQUAL(WIFI_DO_WAIT, event(WIFI_EVENT_DISABLED, 5, "WRONG_KEY"));
	LONGS_EQUAL(WIFI_DO_WAIT, event(WIFI_EVENT_DISABLED, 4, "CONN_FAILED"));
	LONGS_EQUAL(WIFI_DO_END, event(WIFI_EVENT_DISABLED, 4, "WRONG_KEY"));
	LONGS_EQUAL(WIFI_END_PASS_PHRASE, a.ending);
	setup();
	event(WIFI_EVENT_EAP_STARTED);
	LONGS_EQUAL(WIFI_DO_END, event(WIFI_EVENT_DISABLED, 4, "AUTH_FAILED"));
	LONGS_EQUAL(WIFI_END_REFUSED, a.ending);
}

TEST(wifi_attempt, the_wait_is_never_longer_than_what_may_come)
{
	LONGS_EQUAL(3000, wifi_attempt_wait_ms(&a, now));
	event(WIFI_EVENT_EAP_STARTED);
	event(WIFI_EVENT_EAP_SUCCESS);
	LONGS_EQUAL(WIFI_LOOK_MS, wifi_attempt_wait_ms(&a, now));
	LONGS_EQUAL(1, wifi_attempt_wait_ms(&a, now + 60000));
}
