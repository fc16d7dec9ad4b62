/* SPDX-License-Identifier: MIT */
#include <fcntl.h>
#include <unistd.h>
#include <string>
#include "CppUTest/TestHarness.h"
#include "hal/log.h"
#include "hal/hal_lab.hpp"

static std::string seen;

static void note(enum log_level level, const char *line)
{
	seen += std::to_string(level) + "=" + line + "|";
}

TEST_GROUP(log)
{
	HalLab lab;

	void setup() override
	{
		lab.open();
		seen.clear();
		log_set_sink(note);
		log_set_level(LOG_INFO);
	}
	void teardown() override
	{
		log_set_sink(nullptr);
		log_set_priority_prefix(0);
		log_set_level(LOG_INFO);
		std::string().swap(seen); /* CppUTest counts its memory */
		lab.close();
	}
	/* what log_line() writes to descriptor 2 */
	std::string on_stderr(enum log_level level, const char *text)
	{
		fflush(stderr);
		int kept = dup(STDERR_FILENO);
		int fd = open(lab.at("err").c_str(), O_RDWR | O_CREAT | O_TRUNC, 0600);
		dup2(fd, STDERR_FILENO);
		close(fd);
		log_line(level, "%s", text);
		dup2(kept, STDERR_FILENO);
		close(kept);
		return lab.read("err");
	}
};

TEST(log, LinesAboveTheLevelAreDropped)
{
	log_debug("no");
	log_info("yes %d", 1);
	log_set_level(LOG_ERROR);
	log_warn("no");
	log_error("yes %d", 2);
	LONGS_EQUAL(LOG_ERROR, log_get_level());
	STRCMP_EQUAL("2=yes 1|0=yes 2|", seen.c_str());
}

TEST(log, AForgedSecondLineStaysInTheFirst)
{
	log_info("peer said %s", "hello\n<3>forged\x1b[2J\xc2\x85");
	STRCMP_EQUAL("2=peer said hello?<3>forged?[2J??|", seen.c_str());
}

TEST(log, ALongLineIsCutWithDots)
{
	log_info("%s", std::string(3000, 'x').c_str());
	STRCMP_EQUAL(("2=" + std::string(1020, 'x') + "...|").c_str(), seen.c_str());
}

TEST(log, StderrGetsOneLineAndThePriorityOfJournaldWhenAsked)
{
	log_set_sink(nullptr);
	log_set_level(LOG_DEBUG);
	STRCMP_EQUAL("a: b\n", on_stderr(LOG_WARN, "a: b").c_str());
	log_set_priority_prefix(1);
	/* sd-daemon(3): SD_ERR 3, SD_WARNING 4, SD_INFO 6, SD_DEBUG 7 */
	STRCMP_EQUAL("<3>a\n", on_stderr(LOG_ERROR, "a").c_str());
	STRCMP_EQUAL("<4>a\n", on_stderr(LOG_WARN, "a").c_str());
	STRCMP_EQUAL("<6>a\n", on_stderr(LOG_INFO, "a").c_str());
	STRCMP_EQUAL("<7>a\n", on_stderr(LOG_DEBUG, "a").c_str());
}
