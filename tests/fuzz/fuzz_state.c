/* SPDX-License-Identifier: MIT */
/* The files of the state and run folders, as a bad sector or another hand may leave them. First letter: which file it is;
 * the rest is what file_read() gives, whatever the path. */
#include "client/agent/date_hint.h"
#include "client/agent/hook_event.h"
#include "client/agent/last.h"
#include "client/agent/record.h"
#include "client/agent/refusal.h"
#include "client/agent/revocation.h"
#include "client/agent/schedule.h"
#include "client/agent/used.h"
#include "client/scep/request_record.h"
#include "tests/fuzz/fuzz.h"

#define NOW 1800000000

static struct bytes content;
static const struct store store = { .state = "/state", .run = "/run" };

enum err __wrap_file_read(const char *path, struct buf *out, struct why *why);
enum err __wrap_file_write_atomic(const char *path, struct bytes text, unsigned mode, struct why *why);
enum err __wrap_file_make_folder(const char *path, unsigned mode, struct why *why);

enum err __wrap_file_read(const char *path, struct buf *out, struct why *why)
{
	enum err e = buf_add(out, content.data, content.len);
	return e == ERR_OK ? e : why_set(why, e, "file.size", "%s is too long", path);
}

enum err __wrap_file_write_atomic(const char *path, struct bytes text, unsigned mode, struct why *why)
{
	(void)path;
	(void)text;
	(void)mode;
	(void)why;
	return ERR_OK;
}

enum err __wrap_file_make_folder(const char *path, unsigned mode, struct why *why)
{
	(void)path;
	(void)mode;
	(void)why;
	return ERR_OK;
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	log_set_sink(fuzz_ignore_log);
	return 0;
}

static void read_meta(void)
{
	struct generation_meta meta;
	struct why why = { .code = "" };
	enum err e = generation_meta_read(&store, "p", 1, &meta, &why);
	fuzz_expect_why(e, &why);
	if (e == ERR_OK)
		fuzz_expect(memchr(meta.url, '\0', sizeof meta.url) != NULL &&
		       memchr(meta.transaction_id, '\0', sizeof meta.transaction_id) != NULL &&
		       generation_meta_write(&store, "p", 1, &meta, &why) == ERR_OK);
}

static void read_used(void)
{
	static const uint8_t mark[SHA256_LEN] = { 0xcd };
	const struct bytes in = { mark, sizeof mark };
	struct why why = { .code = "" };
	struct buf salt;
	bool is_used;
	buf_init(&salt, 64);
	enum err e = used_salt(&store, "p", &salt, &why);
	fuzz_expect(e == ERR_OK ? salt.len == 32 : why.code[0] != '\0');
	(void)used_has(&store, "p", in, &is_used, &why);
	(void)used_add(&store, "p", in, &why);
	buf_clear(&salt);
}

static void read_settings(void)
{
	struct record record;
	struct why why = { .code = "" };
	record_read(&store, "wifi", "p", &record);
	fuzz_expect(memchr(record.at.path, '\0', sizeof record.at.path) != NULL);
	(void)record_write(&store, "wifi", "p", &record, &why);
}

static void read_last(void)
{
	struct last last;
	if (last_read(&store, "p", &last) == ERR_OK)
		fuzz_expect((unsigned)last.exit <= 31 && memchr(last.why.text, '\0', sizeof last.why.text) != NULL);
}

static void read_refusal(void)
{
	struct refusal refusal;
	if (refusal_read(&store, "p", 1, REFUSED, &refusal) != ERR_OK)
		return;
	(void)refusal_is_due(&refusal, 600, REFUSED_MAX_S, NOW);
	(void)refusal_retry_at(&refusal, 600, REFUSED_MAX_S);
	fuzz_expect(refusal.at > NOW || refusal_is_due(&refusal, 600, REFUSED_MAX_S, NOW + REFUSED_MAX_S));
}

static void read_event(void)
{
	char name[] = "p.renewed.0a1b";
	struct event event;
	if (hook_event_read("/hooks", name, &event) == ERR_OK)
		fuzz_expect(event.kind == EVENT_RENEWED && strcmp(event.serial, "0a1b") == 0 && strcmp(event.profile, "p") == 0);
}

static void read_hint(void)
{
	const struct scep_profile profile = { .name = "p" };
	const struct pass pass = { .store = store, .clock = { .is_trusted = false, .floor = NOW } };
	(void)date_hint_is_due(&pass, &profile, NOW);
	date_hint_spend(&pass, &profile);
}

static void read_revocation(void)
{
	const struct scep_profile profile = { .name = "p" };
	struct revocation known;
	struct why why = { .code = "" };
	if (!revocation_is_known(&store, "p", 1, &known))
		return;
	fuzz_expect(memchr(known.serial, '\0', sizeof known.serial) != NULL);
	(void)revocation_refused(&store, &profile, 1, NULL, &why);
}

static void read_request(void)
{
	struct request_record record;
	struct why why = { .code = "" };
	fuzz_expect_why(request_record_read(content, &record, &why), &why);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct {
		char letter;
		void (*read)(void);
	} readers[] = {
		{ 'M', read_meta },    { 'U', read_used },  { 'S', read_settings },   { 'L', read_last },    { 'F', read_refusal },
		{ 'E', read_event },   { 'H', read_hint },  { 'V', read_revocation }, { 'R', read_request },
	};
	if (size == 0)
		return 0;
	content = (struct bytes){ data + 1, size - 1 };
	for (size_t i = 0; i < sizeof readers / sizeof readers[0]; i++)
		if (data[0] == (uint8_t)readers[i].letter)
			readers[i].read();
	return 0;
}
