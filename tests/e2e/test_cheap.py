#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""What runs often loads no network library and writes nothing; who lacks the library is told so. ESYS costs no more than it
must."""
import os
import unittest

from device import Case, SIGNET, read, run, unsanitized

# Preloaded: notes the library contexts that libcrypto itself makes, and asks for two of its own as a provider would. The
# program's own functions come before these.
NOTE = """
#include <dlfcn.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
static void note(char c)
{
	int fd = open(getenv("NOTES"), O_WRONLY | O_APPEND);
	if (write(fd, &c, 1) != 1)
		abort();
	close(fd);
}
void *OSSL_LIB_CTX_new(void)
{
	void *(*make)(void), *found = dlsym(RTLD_NEXT, "OSSL_LIB_CTX_new");
	memcpy(&make, &found, sizeof make);
	note('+');
	return make();
}
void OSSL_LIB_CTX_free(void *context)
{
	void (*end)(void *), *found = dlsym(RTLD_NEXT, "OSSL_LIB_CTX_free");
	memcpy(&end, &found, sizeof end);
	note('-');
	end(context);
}
__attribute__((constructor)) static void somebody_else(void)
{
	void *(*make)(void), *made[2], *found = dlsym(RTLD_DEFAULT, "OSSL_LIB_CTX_new");
	void (*end)(void *), *other = dlsym(RTLD_DEFAULT, "OSSL_LIB_CTX_free");
	memcpy(&make, &found, sizeof make);
	memcpy(&end, &other, sizeof end);
	for (int i = 0; i < 2; i++)
		made[i] = make();
	if (made[0] == made[1])
		note('!');
	for (int i = 0; i < 2; i++)
		end(made[i]);
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

    def test_esys_gets_one_library_context_of_openssl_and_others_their_own(self):
        source, library, notes = (os.path.join(self.folder, name) for name in ("note.c", "note.so", "notes"))
        with open(source, "w", encoding="ascii") as f:
            f.write(NOTE)
        run("cc", "-shared", "-fPIC", "-D_GNU_SOURCE", "-o", library, source, "-Wl,--no-as-needed", "-l:libcrypto.so.3")
        open(notes, "w", encoding="ascii").close()
        env = dict(self.kept.env, LD_PRELOAD=library, NOTES=notes)
        run(unsanitized(SIGNET, self.folder), "-c", self.kept.conf, "renew", "dev", "--force", env=env)
        self.assertEqual("++--" + "+", read(notes))  # those of somebody else, and ESYS's


if __name__ == "__main__":
    unittest.main()
