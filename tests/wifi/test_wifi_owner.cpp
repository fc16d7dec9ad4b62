/* SPDX-License-Identifier: MIT */
#include <filesystem>
#include <fstream>
#include <string>
#include <unistd.h>
#include "CppUTest/TestHarness.h"
#include "wifi/wifi_settings.h"

TEST_GROUP(wifi_owner)
{
	std::string root;
	struct why why;
	void setup() override
	{
		char folder[] = "/tmp/signet-owner-XXXXXX";
		why = {};
		CHECK(mkdtemp(folder) != nullptr);
		root = folder;
	}
	void teardown() override
	{
		std::filesystem::remove_all(root);
	}
	void write(const std::string &path, const std::string &text)
	{
		std::filesystem::create_directories(std::filesystem::path(root + path).parent_path());
		std::ofstream(root + path) << text;
	}
	void folder(const std::string &path)
	{
		std::filesystem::create_directories(root + path);
	}
	enum err check(const char *interface)
	{
		return wifi_check_owner(root.c_str(), interface, &why);
	}
};

TEST(wifi_owner, nobody_there_means_the_interface_is_free)
{
	LONGS_EQUAL(ERR_OK, check("wlan0"));
	write("/sys/class/net/wlan0/ifindex", "3\n");
	LONGS_EQUAL(ERR_OK, check("wlan0"));
}

TEST(wifi_owner, an_interface_that_network_manager_manages_is_refused_with_the_remedy)
{
	write("/sys/class/net/wlan0/ifindex", "3\n");
	write("/run/NetworkManager/devices/3", "# This is private data. Do not parse.\n[device]\nmanaged=true\nnm-owned=false\n");
	LONGS_EQUAL(ERR_DENIED, check("wlan0"));
	STRCMP_CONTAINS("NetworkManager manages wlan0", why.text);
	STRCMP_CONTAINS("unmanaged-devices=interface-name:wlan0", why.next_step);
}

TEST(wifi_owner, an_interface_that_network_manager_leaves_alone_is_free)
{
	write("/sys/class/net/wlan0/ifindex", "3\n");
	write("/run/NetworkManager/devices/2", "[device]\nmanaged=true\n");
	write("/run/NetworkManager/devices/3", "[device]\nmanaged=false\n");
	LONGS_EQUAL(ERR_OK, check("wlan0"));
}

TEST(wifi_owner, iwd_takes_wireless_interfaces_only)
{
	folder("/var/lib/iwd");
	LONGS_EQUAL(ERR_OK, check("wlan0"));
	folder("/run/iwd");
	LONGS_EQUAL(ERR_DENIED, check("wlan0"));
	STRCMP_CONTAINS("iwd manages wlan0", why.text);
	folder("/sys/class/net/wlan0/phy80211");
	LONGS_EQUAL(ERR_DENIED, check("wlan0"));
	folder("/sys/class/net/eth0");
	LONGS_EQUAL(ERR_OK, check("eth0"));
}

TEST(wifi_owner, a_running_iwd_service_is_seen_by_its_control_group)
{
	folder("/var/lib/iwd");
	folder("/sys/fs/cgroup/system.slice/iwd.service");
	LONGS_EQUAL(ERR_DENIED, check("wlan0"));
}

TEST(wifi_owner, a_name_that_is_no_interface_never_becomes_a_path)
{
	for (const char *bad : { "", "..", "../../etc", "a/b", "wlan0 ", "0123456789abcdef", "a\nb" })
		LONGS_EQUAL(ERR_INVALID, check(bad));
	LONGS_EQUAL(ERR_INVALID, wifi_check_owner("", nullptr, &why));
}
