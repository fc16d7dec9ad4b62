#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""What reaches flash, by strace: an idle hour writes nothing, a renewal with its trial little. Prints the figures."""
import os
import signal
import unittest

from agent_device import Agent, Manager, until
from device import SIGNET, WIFI_AND_VPN, Case, run, read
from flash import CALLS, NO_LEAKS, Flash, joined, tracer
from net_device import VPN, WIRED, NetCase, StrongSwan
from labclock import LabClock

WRITTEN_MAX = 64 * 1024 # bytes handed to write(2) by a renewal with trial
SYNCS_MAX = 24
RATE = 20  # of a lab clock: an hour in three minutes
CHALLENGE = "C" * 1024


class Budget(Case):
    def traced(self, dev, *argv, targets=()):
        trace = os.path.join(self.folder, "trace")
        run(*tracer(trace), SIGNET, "-c", dev.conf, *argv, env={**dev.env, **NO_LEAKS}, timeout=300)
        return Flash(joined(read(trace)), (dev.state,) + tuple(targets))

    def test_the_count_itself_sees_every_kind_of_change(self):
        target = os.path.join(self.folder, "x")
        os.mkdir(target)
        trace = os.path.join(self.folder, "trace")
        script = ("import os; os.chdir('/'); p = %r; f = os.open(p + '/a', os.O_CREAT | os.O_WRONLY | os.O_EXCL); os.write(f, b'12345'); "
                  "os.fsync(f); os.pwrite(f, b'12', 0); os.fdatasync(f); os.writev(f, [b'1', b'2']); os.rename(p + '/a', p + '/b'); "
                  "os.symlink('b', p + '/c'); os.unlink(p + '/c'); os.mkdir(p + '/d'); os.rmdir(p + '/d'); os.chmod(p + '/b', 0o600)" % target)
        run("strace", "-f", "-y", "-qq", "-s", "0", "-e", "trace=" + CALLS, "-o", trace, "/usr/bin/python3", "-SE", "-c", script)
        seen = Flash(joined(read(trace)), (target,))
        self.assertEqual((9, 2, 7), seen.total(), seen.figures("seen"))

    def test_ten_idle_passes_write_nothing(self):
        etc = os.path.join(self.folder, "dev", "etc")
        os.makedirs(os.path.join(etc, "swanctl"))
        dev, _, _ = self.enrolled(more=WIFI_AND_VPN % {"etc": etc}, scep="san_dns = {{DeviceName}}.corp.contoso.com\n")
        for _ in range(10):
            flash = self.traced(dev, "apply", targets=[etc])
            self.assertEqual((0, 0, 0), flash.total(), flash.figures("an idle pass"))

    def test_enrollment_and_renewal_stay_below_their_budget(self):
        self.budget("without hooks")

    def test_with_a_hook_too(self):
        self.budget("with a hook", "hooks_dir = %s\n" % hook(self.folder))

    def budget(self, title, agent=""):
        tpm, ca = self.tpm(), self.ca()
        dev = self.device(tpm)
        dev.configure(ca.url, ca.root, ca.issuing)
        text = read(dev.conf).replace("[agent]\n", "[agent]\n" + agent, 1)
        with open(dev.conf, "w") as f:
            f.write(text)
        ca.add_challenge(CHALLENGE)
        dev.give_challenge(CHALLENGE)
        first = self.traced(dev, "apply")
        print(first.figures("first enrollment, challenge of 1 KiB, " + title), flush=True)
        renewal = self.traced(dev, "renew", "dev", "--force")
        print(renewal.figures("renewal, nobody uses the certificate, " + title), flush=True)
        for flash in (first, renewal):
            written, syncs, _ = flash.total()
            self.assertLess(written, WRITTEN_MAX)
        self.assertLessEqual(sum(renewal.syncs.values()), SYNCS_MAX)
        self.assertGreater(sum(renewal.syncs.values()), 4)  # key, request, certificate, links: the count works


def hook(folder):
    """A folder with one hook."""
    hooks = os.path.join(folder, "hooks.d")
    os.mkdir(hooks, 0o755)
    with open(os.path.join(hooks, "one"), "w") as f:
        f.write("#!/bin/sh\nexit 0\n")
    os.chmod(os.path.join(hooks, "one"), 0o755)
    return hooks


class WithConsumers(NetCase):
    """wpa_supplicant and charon, both of which use the certificate, and a hook that is told of it."""
    TARGETS = ("/etc",)  # of the device's own space

    def both(self, scep=""):
        dev = self.net_device(more=WIRED + VPN, scep=scep, apply=False)
        text = read(dev.conf).replace("[agent]\n", "[agent]\nhooks_dir = %s\n" % hook(self.folder), 1)
        with open(dev.conf, "w") as f:
            f.write(text)
        self.authority.add_challenge(CHALLENGE)
        dev.give_challenge(CHALLENGE)
        self.lan()
        self.wan()
        self.port()
        self.gateway()
        charon = StrongSwan(self.home)
        self.addCleanup(charon.stop)
        self.show(charon)
        dev.signet("apply")
        client = self.supplicant()
        until(client.is_authorized, "802.1X by its file")  # to be moved in the middle of it would be a failure
        charon.start()
        dev.signet("apply")
        for name in ("lan", "hq"):
            self.assertEqual("installed", dev.status(name)["state"])
        return dev

    def renewal(self, title, scep=""):
        dev = self.both(scep)
        old, trace = dev.cert_serial(), os.path.join(self.folder, "trace")
        self.home.run(*tracer(trace), SIGNET, "-c", dev.conf, "renew", "dev", "--force", env=NO_LEAKS, timeout=300)
        flash = Flash(joined(read(trace)), (dev.state,) + self.TARGETS)
        print(flash.figures("renewal with the trial of a wired and a vpn profile, a hook, " + title), flush=True)
        self.assertNotEqual(old, dev.cert_serial())
        self.assertEqual({"current"}, set(dev.links()))  # the trial has ended, and it was one: all three are counted
        for name in ("wifi/", "vpn/", "hooks", "history"):
            self.assertTrue(any(path.startswith(os.path.join(dev.state, name)) for path in flash.syncs), name)
        self.assertTrue(any(path.startswith("/etc/swanctl/x509/") for path in flash.syncs))
        written, syncs, _ = flash.total()
        self.assertLess(written, WRITTEN_MAX)
        self.assertLessEqual(syncs, SYNCS_MAX)

    def test_a_renewal_with_trial_stays_below_its_budget(self):
        self.renewal("key in the TPM")

    def test_so_it_does_with_a_challenge_that_goes_along(self):
        self.renewal("challenge of 1 KiB that goes along", "challenge_once = no\n")

    def test_so_it_does_with_a_software_key(self):
        self.renewal("software key", "key_storage = software\n")

    def test_an_idle_hour_of_the_agent_writes_nothing(self):
        dev = self.both()
        clock = LabClock(self.folder)
        self.addCleanup(clock.close)
        clock.synchronised()
        clock.rate(RATE)
        manager = Manager(dev.folder)
        self.addCleanup(manager.close)
        trace = os.path.join(self.folder, "trace")
        agent = Agent(dev, manager, env={**NO_LEAKS}, argv=[*tracer(trace), "env", *environment_of(clock), SIGNET])
        self.addCleanup(agent.clean_up)
        self.show(agent)
        until(lambda: manager.values("READY"), "READY")
        end = clock.now() + 3600
        until(lambda: clock.now() > end, "an hour", 2 * 3600 / RATE)
        signet = agent.traced()
        os.kill(signet, signal.SIGHUP)  # a pass more, whatever was due in that hour
        until(lambda: len(manager.values("READY")) == 2, "READY after a reload")
        os.kill(signet, signal.SIGTERM)
        self.assertEqual(0, agent.process.wait(timeout=60))
        flash = Flash(joined(read(trace)), (dev.state,) + self.TARGETS)
        self.assertEqual((0, 0, 0), flash.total(), flash.figures("an idle hour"))
        # the hour was one of an agent that lives: it wrote into memory, where it looked after its consumers
        memory = Flash(joined(read(trace)), (dev.path("run"),))
        print(memory.figures("an idle hour, into memory"), flush=True)
        self.assertGreater(memory.total()[0], 0)


def environment_of(clock):
    """For the program behind the tracer alone, whose own time stays."""
    return ["%s=%s" % one for one in clock.env(SIGNET).items()]


if __name__ == "__main__":
    unittest.main()
