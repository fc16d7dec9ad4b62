// SPDX-License-Identifier: MIT
#include "CppUTest/TestHarness.h"
#include "client/pki/wolf_memory.h"
#include "fakes/no_memory.h"
#include <cstring>
#include <ctime>
#include <string>
#include <vector>
#include "client/pki/cms_parse.h"
#include "client/pki/cms_seal.h"
#include "client/pki/hash.h"
#include "client/pki/name.h"
#include "client/scep/request_record.h"
#include "client/scep/scep.h"
#include "client/pki/cms_lab.hpp"

#define OID_SENDER_NONCE_TEXT "2.16.840.1.113733.1.9.5" /* RFC 8894 section 3.2.1.5 */

// A server behind the http port: it reads the requests as a CA does, and answers as a test tells it to.
struct fake_server {
	std::string caps = "AES\nPOSTPKIOperation\nRenewal\nSHA-256\n", ca_body, next_body, page, page_type, issued;
	std::string dead_host; // it cannot be reached
	std::vector<std::string> status, urls;
	std::vector<int> types;      // messageType of each request that came
	std::string refused_types;   // ",17,": answered with FAILURE
	std::string signer;          // of the last stored request
	long http_status = 200;
	bool is_page = false;        // a web page instead of a CertRep
	bool fails_to_store = false;
	unsigned stored = 0, pages_asked = 0;
	size_t mark_len = 0;
	cms_party *answers_as = &cms_lab::get().ra;
};
static fake_server *server;

// Value of a signed attribute of a request, by the walk of RFC 5652 and nothing of its checks.
static std::string signed_value(const std::string &message, const char *type)
{
	struct buf der;
	struct bytes content;
	struct cms_signed_data data;
	struct cms_signer_info info;
	struct der_tlv attribute, oid, values, value;
	std::string found;
	if (cms_content_info(as_bytes(message), OID_SIGNED_DATA, &der, &content, nullptr) == ERR_OK &&
	    cms_signed_data_read(content, &data, nullptr) == ERR_OK && cms_signer_info_read(&data, &info, nullptr) == ERR_OK)
		while (der_expect(&info.attributes, DER_SEQUENCE, &attribute) == ERR_OK)
			if (der_expect(&attribute.content, DER_OID, &oid) == ERR_OK && der_is_oid(&oid, type) &&
			    der_expect(&attribute.content, DER_SET, &values) == ERR_OK && der_next(&values.content, &value) == ERR_OK)
				found = as_string(value.content);
	buf_clear(&der);
	return found;
}

static std::string degenerate(const std::string &certificates)
{
	return tlv(DER_SEQUENCE, oid(OID_SIGNED_DATA) +
	                                 tlv(DER_CONTEXT_CONSTRUCTED(0),
	                                     tlv(DER_SEQUENCE, tlv(DER_INTEGER, "\x01") + tlv(DER_SET, "") +
	                                                               tlv(DER_SEQUENCE, oid(OID_DATA)) +
	                                                               tlv(DER_CONTEXT_CONSTRUCTED(0), certificates) +
	                                                               tlv(DER_SET, ""))));
}

static std::string sealed(const std::string &content, const std::string &recipient)
{
	struct certificate cert;
	struct buf out;
	buf_init(&out, 65536);
	if (certificate_parse(as_bytes(recipient), &cert, nullptr) != ERR_OK ||
	    cms_seal(as_bytes(content), &cert, CMS_AES128, &out, nullptr) != ERR_OK)
		abort();
	std::string s = as_string(buf_bytes(&out));
	buf_clear(&out);
	return s;
}

static std::string reply_to(const std::string &message)
{
	certrep reply;
	std::string type = signed_value(message, OID_MESSAGE_TYPE);
	server->types.push_back(atoi(type.c_str()));
	reply.signer = server->answers_as;
	reply.transaction_id = signed_value(message, OID_TRANSACTION_ID);
	reply.nonce = signed_value(message, OID_SENDER_NONCE_TEXT);
	reply.status = server->status.empty() ? "0" : server->status.front();
	if (!server->status.empty())
		server->status.erase(server->status.begin());
	if (server->refused_types.find("," + type + ",") != std::string::npos)
		reply.status = "2";
	reply.has_content = reply.status == "0";
	if (reply.status == "0")
		reply.content = sealed(degenerate(server->issued), server->signer);
	if (reply.status == "2")
		reply.more_attributes = attribute(OID_FAIL_INFO, text("2"));
	return reply.build();
}

static std::string unescaped(const std::string &query)
{
	std::string out;
	for (size_t i = 0; i < query.size(); i++) {
		out += query[i] == '%' ? static_cast<char>(strtol(query.substr(i + 1, 2).c_str(), nullptr, 16)) : query[i];
		i += query[i] == '%' ? 2 : 0;
	}
	return out;
}

static std::string from_base64(const std::string &text)
{
	cms_lab &lab = cms_lab::get();
	lab.write("get.b64", text);
	if (!lab.run("openssl base64 -d -A -in get.b64 -out get.bin"))
		abort();
	return lab.read("get.bin");
}

static enum err fake_http(const struct http_request *request, struct http_reply *out, struct why *why)
{
	std::string url = request->url, body;
	server->urls.push_back(url);
	*out = {};
	buf_init(&out->body, HTTP_BODY_MAX);
	if (!server->dead_host.empty() && url.find(server->dead_host) != std::string::npos)
		return why_set(why, ERR_UNREACHABLE, "http.connect", "%s: nobody there", request->url);
	out->status = 200;
	if (url.find("operation=GetCACaps") != std::string::npos) {
		body = server->caps;
	} else if (url.find("operation=GetCACert") != std::string::npos) {
		body = server->ca_body;
	} else if (url.find("operation=GetNextCACert") != std::string::npos) {
		body = server->next_body;
	} else if (url.find("operation=PKIOperation") != std::string::npos) {
		out->status = server->http_status;
		size_t at = url.find("&message=");
		std::string message = request->body != nullptr ? as_string(*request->body) : from_base64(unescaped(url.substr(at + 9)));
		snprintf(out->content_type, sizeof out->content_type, "%s",
		         server->is_page ? "text/html; charset=utf-8" : "application/x-pki-message");
		body = server->is_page ? "<html>" : reply_to(message);
	} else {
		server->pages_asked++;
		out->status = server->http_status;
		body = server->page;
	}
	return buf_add(&out->body, body.data(), body.size());
}

static enum err fake_store(void *, const struct scep_sent *sent, struct why *why)
{
	server->stored++;
	if (server->fails_to_store)
		return why_set(why, ERR_IO, "test.store", "no room");
	if (sent == nullptr)
		return ERR_OK;
	server->signer = as_string(buf_bytes(&sent->signer));
	server->mark_len = sent->challenge_mark.len;
	return ERR_OK;
}

// The CA is the lab's "ra", whose self-signed certificate is a CA's and the pin; "agent" is a registration authority below it.
TEST_GROUP(dialogue)
{
	cms_lab &lab = cms_lab::get();
	fake_server fake;
	struct certificate_set anchors;
	struct scep_job job;
	struct scep_ports ports;
	struct scep_answer answer;
	struct scep_sent sent;
	struct buf subject;
	struct why why;
	cms_party agent;
	const char *urls[2] = { "http://one.example/scep", "http://two.example/scep?profile=a" };

	void setup() override
	{
		fake = {};
		server = &fake;
		anchors = {};
		answer = {};
		why = {};
		scep_sent_init(&sent);
		buf_init(&subject, 1024);
		LONGS_EQUAL(ERR_OK, certificate_set_add(&anchors, as_bytes(lab.ra.der)));
		LONGS_EQUAL(ERR_OK, name_from_text("CN=device 42", &subject, &why));
		fake.ca_body = lab.ra.der;
		fake.issued = lab.device.der;
		job = {};
		job.server.urls = urls;
		job.server.url_count = 1;
		job.server.ca_identifier = job.server.proxy = job.server.ca_sha256 = "";
		job.server.timeout_ms = 60000;
		job.server.anchors = &anchors;
		job.server.is_cipher_auto = true;
		job.server.digest = KEY_SHA256;
		job.server.now = job.server.time_floor = time(nullptr);
		job.server.is_clock_trusted = true;
		job.content.subject = buf_bytes(&subject);
		ports = {};
		ports.http = fake_http;
		ports.request_key = ports.signer_key = &lab.device.key;
		ports.store = fake_store;
	}
	void teardown() override
	{
		certificate_set_clear(&anchors);
		scep_answer_clear(&answer);
		scep_sent_clear(&sent);
		buf_clear(&subject);
		server = nullptr;
	}
	void make_agent()
	{
		if (lab.read("agent.der").empty())
			CHECK(lab.run("printf 'extendedKeyUsage=1.3.6.1.4.1.311.20.2.1\\n' >agent.ext; openssl req -new -key attacker.key -subj "
			              "/CN=Agent -out agent.csr && openssl x509 -req -in agent.csr -CA ra.pem -CAkey ra.key -CAcreateserial "
			              "-days 30 -extfile agent.ext -outform DER -out agent.der"));
		agent.key = lab.attacker.key;
		agent.der = lab.read("agent.der");
		fake.ca_body = degenerate(agent.der + lab.ra.der);
		job.server.now = job.server.time_floor = time(nullptr); // it is younger than the test
	}
	enum err talk() { return scep_dialogue(&job, &ports, &answer, &why); }
	// What an enrollment left on the disk.
	void remember(const char *url)
	{
		struct why ignored = {};
		fake.status = { "3" };
		LONGS_EQUAL_TEXT(ERR_OK, scep_dialogue(&job, &ports, &answer, &ignored), ignored.text);
		scep_answer_clear(&answer);
		snprintf(sent.url, sizeof sent.url, "%s", url);
		snprintf(sent.transaction_id, sizeof sent.transaction_id, "%s", "0123456789ABCDEF0123456789ABCDEF01234567");
		LONGS_EQUAL(ERR_OK, buf_add(&sent.signer, fake.signer.data(), fake.signer.size()));
		job.sent = &sent;
		fake.urls.clear();
		fake.types.clear();
	}
	void remember_record()
	{
		struct certificate cert;
		struct der_out der;
		der_out_init(&der, REQUEST_RECORD_MAX);
		LONGS_EQUAL(ERR_OK, certificate_parse(as_bytes(fake.signer), &cert, &why));
		size_t begin = der_begin(&der);
		der_put_raw(&der, cert.subject.data, cert.subject.len);
		der_put_raw(&der, cert.spki.data, cert.spki.len);
		der_put(&der, DER_OCTET_STRING, nullptr, 0);
		size_t list = der_begin(&der);
		der_end(&der, list, DER_SEQUENCE);
		der_put_oid(&der, "1.2.840.113549.1.1.11");
		der_put(&der, DER_OCTET_STRING, "digest", 6);
		der_put(&der, DER_OCTET_STRING, "signature", 9);
		der_end(&der, begin, DER_SEQUENCE);
		LONGS_EQUAL(ERR_OK, der_finish(&der, &sent.record));
		der_out_clear(&der);
	}
	bool asked(const std::string &part) const
	{
		for (const std::string &url : fake.urls)
			if (url.find(part) != std::string::npos)
				return true;
		return false;
	}
};

TEST(dialogue, SuccessHandsOutTheCertificatesOfTheReplyAndThenTheServers)
{
	LONGS_EQUAL_TEXT(ERR_OK, talk(), why.text);
	LONGS_EQUAL(SCEP_SUCCESS, answer.status);
	LONGS_EQUAL(2, answer.certificates.count);
	CHECK(as_string(buf_bytes(&answer.certificates.der[0])) == lab.device.der);
	CHECK(as_string(buf_bytes(&answer.certificates.der[1])) == lab.ra.der);
	STRCMP_EQUAL(urls[0], answer.url);
	LONGS_EQUAL(1, fake.stored);
	LONGS_EQUAL(SCEP_PKCS_REQ, fake.types[0]);
}

// As many as GetCACert may list, by whoever answers in the server's name.
// A device that is short of memory has met no attacker and no refusal, and takes no half of an answer.
TEST(dialogue, EachAllocationFailsOnce)
{
	make_agent();
	wolf_memory_watch();
	ports.http = [](const struct http_request *request, struct http_reply *out, struct why *said) {
		unsigned left = no_memory_in; // the server has all it needs
		no_memory_in = 0;
		enum err e = fake_http(request, out, said);
		no_memory_in = left;
		return e;
	};
	ports.store = [](void *ctx, const struct scep_sent *stored, struct why *said) {
		unsigned left = no_memory_in;
		no_memory_in = 0;
		enum err e = fake_store(ctx, stored, said);
		no_memory_in = left;
		return e;
	};
	no_memory_each(
		[&] {
			scep_answer_clear(&answer);
			answer = {};
			why = {};
			return talk();
		},
		[&](enum err e) {
			CHECK_TEXT(e != ERR_UNTRUSTED && e != ERR_DENIED && e != ERR_BUG, why.text);
			CHECK(e != ERR_OK || answer.certificates.count > 0);
		},
		3 /* of some hundreds, each with its signatures */);
}

// Its reply is the challenge, and what is kept of a dialogue goes to support.
TEST(dialogue, AChallengePageIsNotAmongTheExchangesThatAreKept)
{
	std::string kept;
	ports.ctx = &kept;
	ports.wire = [](void *ctx, const struct scep_wire *wire) {
		*static_cast<std::string *>(ctx) += as_string(wire->url) + " " + as_string(wire->reply) + "\n";
	};
	job.challenge_url = "http://one.example/mscep_admin/";
	fake.page = "<b> 8CE317021F690069 </b>";
	LONGS_EQUAL_TEXT(ERR_OK, talk(), why.text);
	LONGS_EQUAL(1, fake.pages_asked);
	CHECK(kept.find("operation=PKIOperation") != std::string::npos);
	CHECK(kept.find("mscep_admin") == std::string::npos);
	CHECK(kept.find("8CE317021F690069") == std::string::npos);
}

// What stands on the disk may have been cut anywhere.
TEST(dialogue, TheRecordOfARequestIsReadWholeOrNotAtAll)
{
	static const char *const ekus[] = { "1.3.6.1.5.5.7.3.2", "1.3.6.1.5.5.7.3.1" };
	struct request_record record;
	struct buf csr, out;
	buf_init(&csr, CSR_MAX);
	buf_init(&out, REQUEST_RECORD_MAX);
	enum err built = csr_build(&job.content, &lab.device.key, KEY_SHA256, &csr, &why);
	enum err made = request_record_make(buf_bytes(&csr), ekus, 2, &out, &why);
	std::string whole = as_string(buf_bytes(&out)), request = as_string(buf_bytes(&csr));
	buf_clear(&out);
	buf_clear(&csr);
	LONGS_EQUAL(ERR_OK, built);
	LONGS_EQUAL(ERR_OK, made);
	LONGS_EQUAL(ERR_OK, request_record_read(as_bytes(whole), &record, &why));
	for (size_t len = 0; len < whole.size(); len++) {
		std::string cut = whole.substr(0, len);
		LONGS_EQUAL(ERR_INVALID, request_record_read(as_bytes(cut), &record, &why));
	}
	LONGS_EQUAL(ERR_INVALID, request_record_read(as_bytes(whole + "x"), &record, &why));
	for (size_t len = 0; len < request.size(); len++) {
		struct bytes name, san, spki;
		std::string cut = request.substr(0, len);
		LONGS_EQUAL(ERR_INVALID, csr_read(as_bytes(cut), &name, &san, &spki, &why));
	}
}

TEST(dialogue, AListWithoutRoomForTheReplyCostsNoCertificateThatWasIssued)
{
	std::string strangers;
	for (char i = 0; i < CERTIFICATE_SET_MAX - 1; i++) {
		std::string stranger = lab.attacker.der;
		stranger.back() = i; // another signature: another certificate
		strangers += stranger;
	}
	fake.ca_body = degenerate(strangers + lab.ra.der);
	LONGS_EQUAL_TEXT(ERR_OK, talk(), why.text);
	LONGS_EQUAL(CERTIFICATE_SET_MAX, answer.certificates.count);
	CHECK(as_string(buf_bytes(&answer.certificates.der[0])) == lab.device.der);
	CHECK(as_string(buf_bytes(&answer.certificates.der[1])) == lab.ra.der);
}

TEST(dialogue, PendingIsNoFailureAndBringsNoCertificate)
{
	fake.status = { "3" };
	LONGS_EQUAL_TEXT(ERR_OK, talk(), why.text);
	LONGS_EQUAL(SCEP_PENDING, answer.status);
	LONGS_EQUAL(0, answer.certificates.count);
}

TEST(dialogue, ARefusalNamesTheServersReason)
{
	fake.status = { "2" };
	LONGS_EQUAL(ERR_DENIED, talk());
	STRCMP_EQUAL("scep.refused", why.code);
	STRCMP_CONTAINS("badRequest", why.text);
	LONGS_EQUAL(0, answer.certificates.count);
}

TEST(dialogue, NothingGoesOutThatIsNotStored)
{
	fake.fails_to_store = true;
	LONGS_EQUAL(ERR_IO, talk());
	CHECK_FALSE(asked("PKIOperation"));
}

TEST(dialogue, AServerWithoutPostIsAskedByGetWithTheSameMessage)
{
	fake.caps = "AES\nSHA-256\n";
	LONGS_EQUAL_TEXT(ERR_OK, talk(), why.text);
	CHECK(asked("operation=PKIOperation&message=M")); // base64 of a SEQUENCE
}

TEST(dialogue, AServerThatIsDownBeforeTheRequestIsFollowedByTheNext)
{
	job.server.url_count = 2;
	fake.dead_host = "one.example";
	LONGS_EQUAL_TEXT(ERR_OK, talk(), why.text);
	STRCMP_EQUAL(urls[1], answer.url);
	CHECK(asked("two.example/scep?profile=a&operation=GetCACaps"));
}

TEST(dialogue, ARefusalOfOneServerIsNotTakenToAnother)
{
	job.server.url_count = 2;
	fake.status = { "2" };
	LONGS_EQUAL(ERR_DENIED, talk());
	CHECK_FALSE(asked("two.example"));
}

TEST(dialogue, AStoredRequestStaysWithItsServer)
{
	remember("http://three.example/scep");
	remember_record();
	job.intent = SCEP_POLL;
	LONGS_EQUAL_TEXT(ERR_OK, talk(), why.text);
	CHECK(asked("three.example"));
	CHECK_FALSE(asked("one.example"));
	LONGS_EQUAL(SCEP_CERT_POLL, fake.types[0]);
	// and when that one is down, nobody else is asked
	scep_answer_clear(&answer);
	fake.urls.clear();
	fake.dead_host = "three.example";
	LONGS_EQUAL(ERR_UNREACHABLE, talk());
	CHECK_FALSE(asked("one.example"));
}

TEST(dialogue, AResentRequestThatIsRefusedIsPolledOnce)
{
	remember(urls[0]);
	remember_record();
	certrep unused; // any signed request does: the fake server reads its attributes
	struct cms_request again = {};
	again.type = SCEP_PKCS_REQ;
	again.transaction_id = sent.transaction_id;
	again.content = as_bytes(fake.signer);
	again.recipient_der = as_bytes(lab.ra.der);
	again.digest = KEY_SHA256;
	again.signer_der = as_bytes(fake.signer);
	again.key = &lab.device.key;
	LONGS_EQUAL_TEXT(ERR_OK, cms_build_request(&again, &sent.message, &why), why.text);
	job.intent = SCEP_RESEND;
	fake.refused_types = ",19,";
	LONGS_EQUAL_TEXT(ERR_OK, talk(), why.text);
	LONGS_EQUAL(2, fake.types.size());
	LONGS_EQUAL(SCEP_PKCS_REQ, fake.types[0]);
	LONGS_EQUAL(SCEP_CERT_POLL, fake.types[1]);
	// refused to the poll as well: the first refusal is what is told
	scep_answer_clear(&answer);
	fake.refused_types = ",19,20,";
	LONGS_EQUAL(ERR_DENIED, talk());
	LONGS_EQUAL(4, fake.types.size());
}

TEST(dialogue, ARenewalRequestThatIsRefusedIsTriedInTheOlderForm)
{
	job.intent = SCEP_RENEW;
	job.old_certificate = as_bytes(lab.device.der);
	fake.refused_types = ",17,";
	LONGS_EQUAL_TEXT(ERR_OK, talk(), why.text);
	LONGS_EQUAL(2, fake.types.size());
	LONGS_EQUAL(SCEP_RENEWAL_REQ, fake.types[0]);
	LONGS_EQUAL(SCEP_PKCS_REQ, fake.types[1]);
	scep_answer_clear(&answer);
	job.form = SCEP_FORM_17;
	LONGS_EQUAL(ERR_DENIED, talk());
	LONGS_EQUAL(3, fake.types.size());
	job.form = SCEP_FORM_19;
	LONGS_EQUAL_TEXT(ERR_OK, talk(), why.text);
	LONGS_EQUAL(SCEP_PKCS_REQ, fake.types[3]);
}

TEST(dialogue, AReplyOfAStrangerIsRefused)
{
	fake.answers_as = &lab.attacker;
	LONGS_EQUAL(ERR_UNTRUSTED, talk());
	STRCMP_EQUAL("scep.signer", why.code);
}

TEST(dialogue, TheIssuingCaAnnouncesItsSuccessorAndNoAgentDoes)
{
	make_agent();
	job.server.has_rollover = true;
	fake.caps = "AES\nPOSTPKIOperation\nSHA-256\nGetNextCACert\n";
	certrep announcement;
	announcement.content = degenerate(lab.attacker.der);
	announcement.signer = &lab.ra;
	fake.next_body = announcement.build();
	fake.answers_as = &agent;
	LONGS_EQUAL_TEXT(ERR_OK, talk(), why.text);
	LONGS_EQUAL(1, answer.next_ca.count);
	scep_answer_clear(&answer);
	announcement.signer = &agent;
	fake.next_body = announcement.build();
	LONGS_EQUAL_TEXT(ERR_OK, talk(), why.text); // the agent's CertRep counts, its announcement does not
	LONGS_EQUAL(0, answer.next_ca.count);
}

TEST(dialogue, MoreAnnouncedCertificatesThanAnyChainHasAreDropped)
{
	job.server.has_rollover = true;
	fake.caps = "AES\nPOSTPKIOperation\nSHA-256\nGetNextCACert\n";
	std::string many;
	for (int i = 0; i <= SCEP_NEXT_CA_MAX; i++) {
		std::string name = "many" + std::to_string(i);
		CHECK(lab.run("openssl req -x509 -key ra.key -subj /CN=" + name + " -outform DER -out many.der"));
		many += lab.read("many.der");
	}
	certrep announcement;
	announcement.content = degenerate(many);
	fake.next_body = announcement.build();
	LONGS_EQUAL_TEXT(ERR_OK, talk(), why.text);
	LONGS_EQUAL(0, answer.next_ca.count);
}

TEST(dialogue, AChallengeOfThePageGoesIntoTheRequestAndIsMarked)
{
	static const uint8_t salt[] = "salt";
	job.challenge_url = "http://one.example/mscep_admin/";
	job.challenge_salt = { salt, sizeof salt };
	fake.page = "<b> 8CE317021F690069 </b>";
	LONGS_EQUAL_TEXT(ERR_OK, talk(), why.text);
	LONGS_EQUAL(1, fake.pages_asked);
	LONGS_EQUAL(SHA256_LEN, fake.mark_len);
	LONGS_EQUAL(2, fake.stored); // that the page is asked is stored before it is
	fake.urls.clear();
	fake.http_status = 401;
	scep_answer_clear(&answer);
	LONGS_EQUAL(ERR_DENIED, talk());
	STRCMP_EQUAL("challenge.account", why.code); // none is set
	CHECK_FALSE(asked("PKIOperation"));
	fake.http_status = 500;
	LONGS_EQUAL(ERR_UNREACHABLE, talk());
}

TEST(dialogue, EachHttpStatusSaysWhatToLookAt)
{
	const struct {
		long status;
		enum err err;
		const char *next;
	} expected[] = { { 401, ERR_UNREACHABLE, "anonymous" }, { 403, ERR_UNREACHABLE, "complete" },
		         { 404, ERR_UNREACHABLE, "url" },       { 414, ERR_UNREACHABLE, "65534" },
		         { 500, ERR_UNREACHABLE, "event log" }, { 503, ERR_UNREACHABLE, "application pool" },
		         { 418, ERR_UNREACHABLE, "" } };
	for (const auto &one : expected) {
		fake.http_status = one.status;
		LONGS_EQUAL(one.err, talk());
		STRCMP_EQUAL("http.status", why.code);
		STRCMP_CONTAINS(std::to_string(one.status).c_str(), why.text);
		STRCMP_CONTAINS(one.next, why.next_step);
	}
}

TEST(dialogue, AWebPageInsteadOfAReplyIsNamedAsOne)
{
	fake.is_page = true;
	LONGS_EQUAL(ERR_UNREACHABLE, talk());
	STRCMP_EQUAL("scep.web_page", why.code);
}

TEST(dialogue, ABodyOfNoCertificatesIsNoCasAnswer)
{
	fake.ca_body = "<html>log in</html>";
	LONGS_EQUAL(ERR_UNREACHABLE, talk());
	STRCMP_EQUAL("scep.get_ca_cert", why.code);
}

TEST(dialogue, AnAddressThatIsTooLongIsSaidNotCut)
{
	std::string longer = "http://one.example/" + std::string(SCEP_URL_MAX, 'a');
	urls[0] = longer.c_str();
	LONGS_EQUAL(ERR_TOO_BIG, talk());
	CHECK_FALSE(asked("PKIOperation"));
}
