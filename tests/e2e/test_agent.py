#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""The daemon: what it tells its manager, what wakes it, and a life without a hand."""
import fcntl
import json
import os
import re
import select
import signal
import unittest

from agent_device import PATIENCE_S, AgentCase, in_own_network, until
from device import LAB, read, run

VPN = """[vpn hq]
tunnel = device
gateway = vpn.corp.contoso.com
certificate = dev
trust = root
local_id = {{DeviceName}}.corp.contoso.com
remote_network = 10.0.0.0/8
directory = %(etc)s/swanctl
control = %(etc)s/charon.vici
"""
KEY_GENERATION_US = 300 * 1000 * 1000  # a slow TPM searches so long for primes


class Told(AgentCase):
    """sd_notify(3)."""

    def test_ready_comes_before_anything_is_asked(self):
        listener, url = self.deaf_server()
        ca = self.ca()  # for its certificates
        device = self.device(self.tpm())
        device.configure(url, ca.root, ca.issuing)
        device.give_challenge("FIRST")
        agent = self.start(device)
        manager = agent.manager
        first = select.select([manager.socket, listener], [], [], PATIENCE_S)[0]
        self.assertIn(manager.socket, first)
        manager.listen()
        self.assertEqual("READY=1", manager.told[0].split("\n")[0])
        self.assertTrue(select.select([listener], [], [], PATIENCE_S)[0])  # and then it does ask

    def test_ready_and_status_where_neither_server_nor_tpm_are_there(self):
        listener, url = self.deaf_server()
        listener.close()  # refused
        ca = self.ca()
        device = self.device()
        device.configure(url, ca.root, ca.issuing)
        device.give_challenge("FIRST")
        agent = self.start(device)
        status = agent.status("dev: ")
        self.assertRegex(status, r"^2 of 3 profiles in place; next look 20\d\d-\d\d-\d\dT\d\d:\d\d:\d\dZ; dev: .")
        self.assertEqual(["1"], agent.manager.values("READY"))
        self.assertEqual(0, agent.stop())
        self.assertEqual(["1"], agent.manager.values("STOPPING"))

    def test_status_tells_when_all_is_in_place_and_is_in_the_run_folder(self):
        device, ca, _ = self.enrolled()
        agent = self.start(device)
        status = agent.status("3 of 3 profiles in place")
        self.assertNotIn("dev", status)
        path = device.path("run", "status.json")
        until(lambda: os.path.exists(path), agent.log)
        seen = json.loads(read(path))
        self.assertEqual("installed", [p["state"] for p in seen["profiles"] if p["name"] == "dev"][0])
        self.assertEqual(1, len(ca.operations()))

    def test_the_watchdog_is_fed_and_given_time_for_a_key(self):
        ca = self.ca("--no-challenge")
        device = self.device(self.tpm())
        device.configure(ca.url, ca.root, ca.issuing)
        device.give_challenge("ANY")
        agent = self.start(device, {"WATCHDOG_USEC": "2000000"})
        agent.status("3 of 3 profiles in place")
        times = [int(us) for us in agent.manager.values("WATCHDOG_USEC")]
        self.assertGreaterEqual(max(times), KEY_GENERATION_US)
        until(lambda: agent.manager.values("WATCHDOG_USEC")[-1] == "2000000", "the time set back")
        raised = [told for told in agent.manager.told if "WATCHDOG_USEC=%d" % max(times) in told][0]
        self.assertIn("WATCHDOG=1", raised.split("\n"))  # a new time counts from a ping on
        count = len(agent.manager.values("WATCHDOG"))
        until(lambda: len(agent.manager.values("WATCHDOG")) >= count + 3, "three pings of an idle agent")
        self.assertEqual(0, agent.stop())

    def test_the_watchdog_waits_for_the_lock_too(self):
        ca = self.ca()
        device = self.device()
        device.configure(ca.url, ca.root, ca.issuing)
        os.makedirs(device.path("run"))
        with open(device.path("run", "lock"), "w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)  # somebody's `signet apply` with a slow TPM
            agent = self.start(device, {"WATCHDOG_USEC": "2000000"})
            until(lambda: [us for us in agent.manager.values("WATCHDOG_USEC") if int(us) > 10 * 1000 * 1000],
                  "more time than the lock is waited for", 9)
        agent.status("profiles in place")
        until(lambda: agent.manager.values("WATCHDOG_USEC")[-1] == "2000000", "the time set back")

    def test_without_a_watchdog_none_is_fed(self):
        device, _, _ = self.enrolled()
        agent = self.start(device, {"WATCHDOG_USEC": "2000000", "WATCHDOG_PID": "1"})
        agent.status("3 of 3")
        agent.stop()
        self.assertEqual([], agent.manager.values("WATCHDOG") + agent.manager.values("WATCHDOG_USEC"))

    def test_it_needs_no_manager_and_is_alone(self):
        device, ca, _ = self.enrolled()
        agent = self.start(device)
        agent.status("3 of 3")
        second = device.signet("agent", expect=6)
        self.assertIn("another signet agent", second.stderr)
        self.assertEqual(0, agent.stop(signal.SIGINT))


class Woken(AgentCase):
    """Signals and files."""

    def waiting(self, *options, **configuration):
        """A device that waits for its first challenge, and its agent."""
        ca = self.ca(*options)
        device = self.device(self.tpm())
        device.configure(ca.url, ca.root, ca.issuing, **configuration)
        agent = self.start(device)
        agent.status("challenge")
        return device, ca, agent

    def test_a_challenge_that_is_handed_in_enrolls_at_once(self):
        device, ca, agent = self.waiting()
        self.assertEqual([], ca.operations())
        ca.add_challenge("BY-FILE")
        device.give_challenge("BY-FILE")
        until(lambda: [o for o in ca.operations() if o.get("decision") == "issued"], agent.log)
        agent.status("3 of 3")
        device.verify_chain(ca.root)
        self.assertEqual(1, len(ca.operations()))

    def test_a_challenge_ends_the_pause_after_a_refusal(self):
        device, ca, _ = self.enrolled("--valid-seconds", "3", scep="retry_delay = 3000\n")
        first = device.serial()
        agent = self.start(device)
        agent.status("; dev: ")  # a renewal that came too late is refused, or there is no challenge to enroll anew with
        ca.add_challenge("BY-FILE")
        device.give_challenge("BY-FILE")
        until(lambda: device.serial() != first, agent.log)

    def test_a_challenge_in_a_folder_that_is_not_there_yet(self):
        device, ca, agent = self.waiting(challenge=False, scep="challenge_file = %s/later/on/challenge\n" % self.folder)
        ca.add_challenge("BY-FILE")
        os.makedirs(os.path.join(self.folder, "later", "on"))
        with open(os.path.join(self.folder, "later", "on", "challenge"), "w") as f:
            f.write("BY-FILE\n")
        until(lambda: [o for o in ca.operations() if o.get("decision") == "issued"], agent.log)

    def test_hup_takes_the_new_configuration_and_keeps_the_old_for_a_broken_one(self):
        device, ca, agent = self.waiting()
        good = read(device.conf)
        with open(device.conf, "w") as f:
            f.write(good.replace("[scep dev]", "[scep dev]\nrenewal_treshold_percent = 30"))
        agent.reload()
        agent.says("old one stays")
        self.assertIn("renewal_treshold_percent", agent.log())
        self.assertIn("renewal_treshold_percent", "\n".join(agent.manager.values("STATUS")))
        self.assertEqual(["1"], agent.manager.values("RELOADING"))
        until(lambda: len(agent.manager.values("READY")) == 2, "READY after a reload")
        ca.add_challenge("BY-FILE")
        device.give_challenge("BY-FILE")
        agent.status("3 of 3")  # by the old configuration

        other = device.path("second")
        with open(other, "w") as f:
            f.write("SECOND\n")
        ca.add_challenge("SECOND")
        with open(device.conf, "w") as f:
            f.write(good + "[scep second]\nurl = %s\ntrust = root\ntrust = issuing\nsubject = CN=second\nchallenge_file = %s\n" %
                    (ca.url, other))
        agent.reload()
        agent.status("4 of 4")
        self.assertEqual(["CN=GW-7F31,O=Contoso", "CN=second"], sorted(o["csr_subject"] for o in ca.operations()))
        self.assertEqual(3, len(agent.manager.values("READY")))

    def test_a_foreign_change_of_a_setting_is_mended(self):
        etc = os.path.join(self.folder, "dev", "etc")
        os.makedirs(os.path.join(etc, "swanctl"))
        device, _, _ = self.enrolled(more=VPN % {"etc": etc})
        path = device.path("etc", "swanctl", "conf.d", "60-signet-hq.conf")
        written = read(path)
        agent = self.start(device)
        agent.status("of 4 profiles")
        with open(path, "w") as f:
            f.write(written.replace("vpn.corp.contoso.com", "vpn.evil.example"))
        until(lambda: read(path) == written, agent.log)
        os.unlink(path)
        until(lambda: os.path.exists(path) and read(path) == written, agent.log)

    def test_term_ends_it_in_the_middle_of_a_dialogue(self):
        listener, url = self.deaf_server()
        ca = self.ca()
        device = self.device(self.tpm())
        device.configure(url, ca.root, ca.issuing)
        device.give_challenge("FIRST")
        agent = self.start(device)
        self.assertTrue(select.select([listener], [], [], PATIENCE_S)[0])
        connection, _ = listener.accept()
        worker = until(agent.children, "a worker")[0]
        self.assertEqual(0, int(re.search(r"SigBlk:\s*(\w+)", read("/proc/%d/status" % worker)).group(1), 16))
        self.assertEqual(0, agent.stop(seconds=10), agent.log())  # libcurl itself would wait 15 s
        self.assertFalse(os.path.exists("/proc/%d" % worker))
        self.assertEqual(["1"], agent.manager.values("STOPPING"))
        connection.close()


class Life(AgentCase):
    """Without a hand."""

    def renewals(self, agent, device, count):
        """The serials of the certificates in use, until so many renewals have been."""
        serials = [device.serial()]

        def look():
            serial = device.serial()
            if serial != serials[-1]:
                serials.append(serial)
            return len(serials) > count
        until(look, lambda: "%s\n%s" % (serials, agent.log()), 240)
        return serials

    def test_three_renewals_of_certificates_of_a_minute(self):
        device, ca, _ = self.enrolled("--valid-seconds", "60", "--backdate", "0",
                                      scep="renewal_threshold_percent = 80\nrenewal_spread_percent = 10\n")
        agent = self.start(device)
        serials = self.renewals(agent, device, 3)
        self.assertEqual(4, len(set(serials)))
        agent.stop()
        device.verify_chain(ca.root)
        seen = ca.operations()
        self.assertEqual(["19"] + ["17"] * (len(seen) - 1), [o["message_type"] for o in seen])
        self.assertEqual(["issued"] * len(seen), [o["decision"] for o in seen])
        self.assertEqual(len(seen), len({o["key_sha256"] for o in seen}))
        for o in seen[1:]:
            self.assertFalse(o["has_challenge"])
        self.assertEqual(len(seen) - 1, read(os.path.join(device.state, "history")).count("renewed dev "))

    def test_three_renewals_from_scepserver(self):
        """Its certificates live a day at least. So the device renews when 99 % are left, which is after 14.4 minutes, and
        its clock runs 850 s ahead: 14 s from being due, with each new one. Started with a challenge the server would want
        that in a renewal too: here it wants none."""
        folder = os.path.join(self.folder, "scepserver")
        url = run(os.path.join(LAB, "scepserver.sh"), "start", folder, "", "1").stdout.strip().splitlines()[-1]
        self.addCleanup(run, os.path.join(LAB, "scepserver.sh"), "stop", folder, check=False)
        device = self.device(self.tpm())
        device.configure(url, os.path.join(folder, "ca.cer"), subject="CN={{DeviceName}}",
                         scep="allow_legacy = sha1\nallow_legacy = des\nrenewal_threshold_percent = 99\n"
                              "renewal_spread_percent = 0\n")
        device.give_challenge("ANY")
        device.signet("apply")
        first = device.serial()
        agent = self.start(device)
        agent.status("2 of 2")
        self.assertEqual(first, device.serial())  # not due by the right time
        agent.stop()
        library = run("sh", "-c", "ls /usr/lib/*/faketime/libfaketime.so.1").stdout.strip()
        agent = self.start_again(device, agent.manager, {
            "LD_PRELOAD": library, "FAKETIME": "+850s", "FAKETIME_DONT_FAKE_MONOTONIC": "1",
            "ASAN_OPTIONS": "verify_asan_link_order=0"})
        serials = self.renewals(agent, device, 3)
        self.assertEqual(4, len(set(serials)))
        self.assertEqual(0, agent.stop())

    def test_pending_over_two_restarts(self):
        ca = self.ca("--pending", "3", "--no-challenge")
        device = self.device(self.tpm())
        device.configure(ca.url, ca.root, ca.issuing, scep="retry_delay = 1\nretry_delay_max = 2\n")
        device.give_challenge("ANY")
        manager = None
        for count in (1, 2, 3):
            agent = self.start(device) if manager is None else self.start_again(device, manager)
            manager = agent.manager
            until(lambda: len(ca.operations()) >= count, agent.log)
            if count < 3:
                told = len(manager.values("STATUS"))  # the server's log is ahead of its answer
                until(lambda: len(manager.values("STATUS")) > told, agent.log)
                self.assertEqual(0, agent.stop())
        agent.status("3 of 3")
        seen = ca.operations()
        self.assertEqual(1, len({o["transaction_id"] for o in seen}))
        self.assertEqual(["19", "20", "20", "20"], [o["message_type"] for o in seen])
        self.assertEqual(["pending"] * 3 + ["issued"], [o["decision"] for o in seen])
        self.assertEqual(4, len({o["sender_nonce"] for o in seen}))
        self.assertEqual(1, len({o["signer_serial"] for o in seen}))

    def test_a_server_that_is_down_is_asked_less_and_less_and_not_before_it_wants(self):
        """Two devices at once: one server only fails, the other says Retry-After."""
        tpm = self.tpm()
        cas, devices, agents = [], [], []
        for name, mode, delay in (("plain", {"http_status": 503}, 8), ("after", {"http_status": 503, "retry_after": 20}, 1)):
            ca = self.ca("--no-challenge", name="ca-" + name)
            ca.mode(**mode)
            device = self.device(tpm, name)
            device.configure(ca.url, ca.root, ca.issuing,
                             scep="retry_delay = %d\nretry_delay_max = 3600\n" % delay)
            device.give_challenge("ANY")
            cas.append(ca)
            devices.append(device)
            agents.append(self.start(device))
        until(lambda: len(cas[0].operations()) >= 4 and len(cas[1].operations()) >= 2, agents[0].log, 90)
        times = [o["time"] for o in cas[0].operations()]
        # pauses of at least 4, 8 and 16 s, the upper halves of 8, 16 and 32; a steady one would be over by 24
        self.assertGreaterEqual(times[3] - times[0], 28)
        after = [o["time"] for o in cas[1].operations()]
        for one, next_one in zip(after, after[1:]):
            self.assertGreaterEqual(next_one - one, 19.9)
        self.assertEqual(1, len({o["transaction_id"] for o in cas[0].operations() if "transaction_id" in o} or {""}))
        for agent in agents:
            agent.status("dev: ")
            self.assertEqual(0, agent.stop())
        cas[0].mode()
        devices[0].signet("apply")


if __name__ == "__main__":
    in_own_network()
    unittest.main(verbosity=2)
