/* SPDX-License-Identifier: MIT */
#include <unistd.h>
#include <string>
#include "CppUTest/TestHarness.h"
#include "hal/device.h"
#include "hal/hal_lab.hpp"

TEST_GROUP(device)
{
	HalLab lab;

	void setup() override { lab.open(); }
	void teardown() override { lab.close(); }
	std::string ask(enum err(*fact)(const char *, char[], size_t), size_t cap)
	{
		char out[300] = "untouched";
		enum err e = fact(lab.folder.c_str(), out, cap);
		return e == ERR_OK ? out : std::string(err_text(e)) + ", " + out;
	}
	/* as sysfs has it: a link into /sys/devices */
	void interface(const std::string &name, const std::string &mac, const std::string &mark)
	{
		std::filesystem::create_directories(lab.at("sys/class/net"));
		lab.write("sys/devices/pci/" + name + "/address", mac);
		if (!mark.empty())
			std::filesystem::create_directories(
			    lab.at("sys/devices/pci/" + name + "/" + mark));
		LONGS_EQUAL(0, symlink(("../../devices/pci/" + name).c_str(),
				       lab.at("sys/class/net/" + name).c_str()));
	}
};

TEST(device, TheHostNameEndsAtItsFirstDot)
{
	lab.write("etc/hostname", "gw-7f31.plant.example\n");
	STRCMP_EQUAL("gw-7f31", ask(device_hostname, 300).c_str());
	STRCMP_EQUAL("gw-7f31", ask(device_hostname, 8).c_str());
	STRCMP_EQUAL("not found, untouched", ask(device_hostname, 7).c_str());
}

TEST(device, AHostNameThatSaysNothingDoesNotCount)
{
	STRCMP_EQUAL("not found, untouched", ask(device_hostname, 300).c_str());
	for (const char *text : {"", "\n", "localhost\n", "localhost.localdomain", "(none)\n", ".x",
				 "a\x01"
				 "b",
				 "a\xff"}) {
		lab.write("etc/hostname", text);
		STRCMP_EQUAL_TEXT("not found, untouched", ask(device_hostname, 300).c_str(), text);
	}
}

TEST(device, WithoutARootTheKernelsNameCounts)
{
	char kernel[256] = "";
	char out[256] = "";
	gethostname(kernel, sizeof kernel - 1);
	std::string wanted = std::string(kernel).substr(0, std::string(kernel).find('.'));
	LONGS_EQUAL(wanted == "localhost" ? ERR_NOT_FOUND : ERR_OK,
		    device_hostname("", out, sizeof out));
	if (wanted != "localhost")
		STRCMP_EQUAL(wanted.c_str(), out);
}

TEST(device, TheSerialIsDmisElseTheDeviceTrees)
{
	STRCMP_EQUAL("not found, untouched", ask(device_serial, 300).c_str());
	lab.write("sys/firmware/devicetree/base/serial-number",
		  std::string("10000000abcdef01\0", 17));
	std::filesystem::create_directories(lab.at("proc"));
	LONGS_EQUAL(0,
		    symlink("/sys/firmware/devicetree/base", lab.at("proc/device-tree").c_str()));
	STRCMP_EQUAL("10000000abcdef01", ask(device_serial, 300).c_str());
	lab.write("sys/class/dmi/id/product_serial", "SN-42  \n");
	STRCMP_EQUAL("SN-42", ask(device_serial, 300).c_str());
	for (const char *text : {"To be filled by O.E.M.\n", "DEFAULT STRING\n", "None\n",
				 "0123456789\n", "\n", "   \n"}) {
		lab.write("sys/class/dmi/id/product_serial", text);
		STRCMP_EQUAL_TEXT("10000000abcdef01", ask(device_serial, 300).c_str(), text);
	}
	STRCMP_EQUAL("not found, untouched", ask(device_serial, 16).c_str());
}

TEST(device, TheMacIsThatOfTheFirstWirelessInterface)
{
	STRCMP_EQUAL("not found, untouched", ask(device_wifi_mac, 300).c_str());
	interface("eth0", "02:00:00:00:00:01\n", "");
	interface("wlan1", "02:00:00:00:00:03\n", "wireless");
	STRCMP_EQUAL("02:00:00:00:00:03", ask(device_wifi_mac, 300).c_str());
	interface("wlan0", "02:00:00:12:34:56\n", "phy80211");
	STRCMP_EQUAL("02:00:00:12:34:56", ask(device_wifi_mac, 18).c_str());
	STRCMP_EQUAL("not found, untouched", ask(device_wifi_mac, 17).c_str());
}

TEST(device, AnAddressThatIsNoneDoesNotCount)
{
	interface("wlan0", "00:00:00:00:00:00\n", "wireless");
	interface("wlan1", "02:00:00:00:00\n", "wireless");
	interface("wlan2", "02:00:00:00:00:0g\n", "wireless");
	interface("wlan3", "02:00:00:00:00:01:02:03\n", "wireless");
	STRCMP_EQUAL("not found, untouched", ask(device_wifi_mac, 300).c_str());
	interface("wlan4", "02:00:00:00:00:0f\n", "wireless");
	STRCMP_EQUAL("02:00:00:00:00:0f", ask(device_wifi_mac, 300).c_str());
}
