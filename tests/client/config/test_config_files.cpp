/* SPDX-License-Identifier: MIT */
#include "CppUTest/TestHarness.h"
#include "client/config/config_lab.hpp"

static const char *const trust = "[trust root]\ncertificate = /root.cer\n"; /* lines 1, 2 */
static const char *const scep =
    "[scep dev]\nurl = http://ca/scep\ntrust = root\nsubject = CN=x\n"; /* 3 to 6 */

TEST_GROUP(config_files)
{
	Lab lab;

	void setup() override { lab.open(); }
	void teardown() override { lab.close(); }

	void loads_root()
	{
		enum err e = lab.load_root();
		STRCMP_EQUAL("", lab.why.text);
		LONGS_EQUAL(ERR_OK, e);
	}
};

/* ---- files, merging, masking, root ---- */

TEST(config_files, no_file_at_all_names_the_place_for_one)
{
	LONGS_EQUAL(ERR_NOT_FOUND, lab.load_root());
	STRCMP_EQUAL("config.none", lab.why.code);
	CHECK(lab.says(lab.folder + "/etc/signet/signet.conf"));
	CHECK(lab.advises("-c FILE"));
}

TEST(config_files, a_file_named_with_c_must_be_there)
{
	LONGS_EQUAL(ERR_NOT_FOUND,
		    config_load("/nowhere/signet.conf", nullptr, &lab.config, &lab.why));
	CHECK(lab.says("/nowhere/signet.conf"));
	LONGS_EQUAL(ERR_IO, config_load("/dev/zero", nullptr, &lab.config, &lab.why));
}

TEST(config_files, an_empty_file_is_a_configuration_of_defaults)
{
	lab.write("/etc/signet/signet.conf", "");
	loads_root();
	STRCMP_EQUAL(lab.folder.c_str(), lab.config.root);
	STRCMP_EQUAL("/var/lib/signet", lab.config.agent.state_dir);
}

TEST(config_files, a_later_file_replaces_scalars_and_whole_lists)
{
	lab.write(
	    "/usr/lib/signet/signet.conf",
	    std::string(trust) + scep +
		"url = http://second/\nsan_dns = a\nsan_dns = b\ntimeout = 30\nkey = rsa3072\n");
	lab.write("/etc/signet/signet.conf",
		  "[scep dev]\nurl = http://other/\nsan_dns =\ntimeout = 40\nkey =\n");
	loads_root();
	const struct scep_profile *s = &lab.config.sceps[0];
	LONGS_EQUAL(1, lab.config.scep_count);
	LONGS_EQUAL(1, s->url.count);
	STRCMP_EQUAL("http://other/", s->url.items[0]);
	LONGS_EQUAL(0, s->san_dns.count);
	LONGS_EQUAL(1, s->trust.count);
	LONGS_EQUAL(40, s->timeout_s);
	LONGS_EQUAL(2048, s->key_bits);
	STRCMP_EQUAL("CN=x", s->subject);
	STRCMP_EQUAL((lab.folder + "/usr/lib/signet/signet.conf").c_str(), s->origin.file);
}

TEST(config_files, a_required_list_that_a_later_file_empties_is_refused_there)
{
	lab.write("/usr/lib/signet/signet.conf", std::string(trust) + scep);
	lab.write("/etc/signet/signet.conf", "[scep dev]\n\nurl =\n");
	LONGS_EQUAL(ERR_INVALID, lab.load_root());
	STRCMP_EQUAL(
	    (lab.folder + "/etc/signet/signet.conf:3: [scep dev]: url: is missing").c_str(),
	    lab.why.text);
}

static std::string named(const std::string &name) { return "[device]\nname = " + name + "\n"; }

TEST(config_files, files_are_read_in_order)
{
	lab.write("/usr/lib/signet/factory/a.conf", named("factory") + "serial = from-factory\n");
	lab.write("/usr/lib/signet/signet.conf", named("vendor"));
	loads_root();
	STRCMP_EQUAL("vendor", lab.config.device.name);
	STRCMP_EQUAL("from-factory", lab.config.device.serial);
	lab.write("/etc/signet/signet.conf", named("admin"));
	loads_root();
	STRCMP_EQUAL("admin", lab.config.device.name);
	lab.write("/usr/lib/signet/conf.d/50-x.conf", named("usr-50"));
	loads_root();
	STRCMP_EQUAL("usr-50", lab.config.device.name);
	lab.write("/etc/signet/conf.d/40-x.conf", named("etc-40"));
	loads_root();
	STRCMP_EQUAL("usr-50", lab.config.device.name); /* by file name, not by folder */
	lab.write("/run/signet/conf.d/60-x.conf", named("run-60"));
	loads_root();
	STRCMP_EQUAL("run-60", lab.config.device.name);
	lab.write("/etc/signet/conf.d/99-x.conf.bak", named("backup"));
	lab.write("/etc/signet/conf.d/.99-y.conf", "[device]\nimei = hidden\n");
	loads_root();
	STRCMP_EQUAL("", lab.config.device.imei);
	STRCMP_EQUAL("run-60", lab.config.device.name);
}

TEST(config_files, a_drop_in_masks_the_same_name_in_a_lower_folder)
{
	lab.write("/usr/lib/signet/conf.d/50-x.conf", named("usr") + "serial = usr\n");
	lab.write("/run/signet/conf.d/50-x.conf", named("run") + "imei = run\n");
	loads_root();
	STRCMP_EQUAL("run", lab.config.device.name);
	STRCMP_EQUAL("", lab.config.device.serial);
	lab.write("/etc/signet/conf.d/50-x.conf", named("etc"));
	loads_root();
	STRCMP_EQUAL("etc", lab.config.device.name);
	STRCMP_EQUAL("", lab.config.device.imei);
	std::filesystem::remove(lab.folder + "/etc/signet/conf.d/50-x.conf");
	std::filesystem::create_symlink("/dev/null", lab.folder + "/etc/signet/conf.d/50-x.conf");
	lab.write("/etc/signet/signet.conf", "");
	loads_root();
	STRCMP_EQUAL("", lab.config.device.name);
}

TEST(config_files, a_masked_broken_file_does_no_harm)
{
	lab.write("/usr/lib/signet/conf.d/50-x.conf", "broken\n");
	LONGS_EQUAL(ERR_INVALID, lab.load_root());
	CHECK(lab.says(lab.folder + "/usr/lib/signet/conf.d/50-x.conf:1: "));
	lab.why = {};
	lab.write("/etc/signet/conf.d/50-x.conf", "");
	loads_root();
}

TEST(config_files, the_factory_folder_can_be_moved_but_not_by_its_own_files)
{
	lab.write("/usr/lib/signet/factory/a.conf", named("wrong"));
	lab.write("/factory/b.conf", named("right") + "serial = 1\n");
	lab.write("/factory/c.conf", "[device]\nserial = 2\n");
	lab.write("/usr/lib/signet/signet.conf", "[agent]\nfactory_dir = /elsewhere\n");
	lab.write("/etc/signet/signet.conf", "[agent]\nfactory_dir = /factory\n");
	loads_root();
	STRCMP_EQUAL("right", lab.config.device.name);
	STRCMP_EQUAL("2", lab.config.device.serial);
	STRCMP_EQUAL("/factory", lab.config.agent.factory_dir);
	lab.write("/factory/c.conf", "[agent]\nfactory_dir = /x\n");
	LONGS_EQUAL(ERR_INVALID, lab.load_root());
	CHECK(lab.says(lab.folder + "/factory/c.conf:2: [agent]: factory_dir"));
}

TEST(config_files, absolute_links_resolve_inside_the_root)
{
	lab.write("/data/signet/real.conf", named("inside"));
	std::filesystem::create_directories(lab.folder + "/etc");
	std::filesystem::create_symlink("/data/signet", lab.folder + "/etc/signet");
	std::filesystem::create_symlink("/data/signet/real.conf",
					lab.folder + "/data/signet/signet.conf");
	loads_root();
	STRCMP_EQUAL("inside", lab.config.device.name);
}

TEST(config_files, a_file_named_with_c_is_taken_below_the_root_and_replaces_all_others)
{
	lab.write("/etc/signet/signet.conf", named("admin"));
	lab.write("/usr/lib/signet/factory/a.conf", named("factory"));
	lab.write("/my.conf", "[device]\nserial = 1\n");
	LONGS_EQUAL(ERR_OK, config_load("/my.conf", lab.folder.c_str(), &lab.config, &lab.why));
	STRCMP_EQUAL("", lab.config.device.name);
	STRCMP_EQUAL("1", lab.config.device.serial);
}

TEST(config_files, names_are_unique_over_files_too)
{
	lab.write("/usr/lib/signet/signet.conf", trust);
	lab.write("/etc/signet/conf.d/a.conf", "[vpn root]\n");
	LONGS_EQUAL(ERR_INVALID, lab.load_root());
	CHECK(lab.says(
	    "/etc/signet/conf.d/a.conf:1: [vpn root]: the name is taken by [trust root] (" +
	    lab.folder + "/usr/lib/signet/signet.conf:1)"));
}
