/* SPDX-License-Identifier: MIT */
/* A packet of charon read to its last element, and the same bytes as settings text and as a log line. What is
 * accepted must be read to its end, and what is refused must say why. Corpus: tests/data/vici, tests/data/vpn. */
#include <stdint.h>
#include <string.h>
#include "vpn/vici_connection.h"
#include "vpn/vici_message.h"
#include "vpn/vpn_words.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void read_through(struct bytes message)
{
	struct vici_part part;
	struct bytes item, list;
	char text[64];
	while (vici_next(&message, &part)) {
		vici_text(part.content, part.name, text, sizeof(text));
		vici_number(part.content, part.name);
		list = part.content;
		while (part.kind == VICI_LIST && vici_next_item(&list, &item))
			vici_is(item, "signet");
		if (part.kind == VICI_LIST && list.len != 0)
			__builtin_trap();
		if (part.kind == VICI_SECTION)
			read_through(part.content);
	}
	if (message.len != 0)
		__builtin_trap();
}

static void read_settings(struct bytes text)
{
	static const uint8_t der[] = {0x30, 0x00};
	struct vici_connection found;
	struct vici_out out;
	struct bytes message;
	struct why why = {.code = ""};
	vici_out_init(&out);
	enum err e = vici_connection_read(text, (struct bytes){der, sizeof(der)}, &out, &found, &why);
	if (e == ERR_OK &&
	    (vici_finish(&out, &message) != ERR_OK || vici_check(message) != ERR_OK))
		__builtin_trap();
	if (e != ERR_OK && e != ERR_NO_MEMORY && (why.code[0] == '\0' || why.text[0] == '\0'))
		__builtin_trap();
	vici_out_clear(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct vici_packet packet;
	struct vpn_words words = {.best = 0};
	struct why why = {.code = ""};
	char line[512];
	if (vici_packet_read((struct bytes){data, size}, &packet) == ERR_OK)
		read_through(packet.message);
	read_settings((struct bytes){data, size});
	size_t len = size < sizeof(line) - 1 ? size : sizeof(line) - 1;
	memcpy(line, data, len);
	line[len] = '\0';
	vpn_words_hear(&words, line);
	if (vpn_words_say(&words, "a", "b", "c", "d", &why) == ERR_OK)
		__builtin_trap();
	return 0;
}
