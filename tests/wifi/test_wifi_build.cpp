/* SPDX-License-Identifier: MIT */
#include "wifi/wifi_build.h"
#include <string>
#include "CppUTest/TestHarness.h"
#include "wifi/wifi_lab.hpp"

template <size_t N> static std::string raw(const char (&text)[N]) { return std::string(text, N - 1); } // NULs within

TEST_GROUP(wifi_build)
{
	struct wifi_build b;
	unsigned major = 9, minor = 9;
	char path[FILE_PATH_MAX];
};

TEST(wifi_build, libraries_are_told_apart_with_the_version_they_run_with)
{
	wifi_build_parse("OpenSSL build=OpenSSL 3.0.16 11 Feb 2025 run=OpenSSL 3.5.1 1 Jul 2026", &b);
	LONGS_EQUAL(WIFI_TLS_OPENSSL, b.tls);
	LONGS_EQUAL(3, b.major);
	wifi_build_parse("OpenSSL build=OpenSSL 1.1.1 run=OpenSSL 1.1.1w", &b);
	LONGS_EQUAL(1, b.major);
	wifi_build_parse("OpenSSL", &b);
	LONGS_EQUAL(0, b.major);
	wifi_build_parse("wolfSSL build=5.5.4 run=5.5.4", &b);
	LONGS_EQUAL(WIFI_TLS_WOLFSSL, b.tls);
	wifi_build_parse("GnuTLS build=3.7.9 run=3.7.9", &b);
	LONGS_EQUAL(WIFI_TLS_GNUTLS, b.tls);
	wifi_build_parse("internal", &b);
	LONGS_EQUAL(WIFI_TLS_INTERNAL, b.tls);
	for (const char *none : { "none", "FAIL\n", "UNKNOWN COMMAND\n", "" }) {
		wifi_build_parse(none, &b);
		LONGS_EQUAL(WIFI_TLS_NONE, b.tls);
	}
}

/* The bytes around the name in Debian 12's tpm2-openssl 1.1.1-1. */
TEST(wifi_build, a_module_says_its_version_behind_its_name)
{
	CHECK(wifi_build_module_version(bytes_of(raw("\x7f" "ELF 2.23.133\0TPM 2.0 Provider\0buildinfo\0" "1.1.1\0status\0")), &major, &minor));
	LONGS_EQUAL(1, major);
	LONGS_EQUAL(1, minor);
	CHECK(wifi_build_module_version(bytes_of(raw("TPM 2.0 Provider\0" "1.3.0-rc0\0")), &major, &minor));
	LONGS_EQUAL(3, minor);
}

TEST(wifi_build, a_module_without_name_or_version_says_nothing)
{
	CHECK(!wifi_build_module_version({ nullptr, 0 }, &major, &minor));
	CHECK(!wifi_build_module_version(bytes_of(raw("1.3.0\0")), &major, &minor));
	CHECK(!wifi_build_module_version(bytes_of(raw("TPM 2.0 Provider\0")), &major, &minor));
	CHECK(!wifi_build_module_version(bytes_of(raw("TPM 2.0 Provider\0" "1.3")), &major, &minor)); // no end
	CHECK(!wifi_build_module_version(bytes_of(raw("TPM 2.0 Provider\0") + std::string(64, 'x') + raw("\0" "1.3.0\0")), &major, &minor));
	LONGS_EQUAL(9, major);
}

TEST(wifi_build, a_mapped_provider_is_found_by_its_file)
{
	CHECK(wifi_build_mapped(bytes_of("7f00-7f01 r--p 00000000 08:01 12 /usr/lib/libssl.so.3\n"
	                                 "7f02-7f03 r-xp 00000000 08:01 13                        /opt/ossl-modules/tpm2.so\n7f04 x\n"), path));
	STRCMP_EQUAL("/opt/ossl-modules/tpm2.so", path);
	CHECK(!wifi_build_mapped(bytes_of("7f00 r--p 0 08:01 12 /usr/lib/nottpm2.so\n7f00 0 /usr/lib/tpm2.so.1\n"), path));
	CHECK(!wifi_build_mapped(bytes_of("7f00 0 /a/tpm2.so (deleted)\n"), path));
	CHECK(!wifi_build_mapped(bytes_of(""), path));
	CHECK(!wifi_build_mapped(bytes_of("/" + std::string(5000, 'a') + "/tpm2.so\n"), path));
}
