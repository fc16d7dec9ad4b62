/* SPDX-License-Identifier: MIT */
#include "tpm/tpm_wire.h"
#include <tss2/tss2_tcti.h>
#include <csignal>
#include <cstdio>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>
#include "tpm_group.hpp"

TEST_GROUP_BASE(tpm_wire, tpm_group){void teardown() override{close();
if (lab.has("device.pid"))
	kill(std::atoi(lab.read("device.pid").c_str()), SIGTERM);
}
std::string device()
{
	lab.tpm();
	lab.run("setsid " TEST_LAB "/tpm_device.py a/tpm.sock dev </dev/null >device.log 2>&1 & "
		"echo $! >device.pid; for i in $(seq 100); do [ -e dev ] && break; sleep 0.05; "
		"done; [ -e dev ]");
	return "device:" + lab.path("dev");
}
}
;

TEST(tpm_wire, KnowsDevicesAndTheSocketsOfSwtpmOnly)
{
	CHECK(tpm_wire_knows("device:/dev/tpmrm0"));
	CHECK(tpm_wire_knows("device"));
	CHECK(tpm_wire_knows("swtpm:path=/run/x.sock"));
	CHECK(!tpm_wire_knows("swtpm:host=localhost,port=2321"));
	CHECK(!tpm_wire_knows("swtpm:path=/run/x.sock,port=1"));
	CHECK(!tpm_wire_knows("pcap:swtpm:path=/run/x.sock"));
	CHECK(!tpm_wire_knows("tabrmd:bus_name=x"));
	CHECK(!tpm_wire_knows(""));
	STRCMP_EQUAL("/dev/tpmrm0", tpm_wire_path("device"));
	STRCMP_EQUAL("/dev/tpm0", tpm_wire_path("pcap:device:/dev/tpm0"));
	CHECK(tpm_wire_path("tabrmd:x") == nullptr);
}

TEST(tpm_wire, CharacterDeviceServesAWholeEnrollment)
{
	make(device());
	check_all_hashes();
	check_decrypt_pkcs1();
	std::string same = tcti;
	open(same);
	CHECK_OK(load());
	check_sign(KEY_SHA256, "sha256");
}

TEST(tpm_wire, DeviceThatIsGoneIsAnIoErrorAndEndsNothing)
{
	make(device());
	kill(std::atoi(lab.read("device.pid").c_str()), SIGTERM);
	lab.run("sleep 0.2");
	std::string d = digest("sha256", "x");
	CHECK_WHY(ERR_UNREACHABLE, "tpm.io",
		  device_key_sign(&key, KEY_SHA256, bytes_of(d), &out, &why));
}

TEST(tpm_wire, SocketPathThatIsTooLongIsNotATpm)
{
	open("swtpm:path=/" + std::string(200, 'x'));
	CHECK_WHY(ERR_UNREACHABLE, "tpm.absent", make_again());
}

// One client waits in the queue of a server that takes nobody yet: a busy software TPM. It takes both after 0.3 s.
TEST(tpm_wire, SocketWithAFullQueueIsWaitedFor)
{
	struct sockaddr_un address = {};
	address.sun_family = AF_UNIX;
	std::snprintf(address.sun_path, sizeof address.sun_path, "%s", lab.path("full.sock").c_str());
	const auto *where = reinterpret_cast<const struct sockaddr *>(&address);
	int server = socket(AF_UNIX, SOCK_STREAM, 0);
	int first = socket(AF_UNIX, SOCK_STREAM, 0);
	LONGS_EQUAL(0, bind(server, where, sizeof address));
	LONGS_EQUAL(0, listen(server, 0));
	LONGS_EQUAL(0, connect(first, where, sizeof address));
	pid_t child = fork();
	if (child == 0) {
		usleep(300000);
		int a = accept(server, nullptr, nullptr);
		int b = accept(server, nullptr, nullptr);
		_exit(a >= 0 && b >= 0 ? 0 : 1);
	}
	void *wire = tpm_wire_open(("swtpm:path=" + lab.path("full.sock")).c_str(), 1, 0);
	int status = -1;
	bool is_open = wire != nullptr;
	tpm_wire_close(&wire);
	if (!is_open)
		kill(child, SIGKILL);
	waitpid(child, &status, 0);
	::close(first);
	::close(server);
	CHECK(is_open);
	LONGS_EQUAL(0, status);
}

// A TPM that asks for the command again (TPM_RC_RETRY, Part 2 6.6.3), each time after 0.4 s, without an end.
TEST(tpm_wire, ATpmThatIsAlwaysBusyIsGivenUpAfterTheTotal)
{
	static const uint8_t command[] = { 0x80, 0x01, 0, 0, 0, 12, 0, 0, 0x01, 0x7b, 0, 8 }; // GetRandom
	static const uint8_t retry[] = { 0x80, 0x01, 0, 0, 0, 10, 0, 0, 0x09, 0x22 };
	struct sockaddr_un address = {};
	address.sun_family = AF_UNIX;
	std::snprintf(address.sun_path, sizeof address.sun_path, "%s", lab.path("busy.sock").c_str());
	int server = socket(AF_UNIX, SOCK_STREAM, 0);
	LONGS_EQUAL(0, bind(server, reinterpret_cast<const struct sockaddr *>(&address), sizeof address));
	LONGS_EQUAL(0, listen(server, 1));
	pid_t child = fork();
	if (child == 0) {
		uint8_t in[64];
		int a = accept(server, nullptr, nullptr);
		while (read(a, in, sizeof in) > 0) {
			usleep(400000);
			if (write(a, retry, sizeof retry) < 0)
				break;
		}
		_exit(0);
	}
	void *wire = tpm_wire_open(("swtpm:path=" + lab.path("busy.sock")).c_str(), 10, 1);
	CHECK(wire != nullptr);
	auto *context = static_cast<TSS2_TCTI_CONTEXT *>(wire);
	int answers = 0;
	TSS2_RC rc = TSS2_RC_SUCCESS;
	for (; answers < 20 && rc == TSS2_RC_SUCCESS; answers++) {
		uint8_t answer[64];
		size_t len = sizeof answer;
		rc = Tss2_Tcti_Transmit(context, sizeof command, command);
		if (rc == TSS2_RC_SUCCESS)
			rc = Tss2_Tcti_Receive(context, &len, answer, TSS2_TCTI_TIMEOUT_BLOCK);
	}
	tpm_wire_close(&wire);
	::close(server);
	int status = -1;
	kill(child, SIGKILL);
	waitpid(child, &status, 0);
	LONGS_EQUAL(TSS2_TCTI_RC_NO_CONNECTION, rc);
	CHECK(answers <= 3); // two fit, the third comes too late
}
