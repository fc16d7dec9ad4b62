// SPDX-License-Identifier: MIT
#include "CppUTest/TestHarness.h"
#include <csetjmp>
#include <cstdio>
#include <string>
#include <vector>
#include "client/agent/refusal.h"
#include "client/agent/trial.h"
#include "test_folder.hpp"

// A world of consumers and servers: what each consumer does with each generation, and what it was asked.
struct world {
	enum consumer_result (*answer)(size_t consumer, unsigned generation);
	std::string asked; // "0:2 1:2 0:1 "
	unsigned proven[3];
	int calls_left; // the power goes in this call; negative: never
	jmp_buf cut;
	bool may_go_back, is_over;
	int64_t now;
	bool is_broken; // what was proven stopped working since
};

static enum err work(void *ctx, size_t i, const struct move *move, enum consumer_result *out, struct why *why)
{
	world *w = static_cast<world *>(ctx);
	if (w->calls_left == 0)
		longjmp(w->cut, 1);
	w->calls_left--;
	if (w->proven[i] == move->to) {
		*out = CONSUMER_PROVEN;
		return w->is_broken ? why_set(why, ERR_DENIED, "vpn.refused", "down since") : ERR_OK;
	}
	w->asked += std::to_string(i) + ":" + std::to_string(move->to) + " ";
	*out = w->answer(i, move->to);
	if (*out == CONSUMER_PROVEN)
		w->proven[i] = move->to;
	else
		w->proven[i] = 0; // told to use another one
	if (*out != CONSUMER_FAILED)
		return ERR_OK;
	return why_set(why, ERR_DENIED, "wifi.refused", "consumer %zu says no to %u", i, move->to);
}

static const char *name_of(void *, size_t i)
{
	static const char *const names[] = { "corp", "lan", "hq" };
	return names[i];
}

TEST_GROUP(trial)
{
	test_folder *folder;
	struct store store;
	struct why why;
	struct consumer_outcome out[3];
	world w;

	void setup() override
	{
		folder = new test_folder("sgt");
		why = {};
		store = {};
		snprintf(store.state, sizeof store.state, "%s", folder->path("state").c_str());
		snprintf(store.run, sizeof store.run, "%s", folder->path("run").c_str());
		LONGS_EQUAL(ERR_OK, store_prepare(&store, &why));
		w.calls_left = -1;
		w.may_go_back = true;
		w.is_over = false;
		w.now = 1000;
		w.is_broken = false;
		start();
	}
	void teardown() override { delete folder; }

	void make(unsigned number)
	{
		struct generation_meta meta = {};
		const struct bytes x = { reinterpret_cast<const uint8_t *>("x"), 1 };
		LONGS_EQUAL(ERR_OK, generation_meta_write(&store, "p", number, &meta, &why));
		LONGS_EQUAL(ERR_OK, generation_write(&store, "p", number, "key.der", x, &why));
		LONGS_EQUAL(ERR_OK, generation_write(&store, "p", number, "cert.pem", x, &why));
	}
	// Generation 1 works for all, 2 was just issued and is on trial.
	void start()
	{
		folder->run("rm -rf state/scep state/history");
		make(1);
		LONGS_EQUAL_TEXT(ERR_OK, generation_start(&store, "p", &why), why.text);
		make(2);
		LONGS_EQUAL_TEXT(ERR_OK, generation_start(&store, "p", &why), why.text);
		w.asked = "";
		for (unsigned &p : w.proven)
			p = 1;
	}
	enum err go()
	{
		const struct trial_host host = { work,
			                         [](void *ctx, unsigned) { return static_cast<world *>(ctx)->may_go_back; },
			                         [](void *ctx, unsigned) { return static_cast<world *>(ctx)->is_over; },
			                         name_of,
			                         w.now,
			                         60,
			                         3600,
			                         &w };
		why = {};
		if (setjmp(w.cut) != 0)
			return ERR_AGAIN; // the power went
		return trial_run(&store, "p", &host, out, 3, &why);
	}
	std::string listing() { return folder->run("ls -m state/scep/p | tr -d '\\n'"); }
	std::string links()
	{
		return folder->run("cd state/scep/p; for l in current previous; do readlink $l; done | tr '\\n' ' '");
	}
};

TEST(trial, NeverBackFromACertificateThatWasRevoked)
{
	const std::string revoked = "schema = 1\nserial = 4d\nreason = 1\nrevoked_at = 1\nthis_update = 1\nrequest = 0\n";
	w.answer = [](size_t, unsigned g) { return g == 2 ? CONSUMER_FAILED : CONSUMER_PROVEN; };
	LONGS_EQUAL(ERR_OK, generation_write(&store, "p", 2, "revoked",
	                                     bytes{ reinterpret_cast<const uint8_t *>(revoked.data()), revoked.size() }, &why));
	LONGS_EQUAL_TEXT(ERR_OK, go(), why.text);
	STRCMP_EQUAL("0002 0001 ", links().c_str());
	STRCMP_EQUAL("0:2 1:2 2:2 ", w.asked.c_str());
}

TEST(trial, WhenAllProveTheOldOneGoes)
{
	w.answer = [](size_t, unsigned) { return CONSUMER_PROVEN; };
	LONGS_EQUAL_TEXT(ERR_OK, go(), why.text);
	STRCMP_EQUAL("0:2 1:2 2:2 ", w.asked.c_str());
	STRCMP_EQUAL("0002, current", listing().c_str());
}

TEST(trial, AConsumerThatIsAbsentKeepsTheTrialOpenWithoutFailingIt)
{
	w.answer = [](size_t i, unsigned) { return i == 1 ? CONSUMER_OPEN : CONSUMER_PROVEN; };
	LONGS_EQUAL_TEXT(ERR_OK, go(), why.text);
	STRCMP_EQUAL("0002 0001 ", links().c_str());
	LONGS_EQUAL(ERR_OK, out[1].err);
	// until it is there
	w.answer = [](size_t, unsigned) { return CONSUMER_PROVEN; };
	LONGS_EQUAL_TEXT(ERR_OK, go(), why.text);
	STRCMP_EQUAL("0:2 1:2 2:2 1:2 ", w.asked.c_str());
	STRCMP_EQUAL("0002, current", listing().c_str());
}

TEST(trial, AnOpenTrialEndsWithTheOldCertificate)
{
	w.answer = [](size_t i, unsigned) { return i == 1 ? CONSUMER_OPEN : CONSUMER_PROVEN; };
	w.is_over = true;
	LONGS_EQUAL_TEXT(ERR_OK, go(), why.text);
	STRCMP_EQUAL("0002, current", listing().c_str());
}

TEST(trial, OneThatFailsAndWorksWithTheOldRollsBack)
{
	w.answer = [](size_t i, unsigned g) { return i == 1 && g == 2 ? CONSUMER_FAILED : CONSUMER_PROVEN; };
	LONGS_EQUAL(ERR_DENIED, go());
	STRCMP_EQUAL("trial.refused", why.code);
	CHECK(std::string(why.text).find("\"lan\"") != std::string::npos);
	CHECK(std::string(why.text).find("consumer 1 says no to 2") != std::string::npos);
	// the third was never bothered, the first went back
	STRCMP_EQUAL("0:2 1:2 0:1 1:1 ", w.asked.c_str());
	STRCMP_EQUAL("0001, 0002, current", listing().c_str());
	STRCMP_EQUAL("0001 ", links().c_str());
	// and it is said again as long as it waits
	struct generations g;
	struct why again = {};
	LONGS_EQUAL(ERR_OK, generations_look(&store, "p", &g, &why));
	LONGS_EQUAL(ERR_DENIED, trial_refused(&store, "p", &g, &again));
	CHECK(std::string(again.text).find("consumer 1 says no to 2") != std::string::npos);
}

TEST(trial, WhenBothFailTheNewOneStaysInUseAndTheTrialOpen)
{
	w.answer = [](size_t i, unsigned) { return i == 1 ? CONSUMER_FAILED : CONSUMER_PROVEN; };
	LONGS_EQUAL_TEXT(ERR_OK, go(), why.text);
	STRCMP_EQUAL("0002 0001 ", links().c_str());
	STRCMP_EQUAL("0:2 1:2 0:1 1:1 0:2 1:2 2:2 ", w.asked.c_str());
	LONGS_EQUAL(ERR_DENIED, out[1].err);
	LONGS_EQUAL(ERR_OK, out[0].err);
	// the server returns: the trial ends well, nothing was lost
	w.answer = [](size_t, unsigned) { return CONSUMER_PROVEN; };
	LONGS_EQUAL_TEXT(ERR_OK, go(), why.text);
	STRCMP_EQUAL("0002, current", listing().c_str());
}

TEST(trial, NeverBackToACertificateWhoseKeyDoesNotLoadAndTheOthersAreToldAllTheSame)
{
	w.answer = [](size_t i, unsigned) { return i == 0 ? CONSUMER_FAILED : CONSUMER_PROVEN; };
	w.may_go_back = false;
	LONGS_EQUAL_TEXT(ERR_OK, go(), why.text);
	STRCMP_EQUAL("0:2 1:2 2:2 ", w.asked.c_str());
	STRCMP_EQUAL("0002 0001 ", links().c_str());
	LONGS_EQUAL(ERR_DENIED, out[0].err);
	LONGS_EQUAL(CONSUMER_PROVEN, out[2].result);
}

TEST(trial, WithTheOldCertificateOverTheTrialEndsThoughOneFails)
{
	w.answer = [](size_t i, unsigned) { return i == 0 ? CONSUMER_FAILED : CONSUMER_PROVEN; };
	w.may_go_back = false;
	w.is_over = true;
	LONGS_EQUAL_TEXT(ERR_OK, go(), why.text);
	STRCMP_EQUAL("0:2 1:2 2:2 ", w.asked.c_str());
	STRCMP_EQUAL("0002, current", listing().c_str());
	LONGS_EQUAL(ERR_DENIED, out[0].err);
}

// Only who refused the new one can say that the old one works; another's dead server is another matter.
TEST(trial, AnotherConsumersDeadServerCancelsNoWayBack)
{
	w.answer = [](size_t i, unsigned g) {
		return i == 2 || (i == 1 && g == 2) ? CONSUMER_FAILED : CONSUMER_PROVEN;
	};
	w.proven[2] = 0;
	LONGS_EQUAL(ERR_DENIED, go());
	STRCMP_EQUAL("trial.refused", why.code);
	STRCMP_EQUAL("0001 ", links().c_str());
	LONGS_EQUAL(1, w.proven[1]);
	LONGS_EQUAL(ERR_DENIED, out[2].err);
}

TEST(trial, WhoIsOutOfReachOnTheWayBackHasNotSaidThatTheOldWorks)
{
	w.answer = [](size_t i, unsigned g) {
		return i != 1 ? CONSUMER_PROVEN : g == 2 ? CONSUMER_FAILED : CONSUMER_OPEN;
	};
	LONGS_EQUAL_TEXT(ERR_OK, go(), why.text);
	STRCMP_EQUAL("0001 0001 ", links().c_str());
	w.answer = [](size_t, unsigned) { return CONSUMER_PROVEN; };
	LONGS_EQUAL(ERR_DENIED, go());
	STRCMP_EQUAL("0001 ", links().c_str());
}

TEST(trial, WhoStoppedWorkingWithTheOldHasNotSaidThatItWorks)
{
	w.answer = [](size_t i, unsigned g) { return i == 1 && g == 2 ? CONSUMER_FAILED : CONSUMER_PROVEN; };
	w.calls_left = 2;
	LONGS_EQUAL(ERR_AGAIN, go());
	w.calls_left = -1;
	w.proven[1] = 1;
	w.is_broken = true;
	LONGS_EQUAL_TEXT(ERR_OK, go(), why.text);
	STRCMP_EQUAL("0001 0001 ", links().c_str());
}

TEST(trial, AServerThatStaysDownIsNotAskedWithTheOldInEachPass)
{
	w.answer = [](size_t i, unsigned) { return i == 1 ? CONSUMER_FAILED : CONSUMER_PROVEN; };
	LONGS_EQUAL_TEXT(ERR_OK, go(), why.text);
	w.asked = "";
	w.now += 59;
	LONGS_EQUAL_TEXT(ERR_OK, go(), why.text);
	STRCMP_EQUAL("1:2 ", w.asked.c_str()); // the healthy ones are left alone
	w.asked = "";
	w.now += 1;
	LONGS_EQUAL_TEXT(ERR_OK, go(), why.text);
	STRCMP_EQUAL("1:2 0:1 1:1 2:1 0:2 1:2 2:2 ", w.asked.c_str());
	w.asked = "";
	w.now += 119; // the pause has doubled
	LONGS_EQUAL_TEXT(ERR_OK, go(), why.text);
	STRCMP_EQUAL("1:2 ", w.asked.c_str());
	w.answer = [](size_t, unsigned) { return CONSUMER_PROVEN; };
	LONGS_EQUAL_TEXT(ERR_OK, go(), why.text);
	STRCMP_EQUAL("0002, current", listing().c_str());
	STRCMP_EQUAL("cert.pem\nkey.der\nmeta.ini\n", folder->run("ls state/scep/p/0002").c_str());
}

TEST(trial, OnTheWayBackWithoutReasonOrConsumerTheNewOneIsTriedAgain)
{
	w.answer = [](size_t i, unsigned g) { return i == 1 && g == 2 ? CONSUMER_FAILED : CONSUMER_PROVEN; };
	w.calls_left = 2;
	LONGS_EQUAL(ERR_AGAIN, go());
	w.calls_left = -1;
	STRCMP_EQUAL("0001 0001 ", links().c_str());
	folder->run(": > state/scep/p/0002/refused");
	w.answer = [](size_t, unsigned) { return CONSUMER_PROVEN; };
	LONGS_EQUAL_TEXT(ERR_OK, go(), why.text);
	STRCMP_EQUAL("0002 0001 ", links().c_str());
	LONGS_EQUAL_TEXT(ERR_OK, go(), why.text);
	STRCMP_EQUAL("0002, current", listing().c_str());
}

TEST(trial, ANewerCertificateThatWaitsComesBeforeAWayBack)
{
	w.answer = [](size_t i, unsigned) { return i == 1 ? CONSUMER_FAILED : CONSUMER_PROVEN; };
	make(3);
	LONGS_EQUAL_TEXT(ERR_OK, go(), why.text);
	STRCMP_EQUAL("0002 0001 ", links().c_str());
}

TEST(trial, TroubleThatSaysNothingOfTheCertificateRollsNothingBack)
{
	w.answer = [](size_t, unsigned) { return CONSUMER_OPEN; };
	LONGS_EQUAL_TEXT(ERR_OK, go(), why.text);
	STRCMP_EQUAL("0002 0001 ", links().c_str());
}

TEST(trial, WithoutATrialAFailureIsTheConsumersAlone)
{
	w.answer = [](size_t, unsigned) { return CONSUMER_PROVEN; };
	LONGS_EQUAL_TEXT(ERR_OK, go(), why.text);
	w.proven[1] = 0;
	w.answer = [](size_t, unsigned) { return CONSUMER_FAILED; };
	LONGS_EQUAL_TEXT(ERR_OK, go(), why.text);
	LONGS_EQUAL(ERR_DENIED, out[1].err);
	STRCMP_EQUAL("0002, current", listing().c_str());
}

TEST(trial, OnTheWayBackWithNobodyThereItWaits)
{
	w.answer = [](size_t i, unsigned g) { return i == 1 && g == 2 ? CONSUMER_FAILED : CONSUMER_PROVEN; };
	w.calls_left = 2; // after the verdict, before the old one is tried
	LONGS_EQUAL(ERR_AGAIN, go());
	STRCMP_EQUAL("0001 0001 ", links().c_str());
	w.calls_left = -1;
	for (unsigned &p : w.proven)
		p = 0;
	w.answer = [](size_t, unsigned) { return CONSUMER_OPEN; };
	LONGS_EQUAL_TEXT(ERR_OK, go(), why.text);
	STRCMP_EQUAL("0001 0001 ", links().c_str());
}

// The power goes in every call to a consumer, in each of the three outcomes; the next run decides the same.
TEST(trial, ACutAnywhereDecidesTheSame)
{
	static enum consumer_result (*const answers[])(size_t, unsigned) = {
		[](size_t, unsigned) { return CONSUMER_PROVEN; },
		[](size_t i, unsigned g) { return i == 1 && g == 2 ? CONSUMER_FAILED : CONSUMER_PROVEN; },
		[](size_t i, unsigned) { return i == 1 ? CONSUMER_FAILED : CONSUMER_PROVEN; },
	};
	static const char *const ends[] = { "0002 ", "0001 ", "0002 0001 " };
	for (size_t a = 0; a < 3; a++) {
		for (int cut = 0; cut < 9; cut++) {
			start();
			w.answer = answers[a];
			w.calls_left = cut;
			go();
			w.calls_left = -1;
			go();
			STRCMP_EQUAL(ends[a], links().c_str());
		}
	}
}
