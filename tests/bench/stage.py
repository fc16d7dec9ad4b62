# SPDX-License-Identifier: MIT
"""Where a bench plays: folder, TPM, CA, device and daemons as the whole runs of tests/e2e have them, with the release build.

    with Stage() as stage: tpm, ca = stage.tpm(), stage.ca(); ...
    with NetStage() as stage: device = stage.net_device(...)        in name spaces; needs root
"""
import os
import subprocess
import sys

sys.dont_write_bytecode = True
ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path[:0] = [os.path.join(ROOT, "tests", "e2e"), os.path.join(ROOT, "tests", "lab")]
BUILD_S = 900

if "SIGNET" not in os.environ:
    build = os.path.join(ROOT, "build", "release")
    with open(os.devnull, "w") as silence:
        for step in (["cmake", "--preset", "release"], ["cmake", "--build", "--preset", "release"]):
            subprocess.run(step, cwd=ROOT, stdout=silence, check=True, timeout=BUILD_S)
    os.environ["SIGNET"] = os.path.join(build, "signet")

import device  # noqa: E402
import net_device  # noqa: E402
from device import SIGNET, run  # noqa: E402,F401
from net_device import MODULE  # noqa: E402,F401


def compiled(out, sources, package, *options):
    """A helper of the tests, which a release build has not; without sanitizers."""
    flags = run("pkg-config", "--cflags", package).stdout.split() if package else []
    run("cc", "-O2", "-D_GNU_SOURCE", "-std=c17", "-o", out, *flags, *(os.path.join(ROOT, one) for one in sources), *options)
    return out


class _Staged:
    _has_failed = False

    def __enter__(self):
        self.setUp()
        return self

    def __exit__(self, kind, *_):
        self._has_failed = kind is not None
        self.doCleanups()

    def _failed(self):
        """Whether the logs given to show() are printed."""
        return self._has_failed


class Stage(_Staged, device.Case):
    def enrolling(self, tcti, ca, name="dev", is_root_issuing=False, **configuration):
        """A device that has its configuration and a challenge, but did nothing yet."""
        made = device.Device(os.path.join(self.folder, name), tcti)
        made.configure(ca.url, ca.root, None if is_root_issuing else ca.issuing, **configuration)
        challenge = "FIRST-" + name
        ca.add_challenge(challenge)
        made.give_challenge(challenge)
        return made


class NetStage(_Staged, net_device.NetCase):
    pass
