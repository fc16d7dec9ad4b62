# SPDX-License-Identifier: MIT
"""What is cut: each scenario brings a world to its beginning, and names the command that is recorded."""

DAY = 86400  # seconds
FIRST = "FIRST-CHALLENGE"
# A certificate of 98 days, 90 of them gone: its renewal is due (20 % of the lifetime left, spread over the first quarter
# of that window), and it lives for longer than any sweep takes.
NEARLY_OVER = {"backdate": 90 * DAY, "valid_seconds": 8 * DAY}


class Scenario:
    argv = ("apply",)
    is_renewal = False  # one certificate is usable at every moment, and another one afterwards

    def prepare(self, world):
        world.configure()
        world.authority.add_challenge(FIRST)
        world.device.give_challenge(FIRST)


class Enroll(Scenario):
    """The first certificate, and the first authentication with it."""


class Renew(Scenario):
    """A due renewal with a new key, its trial by one consumer, and the end of the old key."""
    is_renewal = True

    def prepare(self, world):
        super().prepare(world)
        world.authority.mode(**NEARLY_OVER)
        world.device.signet("apply")
        world.authority.mode()


SCENARIOS = {"enroll": Enroll(), "renew": Renew()}
