#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""A profile goes off the device: asked for, vanished from the configuration, and cut off on the way."""
import json
import os
import re
import shutil
import unittest

from device import SIGNET, WIFI_AND_VPN, Case, read, read_bytes, run

# A user's own text in the files that signet writes to. No newline at the end: that too is to stay.
OWN_NETWORK = 'ctrl_interface=/run/own\n\nnetwork={\n\tssid="HOME"\n\tpsk="at home, nobody knows"\n}\n# end'
OWN_CONNECTION = "connections {\n  office { version = 2 }\n}\n"
PSK = """[wifi setup]
interface = wlan0
ssid = CONTOSO-SETUP
security = wpa2-psk
psk_file = %(etc)s/psk
config = %(etc)s/wpa_supplicant-wlan0.conf
control = %(etc)s/wpa_supplicant
"""
SECOND = """[trust partner]
certificate = %(root)s
[vpn lab]
tunnel = device
gateway = lab.corp.contoso.com
certificate = dev
trust = partner
local_id = {{DeviceName}}.corp.contoso.com
directory = %(etc)s/swanctl
control = %(etc)s/charon.vici
"""


class Retire(Case):
    def full(self, more=WIFI_AND_VPN, scep=""):
        """An enrolled device with Wi-Fi and VPN settings beside those of a user."""
        self.etc = os.path.join(self.folder, "dev", "etc")
        os.makedirs(os.path.join(self.etc, "swanctl", "conf.d"))
        os.makedirs(os.path.join(self.etc, "swanctl", "x509ca"))
        os.makedirs(os.path.join(self.etc, "strongswan.d"))
        self.wpa = os.path.join(self.etc, "wpa_supplicant-wlan0.conf")
        self.own = {self.wpa: OWN_NETWORK,
                    os.path.join(self.etc, "psk"): "setup pass phrase\n",
                    os.path.join(self.etc, "swanctl", "conf.d", "office.conf"): OWN_CONNECTION,
                    os.path.join(self.etc, "swanctl", "x509ca", "office.pem"): "a CA of theirs\n",
                    os.path.join(self.etc, "strongswan.d", "own.conf"): "charon { }\n"}
        for path, text in self.own.items():
            with open(path, "w") as f:
                f.write(text)
        self.more = more % {"etc": self.etc, "root": os.path.join(self.folder, "ca", "root.cer")}
        self.scep = "san_dns = {{DeviceName}}.corp.contoso.com\n" + scep
        self.dev, self.authority, self.chip = self.enrolled(more=self.more, scep=self.scep)
        return self.dev

    def configure(self, more=None):
        self.dev.configure(self.authority.url, self.authority.root, self.authority.issuing, scep=self.scep,
                           more=self.more if more is None else more)

    def found(self, base, pattern="."):
        return sorted(os.path.relpath(os.path.join(where, name), base) for where, _, names in os.walk(base)
                      for name in names if re.search(pattern, name))

    def assert_only_theirs(self):
        """Below etc stands what the user had there, byte for byte, and nothing else."""
        self.assertEqual(sorted(os.path.relpath(p, self.etc) for p in self.own), self.found(self.etc))
        for path, text in self.own.items():
            self.assertEqual(text.encode(), read_bytes(path), path)

    def assert_gone(self, trust=True):
        self.assert_only_theirs()
        self.assertEqual([], self.found(self.dev.state, r"^key\."))
        left = [name for name in self.found(self.dev.state) if not name.startswith("retired/")]
        self.assertEqual(sorted(["history", "scep/dev/used", "srk.tr"] +
                                ([] if trust else ["trust/issuing.pem", "trust/root.pem"])), left)

    def history(self, event):
        return [line for line in read(os.path.join(self.dev.state, "history")).splitlines() if " %s " % event in line]

    def handles(self):
        env = dict(os.environ, TPM2TOOLS_TCTI=self.chip.tcti)
        return {kind: run("tpm2_getcap", "handles-" + kind, env=env).stdout.split()
                for kind in ("persistent", "transient", "loaded-session", "saved-session")}

    def test_a_certificate_takes_along_what_uses_it(self):
        dev = self.full()
        serial = dev.serial().partition("=")[2].lower()
        self.assertIn("signet-corp", read(self.wpa))
        done = dev.signet("retire", "dev", "--yes")
        self.assertEqual("retired:\n  wifi   corp\n  vpn    hq\n  scep   dev\n", done.stdout)
        self.assert_gone(trust=False)
        self.assertEqual(1, len(self.history("retired")))
        self.assertIn("retired dev serial=%s " % serial, self.history("retired")[0])
        # and stays off
        before = dev.snapshot()
        dev.signet("apply")
        self.assertEqual(before, dev.snapshot())
        self.assertEqual([], json.loads(dev.signet("--json", "plan").stdout)["steps"])
        dev.signet("status")
        for name, words in (("dev", "retired; signet enroll dev takes it up again"),
                            ("corp", 'retired with its certificate "dev"; signet enroll dev takes it up again'),
                            ("hq", 'retired with its certificate "dev"; signet enroll dev takes it up again')):
            shown = dev.status(name)
            self.assertEqual(("absent", 0, words), (shown["state"], shown["exit"], shown["detail"]))
        self.assertEqual(["installed"], [dev.status("root")["state"]])
        # asked once more it is done already
        self.assertIn("nothing of it", dev.signet("retire", "dev").stdout)

    def test_taken_up_again_with_a_fresh_challenge_only(self):
        dev = self.full()
        old = dev.serial()
        dev.signet("retire", "dev", "--yes")
        self.assertIn("signet enroll dev", dev.signet("renew", "dev", expect=10).stderr)
        self.assertIn('"dev"', dev.signet("apply", "corp", expect=10).stderr)
        self.assertIn("signet enroll dev", dev.signet("test", "wifi", "corp", expect=10).stderr)
        self.assert_gone(trust=False)
        dev.give_challenge("FIRST-CHALLENGE")
        asked = len(self.authority.operations())
        self.assertIn("went out before", dev.signet("enroll", "dev", expect=10).stderr)
        self.assertEqual(asked, len(self.authority.operations()))
        self.authority.add_challenge("SECOND")
        dev.give_challenge("SECOND")
        dev.signet("apply")  # the marker went when it was named
        self.assertNotEqual(old, dev.serial())
        self.assertIn("signet-corp", read(self.wpa))
        self.assertTrue(os.path.exists(os.path.join(self.etc, "swanctl", "conf.d", "60-signet-hq.conf")))
        self.assertEqual([], self.found(os.path.join(dev.state, "retired")))

    def test_everything(self):
        dev = self.full(more=WIFI_AND_VPN + PSK)
        self.assertIn("CONTOSO-SETUP", read(self.wpa))
        done = dev.signet("--json", "retire", "--all", "--yes")
        self.assertEqual([("wifi", "corp"), ("wifi", "setup"), ("vpn", "hq"), ("scep", "dev"), ("trust", "issuing"),
                          ("trust", "root")],
                         [(r["kind"], r["name"]) for r in json.loads(done.stdout)["retired"]])
        self.assert_gone()
        self.assertEqual({"persistent": ["-", "0x81000001"], "transient": [], "loaded-session": [], "saved-session": []},
                         self.handles())
        self.assertEqual({("absent", 0)}, {(p["state"], p["exit"]) for p in
                                           json.loads(dev.signet("--json", "status").stdout)["profiles"]})
        self.assertIn("no profile", dev.signet("retire", "nobody", "--yes", expect=2).stderr)
        # naming the certificate brings the CA certificates it needs, and nothing else
        self.authority.add_challenge("SECOND")
        dev.give_challenge("SECOND")
        dev.signet("enroll", "dev")
        self.assertEqual(["trust/issuing.pem", "trust/root.pem"],
                         [n for n in self.found(dev.state) if n.startswith("trust/")])
        self.assert_only_theirs()
        dev.signet("apply", "setup", "corp")
        self.assertIn("CONTOSO-SETUP", read(self.wpa))
        self.assertIn("signet-corp", read(self.wpa))

    def test_settings_alone(self):
        dev = self.full(more=WIFI_AND_VPN + SECOND)
        serial = dev.serial()
        dev.signet("retire", "corp", "--yes")
        self.assertEqual(OWN_NETWORK.encode(), read_bytes(self.wpa))
        ours = ["strongswan.d/60-signet.conf", "swanctl/conf.d/60-signet-hq.conf", "swanctl/conf.d/60-signet-lab.conf",
                "swanctl/x509/signet-dev.pem", "swanctl/x509ca/signet-issuing.pem", "swanctl/x509ca/signet-partner.pem",
                "swanctl/x509ca/signet-root.pem"]
        self.assertEqual(ours, [n for n in self.found(self.etc) if "signet" in n])
        dev.signet("retire", "hq", "--yes")  # lab still needs what they share
        self.assertEqual([n for n in ours if "hq" not in n], [n for n in self.found(self.etc) if "signet" in n])
        dev.signet("retire", "lab", "--yes")
        self.assert_only_theirs()
        self.assertEqual((serial, []), (dev.serial(), self.history("retired")))
        dev.signet("apply")
        self.assert_only_theirs()
        dev.signet("apply", "hq")
        self.assertTrue(os.path.exists(os.path.join(self.etc, "swanctl", "conf.d", "60-signet-hq.conf")))

    def test_a_trust_profile_in_use_is_refused_by_name(self):
        dev = self.full()
        done = dev.signet("retire", "root", "--yes", expect=2)
        self.assertIn("used by dev, corp, hq", done.stderr)
        dev.signet("retire", "dev", "--yes")
        dev.signet("retire", "root", "--yes")
        self.assertEqual(["issuing.pem"], os.listdir(os.path.join(dev.state, "trust")))

    def test_a_software_key_leaves_no_copy(self):
        dev = self.full(scep="key_storage = software\n",
                        more=WIFI_AND_VPN.replace("[wifi corp]\n", "[wifi corp]\nkey_reference = file\n"))
        copy = os.path.join(self.etc, "swanctl", "private", "signet-dev.pem")
        spy = os.path.join(self.folder, "spy")
        os.link(copy, spy)  # what the flash still holds under a name that was taken away
        self.assertIn("PRIVATE KEY", read(spy))
        dev.signet("retire", "dev", "--yes")
        self.assertEqual({0}, set(read_bytes(spy)))
        self.assertEqual(["history", "scep/dev/used", "trust/issuing.pem", "trust/root.pem"],
                         [n for n in self.found(dev.state) if not n.startswith("retired/")])
        self.assert_only_theirs()

    def test_what_vanished_from_the_configuration(self):
        dev = self.full(more=WIFI_AND_VPN + PSK)
        self.configure(more=PSK % {"etc": self.etc})
        self.assertEqual([("wifi", "corp", "retire"), ("vpn", "hq", "retire")],
                         [(s["kind"], s["name"], s["action"]) for s in
                          json.loads(dev.signet("--json", "plan").stdout)["steps"]])
        dev.signet("apply")
        self.assertNotIn("signet-corp", read(self.wpa))
        self.assertIn("CONTOSO-SETUP", read(self.wpa))
        self.assertEqual([], [n for n in self.found(os.path.join(self.etc, "swanctl")) if "signet" in n])
        # now the certificate and all that belongs to it
        with open(dev.conf, "w") as f:
            f.write("[agent]\nstate_dir = %s\nrun_dir = %s\n[tpm]\ntcti = %s\n[trust root]\ncertificate = %s\n" %
                    (dev.state, dev.path("run"), dev.tcti, self.authority.root))
        dev.signet("apply")
        self.assert_only_theirs()
        self.assertEqual(["history", "scep/dev/used", "srk.tr", "trust/root.pem"], self.found(dev.state))
        # nobody asked for it to stay off: back in the configuration it enrolls
        self.configure()
        self.authority.add_challenge("SECOND")
        dev.give_challenge("SECOND")
        dev.signet("apply")
        self.assertIn("signet-corp", read(self.wpa))

    def test_an_empty_configuration_destroys_no_identity(self):
        dev = self.full()
        with open(dev.conf, "w") as f:
            f.write("[agent]\nstate_dir = %s\nrun_dir = %s\n[tpm]\ntcti = %s\n" % (dev.state, dev.path("run"), dev.tcti))
        metrics = dev.path("run", "signet.prom") # which tell of the profiles that are configured: none
        before = dev.snapshot()
        said = dev.signet("apply").stderr
        self.assertEqual(1, said.count("signet retire --all"), said)
        after = dev.snapshot()
        self.assertNotEqual(before.pop(metrics), after.pop(metrics))
        self.assertEqual(before, after)
        self.assertEqual([], json.loads(dev.signet("--json", "plan").stdout)["steps"])
        dev.signet("retire", "--all", "--yes")
        self.assert_gone()
        self.assertNotIn("retire", dev.signet("apply").stderr)

    def test_a_request_under_way_goes_too(self):
        dev = self.full()
        self.authority.mode(pending=True)
        dev.signet("renew", "dev", "--force", expect=12)
        self.assertEqual(2, len(self.found(dev.state, r"^key\.der")))
        dev.signet("retire", "dev", "--yes")
        self.assert_gone(trust=False)

    def test_settings_that_cannot_be_written_are_said_and_the_key_goes(self):
        dev = self.full()
        os.rename(self.wpa, self.wpa + ".away")
        os.mkdir(self.wpa)
        done = dev.signet("retire", "dev", "--yes", expect=17)
        self.assertIn(self.wpa, done.stderr)
        self.assertEqual([], self.found(dev.state, r"^key\."))
        self.assertEqual("retire", json.loads(dev.signet("--json", "plan").stdout)["steps"][0]["action"])
        os.rmdir(self.wpa)
        os.rename(self.wpa + ".away", self.wpa)
        dev.signet("apply")
        self.assert_gone(trust=False)

    def test_a_cut_heals(self):
        """SIGKILL at the n-th call; the unit tests do it at every one."""
        dev = self.full()
        keep = os.path.join(self.folder, "keep")
        run("cp", "-a", dev.folder, keep)
        for call, when in (("fsync", 1), ("fsync", 4), ("rename", 1), ("rename", 2), ("unlink", 1), ("unlink", 2), ("unlink", 4),
                           ("unlink", 6), ("unlink", 8), ("unlink", 9), ("unlink", 12), ("rmdir", 1)):
            with self.subTest(call=call, when=when):
                shutil.rmtree(dev.folder)
                run("cp", "-a", keep, dev.folder)
                trace = os.path.join(self.folder, "trace")
                done = run("strace", "-qq", "-o", trace, "-e", "trace=" + call, "-e",
                           "inject=%s:signal=KILL:when=%d" % (call, when), SIGNET, "-c", dev.conf, "retire", "dev", "--yes",
                           check=False)
                self.assertEqual(-9, done.returncode, read(trace))
                if os.path.exists(os.path.join(dev.state, "retired", "dev")):
                    dev.signet("apply")
                else:  # nothing has happened yet, and nobody would know what was wanted
                    self.assertEqual(1, len(self.found(dev.state, r"^key\.")))
                    dev.signet("retire", "dev", "--yes")
                self.assert_gone(trust=False)
                self.assertIn("retired dev serial=", read(os.path.join(dev.state, "history")))


if __name__ == "__main__":
    unittest.main()
