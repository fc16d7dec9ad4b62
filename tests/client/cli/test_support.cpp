/* SPDX-License-Identifier: MIT */
#include "client/cli/support.hpp"
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <unistd.h>
#include "client/cli/cli.h"

struct fake_agent fake;

static const int64_t NOW = 1795359759; /* date -u -d @1795359759: 2026-11-22T15:02:39Z */
static const int64_t DAY = 86400;

extern "C" const char *profile_kind_text(enum profile_kind kind)
{
	static const char *const words[] = {"trust", "scep", "wifi", "wired", "vpn"};
	return words[kind];
}

extern "C" const char *profile_state_text(enum profile_state state)
{
	static const char *const words[] = {"installed", "trial", "pending",
					    "waiting",	 "error", "absent"};
	return words[state];
}

extern "C" void device_view_clear(struct device_view *view)
{
	free(view->profiles);
	view->profiles = nullptr;
	view->profile_count = 0;
}

extern "C" void plan_clear(struct plan *plan)
{
	free(plan->steps);
	plan->steps = nullptr;
	plan->count = 0;
}

template <size_t N> static void set(char (&field)[N], const char *text)
{
	snprintf(field, N, "%s", text);
}

struct device_view make_view()
{
	struct device_view view;
	memset(&view, 0, sizeof view);
	set(view.name, fake.device.c_str());
	view.time = NOW;
	view.is_clock_trusted = fake.is_clock_trusted;
	view.tpm.state = "ok";
	set(view.tpm.manufacturer, "IFX");
	set(view.tpm.firmware, "7.85");
	view.profile_count = fake.profiles.size();
	view.profiles = static_cast<struct profile_view *>(
	    calloc(view.profile_count + 1, sizeof *view.profiles));
	for (size_t i = 0; i < view.profile_count; i++)
		view.profiles[i] = fake.profiles[i];
	return view;
}

extern "C" enum err agent_look(const struct config *, bool with_tpm, struct device_view *out,
			       struct why *why)
{
	fake.looks++;
	fake.asked_tpm = with_tpm;
	if (fake.err != ERR_OK) {
		*why = fake.why;
		return fake.err;
	}
	*out = make_view();
	return ERR_OK;
}

extern "C" enum err agent_plan(const struct config *, struct plan *out, struct why *why)
{
	fake.plans++;
	if (fake.err != ERR_OK) {
		*why = fake.why;
		return fake.err;
	}
	out->count = fake.steps.size();
	out->steps = static_cast<struct plan_step *>(calloc(out->count + 1, sizeof *out->steps));
	for (size_t i = 0; i < out->count; i++)
		out->steps[i] = fake.steps[i];
	return ERR_OK;
}

extern "C" void test_view_clear(struct test_view *view)
{
	free(view->results);
	view->results = nullptr;
	view->count = 0;
}

extern "C" enum err agent_test(const struct config *, enum test_subject subject, const char *name,
			       struct test_view *out, struct why *why)
{
	fake.asked_test = std::string(subject == TEST_VPN ? "vpn " : "wifi ") + (name != nullptr ? name : "*");
	if (fake.err != ERR_OK) {
		*why = fake.why;
		return fake.err;
	}
	out->count = fake.results.size();
	out->results = static_cast<struct test_result *>(calloc(out->count + 1, sizeof *out->results));
	for (size_t i = 0; i < out->count; i++)
		out->results[i] = fake.results[i];
	return ERR_OK;
}

static enum err answer_report(const std::string &asked, struct doctor_report *out, struct why *why)
{
	fake.asked_doctor = asked;
	if (fake.err != ERR_OK) {
		*why = fake.why;
		return fake.err;
	}
	*out = {};
	enum err e = ERR_OK;
	for (const struct finding &f : fake.findings)
		e = e == ERR_OK ? report_add(out, f.id, f.about, f.level, f.exit, f.text, f.next_step) : e;
	return e;
}

extern "C" enum err doctor_check_only(const char *, struct why *why)
{
	*why = fake.why;
	return fake.err == ERR_NOT_FOUND ? fake.err : ERR_OK;
}

extern "C" enum err doctor_examine(const struct config *, const char *only, struct doctor_report *out, struct why *why)
{
	return answer_report(std::string("doctor ") + (only != nullptr ? only : "*"), out, why);
}

extern "C" enum err doctor_try_tpm(const struct config *, const char *name, struct doctor_report *out, struct why *why)
{
	return answer_report(std::string("tpm ") + (name != nullptr ? name : "*"), out, why);
}

extern "C" enum err doctor_try_scep(const struct config *, const char *name, struct doctor_report *out, struct why *why)
{
	return answer_report(std::string("scep ") + (name != nullptr ? name : "*"), out, why);
}

extern "C" void retire_view_clear(struct retire_view *view)
{
	free(view->items);
	view->items = nullptr;
	view->count = 0;
}

static enum err answer_retire(const char *name, std::string &asked, struct retire_view *out, struct why *why)
{
	asked = name != nullptr ? name : "*";
	if (fake.err != ERR_OK) {
		*why = fake.why;
		return fake.err;
	}
	out->count = fake.retired.size();
	out->items = static_cast<struct retire_item *>(calloc(out->count + 1, sizeof *out->items));
	for (size_t i = 0; i < out->count; i++)
		out->items[i] = fake.retired[i];
	return ERR_OK;
}

extern "C" enum err agent_retire_look(const struct config *, const char *name, struct retire_view *out, struct why *why)
{
	return answer_retire(name, fake.asked_retire, out, why);
}

extern "C" enum err agent_retire(const struct config *, const char *name, const struct apply_options *o,
				 struct retire_view *out, struct why *why)
{
	fake.reports_progress = o->progress != nullptr;
	return answer_retire(name, fake.done_retire, out, why);
}

extern "C" enum err agent_apply(const struct config *, const struct apply_options *o,
				enum signet_exit *out_exit, struct why *why)
{
	fake.applies++;
	for (size_t i = 0; i < o->profile_count; i++)
		fake.asked_profiles.push_back(o->profiles[i]);
	if (o->imported != nullptr)
		fake.imported.assign(reinterpret_cast<const char *>(o->imported->data), o->imported->len);
	fake.has_challenge = o->challenge != nullptr;
	if (o->challenge != nullptr && o->challenge->len > 0)
		fake.challenge.assign(reinterpret_cast<const char *>(o->challenge->data),
				      o->challenge->len);
	fake.force = o->force_renewal;
	fake.only_renewal = o->only_renewal;
	fake.wait_s = o->wait_s;
	fake.reports_progress = o->progress != nullptr;
	if (o->progress != nullptr)
		o->progress(o->progress_ctx, "corp-device", "GetCACert", "ok");
	*why = fake.why;
	*out_exit = fake.exit;
	return fake.err;
}

extern "C" enum err agent_csr(const struct config *, const char *name, struct buf *out_pem, struct why *why)
{
	fake.asked_profiles.push_back(name);
	*why = fake.why;
	return fake.err == ERR_OK ? buf_add_text(out_pem, "THE REQUEST\n") : fake.err;
}

extern "C" enum err agent_bundle(const struct config *, const struct bundle_text *texts, size_t count, struct buf *out_tar,
				 struct why *why)
{
	*why = fake.why;
	for (size_t i = 0; i < count && fake.err == ERR_OK; i++)
		if (buf_add_format(out_tar, "[%s]\n", texts[i].name) != ERR_OK ||
		    (texts[i].content.len > 0 && buf_add(out_tar, texts[i].content.data, texts[i].content.len) != ERR_OK))
			return ERR_NO_MEMORY;
	return fake.err;
}

struct profile_view make_profile(enum profile_kind kind, const char *name, enum profile_state state)
{
	struct profile_view p;
	memset(&p, 0, sizeof p);
	p.kind = kind;
	p.state = state;
	set(p.name, name);
	return p;
}

struct profile_view make_certificate(const char *name)
{
	struct profile_view p = make_profile(KIND_SCEP, name, STATE_INSTALLED);
	p.has_certificate = p.has_key = p.has_server = true;
	set(p.certificate.path, (folder() + "/cert.pem").c_str());
	set(p.certificate.chain_path, (folder() + "/chain.pem").c_str());
	set(p.certificate.subject, "CN=GW-7F31,O=Contoso");
	set(p.certificate.issuer, "CN=Contoso Issuing CA,O=Contoso");
	set(p.certificate.serial, "0a1b2c");
	set(p.certificate.sha256, std::string(64, 'e').c_str());
	p.certificate.not_before = NOW - 30 * DAY;
	p.certificate.not_after = NOW + 335 * DAY;
	p.certificate.renew_at = NOW + 262 * DAY;
	p.certificate.generation = 7;
	set(p.key.type, "rsa2048");
	set(p.key.storage, "tpm");
	set(p.key.path, "/var/lib/signet/scep/corp-device/current/key.der");
	set(p.key.uri, "pkcs11:token=signet;object=corp-device;type=private");
	set(p.server.url, "http://ndes1.corp.contoso.com/certsrv/mscep/mscep.dll");
	p.server.state = "active";
	return p;
}

void fake_clear()
{
	struct fake_agent none =
	    fake_agent(); /* an assignment would keep the memory of the strings */
	std::swap(fake, none);
}

void fake_reset()
{
	fake_clear();
	fake.device = "GW-7F31";
	fake.is_clock_trusted = true;
	fake.profiles = {make_profile(KIND_TRUST, "corp-root", STATE_INSTALLED),
			 make_profile(KIND_TRUST, "corp-issuing", STATE_INSTALLED),
			 make_certificate("corp-device"),
			 make_profile(KIND_WIFI, "corp", STATE_INSTALLED),
			 make_profile(KIND_VPN, "hq", STATE_INSTALLED)};
}

static char made_folder[] = "/tmp/signet-cli-XXXXXX"; /* no std::string: it outlives every test */
static bool is_folder_made;

static void remove_folder() { shell(std::string("rm -rf '") + made_folder + "'"); }

std::string folder()
{
	if (!is_folder_made && mkdtemp(made_folder) != nullptr) {
		is_folder_made = true;
		atexit(remove_folder);
	}
	return made_folder;
}

void write_file(const std::string &path, const std::string &content)
{
	FILE *f = fopen(path.c_str(), "w");
	fwrite(content.data(), 1, content.size(), f);
	fclose(f);
}

static std::string read_stream(FILE *f)
{
	std::string all;
	int c;
	rewind(f);
	while ((c = fgetc(f)) != EOF)
		all += static_cast<char>(c);
	return all;
}

std::string read_file(const std::string &path)
{
	FILE *f = fopen(path.c_str(), "r");
	if (f == nullptr)
		return "(no file)";
	std::string all = read_stream(f);
	fclose(f);
	return all;
}

static struct ran run_words(std::vector<const char *> argv, const std::string &input)
{
	argv.insert(argv.begin(), "signet");
	argv.push_back(nullptr);
	FILE *in = tmpfile();
	fwrite(input.data(), 1, input.size(), in);
	fflush(in);
	lseek(fileno(in), 0, SEEK_SET);
	struct cli_streams streams = {tmpfile(), tmpfile(), fileno(in)};
	struct ran r;
	r.exit = cli_main(static_cast<int>(argv.size()) - 1, argv.data(), &streams);
	r.out = read_stream(streams.out);
	r.err = read_stream(streams.err);
	fclose(in);
	fclose(streams.out);
	fclose(streams.err);
	return r;
}

struct ran run_bare(std::initializer_list<const char *> words, const std::string &input)
{
	return run_words(words, input);
}

struct ran run_signet(std::initializer_list<const char *> words, const std::string &input)
{
	std::string path = folder() + "/signet.conf";
	write_file(folder() + "/root.cer",
		   "-----BEGIN CERTIFICATE-----\nMA==\n-----END CERTIFICATE-----\n");
	write_file(path, "[trust corp-root]\ncertificate = " + folder() +
			     "/root.cer\n"
			     "[trust corp-issuing]\ncertificate = " +
			     folder() +
			     "/root.cer\n"
			     "[scep corp-device]\nurl = http://127.0.0.1:1/scep\ntrust = "
			     "corp-root\ntrust = corp-issuing\n"
			     "challenge_file = /etc/signet/challenge\nsubject = "
			     "CN=GW-7F31\nkey_usage = digitalSignature\n"
			     "key_usage = keyEncipherment\nextended_key_usage = clientAuth\n"
			     "[wifi corp]\ninterface = wlan0\nssid = CONTOSO\nsecurity = "
			     "wpa2\ncertificate = corp-device\n"
			     "trust = corp-root\nserver_name = radius.corp.contoso.com\nidentity = "
			     "host/GW-7F31\n"
			     "config = /etc/wpa.conf\ncontrol = /run/wpa_supplicant\n"
			     "[vpn hq]\ntunnel = device\ngateway = "
			     "vpn.corp.contoso.com\ngateway_id = vpn.corp.contoso.com\n"
			     "certificate = corp-device\ntrust = corp-root\nlocal_id = "
			     "GW-7F31\nremote_network = 10.0.0.0/8\n"
			     "directory = /etc/swanctl\ncontrol = /run/charon.vici\n");
	std::vector<const char *> all = {"-c", path.c_str()};
	all.insert(all.end(), words.begin(), words.end());
	return run_words(all, input);
}

std::string shell(const std::string &command, int *status)
{
	std::string all;
	char piece[256];
	FILE *p = popen(command.c_str(), "r");
	while (fgets(piece, sizeof piece, p) != nullptr)
		all += piece;
	int ended = pclose(p);
	if (status != nullptr)
		*status = ended;
	return all;
}

static std::string python(const std::string &json, const std::string &program)
{
	std::string path = folder() + "/result.json";
	int status = -1;
	write_file(path, json);
	shell("python3 -m json.tool '" + path + "' 2>&1", &status);
	if (status != 0)
		return "";
	write_file(folder() + "/ask.py",
		   "import json, sys\nd = json.load(open(sys.argv[1]))\n" + program);
	return shell("python3 '" + folder() + "/ask.py' '" + path + "' 2>&1");
}

std::string json_keys(const std::string &json)
{
	return python(json, "def walk(x, at):\n"
			    "    if isinstance(x, dict):\n"
			    "        for k in x:\n"
			    "            print(at + k)\n"
			    "            walk(x[k], at + k + '.')\n"
			    "    elif isinstance(x, list):\n"
			    "        for i in x:\n"
			    "            walk(i, at[:-1] + '[].')\n"
			    "walk(d, '')\n");
}

std::string json_value(const std::string &json, const std::string &expression)
{
	std::string text = python(json, "print(" + expression + ")\n");
	if (!text.empty() && text.back() == '\n')
		text.pop_back();
	return text;
}
