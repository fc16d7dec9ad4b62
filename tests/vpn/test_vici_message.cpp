/* SPDX-License-Identifier: MIT */
#include "vpn/vici_message.h"
#include <cstdint>
#include <fstream>
#include <sstream>
#include <string>
#include "CppUTest/TestHarness.h"

/* The example of strongSwan 5.9.8's src/libcharon/plugins/vici/README.md, byte for byte. */
static const uint8_t example[] = {
	3, 4, 'k', 'e', 'y', '1', 0, 6, 'v', 'a', 'l', 'u', 'e', '1',
	1, 8, 's', 'e', 'c', 't', 'i', 'o', 'n', '1',
	1, 11, 's', 'u', 'b', '-', 's', 'e', 'c', 't', 'i', 'o', 'n',
	3, 4, 'k', 'e', 'y', '2', 0, 6, 'v', 'a', 'l', 'u', 'e', '2',
	2,
	4, 5, 'l', 'i', 's', 't', '1',
	5, 0, 5, 'i', 't', 'e', 'm', '1',
	5, 0, 5, 'i', 't', 'e', 'm', '2',
	6,
	2,
};

static struct bytes text_bytes(const std::string &text)
{
	return { reinterpret_cast<const uint8_t *>(text.data()), text.size() };
}

static std::string string_of(struct bytes bytes)
{
	return std::string(reinterpret_cast<const char *>(bytes.data), bytes.len);
}

TEST_GROUP(vici_message)
{
	struct vici_out out;
	void setup() override
	{
		vici_out_init(&out);
	}
	void teardown() override
	{
		vici_out_clear(&out);
	}
	void finish(enum err wanted)
	{
		struct bytes message = { nullptr, 0 };
		LONGS_EQUAL(wanted, vici_finish(&out, &message));
		if (wanted != ERR_OK)
			LONGS_EQUAL(0, message.len);
		vici_out_clear(&out);
		vici_out_init(&out);
	}
	void refused(const std::string &message)
	{
		LONGS_EQUAL(ERR_INVALID, vici_check(text_bytes(message)));
	}
	/* Every reader on bytes that nobody checked: no fault, and an end. */
	void read_through(struct bytes message)
	{
		struct vici_part part;
		struct bytes item, list;
		for (unsigned i = 0; vici_next(&message, &part); i++) {
			CHECK(i < 1000);
			list = part.content;
			while (part.kind == VICI_LIST && vici_next_item(&list, &item))
				CHECK(item.len <= list.len + item.len);
			if (part.kind == VICI_SECTION)
				read_through(part.content);
		}
	}
};

TEST(vici_message, the_example_of_the_description_is_written_byte_for_byte)
{
	struct bytes message;
	vici_put_text(&out, "key1", "value1");
	vici_begin(&out, "section1");
	vici_begin(&out, "sub-section");
	vici_put_text(&out, "key2", "value2");
	vici_end(&out);
	vici_begin_list(&out, "list1");
	vici_put_item(&out, text_bytes("item1"));
	vici_put_item(&out, text_bytes("item2"));
	vici_end_list(&out);
	vici_end(&out);
	LONGS_EQUAL(ERR_OK, vici_finish(&out, &message));
	LONGS_EQUAL(sizeof example, message.len);
	MEMCMP_EQUAL(example, message.data, sizeof example);
}

TEST(vici_message, the_example_of_the_description_is_read)
{
	struct bytes message = { example, sizeof example }, value, section, deeper;
	LONGS_EQUAL(ERR_OK, vici_check(message));
	CHECK(vici_find(message, VICI_VALUE, "key1", &value));
	STRCMP_EQUAL("value1", string_of(value).c_str());
	CHECK(!vici_find(message, VICI_VALUE, "key2", &value));
	CHECK(!vici_find(message, VICI_LIST, "key1", &value));
	CHECK(vici_find(message, VICI_SECTION, "section1", &section));
	CHECK(vici_find(section, VICI_SECTION, "sub-section", &deeper));
	CHECK(vici_find(deeper, VICI_VALUE, "key2", &value));
	STRCMP_EQUAL("value2", string_of(value).c_str());
	CHECK(vici_has_item(section, "list1", "item1"));
	CHECK(vici_has_item(section, "list1", "item2"));
	CHECK(!vici_has_item(section, "list1", "item"));
	CHECK(!vici_has_item(section, "list2", "item1"));
}

TEST(vici_message, an_answer_of_a_real_charon_is_read)
{
	std::ifstream in(TEST_DATA "/vici/list-sa.bin", std::ios::binary);
	std::stringstream file;
	file << in.rdbuf();
	std::string packet = file.str();
	struct vici_packet read;
	struct bytes sa, children, list;
	char text[64];
	LONGS_EQUAL(ERR_OK, vici_packet_read(text_bytes(packet), &read));
	LONGS_EQUAL(VICI_EVENT, read.type);
	STRCMP_EQUAL("list-sa", read.name);
	CHECK(vici_find(read.message, VICI_SECTION, "signet-hq", &sa));
	vici_text(sa, "state", text, sizeof text);
	STRCMP_EQUAL("ESTABLISHED", text);
	LONGS_EQUAL(2, vici_number(sa, "uniqueid"));
	CHECK(vici_find(sa, VICI_LIST, "local-vips", &list));
	CHECK(vici_has_item(sa, "local-vips", "10.88.0.1"));
	CHECK(vici_find(sa, VICI_SECTION, "child-sas", &children));
	struct vici_part part;
	CHECK(vici_next(&children, &part));
	vici_text(part.content, "state", text, sizeof text);
	STRCMP_EQUAL("INSTALLED", text);
}

TEST(vici_message, what_is_not_balanced_is_never_finished)
{
	vici_begin(&out, "a");
	finish(ERR_BUG);
	vici_begin_list(&out, "a");
	finish(ERR_BUG);
	vici_end(&out);
	finish(ERR_BUG);
	vici_end_list(&out);
	finish(ERR_BUG);
	vici_put_item(&out, { nullptr, 0 });
	finish(ERR_BUG);
	vici_begin_list(&out, "a");
	vici_put_text(&out, "b", "in a list");
	vici_end_list(&out);
	finish(ERR_BUG);
	vici_put_text(&out, "", "no name");
	finish(ERR_BUG);
	for (unsigned i = 0; i <= VICI_DEPTH_MAX; i++)
		vici_begin(&out, "a");
	for (unsigned i = 0; i <= VICI_DEPTH_MAX; i++)
		vici_end(&out);
	finish(ERR_BUG);
}

TEST(vici_message, names_and_values_end_where_their_lengths_do)
{
	struct bytes message;
	std::string name(VICI_NAME_MAX, 'n'), value(VICI_VALUE_MAX, 'v');
	vici_put(&out, name.c_str(), text_bytes(value));
	LONGS_EQUAL(ERR_OK, vici_finish(&out, &message));
	LONGS_EQUAL(1 + 1 + VICI_NAME_MAX + 2 + VICI_VALUE_MAX, message.len);
	LONGS_EQUAL(ERR_OK, vici_check(message));
	finish(ERR_OK);
	vici_put(&out, (name + "n").c_str(), text_bytes("v"));
	finish(ERR_BUG);
	vici_put(&out, "n", text_bytes(value + "v"));
	finish(ERR_TOO_BIG);
	vici_put(&out, "a", text_bytes(value));
	vici_put(&out, "b", text_bytes(value));
	finish(ERR_TOO_BIG);
}

TEST(vici_message, a_message_cut_anywhere_is_refused_or_shorter)
{
	for (size_t len = 0; len < sizeof example; len++) {
		uint8_t *copy = new uint8_t[len + 1]; // its end is watched by ASan
		memcpy(copy, example, len);
		struct bytes message = { copy, len };
		// whole again only after nothing and after key1
		LONGS_EQUAL(len == 0 || len == 14 ? ERR_OK : ERR_INVALID, vici_check(message));
		read_through(message);
		delete[] copy;
	}
}

TEST(vici_message, what_the_description_forbids_is_refused)
{
	using std::string;
	refused(string("\x00", 1));
	refused("\x07");
	refused("\x02");                            // ends nothing
	refused("\x06");
	refused(string("\x05\x00\x01x", 4));        // an item outside of a list
	refused(string("\x03\x00\x00\x00", 4));     // a name without a character
	refused(string("\x03\x01\x00\x00\x00", 5)); // NUL as a name
	refused("\x04\x01" "a" "\x01\x01" "b" "\x02\x06"); // a section in a list
	refused("\x04\x01" "a" "\x04\x01" "b" "\x06\x06"); // a list in a list
	refused("\x04\x01" "a" "\x02");
	refused("\x01\x01" "a");
	refused("\x01\x01" "a" "\x02\x02");
	refused(string("\x03\x01" "a" "\xff\xff" "x", 6));
	string deep, end;
	for (unsigned i = 0; i < VICI_DEPTH_MAX; i++) {
		deep += "\x01\x01" "a";
		end += "\x02";
	}
	LONGS_EQUAL(ERR_OK, vici_check(text_bytes(deep + end)));
	refused(deep + "\x01\x01" "a" "\x02" + end);
}

TEST(vici_message, packets_have_a_name_exactly_where_their_type_has)
{
	struct buf head;
	struct vici_packet read;
	buf_init(&head, 1024);
	LONGS_EQUAL(ERR_OK, vici_packet_head(VICI_CMD_REQUEST, "version", 0, &head));
	MEMCMP_EQUAL("\x00\x00\x00\x09\x00\x07version", head.data, 13);
	LONGS_EQUAL(13, head.len);
	LONGS_EQUAL(ERR_OK, vici_packet_read({ head.data + 4, head.len - 4 }, &read));
	STRCMP_EQUAL("version", read.name);
	buf_cut(&head, 0);
	LONGS_EQUAL(ERR_BUG, vici_packet_head(VICI_CMD_REQUEST, "", 0, &head));
	LONGS_EQUAL(ERR_BUG, vici_packet_head(VICI_CMD_RESPONSE, "a", 0, &head));
	LONGS_EQUAL(ERR_BUG, vici_packet_head(VICI_EVENT, std::string(256, 'a').c_str(), 0, &head));
	LONGS_EQUAL(ERR_TOO_BIG, vici_packet_head(VICI_CMD_REQUEST, "a", VICI_PACKET_MAX - 2, &head));
	LONGS_EQUAL(0, head.len);
	LONGS_EQUAL(ERR_OK, vici_packet_head(VICI_CMD_REQUEST, "a", VICI_PACKET_MAX - 3, &head));
	buf_clear(&head);
}

TEST(vici_message, packets_that_are_none_are_refused_and_leave_the_result_alone)
{
	struct vici_packet read = { VICI_EVENT, "before", { nullptr, 0 } };
	for (const std::string &bad : { std::string(), std::string("\x08"), std::string("\xff"), std::string("\x07"),
	                                std::string("\x07\x00", 2), std::string("\x07\x05log"), std::string("\x07\x03log\x02"),
	                                std::string("\x01\x02"), std::string("\x07\x03l\x00g", 5) })
		LONGS_EQUAL(ERR_INVALID, vici_packet_read(text_bytes(bad), &read));
	STRCMP_EQUAL("before", read.name);
	LONGS_EQUAL(ERR_OK, vici_packet_read(text_bytes("\x02"), &read));
	LONGS_EQUAL(VICI_CMD_UNKNOWN, read.type);
	STRCMP_EQUAL("", read.name);
}

TEST(vici_message, texts_are_cut_and_cleaned_and_numbers_are_numbers)
{
	struct bytes message;
	char text[6];
	vici_put_text(&out, "long", "abcdefgh");
	vici_put_text(&out, "dirty", "a\n\x7f");
	for (const char *number : { "17", "-1", "1x", "", "9999999999", "999999999" })
		vici_put_text(&out, (std::string("n") + number).c_str(), number);
	LONGS_EQUAL(ERR_OK, vici_finish(&out, &message));
	vici_text(message, "long", text, sizeof text);
	STRCMP_EQUAL("abcde", text);
	vici_text(message, "dirty", text, sizeof text);
	STRCMP_EQUAL("a??", text);
	vici_text(message, "nothing", text, sizeof text);
	STRCMP_EQUAL("", text);
	LONGS_EQUAL(17, vici_number(message, "n17"));
	LONGS_EQUAL(999999999, vici_number(message, "n999999999"));
	for (const char *name : { "n-1", "n1x", "n", "n9999999999", "nothing" })
		LONGS_EQUAL(0, vici_number(message, name));
}

TEST(vici_message, a_key_that_was_in_a_message_is_wiped_and_clearing_twice_is_harmless)
{
	vici_put_text(&out, "data", "secret");
	vici_out_clear(&out);
	LONGS_EQUAL(0, out.bytes.len);
	POINTERS_EQUAL(nullptr, out.bytes.data);
	vici_out_clear(&out);
	vici_out_clear(nullptr);
}
