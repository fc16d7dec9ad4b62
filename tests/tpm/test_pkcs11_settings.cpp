/* SPDX-License-Identifier: MIT */
#include "tpm/pkcs11_settings.h"
#include "tpm_lab.hpp"

TEST_GROUP(pkcs11_settings)
{
	struct pkcs11_settings settings = {"/compiled/in", "device:/dev/tpmrm0"};
	struct why why = {};

	enum err parse(const std::string &text)
	{
		why = {};
		return pkcs11_settings_parse(bytes_of(text), &settings, &why);
	}
	void refused(const std::string &text, const char *line)
	{
		LONGS_EQUAL_TEXT(ERR_INVALID, parse(text), text.c_str());
		STRCMP_EQUAL("pkcs11.settings", why.code);
		CHECK_HAS(std::string(why.text), line);
		STRCMP_EQUAL("/compiled/in", settings.state);
		STRCMP_EQUAL("device:/dev/tpmrm0", settings.tcti);
	}
};

TEST(pkcs11_settings, EmptyFileChangesNothing)
{
	CHECK_OK(parse(""));
	CHECK_OK(parse("\n\r\n  \t\n; state = /x\n # tcti = y\n"));
	STRCMP_EQUAL("/compiled/in", settings.state);
	STRCMP_EQUAL("device:/dev/tpmrm0", settings.tcti);
}

TEST(pkcs11_settings, TakesBothKeysWithBlanksAndComments)
{
	CHECK_OK(parse("# of the board\n state\t= /data/signet  ; on the data partition\r\ntcti=swtpm:path=/run/a#b\t#x"));
	STRCMP_EQUAL("/data/signet", settings.state);
	STRCMP_EQUAL("swtpm:path=/run/a#b", settings.tcti);
}

TEST(pkcs11_settings, OneWrongLineIsNamedAndNothingOfTheFileUsed)
{
	refused("state = /a\nstat = /b\n", ":2:");
	refused("state = relative\n", ":1:");
	refused("[tpm]\n", ":1:");
	refused("state = /a\n\ntcti =\n", ":3:");
	refused("state\n", ":1:");
	refused(std::string("state = /a\0b\n", 13), ":1:");
	refused("state = /" + std::string(PKCS11_SETTING_MAX - 1, 'x'), ":1:");
	CHECK_OK(parse("state = /" + std::string(PKCS11_SETTING_MAX - 2, 'x')));
}

TEST(pkcs11_settings, EnvironmentIsStrongerThanWhatIsCompiledIn)
{
	pkcs11_settings_read(&settings, &why);
	STRCMP_EQUAL("/var/lib/signet", settings.state);
	STRCMP_EQUAL("device:/dev/tpmrm0", settings.tcti);
	setenv("SIGNET_STATE", "/elsewhere", 1);
	setenv("SIGNET_TCTI", "swtpm:path=/x", 1);
	pkcs11_settings_read(&settings, &why);
	unsetenv("SIGNET_STATE");
	unsetenv("SIGNET_TCTI");
	STRCMP_EQUAL("/elsewhere", settings.state);
	STRCMP_EQUAL("swtpm:path=/x", settings.tcti);
	STRCMP_EQUAL("", why.code);
}
