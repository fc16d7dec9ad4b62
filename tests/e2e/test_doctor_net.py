#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""`signet doctor` beside real daemons: the sixth row of Microsoft's table, and what consumers are asked."""
import json
import os
import unittest

from net_device import RADIUS_NAME, WIRED, WIRED_CONF, NetCase, issue

EMAIL = "1.3.6.1.5.5.7.3.4"


class DoctorNet(NetCase):
    def ask(self, dev, *more, expect=None):
        done = dev.signet("--json", "doctor", *more, expect=expect)
        return json.loads(done.stdout)["findings"]

    def one(self, findings, check, level):
        for finding in findings:
            if (finding["id"], finding["profile"], finding["level"]) == (check, "lan", level):
                return finding
        raise AssertionError("no %s of %s among %s" % (level, check, json.dumps(findings, indent=1)))

    def on_the_wire(self, scep="", expect=0, **port):
        dev = self.net_device(more=WIRED, scep=scep)
        self.lan()
        self.port(**port)
        client = self.supplicant()
        dev.signet("apply", expect=expect)
        return dev, client

    def test_a_consumer_that_works_and_settings_that_somebody_changed(self):
        dev, client = self.on_the_wire()
        findings = self.ask(dev, "--only", "consumer", expect=0)
        for check in ("consumer.owner", "consumer.settings", "consumer.present", "consumer.key", "consumer.result"):
            self.one(findings, check, "ok")
        self.assertIn("is fit for wired", self.one(self.ask(dev, "--only", "certificate.use"), "certificate.use", "ok")["detail"])
        done = dev.signet("--json", "doctor", "--only", "consumer.key", expect=8, env={"SIGNET_STATE": "/elsewhere"})
        self.assertIn("looks for keys in /elsewhere", self.one(json.loads(done.stdout)["findings"], "consumer.key",
                                                               "failure")["detail"])
        self.home.run("sed", "-i", "s/domain_suffix_match=.*/domain_suffix_match=\"evil.example\"/", WIRED_CONF)
        before = self.home.read(WIRED_CONF)
        finding = self.one(self.ask(dev, "--only", "consumer", expect=7), "consumer.settings", "warning")
        self.assertIn("changed by somebody else", finding["detail"])
        self.assertEqual(before, self.home.read(WIRED_CONF))
        client.stop()
        self.one(self.ask(dev, "--only", "consumer"), "consumer.present", "warning")

    def test_6_eap_tls_fails_for_an_untrusted_root(self):
        other = self.ca(name="other")
        server = issue(other.folder, os.path.join(self.folder, "rogue"), "rogue", dns=[RADIUS_NAME])
        dev, _ = self.on_the_wire(expect=17, server=server)
        finding = self.one(self.ask(dev, expect=8), "consumer.result", "failure")
        self.assertIn("EAP-TLS fails: the RADIUS server is not trusted", finding["detail"])
        self.assertIn("trust profiles", finding["next_step"])

    def test_6_eap_tls_fails_since_the_server_does_not_know_our_root(self):
        other = self.ca(name="other")
        dev, _ = self.on_the_wire(expect=17, ca=os.path.join(other.folder, "root.pem"))
        finding = self.one(self.ask(dev, expect=8), "consumer.result", "failure")
        self.assertIn("may not trust its root", finding["detail"])

    def test_6_eap_tls_fails_for_a_wrong_extended_key_usage(self):
        dev = self.net_device(more=WIRED, scep="extended_key_usage = emailProtection\n", options=("--eku", EMAIL))
        self.lan()
        self.port()
        self.supplicant()
        dev.signet("apply", expect=17)
        findings = self.ask(dev, expect=8)
        self.assertIn("wrong extended key usage", self.one(findings, "consumer.result", "failure")["detail"])
        finding = self.one(findings, "certificate.use", "failure")
        self.assertIn("EAP-TLS needs clientAuth", finding["detail"])
        self.assertIn("template", finding["next_step"])


if __name__ == "__main__":
    unittest.main()
