// SPDX-License-Identifier: MIT
#include "CppUTest/TestHarness.h"
#include <cstring>
#include <string>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include "hal/local_socket.h"
#include "test_folder.hpp"

TEST_GROUP(local_socket)
{
	test_folder *folder;
	std::string path;

	void setup() override
	{
		folder = new test_folder("sgl");
		path = folder->path("s");
	}
	void teardown() override
	{
		delete folder;
		path.clear();
		path.shrink_to_fit();
	}
	int serve(int type)
	{
		struct sockaddr_un address = {};
		address.sun_family = AF_UNIX;
		strcpy(address.sun_path, path.c_str());
		int fd = socket(AF_UNIX, type, 0);
		LONGS_EQUAL(0, bind(fd, reinterpret_cast<const struct sockaddr *>(&address), sizeof address));
		if (type == SOCK_STREAM)
			LONGS_EQUAL(0, listen(fd, 1));
		return fd;
	}
};

TEST(local_socket, ADaemonThatIsThereAndOneThatLeftItsFileBehind)
{
	for (bool is_datagram : { false, true }) {
		CHECK_FALSE(local_socket_is_served(path.c_str(), is_datagram));
		int fd = serve(is_datagram ? SOCK_DGRAM : SOCK_STREAM);
		CHECK_TRUE(local_socket_is_served(path.c_str(), is_datagram));
		close(fd);
		LONGS_EQUAL(0, access(path.c_str(), F_OK));
		CHECK_FALSE(local_socket_is_served(path.c_str(), is_datagram));
		unlink(path.c_str());
	}
}

TEST(local_socket, APlainFileOrATooLongPathIsNone)
{
	folder->run("touch s");
	CHECK_FALSE(local_socket_is_served(path.c_str(), false));
	CHECK_FALSE(local_socket_is_served(std::string(200, 'x').c_str(), true));
}
