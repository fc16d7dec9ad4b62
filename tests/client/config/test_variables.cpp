/* SPDX-License-Identifier: MIT */
#include "CppUTest/TestHarness.h"
#include "client/config/config_lab.hpp"
#include "client/config/variables.h"

TEST_GROUP(variables)
{
	Lab lab;

	void setup() override { lab.open(); }
	void teardown() override { lab.close(); }

	void device(const std::string &keys)
	{
		lab.write("/etc/signet/signet.conf", "[device]\n" + keys);
		LONGS_EQUAL(ERR_OK, lab.load_root());
	}
	/* Rooted in the test's folder, so that this machine's name is nobody's. */
	enum err expand(const char *text, enum variable_place place, std::string &result)
	{
		struct buf out;
		buf_init(&out, 4096);
		LONGS_EQUAL(ERR_OK, buf_add_text(&out, "^"));
		lab.why = {};
		enum err e = variables_expand(&lab.config, text, place, &out, &lab.why);
		const char *s = buf_text(&out);
		result = s != nullptr ? s : "FAILED";
		buf_clear(&out);
		return e;
	}
	void expands(const char *expected, const char *text, enum variable_place place)
	{
		std::string result;
		LONGS_EQUAL(ERR_OK, expand(text, place, result));
		STRCMP_EQUAL((std::string("^") + expected).c_str(), result.c_str());
	}
	void refuses(const char *words, const char *advice, const char *text)
	{
		std::string result;
		LONGS_EQUAL(ERR_INVALID, expand(text, PLACE_TEXT, result));
		STRCMP_EQUAL("^", result.c_str());
		STRCMP_CONTAINS(words, lab.why.text);
		STRCMP_CONTAINS(advice, lab.why.next_step);
	}
};

TEST(variables, every_name_takes_its_key_of_device)
{
	device("name = n\nserial = s\ndevice_id = d\naad_device_id = a\nimei = i\nwifi_mac = w\n"
	       "user_principal_name = u@x\non_prem_distinguished_name = CN=o\nsid = S-1-5\n");
	expands("n s a d i w u@x CN=o S-1-5",
		"{{DeviceName}} {{SerialNumber}} {{AAD_Device_ID}} {{DeviceId}} {{IMEI}} "
		"{{WiFiMacAddress}} {{UserPrincipalName}} {{OnPrem_Distinguished_Name}} "
		"{{OnPremisesSecurityIdentifier}}",
		PLACE_TEXT);
}

TEST(variables, names_are_matched_without_case)
{
	device("name = n\naad_device_id = a\n");
	expands("nan", "{{devicename}}{{AAD_DEVICE_id}}{{DEVICENAME}}", PLACE_TEXT);
}

TEST(variables, text_without_variables_stays)
{
	device("");
	expands("a } b {c} }}", "a } b {c} }}", PLACE_TEXT);
	expands("", "", PLACE_TEXT);
}

/* RFC 4514 section 2.4, and "=" as its section 3 allows: a value must not become an attribute type
 * either. */
TEST(variables, a_value_cannot_start_another_rdn)
{
	device("name = evil,O=Other+OU=x\n");
	expands("CN=evil\\,O\\=Other\\+OU\\=x,O=Contoso", "CN={{DeviceName}},O=Contoso", PLACE_RDN);
	expands("CN=evil,O=Other+OU=x", "CN={{DeviceName}}", PLACE_TEXT);
}

TEST(variables, characters_with_a_meaning_in_names_are_escaped)
{
	device("name = #a\"b\\c<d>e;f\n");
	expands("CN=\\#a\\\"b\\\\c\\<d\\>e\\;f", "CN={{DeviceName}}", PLACE_RDN);
	device("name = a#b c\n");
	expands("CN=a#b c", "CN={{DeviceName}}", PLACE_RDN);
}

TEST(variables, blanks_at_the_ends_of_a_value_are_escaped)
{
	device("name = x\n");
	free(lab.config.device.name); /* inih takes blanks off; another source may not */
	lab.config.device.name = strdup("  x  ");
	expands("CN=\\  x \\ ", "CN={{DeviceName}}", PLACE_RDN);
	free(lab.config.device.name);
	lab.config.device.name = strdup(" ");
	expands("CN=\\ ", "CN={{DeviceName}}", PLACE_RDN);
}

TEST(variables, a_distinguished_name_alone_is_the_whole_subject)
{
	device("on_prem_distinguished_name = CN=a,DC=corp\n");
	expands("CN=a,DC=corp", "{{OnPrem_Distinguished_Name}}", PLACE_RDN);
	expands("CN=CN\\=a\\,DC\\=corp", "CN={{OnPrem_Distinguished_Name}}", PLACE_RDN);
	expands("CN\\=a\\,DC\\=corp,O=x", "{{OnPrem_Distinguished_Name}},O=x", PLACE_RDN);
}

TEST(variables, the_board_is_asked_where_the_configuration_is_silent)
{
	lab.write("/etc/hostname", "GW-7F31.corp.contoso.com\n");
	lab.write("/sys/class/dmi/id/product_serial", "SN42\n");
	lab.write("/sys/class/net/wlan0/address", "02:00:00:12:34:56\n");
	lab.write("/sys/class/net/wlan0/wireless/x", "");
	device("");
	expands("GW-7F31 SN42 02:00:00:12:34:56",
		"{{DeviceName}} {{SerialNumber}} {{WiFiMacAddress}}", PLACE_TEXT);
	device("name = said\n");
	expands("said", "{{DeviceName}}", PLACE_TEXT);
}

TEST(variables, a_value_that_nobody_knows_is_an_error_and_never_empty)
{
	device("");
	refuses("{{DeviceName}}: this device cannot tell it", "set name in [device]",
		"a{{DeviceName}}");
	refuses("{{IMEI}}", "set imei in [device]", "{{IMEI}}");
	refuses("{{OnPremisesSecurityIdentifier}}", "set sid in [device]",
		"{{onpremisessecurityidentifier}}");
}

TEST(variables, control_characters_of_a_value_are_refused)
{
	device("name = x\n");
	free(lab.config.device.name);
	lab.config.device.name = strdup("a\nb");
	refuses("control character", "set name in [device]", "{{DeviceName}}");
	free(lab.config.device.name);
	lab.config.device.name = strdup("a\xc2\x85");
	refuses("control character", "set name in [device]", "{{DeviceName}}");
}

TEST(variables, wrong_names_and_braces_are_found_without_the_device)
{
	LONGS_EQUAL(ERR_OK, variables_check("{{DeviceName}}.x {{imei}}", &lab.why));
	LONGS_EQUAL(ERR_INVALID, variables_check("x{{DeviceNam}}", &lab.why));
	STRCMP_CONTAINS("unknown variable {{DeviceNam}}; did you mean {{DeviceName}}?",
			lab.why.text);
	LONGS_EQUAL(ERR_INVALID, variables_check("{{ DeviceName }}", &lab.why));
	LONGS_EQUAL(ERR_INVALID, variables_check("{{}}", &lab.why));
	LONGS_EQUAL(ERR_INVALID, variables_check("x {{DeviceName}", &lab.why));
	STRCMP_CONTAINS("{{ without }}", lab.why.text);
}

TEST(variables, what_does_not_fit_is_too_big_and_leaves_the_text_alone)
{
	struct buf out;
	buf_init(&out, 8);
	device("name = 123456789\n");
	LONGS_EQUAL(ERR_TOO_BIG,
		    variables_expand(&lab.config, "ab{{DeviceName}}", PLACE_TEXT, &out, &lab.why));
	LONGS_EQUAL(0, out.len);
	buf_clear(&out);
}
