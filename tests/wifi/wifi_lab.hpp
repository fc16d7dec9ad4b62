/* SPDX-License-Identifier: MIT */
#pragma once
#include <fstream>
#include <sstream>
#include <string>
#include "wifi/wifi_settings.h"
#include "wifi/wifi_value.h"

inline std::string text_of(const struct buf &b)
{
	return b.len > 0 ? std::string(reinterpret_cast<char *>(b.data), b.len) : std::string();
}

inline struct bytes bytes_of(const std::string &s)
{
	return { reinterpret_cast<const uint8_t *>(s.data()), s.size() };
}

inline std::string golden(const char *name)
{
	std::ifstream in(std::string(TEST_DATA "/wifi/") + name, std::ios::binary);
	std::stringstream text;
	text << in.rdbuf();
	return in ? text.str() : std::string("no such golden file: ") + name;
}

/* The profile [wifi corp] of the sample configuration on a device with a TPM key. */
inline struct wifi_network wifi_lab_network()
{
	struct wifi_network n = {};
	n.profile = "corp";
	n.security = WIFI_WPA2_WPA3;
	n.ssid = "CONTOSO";
	n.identity = "host/gw-7f31.corp.contoso.com";
	n.anonymous_identity = "anonymous@contoso.com";
	n.server_name = "radius.corp.contoso.com";
	n.ca_path = "/var/lib/signet/trust/corp-root.pem";
	n.certificate_path = "/var/lib/signet/scep/corp-device/current/chain.pem";
	n.private_key = "pkcs11:token=signet;object=corp-device;type=private";
	n.pkcs11_engine_path = "/usr/lib/x86_64-linux-gnu/engines-3/pkcs11.so";
	n.pkcs11_module_path = "/usr/lib/x86_64-linux-gnu/pkcs11/libsignet-pkcs11.so";
	n.tls_min = "1.2";
	n.tls_max = "1.3";
	n.priority = 10;
	n.control = "/run/wpa_supplicant";
	return n;
}
