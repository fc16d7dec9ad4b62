/* SPDX-License-Identifier: MIT */
#include <cstdlib>
#include <sys/stat.h>
#include "CppUTest/TestHarness.h"
#include "client/cli/support.hpp"

static const char *const header =
    "device,profile,kind,state,subject,issuer,serial,sha256,not_before,not_after,renew_at,"
    "key,server,last_contact,last_error\r\n";

TEST_GROUP(inventory)
{
	std::string path;

	void setup() override
	{
		fake_reset();
		path = folder() + "/list.csv";
		remove(path.c_str());
	}

	void teardown() override
	{
		fake_clear();
		std::string().swap(path);
	}

	/* Python's csv module reads it: an expression over `rows`. */
	std::string csv(const std::string &text, const std::string &expression)
	{
		write_file(folder() + "/in.csv", text);
		write_file(folder() + "/ask_csv.py",
			   "import csv\nrows = list(csv.reader(open('" + folder() +
			       "/in.csv', newline=''), strict=True))\nprint(" + expression + ")\n");
		std::string all = shell("python3 '" + folder() + "/ask_csv.py' 2>&1");
		return all.substr(0, all.find_last_not_of('\n') + 1);
	}
};

TEST(inventory, one_row_a_certificate_profile_with_the_columns_of_the_interface)
{
	fake.profiles.push_back(make_profile(KIND_SCEP, "corp-user", STATE_ABSENT));
	struct ran r = run_signet({"inventory", "--csv"});
	LONGS_EQUAL(0, r.exit);
	CHECK(r.out.find(header) == 0);
	CHECK(!fake.asked_tpm);
	STRCMP_EQUAL("[15, 15, 15]", csv(r.out, "[len(x) for x in rows]").c_str());
	STRCMP_EQUAL("['GW-7F31', 'corp-device', 'scep', 'installed', 'CN=GW-7F31,O=Contoso', "
		     "'CN=Contoso Issuing CA,O=Contoso', '0a1b2c']",
		     csv(r.out, "rows[1][:7]").c_str());
	STRCMP_EQUAL("['2027-10-23T15:02:39Z', '2027-08-11T15:02:39Z', 'rsa2048 tpm']",
		     csv(r.out, "rows[1][9:12]").c_str());
	STRCMP_EQUAL("['GW-7F31', 'corp-user', 'scep', 'absent', '', '']",
		     csv(r.out, "rows[2][:6]").c_str());
}

TEST(inventory, quotes_commas_and_line_ends_survive)
{
	snprintf(fake.profiles[2].certificate.subject, 512, "CN=\"a\",O=b\r\nc");
	STRCMP_EQUAL("'CN=\"a\",O=b\\r\\nc'",
		     csv(run_signet({"inventory", "--csv"}).out, "repr(rows[1][4])").c_str());
}

TEST(inventory, no_value_is_a_formula_for_a_spreadsheet)
{
	for (const char *formula : {"=cmd|' /C calc'!A0", "+1", "-1", "@SUM(A1)"}) {
		fake.device = formula;
		STRCMP_EQUAL((std::string("'") + formula).c_str(),
			     csv(run_signet({"inventory", "--csv"}).out, "rows[1][0]").c_str());
	}
}

TEST(inventory, as_json_the_same_columns_with_null_for_what_is_not_there)
{
	fake.profiles.push_back(make_profile(KIND_SCEP, "corp-user", STATE_ABSENT));
	struct ran r = run_signet({"inventory", "--json"});
	STRCMP_EQUAL("device,profile,kind,state,subject,issuer,serial,sha256,not_before,not_after,"
		     "renew_at,key,server,"
		     "last_contact,last_error",
		     json_value(r.out, "','.join(d['certificates'][0])").c_str());
	STRCMP_EQUAL("2 None None",
		     json_value(r.out, "len(d['certificates']), d['certificates'][1]['serial'], "
				       "d['certificates'][1]['not_after']")
			 .c_str());
}

TEST(inventory, a_file_is_replaced_and_stdout_stays_empty)
{
	write_file(path, "old");
	struct ran r = run_signet({"inventory", "-o", path.c_str()});
	LONGS_EQUAL(0, r.exit);
	STRCMP_EQUAL("", r.out.c_str());
	STRCMP_EQUAL("2", csv(read_file(path), "len(rows)").c_str());
}

TEST(inventory, append_writes_the_header_only_once)
{
	LONGS_EQUAL(0, run_signet({"inventory", "-o", path.c_str(), "--append"}).exit);
	fake.device = "GW-0002";
	LONGS_EQUAL(0, run_signet({"inventory", "-o", path.c_str(), "--append"}).exit);
	STRCMP_EQUAL("['device', 'GW-7F31', 'GW-0002']",
		     csv(read_file(path), "[x[0] for x in rows]").c_str());
}

TEST(inventory, append_mends_a_last_line_without_its_end)
{
	write_file(path, std::string(header) + "a,b,c,d,e,f,g,h,i,j,k,l,m,n,o");
	LONGS_EQUAL(0, run_signet({"inventory", "-o", path.c_str(), "--append"}).exit);
	STRCMP_EQUAL("[15, 15, 15]", csv(read_file(path), "[len(x) for x in rows]").c_str());
}

TEST(inventory, append_leaves_a_foreign_file_alone)
{
	write_file(path, "name,phone\r\nBob,1\r\n");
	struct ran r = run_signet({"inventory", "-o", path.c_str(), "--append"});
	LONGS_EQUAL(1, r.exit);
	STRCMP_EQUAL("name,phone\r\nBob,1\r\n", read_file(path).c_str());
	CHECK(r.err.find("next: ") != std::string::npos);
}

TEST(inventory, a_file_that_cannot_be_written_is_a_failure)
{
	struct ran r = run_signet({"inventory", "-o", "/nonexistent/list.csv"});
	CHECK(r.exit == 1 || r.exit == 4);
	CHECK(r.err.find("/nonexistent/list.csv") != std::string::npos);
}

TEST(inventory, contradicting_options_are_wrong_usage)
{
	LONGS_EQUAL(2, run_signet({"inventory", "--json", "--csv"}).exit);
	LONGS_EQUAL(2, run_signet({"inventory", "--append"}).exit);
	LONGS_EQUAL(2, run_signet({"inventory", "--append", "--json", "-o", path.c_str()}).exit);
	LONGS_EQUAL(0, fake.looks);
}

TEST(inventory, for_eyes_it_is_plain_text)
{
	struct ran r = run_signet({"inventory"});
	CHECK(r.out.find("subject       CN=GW-7F31,O=Contoso\n") != std::string::npos);
	fake.profiles.clear();
	STRCMP_EQUAL("no certificate profiles\n", run_signet({"inventory"}).out.c_str());
}
