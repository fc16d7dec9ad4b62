#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""TPM commands of an enrollment and a renewal, counted on the wire."""
import os
import unittest

from device import LAB, Case, run, read

ENROLLMENT_MOST = 9
RENEWAL_MOST = 10


class Budget(Case):
    def count(self, device, tpm, *verb):
        """Run a verb with every TPM byte captured by the pcap TCTI; the number of commands."""
        capture = os.path.join(self.folder, "capture.pcap")
        if os.path.exists(capture):
            os.unlink(capture)
        text = read(device.conf).replace("tcti = " + tpm.tcti, "tcti = pcap:" + tpm.tcti)
        with open(device.conf, "w") as f:
            f.write(text)
        device.env["TCTI_PCAP_FILE"] = capture
        device.signet(*verb)
        out = run("/usr/bin/python3", os.path.join(LAB, "tpm_count.py"), capture).stdout
        print(verb, out)
        total = [line for line in out.splitlines() if line.lower().startswith("total")]
        return int(total[0].split()[-1])

    def test_enrollment_and_renewal(self):
        tpm = self.tpm()
        ca = self.ca()
        device = self.device(tpm)
        # the storage key is in place, as the requirement says: made by somebody else before
        env = dict(os.environ, TPM2TOOLS_TCTI=tpm.tcti)
        primary = os.path.join(self.folder, "primary.ctx")
        run("tpm2_createprimary", "-C", "o", "-G", "ecc256:aes128cfb", "-c", primary, "-a",
            "fixedtpm|fixedparent|sensitivedataorigin|userwithauth|noda|restricted|decrypt", env=env)
        run("tpm2_evictcontrol", "-C", "o", "-c", primary, "0x81000001", env=env)
        run("tpm2_flushcontext", "-t", env=env)
        device.configure(ca.url, ca.root, ca.issuing)
        ca.add_challenge("C1")
        device.give_challenge("C1")
        self.assertLessEqual(self.count(device, tpm, "apply"), ENROLLMENT_MOST)
        device.verify_chain(ca.root)
        self.assertLessEqual(self.count(device, tpm, "renew", "dev", "--force"), RENEWAL_MOST)
        self.assertLessEqual(self.idle(device, "apply"), 1)
        self.assertLessEqual(self.idle(device, "apply", "--local"), 1)

    def idle(self, device, *verb):
        capture = device.env["TCTI_PCAP_FILE"]
        if os.path.exists(capture):
            os.unlink(capture)
        device.signet(*verb)
        if not os.path.exists(capture):
            return 0
        out = run("/usr/bin/python3", os.path.join(LAB, "tpm_count.py"), capture).stdout
        return int([line for line in out.splitlines() if line.lower().startswith("total")][0].split()[-1])


if __name__ == "__main__":
    unittest.main()
