/* SPDX-License-Identifier: MIT */
/* What wpa_supplicant says on its control interface: a line is an event, the whole an answer to STATUS, LIST_NETWORKS or
 * SCAN_RESULTS, fed to an attempt as they come; and its configuration file, which others write too. */
#include "tests/fuzz/fuzz.h"
#include "wifi/wifi_attempt.h"
#include "wifi/wifi_marks.h"
#include "wifi/wifi_settings.h"

#define LINE_MAX 512

static void read_events(const char *text)
{
	struct wifi_attempt attempt;
	int64_t now = 1000;
	wifi_attempt_begin(&attempt, 0, false, true, now, now + 60000);
	while (*text != '\0') {
		char line[LINE_MAX];
		struct wifi_event event;
		size_t len = strcspn(text, "\n");
		snprintf(line, sizeof line, "%.*s", (int)(len < LINE_MAX ? len : LINE_MAX - 1), text);
		wifi_event_parse(line, &event);
		if (wifi_attempt_event(&attempt, &event, now) == WIFI_DO_RECONFIGURE)
			wifi_attempt_again(&attempt, 0, now);
		now += 700;
		fuzz_expect(wifi_attempt_wait_ms(&attempt, now) >= 1);
		(void)wifi_attempt_time(&attempt, now);
		text += len;
		text += *text == '\n';
	}
}

static void read_answers(const char *text)
{
	struct wifi_status status;
	struct wifi_attempt attempt;
	struct wifi_row row;
	const char *at = text;
	wifi_status_parse(text, &status);
	fuzz_expect(memchr(status.session, '\0', sizeof status.session) != NULL);
	wifi_attempt_begin(&attempt, 0, false, true, 0, 60000);
	(void)wifi_attempt_status(&attempt, &status, 100);
	while (wifi_status_row(&at, &row))
		fuzz_expect(at > text && memchr(row.ssid, '\0', sizeof row.ssid) != NULL);
	(void)wifi_status_is_seen(text, "Office");
}

/* What is taken out again must leave what was there. */
static void read_file(struct bytes text)
{
	struct wifi_file file;
	struct buf without;
	struct why why = { .code = "" };
	enum err e = wifi_marks_find(text, &file, &why);
	fuzz_expect_why(e, &why);
	if (e != ERR_OK)
		return;
	fuzz_expect(file.block_count <= WIFI_BLOCKS_MAX);
	for (size_t i = 0; i < file.block_count; i++)
		fuzz_expect(file.blocks[i].start < file.blocks[i].end && file.blocks[i].end <= text.len);
	buf_init(&without, 1024 * 1024);
	e = wifi_remove(text, "office", &without, &why);
	fuzz_expect_why(e, &why);
	if (e == ERR_OK) {
		struct wifi_file after;
		fuzz_expect(wifi_marks_find(buf_bytes(&without), &after, &why) == ERR_OK);
		fuzz_expect(wifi_marks_block(&after, "office") == NULL);
	}
	buf_clear(&without);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1);
	if (text == NULL)
		return 0;
	if (size > 0)
		memcpy(text, data, size);
	text[size] = '\0';
	read_events(text);
	read_answers(text);
	read_file((struct bytes){ data, size });
	free(text);
	return 0;
}
