#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""What runs often loads no network library and writes nothing; who lacks the library is told so. ESYS costs no more than it
must."""
import os
import unittest

from device import Case, SIGNET, run, unsanitized

# Preloaded: counts the library contexts that libcrypto itself makes. The program's own OSSL_LIB_CTX_new comes before this one.
COUNT = """
#include <dlfcn.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
void *OSSL_LIB_CTX_new(void)
{
	void *(*make)(void), *found = dlsym(RTLD_NEXT, "OSSL_LIB_CTX_new");
	int fd = open(getenv("COUNT_FILE"), O_WRONLY | O_APPEND);
	memcpy(&make, &found, sizeof make);
	if (write(fd, "+", 1) != 1)
		abort();
	close(fd);
	return make();
}
"""


class Cheap(Case):
    def setUp(self):
        super().setUp()
        self.kept, self.ca_of_it, _ = self.enrolled()
        self.none = os.path.join(self.folder, "lib")
        os.makedirs(self.none)
        with open(os.path.join(self.none, "libcurl.so.4"), "w") as f:
            f.write("no library\n")

    def test_libcurl_is_of_the_worker_alone(self):
        self.assertNotIn("libcurl", run("readelf", "-d", SIGNET).stdout)
        plain = dict(self.kept.env)
        self.kept.env["LD_LIBRARY_PATH"] = self.none
        before = self.kept.snapshot()
        for verb in (["status"], ["plan"], ["apply"], ["show", "dev"], ["inventory"]):
            self.kept.signet(*verb)
        self.assertEqual(before, self.kept.snapshot())
        serial = self.kept.serial()
        done = self.kept.signet("renew", "dev", "--force", expect=1)
        self.assertIn("libcurl.so.4", done.stderr)
        self.assertIn("install libcurl", done.stderr)
        self.assertEqual(serial, self.kept.serial())
        self.kept.env = plain
        self.kept.signet("renew", "dev", "--force")
        self.assertNotEqual(serial, self.kept.serial())

    def test_an_enrollment_makes_one_library_context_of_openssl(self):
        source, library, count = (os.path.join(self.folder, name) for name in ("count.c", "count.so", "count"))
        with open(source, "w", encoding="ascii") as f:
            f.write(COUNT)
        run("cc", "-shared", "-fPIC", "-D_GNU_SOURCE", "-o", library, source)
        open(count, "w", encoding="ascii").close()
        env = dict(self.kept.env, LD_PRELOAD=library, COUNT_FILE=count)
        run(unsanitized(SIGNET, self.folder), "-c", self.kept.conf, "renew", "dev", "--force", env=env)
        self.assertEqual(1, os.stat(count).st_size)


if __name__ == "__main__":
    unittest.main()
