// SPDX-License-Identifier: MIT
#include "client/scep/survey.h"
#include <cstring>
#include <ctime>
#include <unistd.h>
#include "client/ca_lab.hpp"

namespace {
/* What the server says to the two operations; the worker is forked after it is set. */
struct {
	const char *caps;
	const char *certificate; /* name in the lab: GetCACert answers with this one */
	const char *kind;        /* "down", "hang", "crash", "html", "" */
} said;
std::string said_der; /* of `certificate` */

enum err answer(const struct http_request *request, struct http_reply *out, struct why *why)
{
	std::string kind = said.kind;
	*out = {};
	buf_init(&out->body, HTTP_BODY_MAX);
	out->status = 200;
	out->date = 4000000000; /* does not fit into 31 bits */
	if (kind == "down")
		return why_set(why, ERR_UNREACHABLE, "http.connect", "nobody there");
	while (kind == "hang")
		pause();
	if (kind == "crash")
		_exit(7);
	if (kind == "html")
		return buf_add_text(&out->body, "<html>");
	if (strstr(request->url, "operation=GetCACaps") != nullptr)
		return buf_add_text(&out->body, said.caps);
	if (strstr(request->url, "operation=GetCACert") == nullptr)
		_exit(8); /* nothing else may be asked */
	return buf_add(&out->body, said_der.data(), said_der.size());
}
}

TEST_GROUP(survey)
{
	struct certificate_set anchors = {};
	struct survey_job job = {};
	struct survey survey = {};
	struct why why = {};

	void setup() override
	{
		ca_lab::get().add(&anchors, "root");
		ca_lab::get().add(&anchors, "a");
		job.url = "http://ndes/mscep.dll";
		job.http = answer;
		job.server.anchors = &anchors;
		job.server.ca_identifier = job.server.proxy = job.server.ca_sha256 = "";
		job.server.timeout_ms = 5000;
		job.server.now = std::time(nullptr) + 60;
		job.server.is_clock_trusted = true;
		said = { "AES\nRenewal\nGetNextCACert\n", "a", "" };
	}
	void teardown() override
	{
		survey_clear(&survey);
		certificate_set_clear(&anchors);
		std::string().swap(said_der);
	}
	enum err ask()
	{
		struct survey_run run;
		survey_clear(&survey);
		said_der = ca_lab::get().der(said.certificate); /* here: the child is in its cage, and may start no program */
		LONGS_EQUAL(ERR_OK, survey_start(&job, &run, &why));
		return survey_finish(&run, &survey, &why);
	}
};

TEST(survey, AllOfTheAnswerComesThrough)
{
	LONGS_EQUAL_TEXT(ERR_OK, ask(), why.text);
	CHECK(survey.has_answered && survey.caps.is_known && survey.caps.has_aes && survey.caps.has_renewal && survey.caps.has_next_ca);
	CHECK(!survey.caps.has_post && !survey.caps.has_des3 && !survey.caps.has_sha1 && !survey.caps.has_sha256 && !survey.caps.has_sha512);
	LONGLONGS_EQUAL(4000000000, survey.date);
	LONGS_EQUAL(1, survey.offered.count);
	LONGS_EQUAL(1, survey.accepted.count);
	std::string a = ca_lab::get().der("a");
	CHECK(certificate_equal(buf_bytes(&survey.recipient), ca_lab::view(a)));
	CHECK(certificate_equal(buf_bytes(&survey.issuing), ca_lab::view(a)));
}

TEST(survey, OfAServerThatIsNotBelievedItsCertificatesAreKnown)
{
	said.certificate = "x";
	LONGS_EQUAL(ERR_UNTRUSTED, ask());
	STRCMP_EQUAL("scep.ra", why.code);
	CHECK(survey.has_answered);
	LONGS_EQUAL(1, survey.offered.count);
	LONGS_EQUAL(0, survey.accepted.count);
	LONGS_EQUAL(0, survey.recipient.len);
}

TEST(survey, AServerThatIsNotThereOrIsSomethingElse)
{
	said.kind = "down";
	LONGS_EQUAL(ERR_UNREACHABLE, ask());
	STRCMP_EQUAL("nobody there", why.text);
	CHECK(!survey.has_answered);
	said.kind = "html";
	LONGS_EQUAL(ERR_UNREACHABLE, ask());
	STRCMP_EQUAL("scep.get_ca_cert", why.code);
}

TEST(survey, AWorkerThatHangsOrFallsOverIsEnded)
{
	said.kind = "crash";
	LONGS_EQUAL(ERR_UNREACHABLE, ask());
	STRCMP_EQUAL("survey.lost", why.code);
	said.kind = "hang";
	job.server.timeout_ms = 100;
	LONGS_EQUAL(ERR_UNREACHABLE, ask());
	STRCMP_EQUAL("survey.lost", why.code);
	LONGS_EQUAL(0, survey.offered.count);
}
