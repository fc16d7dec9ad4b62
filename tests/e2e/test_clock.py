#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Wrong clocks, each device with one of its own (lab/clock_shim.c): 1970, 2099, jumps of years, and time that comes."""
import json
import os
import shutil
import socket
import subprocess
import time
import unittest

from device import SIGNET, read, read_bytes, run
from net_device import VPN, WIRED, WIRED_CONF, Case, NetCase, StrongSwan, WpaSupplicant, wait_for
from labclock import LabClock

DAY, YEAR = 86400, 31556952
BOOT_1970 = 5
MAD_2099 = 4102444800 - DAY
OTHER_DAY = time.time() + 10 * DAY  # plausible, and not what an RTC of the machine would vouch for


def start_of(dev):
    """notBefore of the certificate in use, unix s."""
    text = run("openssl", "x509", "-in", dev.current("cert.pem"), "-noout", "-startdate").stdout
    return int(run("date", "-u", "-d", text.strip().split("=")[1], "+%s").stdout)


def view_of(dev):
    return json.loads(dev.signet("--json", "status", expect=None).stdout)


class Clocks:
    """For test cases: a lab clock, and what must not change by a clock that is wrong."""

    def lab_clock(self, unix):
        clock = LabClock(self.folder)
        self.addCleanup(clock.close)
        clock.set(unix)
        return clock

    def identity(self, dev, ca):
        """Certificate, key, where they stand, and what the CA has heard; GetCACaps alone is the Date that is asked for."""
        return (dev.serial(), read_bytes(dev.current("key.der")), os.readlink(dev.current()),
                len(ca.log()) - len(ca.operations("GetCACaps")))

    def settled(self, dev, ca, trusted, state="installed"):
        """The clock is seen as it is, and nothing is done, said or asked for its sake."""
        before, challenge, dates = self.identity(dev, ca), read(dev.challenge_file), len(ca.operations("GetCACaps"))
        history = read(os.path.join(dev.state, "history"))
        for _ in range(2):
            dev.signet("apply")
        view = view_of(dev)
        self.assertEqual("trusted" if trusted else "untrusted", view["clock"])
        self.assertEqual((state, 0), (dev.status()["state"], dev.status()["exit"]))
        self.assertEqual(before, self.identity(dev, ca))
        self.assertLessEqual(len(ca.operations("GetCACaps")), dates + (0 if trusted else 1))  # once a day
        self.assertEqual(history, read(os.path.join(dev.state, "history")))
        self.assertEqual(challenge, read(dev.challenge_file))


class Alone(Clocks, Case):
    """The device, its TPM and the CA."""

    def new(self, unix, *options, **configuration):
        """Not enrolled yet, with a challenge."""
        dev = self.device(self.tpm())
        ca = self.ca(*options)
        configuration.setdefault("untrusted_clock", "set-floor")
        dev.configure(ca.url, ca.root, ca.issuing, clock="auto", **configuration)
        ca.add_challenge("FIRST-CHALLENGE")
        ca.add_challenge("SECOND-CHALLENGE")
        dev.give_challenge("FIRST-CHALLENGE")
        clock = self.lab_clock(unix)
        dev.env.update(clock.env(SIGNET))
        return dev, ca, clock

    def enrolled_at(self, unix, *options, **configuration):
        """A device that has its certificate, and a fresh challenge that a wrong conclusion would burn."""
        dev, ca, clock = self.new(unix, *options, **configuration)
        dev.signet("apply")
        dev.give_challenge("SECOND-CHALLENGE")
        return dev, ca, clock

    def reboot(self, dev, clock, unix):
        shutil.rmtree(dev.path("run"))
        clock.set(unix)

    def test_1970_and_then_time_comes(self):
        dev, ca, clock = self.enrolled_at(BOOT_1970)
        self.assertEqual(1, len(ca.operations()))
        self.assertIn("clock not trusted", dev.signet("status").stdout)
        self.settled(dev, ca, trusted=False)
        self.assertGreaterEqual(clock.now(), start_of(dev))  # set to the floor, by ourselves
        self.assertLess(clock.now(), time.time())
        sets = clock.sets
        self.settled(dev, ca, trusted=False)
        self.assertEqual(sets, clock.sets)
        later = time.time() + DAY  # far from the build, which is the floor
        clock.ntp(later)
        self.settled(dev, ca, trusted=True)
        self.assertIn("clock trusted", dev.signet("status").stdout)
        # synchronised in this boot: good until somebody steps it back
        clock.synchronised(False)
        self.settled(dev, ca, trusted=True)
        clock.set(later - 3600)
        self.settled(dev, ca, trusted=False)
        clock.set(later)
        self.settled(dev, ca, trusted=True)
        self.reboot(dev, clock, OTHER_DAY)
        self.settled(dev, ca, trusted=False)

    def test_a_saved_time_is_the_floor_of_the_next_boot(self):
        dev, ca, clock = self.enrolled_at(BOOT_1970)
        clock.ntp(time.time() + 20 * DAY)  # a real one would be so far, and the CA with it
        dev.signet("renew", "dev", "--force")
        after = clock.now()
        self.reboot(dev, clock, BOOT_1970)
        done = dev.signet("apply")
        self.assertIn("clock: the system clock stood at 1970-01-01T00:00:", done.stderr)
        self.assertIn('"event":"clock"', read(dev.path("run", "events")).replace(" ", ""))
        self.assertGreater(clock.now(), after - 60)
        self.settled(dev, ca, trusted=False)
        # that time was a lie: a right clock takes it back, and a boot without one does not return to it
        clock.ntp(time.time())
        self.assertIn("corrected", dev.signet("apply").stderr)
        self.settled(dev, ca, trusted=True)
        self.reboot(dev, clock, BOOT_1970)
        dev.signet("apply")
        self.assertLess(clock.now(), time.time() + 60)

    def test_only_a_confirmed_time_is_saved(self):
        dev, ca, clock = self.enrolled_at(BOOT_1970)
        clock.ntp(time.time())
        self.settled(dev, ca, trusted=True)
        clock.set(OTHER_DAY)  # somebody steps it forward: believed as an RTC would be
        dev.signet("renew", "dev", "--force")
        self.assertEqual("trusted", view_of(dev)["clock"])
        self.reboot(dev, clock, BOOT_1970)
        dev.signet("apply")
        self.assertLess(clock.now(), time.time() + 60)

    def test_a_loop_of_boots_in_1970_asks_the_page_once(self):
        dev, ca, clock = self.new(BOOT_1970, untrusted_clock="nothing", challenge=False)
        dev.configure(ca.url, ca.root, ca.issuing, clock="auto", challenge=False,
                      scep="challenge_url = %s/certsrv/mscep_admin/\n" % ca.base)
        ca.mode(refuse="badRequest")
        dev.signet("apply", expect=13)
        self.assertEqual(1, len(ca.operations("mscep_admin")))
        for _ in range(2):
            self.reboot(dev, clock, BOOT_1970)
            self.assertIn("once an hour", dev.signet("apply", expect=10).stderr)
        self.assertEqual(1, len(ca.operations("mscep_admin")))

    def test_who_may_not_set_the_clock_goes_on_without(self):
        dev, ca, clock = self.new(BOOT_1970)
        clock.deny()
        dev.signet("apply")
        dev.give_challenge("SECOND-CHALLENGE")
        self.settled(dev, ca, trusted=False)
        self.assertIn("cannot be set", dev.signet("-v", "apply").stderr)
        self.assertLess(clock.now(), DAY)

    def test_it_is_set_forward_only_and_only_when_asked(self):
        dev, ca, clock = self.enrolled_at(BOOT_1970, untrusted_clock="nothing")
        self.settled(dev, ca, trusted=False)
        self.assertLess(clock.now(), DAY)
        dev.configure(ca.url, ca.root, ca.issuing, clock="auto", untrusted_clock="set-floor")
        for wrong in (MAD_2099, OTHER_DAY):
            clock.set(wrong)
            sets = clock.sets
            self.settled(dev, ca, trusted=False)
            self.assertEqual(sets, clock.sets)

    def test_2099_concludes_nothing(self):
        dev, ca, clock = self.enrolled_at(time.time())
        self.reboot(dev, clock, MAD_2099)
        self.settled(dev, ca, trusted=False)
        clock.ntp(time.time())
        self.settled(dev, ca, trusted=True)

    def test_2099_burns_no_challenge(self):
        dev, ca, clock = self.new(MAD_2099)
        dev.signet("apply")
        self.assertEqual(1, len(ca.operations()))
        dev.give_challenge("SECOND-CHALLENGE")
        self.settled(dev, ca, trusted=False)
        clock.ntp(time.time())
        self.settled(dev, ca, trusted=True)

    def test_jumps_of_years_under_a_clock_that_is_not_trusted(self):
        dev, ca, clock = self.enrolled_at(OTHER_DAY)
        for years in (5, -5, 5, 0):
            clock.set(OTHER_DAY + years * YEAR)
            self.settled(dev, ca, trusted=False)

    def test_jumps_of_years_under_a_trusted_clock(self):
        dev, ca, clock = self.enrolled_at(time.time())
        clock.ntp(time.time())
        self.settled(dev, ca, trusted=True)
        before, asked = self.identity(dev, ca)[:3], len(ca.operations())
        clock.ntp(time.time() + 5 * YEAR)  # who synchronises is believed: the certificate is over, and so is the server's
        dev.signet("apply", expect=18)
        self.assertEqual(15, dev.status()["exit"])
        self.assertEqual("SECOND-CHALLENGE\n", read(dev.challenge_file))
        clock.ntp(time.time())
        self.settled(dev, ca, trusted=True)
        clock.ntp(time.time() - 5 * YEAR)  # older than this program, and still not below its build
        self.settled(dev, ca, trusted=True)
        clock.ntp(time.time())
        self.settled(dev, ca, trusted=True)
        self.assertEqual((before, asked), (self.identity(dev, ca)[:3], len(ca.operations())))

    def test_a_certificate_that_is_not_valid_yet(self):
        dev, ca, clock = self.enrolled_at(BOOT_1970, "--backdate", str(-30 * DAY))
        self.settled(dev, ca, trusted=False)
        clock.ntp(time.time())
        self.settled(dev, ca, trusted=True)
        self.assertIn("valid only from", dev.status()["detail"])
        clock.ntp(time.time() + 31 * DAY)
        self.settled(dev, ca, trusted=True)
        self.assertEqual("", dev.status()["detail"])

    def test_an_agent_sees_time_come(self):
        dev, ca, clock = self.enrolled_at(BOOT_1970)
        before, memory = self.identity(dev, ca), dev.path("run", "clock")

        def start():
            agent = subprocess.Popen([SIGNET, "-c", dev.conf, "agent"], env=dev.env, stdin=subprocess.DEVNULL,
                                     stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            self.addCleanup(agent.wait)
            self.addCleanup(agent.kill)
            return agent

        agent = start()
        wait_for("the floor", lambda: clock.now() >= start_of(dev), 60)
        clock.ntp(time.time())  # a step wakes it
        wait_for("a clock that is remembered", lambda: os.path.exists(memory), 60)
        agent.terminate()
        self.assertEqual(0, agent.wait(30))
        self.reboot(dev, clock, OTHER_DAY)
        clock.rate(20)
        start()
        wait_for("the first pass", lambda: os.path.exists(dev.path("run", "agent.lock")), 60)
        time.sleep(3)  # it sleeps now, or will look anyway
        clock.synchronised()  # nobody is woken by that
        wait_for("a clock that is remembered", lambda: os.path.exists(memory), 60)
        self.assertEqual(before, self.identity(dev, ca))

    def test_a_watch_tells_an_agent_that_may_not_ask(self):
        dev, _, clock = self.enrolled_at(BOOT_1970)
        watch = subprocess.Popen([SIGNET, "-c", dev.conf, "agent", "--clock"], env=dev.env, stdin=subprocess.DEVNULL)
        self.addCleanup(watch.wait)
        self.addCleanup(watch.kill)
        memory = dev.path("run", "clock")
        clock.set(time.time())
        time.sleep(1)  # it has seen that, or will
        self.assertFalse(os.path.exists(memory))
        clock.rate(20)
        clock.synchronised()  # nobody is woken by that
        wait_for("a clock that is remembered", lambda: os.path.exists(memory), 60)
        self.assertEqual("trusted", view_of(dev)["clock"])
        watch.terminate()
        self.assertEqual(0, watch.wait(30))

    def test_https_is_where_the_clock_alone_stops_the_work(self):
        dev, ca, clock = self.new(BOOT_1970, untrusted_clock="nothing")
        key, cert = os.path.join(self.folder, "web.key"), os.path.join(self.folder, "web.pem")
        run("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", key, "-out", cert, "-days", "30",
            "-subj", "/CN=web", "-addext", "subjectAltName=IP:127.0.0.1")
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            address = "127.0.0.1:%d" % probe.getsockname()[1]
        server = subprocess.Popen(["openssl", "s_server", "-www", "-accept", address, "-cert", cert, "-key", key],
                                  stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        self.addCleanup(server.stdout.close)
        self.addCleanup(server.wait)
        self.addCleanup(server.kill)
        wait_for("s_server", lambda: "ACCEPT" in server.stdout.readline())
        dev.configure("https://" + address + "/scep", ca.root, ca.issuing, clock="auto",
                      scep="tls_trust = web\nproxy = none\n", more="[trust web]\ncertificate = %s\n" % cert)
        for wrong in (BOOT_1970, MAD_2099):
            clock.set(wrong)
            done = dev.signet("apply", expect=16)
            self.assertIn("the clock is not trusted", done.stderr)
        self.assertEqual("FIRST-CHALLENGE\n", read(dev.challenge_file))
        self.assertEqual(16, dev.status()["exit"])
        clock.ntp(time.time())
        dev.signet("apply", expect=11)  # TLS is done; s_server is no SCEP server
        clock.ntp(time.time() + 60 * DAY)
        dev.signet("apply", expect=18)  # that one is over
        self.assertEqual("FIRST-CHALLENGE\n", read(dev.challenge_file))


class Online(Clocks, NetCase):
    """The same with the daemons of the device; their servers have the right time."""

    def new(self, unix, more, untrusted_clock):
        dev = self.net_device(more=more, apply=False, clock="auto", untrusted_clock=untrusted_clock)
        if os.path.isdir("/sys/class/rtc"):
            self.home.empty("/sys/class/rtc")
        self.clock = self.lab_clock(unix)
        dev.lab = self.clock.env(SIGNET)
        self.lan()
        self.hostapd = self.port()  # before the device: its certificate is not younger than the device's
        return dev

    def tunnel(self):
        self.wan()
        gateway = self.gateway()
        charon = StrongSwan(self.home, env=self.clock.env())
        self.addCleanup(charon.stop)
        self.show(charon)
        return gateway, charon

    def supplicant(self):
        return self.started(WpaSupplicant(self.home, "lan0", WIRED_CONF, env=self.clock.env()))

    def test_1970_gets_through_both_daemons_by_the_floor(self):
        dev = self.new(BOOT_1970, WIRED + VPN, "set-floor")
        gateway, charon = self.tunnel()
        dev.signet("apply")
        client = self.supplicant()
        charon.start()
        dev.signet("apply")
        self.assertGreaterEqual(self.clock.now(), start_of(dev))
        self.assertLess(self.clock.now(), time.time())
        self.hostapd.wait_authorized(self.wire.mac(0))
        charon.wait_established("signet-hq")
        self.assertEqual(dev.cert_serial(), self.hostapd.accepted()[-1])
        self.assertEqual(dev.cert_serial(), gateway.authenticated()[-1].serial)
        dev.give_challenge("FRESH")
        self.settled(dev, self.authority, trusted=False)
        # time comes: nobody is asked anything
        seen, peers = len(self.hostapd.seen()), len(gateway.authenticated())
        self.clock.ntp(time.time())
        self.settled(dev, self.authority, trusted=True)
        self.assertEqual(["installed"] * 2, [dev.status(name)["state"] for name in ("lan", "hq")])
        self.assertEqual((seen, peers), (len(self.hostapd.seen()), len(gateway.authenticated())))
        self.assertTrue(client.is_authorized())

    def test_1970_gets_through_wpa_supplicant_without_dates_and_is_asked_again_with_them(self):
        dev = self.new(BOOT_1970, WIRED, "nothing")
        dev.signet("apply")
        client = self.supplicant()
        dev.signet("apply", expect=17)
        self.assertEqual([], self.hostapd.accepted())  # this daemon at 1970 refuses the server: else nothing is proven
        with open(dev.conf, encoding="utf-8") as file:
            text = file.read()
        with open(dev.conf, "w", encoding="utf-8") as file:
            file.write(text.replace("untrusted_clock = nothing", "untrusted_clock = disable-time-checks"))
        client.stop()
        self.hostapd.restart()
        dev.signet("apply", expect=None)
        client.start()
        dev.signet("apply")
        self.assertIn("tls_disable_time_checks=1", client.networks()[0]["phase1"])
        self.assertEqual(dev.cert_serial(), self.hostapd.accepted()[-1])
        self.assertLess(self.clock.now(), DAY)
        dev.give_challenge("FRESH")
        self.settled(dev, self.authority, trusted=False)
        self.clock.ntp(time.time())
        mark = self.hostapd.mark()
        dev.signet("apply")
        self.assertNotIn("time_checks", self.home.read(WIRED_CONF))
        self.assertNotIn("time_checks", client.networks()[0]["phase1"])
        self.assertEqual([dev.cert_serial()], self.hostapd.accepted(mark))
        self.settled(dev, self.authority, trusted=True)

    def test_1970_is_too_early_for_strongswan_whatever_wpa_supplicant_may(self):
        dev = self.new(BOOT_1970, VPN, "disable-time-checks")
        _, charon = self.tunnel()
        dev.signet("apply")
        charon.start()
        dev.signet("apply", expect=17)
        self.assertIn("strongSwan checks dates all the same", dev.status("hq")["next_step"])
        self.clock.ntp(time.time())
        dev.signet("apply")
        charon.wait_established("signet-hq")


class ServersDate(Case):
    """A device that never learns the time: the Date of its CA's server may start a renewal, once a day."""

    def test_the_date_of_the_server_starts_one_renewal_a_day(self):
        # the clock is right, and signet is told not to believe it; two minutes, of which the last half is the window
        device, ca, _ = self.enrolled("--valid-seconds", "120", "--backdate", "0", clock="untrusted",
                                      scep="renewal_threshold_percent = 50\nrenewal_spread_percent = 0\n")
        first, asked = device.serial(), len(ca.operations())
        capabilities = len(ca.operations("GetCACaps"))
        device.signet("apply") # asks for the date: not due yet
        self.assertEqual((first, asked), (device.serial(), len(ca.operations())))
        self.assertEqual(capabilities + 1, len(ca.operations("GetCACaps")))
        device.signet("apply") # not asked again
        self.assertEqual(capabilities + 1, len(ca.operations("GetCACaps")))
        time.sleep(62)
        device.signet("apply") # the date that was told has gone on with the time since boot
        second = device.serial()
        self.assertNotEqual(first, second)
        self.assertEqual(asked + 1, len(ca.operations()))
        time.sleep(62)
        device.signet("apply")
        self.assertEqual((second, asked + 1), (device.serial(), len(ca.operations())))


if __name__ == "__main__":
    unittest.main(verbosity=2)
