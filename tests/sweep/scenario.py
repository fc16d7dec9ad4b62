# SPDX-License-Identifier: MIT
"""What is cut: each scenario brings a world to its beginning, and names the command that is recorded."""
import os

DAY = 86400  # seconds
FIRST = "FIRST-CHALLENGE"
# A certificate of 98 days, 90 of them gone: its renewal is due (20 % of the lifetime left, spread over the first quarter
# of that window), and it lives for longer than any sweep takes.
NEARLY_OVER = {"backdate": 90 * DAY, "valid_seconds": 8 * DAY}


class Scenario:
    argv = ("apply",)
    exit = 0            # of the recorded run, and of the one that heals
    is_renewal = False  # one certificate is usable at every moment
    is_new = True       # and another one afterwards
    event = "installed"  # in history
    is_retirement = False

    def refuses(self, world):
        """What the consumer does not take: a function of the certificate's path, or None."""
        return None

    def prepare(self, world):
        world.configure()
        world.authority.add_challenge(FIRST)
        world.device.give_challenge(FIRST)


class Enroll(Scenario):
    """The first certificate, and the first authentication with it."""


class Renew(Scenario):
    """A due renewal with a new key, its trial by one consumer, and the end of the old key."""
    is_renewal = True
    event = "renewed"

    def prepare(self, world):
        super().prepare(world)
        world.authority.mode(**NEARLY_OVER)
        world.device.signet("apply")
        world.authority.mode()


class Refused(Renew):
    """The same, but the consumer does not take the new certificate: back to the old one."""
    exit = 17
    is_new = False
    event = "rolled-back"

    def refuses(self, world):
        first = os.path.join(world.device.state, "scep", "dev", "0001")
        return lambda path: not os.path.realpath(path).startswith(first)


class Announced(Renew):
    """A renewal while the CA announces its successor, which is kept."""

    def prepare(self, world):
        super().prepare(world)
        world.authority.mode(announce=["renamed"])


class Rolled(Renew):
    """A renewal by the successor that the one before announced."""

    def prepare(self, world):
        super().prepare(world)
        world.authority.mode(announce=["renamed"], **NEARLY_OVER)
        world.device.signet("apply")
        world.authority.mode(rolled="renamed")


class Retire(Enroll):
    """Certificate, key and settings go off the device, by name."""
    argv = ("retire", "dev", "--yes")
    event = "retired"
    is_retirement = True

    def prepare(self, world):
        super().prepare(world)
        world.device.signet("apply")


SCENARIOS = {"enroll": Enroll(), "renew": Renew(), "refused": Refused(), "announced": Announced(), "rolled": Rolled(),
             "retire": Retire()}
