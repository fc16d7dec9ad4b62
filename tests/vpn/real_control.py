# SPDX-License-Identifier: MIT
"""vpn_control against two real strongSwan daemons (charon_lab.py): VPN_HOST is the program of vpn_control_host.c.

Each step leaves the tunnel up for the next one. A foreign connection with a certificate of its own stands beside ours
all the time and must come out of every step as it was.
"""
import os
import shutil
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from charon_lab import Ca, Daemon, der, join, key_der, key_id, run, wait_for  # noqa: E402

HOST = os.environ["VPN_HOST"]
DATA = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "data", "vpn")
OK, UNREACHABLE, DENIED, UNTRUSTED, INVALID, UNSUPPORTED, NOT_FOUND, IO = 0, 2, 3, 6, 7, 8, 9, 13
MODULE = os.environ.get("SIGNET_PKCS11") or "/usr/lib/x86_64-linux-gnu/pkcs11/p11-kit-trust.so"


def settings(golden, changes):
    """A golden file, which is what vpn_render() makes, with other values."""
    with open(f"{DATA}/{golden}") as text:
        text = text.read()
    for name, value in changes.items():
        lines = [line for line in text.splitlines() if line.strip().startswith(f"{name} = ")]
        assert lines, name
        for line in lines:
            text = text.replace(line, line[:line.index(name)] + f"{name} = {value}")
    return text


def hq(profile="hq", local="dev.example.test", gateway="vpn.example.test", **changes):
    text = settings("device.conf", {"remote_addrs": gateway, "remote_ts": "10.77.0.0/24", **changes})
    text = text.replace("gw-7f31.corp.contoso.com", local).replace("id = vpn.corp.contoso.com", "id = vpn.example.test")
    text = text[:text.index("secrets {")] + "secrets {\n\tprivate-signet-hq {\n\t\tfile = hq.pem\n\t}\n}\n"
    return text.replace("signet-hq", f"signet-{profile}")


class Link:
    """A struct vpn_link, as files."""

    def __init__(self, lab, pair, old=None, profile="hq", text=None, trust=None, token=False, **more):
        self.lab, self.profile = lab, profile
        folder = tempfile.mkdtemp(dir=lab.top)
        self.arguments = ["control=/run/charon.vici", f"profile={profile}", f"key_id={key_id(pair[1])}"]
        for name, content in (("settings", (text or hq(profile)).encode()), ("certificate", der(pair[0])),
                              ("trust", der(trust or lab.ca.pem)), ("key", None if token else key_der(pair[1]))):
            if content is not None:
                with open(f"{folder}/{name}", "wb") as out:
                    out.write(content)
                self.arguments.append(f"{name}={folder}/{name}")
        if old:
            self.arguments.append(f"old_key_id={key_id(old[1])}")
        self.arguments += [f"{name}={value}" for name, value in more.items()]

    def call(self, verb):
        begin = time.monotonic()
        done = self.lab.device.inside([HOST, verb] + self.arguments)
        if "VPN_TIMES" in os.environ:
            print(f"    {verb} {self.profile} {time.monotonic() - begin:.1f} s")
        assert done.returncode == 0 and "Sanitizer" not in done.stderr, done.stderr
        lines = done.stdout.splitlines()
        self.code, self.text, self.state = lines[1], lines[2], lines[4]
        return int(lines[0])

    def want(self, verb, err, code="", words=""):
        got = self.call(verb)
        assert (got, self.code) == (err, code) and words in self.text, (verb, got, self.code, self.text)
        return self


class Lab:
    def __init__(self, top):
        self.top = top
        self.ca, self.other_ca = Ca(f"{top}/ca", "labca"), Ca(f"{top}/other", "otherca")
        name = {"san": "DNS:dev.example.test", "subject": "/O=Lab/CN=dev"}
        self.one, self.two = self.ca.issue("one", **name), self.ca.issue("two", **name)
        self.three = self.ca.issue("three", key=self.two[1], **name)
        self.stranger = self.other_ca.issue("stranger", **name)
        self.user = self.ca.issue("user", "DNS:user.example.test")
        self.foreign = self.ca.issue("foreign", "DNS:foreign.example.test")
        self.gateway_cert = self.ca.issue("gw", "DNS:vpn.example.test")
        hosts = "10.9.0.1 vpn.example.test\n10.9.0.99 dead.example.test\n"
        self.device = Daemon(f"{top}/d", "charon {\n make_before_break = yes\n}\n", hosts)
        self.gateway = Daemon(f"{top}/g", "")
        join(self.device, self.gateway, ("10.9.0.2", "10.9.0.1"), f"s{os.getpid() % 10000}")
        for address in ("10.77.0.1/24", "10.78.0.1/24"):
            self.gateway.must(["ip", "address", "add", address, "dev", "lo"])
        shutil.copy(self.ca.pem, f"{top}/g/etc/swanctl/x509ca/ca.pem")

    def serve(self, pair=None, ike="aes256-sha256-ecp256", esp="aes256-sha256-ecp256", local_ts="10.77.0.0/24,10.78.0.0/24"):
        """The gateway with this certificate; it accepts every certificate of the CA."""
        pair = pair or self.gateway_cert
        folder = f"{self.gateway.folder}/etc/swanctl"
        shutil.copy(pair[0], f"{folder}/x509/gw.pem")
        shutil.copy(pair[1], f"{folder}/private/gw.key")
        self.gateway.write("etc/swanctl/conf.d/gw.conf", "connections {\n road {\n  version = 2\n  pools = road\n"
                           f"  proposals = {ike}\n  unique = replace\n  local {{\n   auth = pubkey\n   certs = gw.pem\n"
                           "   id = vpn.example.test\n  }\n  remote {\n   auth = pubkey\n   cacerts = ca.pem\n  }\n"
                           f"  children {{\n   road {{\n    local_ts = {local_ts}\n    esp_proposals = {esp}\n   }}\n  }}\n"
                           " }\n}\npools {\n road {\n  addrs = 10.88.0.0/24\n }\n}\n")
        for what in (["--load-creds", "--clear", "--noprompt"], ["--load-pools"], ["--load-conns"]):
            self.gateway.must(["swanctl"] + what)

    def start_foreign(self):
        """A connection of somebody else on the device, from files of his own."""
        folder = f"{self.device.folder}/etc/swanctl"
        shutil.copy(self.foreign[0], f"{folder}/x509/foreign.pem")
        shutil.copy(self.foreign[1], f"{folder}/private/foreign.key")
        shutil.copy(self.ca.pem, f"{folder}/x509ca/signet-corp-root.pem")
        self.device.write("etc/swanctl/conf.d/foreign.conf", hq("x", "foreign.example.test").replace(
            "signet-x", "foreign").replace("10.77.0.0/24", "10.78.0.0/24").split("secrets {")[0])
        self.device.must(["swanctl", "--load-all", "--noprompt"])
        self.device.ask("load-shared", {"type": "IKE", "data": "secret", "id": "theirs"})
        wait_for("the foreign tunnel", 20, lambda: self.up("foreign"))
        self.foreign_sa = self.up("foreign")

    def up(self, name="signet-hq"):
        """Ids of the IKE_SAs that are up."""
        return [int(sa["uniqueid"]) for sa in self.device.sas(name) if sa["state"] == b"ESTABLISHED" and
                any(child["state"] == b"INSTALLED" for child in sa["child-sas"].values())]

    def all(self, name="signet-hq"):
        return [int(sa["uniqueid"]) for sa in self.device.sas(name)]

    def keys(self):
        return [key.decode() for key in self.device.ask("get-keys")[0]["keys"]]

    def check_foreign(self, has_secret=True):
        assert self.up("foreign") == self.foreign_sa, "the foreign tunnel was touched"
        assert key_id(self.foreign[1]) in self.keys(), "the foreign key was unloaded"
        certs = self.device.ask("list-certs", {"type": "X509"}, "list-cert")[1]
        assert any(event["data"] == der(self.foreign[0]) and event.get("has_privkey") == b"yes" for _, event in certs)
        assert b"foreign" in self.device.ask("get-conns")[0]["conns"]
        assert (b"theirs" in self.device.ask("get-shared")[0]["keys"]) == has_secret

    def forget_seen(self):
        self.gateway.ask("flush-certs", {})

    def seen(self):
        """Which certificates of ours the gateway was shown since."""
        events = self.gateway.ask("list-certs", {"type": "X509"}, "list-cert")[1]
        return {name for name in ("one", "two", "three", "stranger", "user")
                for _, event in events if event["data"] == der(getattr(self, name)[0])}

    def ping(self):
        return self.device.inside(["ping", "-c", "1", "-W", "2", "10.77.0.1"]).returncode == 0

    def proven(self, link, verb, shown):
        """The call succeeds, the gateway was shown this certificate and no other of ours, one tunnel is up and new."""
        self.forget_seen()
        before = self.all()
        link.want(verb, OK)
        assert self.seen() == {shown}, (self.seen(), shown)
        wait_for("the end of the old IKE_SA", 10, lambda: len(self.all()) == 1)
        assert self.up() == self.all() and not set(before) & set(self.all()), (before, self.all())
        assert self.ping()
        self.check_foreign()

    def unchanged(self, link, verb, err, code, words=""):
        """The call fails so, and the tunnel that was up is the one that is up."""
        before = self.up()
        assert len(before) == 1
        link.want(verb, err, code, words)
        assert self.up() == before and self.all() == before, (before, self.all())
        assert self.ping()
        self.check_foreign()


def comes_up(lab):
    assert not lab.ping()
    Link(lab, lab.one).want("look", OK)
    lab.proven(Link(lab, lab.one), "switch", "one")
    assert Link(lab, lab.one).want("look", OK).state == f"1 1 {lab.up()[0]}"
    children = [child for sa in lab.device.sas("signet-hq") for child in sa["child-sas"]]
    assert len(children) == 1, children


def the_same_again_is_proven_again(lab):
    lab.proven(Link(lab, lab.one), "switch", "one")
    lab.proven(Link(lab, lab.one), "try", "one")
    assert "replaced vici connection: signet-hq" not in lab.device.log()


def a_new_key_and_back(lab):
    pings = subprocess.Popen(["nsenter", "-t", str(lab.device.holder.pid), "-n", "ping", "-i", "0.02", "-c", "200", "-q",
                              "10.77.0.1"], stdout=subprocess.PIPE, text=True)
    lab.proven(Link(lab, lab.two, old=lab.one), "switch", "two")
    assert key_id(lab.one[1]) not in lab.keys()
    lab.proven(Link(lab, lab.one, old=lab.two), "switch", "one")
    assert key_id(lab.two[1]) not in lab.keys()
    lab.proven(Link(lab, lab.two, old=lab.one), "switch", "two")
    print("    pings meanwhile:", pings.communicate()[0].splitlines()[3])


def a_new_certificate_on_the_same_key_and_back(lab):
    lab.proven(Link(lab, lab.three, old=lab.two), "switch", "three")
    # the way back, with the files that the agent has put back before
    with open(f"{lab.device.folder}/etc/swanctl/private/hq.pem", "wb") as out:
        out.write(open(lab.two[1], "rb").read())
    shutil.copy(lab.two[0], f"{lab.device.folder}/etc/swanctl/x509/hq.pem")
    lab.forget_seen()
    Link(lab, lab.two, old=lab.three).want("switch", OK)
    assert lab.seen() == {"two"}, lab.seen()
    wait_for("one IKE_SA", 10, lambda: len(lab.all()) == 1)
    lab.check_foreign(has_secret=False)  # what was loaded without a file is the price
    lab.device.ask("load-shared", {"type": "IKE", "data": "secret", "id": "theirs"})
    os.unlink(f"{lab.device.folder}/etc/swanctl/x509/hq.pem")
    os.unlink(f"{lab.device.folder}/etc/swanctl/private/hq.pem")
    lab.proven(Link(lab, lab.one, old=lab.two), "switch", "one")


def a_gateway_that_refuses_the_new_certificate(lab):
    lab.unchanged(Link(lab, lab.stranger, old=lab.one), "switch", DENIED, "vpn.refused", "AUTHENTICATION_FAILED")
    lab.proven(Link(lab, lab.one, old=lab.stranger), "switch", "one")


def a_gateway_that_is_another_one(lab):
    lab.serve(lab.ca.issue("wrongname", "DNS:other.example.test"))
    lab.unchanged(Link(lab, lab.one), "try", UNTRUSTED, "vpn.gateway_certificate", "no trusted RSA public key found")
    lab.serve(lab.other_ca.issue("wrongca", "DNS:vpn.example.test"))
    lab.unchanged(Link(lab, lab.one), "try", UNTRUSTED, "vpn.gateway_certificate", "no issuer certificate")
    lab.device.ask("load-cert", {"type": "X509", "flag": "CA", "data": der(lab.other_ca.pem)})
    lab.unchanged(Link(lab, lab.one), "try", UNTRUSTED, "vpn.gateway_certificate", "not authenticated by CA 'O=Lab, CN=labca'")
    lab.serve(lab.ca.issue("past", "DNS:vpn.example.test", begin="20200101000000Z", end="20210101000000Z"))
    lab.unchanged(Link(lab, lab.one), "try", UNTRUSTED, "vpn.gateway_certificate", "to Jan 01 00:00:00 2021")
    lab.serve(lab.ca.issue("future", "DNS:vpn.example.test", begin="20400101000000Z", end="20410101000000Z"))
    lab.unchanged(Link(lab, lab.one), "try", UNTRUSTED, "vpn.gateway_certificate", "valid from Jan 01 00:00:00 2040")
    lab.serve()
    lab.proven(Link(lab, lab.one), "try", "one")


def a_gateway_certificate_that_was_revoked(lab):
    revoked = lab.ca.issue("revoked", "DNS:vpn.example.test")
    config = f"{lab.ca.folder}/crl.cnf"
    with open(config, "w") as out:
        out.write(f"[ca]\ndefault_ca=lab\n[lab]\ndatabase={lab.ca.folder}/index\ndefault_md=sha256\ncrl_extensions=crl\n"
                  "[crl]\nauthorityKeyIdentifier=keyid\n")
    common = ["openssl", "ca", "-config", config, "-cert", lab.ca.pem, "-keyfile", f"{lab.ca.folder}/labca.key"]
    run(*common, "-revoke", revoked[0], "-crl_reason", "keyCompromise")
    run(*common, "-gencrl", "-crldays", "7", "-out", f"{lab.ca.folder}/crl.pem")
    crl = run("openssl", "crl", "-in", f"{lab.ca.folder}/crl.pem", "-outform", "DER")
    assert lab.device.ask("load-cert", {"type": "X509_CRL", "data": crl})[0]["success"] == b"yes"
    lab.serve(revoked)
    # charon looks for revocation only when the old tunnel is gone, and ends the new one: the one case of this kind
    Link(lab, lab.one).want("try", UNTRUSTED, "vpn.gateway_certificate", "certificate was revoked on")
    wait_for("no tunnel to a revoked gateway", 10, lambda: not lab.up())
    Link(lab, lab.one).want("start", UNTRUSTED, "vpn.gateway_certificate", "certificate was revoked on")
    lab.serve()
    lab.proven(Link(lab, lab.one), "start", "one")


def a_gateway_that_does_not_answer(lab):
    before = lab.up()
    lab.gateway.pause(True)
    try:
        Link(lab, lab.two, old=lab.one, timeout=8).want("switch", UNREACHABLE, "vpn.timeout", "retransmit")
        assert lab.up() == before and lab.all() == before, (before, lab.all())
    finally:
        lab.gateway.pause(False)
    wait_for("the old tunnel", 20, lab.ping)
    assert lab.up() == before
    lab.proven(Link(lab, lab.one, old=lab.two), "switch", "one")


def a_tunnel_that_is_down_is_started(lab):
    Link(lab, lab.one).want("start", OK)
    before = lab.up()
    Link(lab, lab.one).want("start", OK)
    assert lab.up() == before, "up means nothing is done"
    lab.device.ask("terminate", {"ike": "signet-hq", "timeout": "5000"})
    assert not lab.up()
    lab.proven(Link(lab, lab.one), "start", "one")


def what_the_gateway_does_not_offer(lab):
    def down():
        lab.device.ask("unload-conn", {"name": "signet-hq"})
        lab.device.ask("terminate", {"ike": "signet-hq", "force": "yes", "timeout": "2000"})
        wait_for("no IKE_SA", 10, lambda: not lab.all())
    down()
    lab.serve(ike="aes128-sha1-modp2048")
    Link(lab, lab.one).want("start", DENIED, "vpn.refused", "NO_PROPOSAL_CHOSEN")
    lab.serve(esp="aes128-sha1")
    down()
    Link(lab, lab.one).want("start", DENIED, "vpn.refused", "NO_PROPOSAL_CHOSEN")
    assert Link(lab, lab.one).want("look", OK).state.startswith("1 0"), "an IKE_SA without its child is not up"
    lab.serve(local_ts="192.168.9.0/24")
    down()
    Link(lab, lab.one).want("switch", DENIED, "vpn.refused", "TS_UNACCEPTABLE")
    lab.serve()
    down()
    Link(lab, lab.one, text=hq(gateway="nobody.example.test")).want("start", UNREACHABLE, "vpn.timeout", "unable to resolve")
    down()
    Link(lab, lab.one, text=hq(gateway="dead.example.test"), timeout=9).want("start", UNREACHABLE, "vpn.timeout", "retransmit")
    down()
    Link(lab, lab.one, text=hq(proposals="aes256-sha256-ecp999")).want("switch", INVALID, "vpn.connection", "proposals")
    lab.proven(Link(lab, lab.one), "switch", "one")


def a_half_tunnel_is_not_proof(lab):
    """An IKE_SA without child is ended, else the child would be asked for in it and nothing be authenticated."""
    lab.device.ask("terminate", {"child": "signet-hq", "timeout": "5000"})
    lab.proven(Link(lab, lab.two, old=lab.one), "switch", "two")
    lab.proven(Link(lab, lab.one, old=lab.two), "switch", "one")


def a_connection_on_demand(lab):
    device = lab.up()
    text = hq("user", "user.example.test", start_action="none", close_action="none")
    link = Link(lab, lab.user, profile="user", text=text, on_demand=1)
    link.want("switch", OK)
    assert lab.all("signet-user") == [] and link.want("look", OK).state == "1 0 0"
    lab.forget_seen()
    link.want("try", OK)
    assert "user" in lab.seen() and lab.all("signet-user") == []
    link.want("start", OK)
    (first,) = lab.up("signet-user")
    link.want("switch", OK)
    wait_for("one IKE_SA", 10, lambda: len(lab.all("signet-user")) == 1)
    assert lab.up("signet-user") and lab.up("signet-user") != [first]
    lab.serve(ike="aes128-sha1-modp2048")
    lab.device.ask("terminate", {"ike": "signet-user", "timeout": "5000"})
    link.want("try", DENIED, "vpn.refused")
    assert lab.all("signet-user") == []
    lab.serve()
    link.want("start", OK)
    link.want("remove", OK)
    assert lab.all("signet-user") == [] and key_id(lab.user[1]) not in lab.keys()
    link.want("remove", OK)
    assert lab.up() == device, "the device tunnel was touched"
    lab.check_foreign()


def two_connections_with_one_certificate(lab):
    text = hq("second", start_action="none", close_action="none")
    second = Link(lab, lab.one, profile="second", text=text, on_demand=1)
    second.want("switch", OK)
    second.want("remove", OK)
    assert key_id(lab.one[1]) in lab.keys(), "the other connection needs it"
    lab.proven(Link(lab, lab.one), "try", "one")


def keys_and_certificates_that_do_not_load(lab):
    lab.unchanged(Link(lab, (lab.two[0], lab.foreign[1])), "switch", INVALID, "vpn.token", "another certificate")
    lab.unchanged(Link(lab, lab.one, trust=lab.one[0]), "switch", INVALID, "vpn.token", "CA basic constraint")
    lab.proven(Link(lab, lab.one), "switch", "one")


def a_token_without_its_module(lab):
    text = hq().split("secrets {")[0] + "secrets {\n\ttoken-signet-hq {\n\t\thandle = 6465\n\t\tmodule = signet\n\t}\n}\n"
    lab.unchanged(Link(lab, lab.one, text=text, token=True), "switch", UNSUPPORTED, "vpn.module", "signet")


def files_for_the_next_boot(lab):
    """swanctl reads the golden files; what it has loaded is what VICI is given: nothing is replaced."""
    lab.device.stop()
    folder = f"{lab.device.folder}/etc/swanctl"
    for name in ("device.conf", "user.conf"):
        shutil.copy(f"{DATA}/{name}", f"{folder}/conf.d/60-{name}")
    lab.device.start()
    loaded = lab.device.must(["swanctl", "--load-conns"])
    assert "loaded connection 'signet-hq'" in loaded and "loaded connection 'signet-user'" in loaded, loaded
    for name in ("device.conf", "user.conf"):
        os.unlink(f"{folder}/conf.d/60-{name}")
    lab.device.stop()
    lab.device.write("etc/swanctl/conf.d/60-signet-hq.conf", hq())
    shutil.copy(lab.one[0], f"{folder}/x509/signet-one.pem")
    shutil.copy(lab.one[1], f"{folder}/private/hq.pem")
    lab.device.start()
    lab.start_foreign()
    wait_for("the tunnel of the files", 20, lab.up)
    mark = len(lab.device.log())
    before = lab.up()
    Link(lab, lab.one).want("start", OK)
    assert lab.up() == before
    lab.proven(Link(lab, lab.two, old=lab.one), "switch", "two")
    said = lab.device.log()[mark:]
    assert "updated vici connection: signet-hq" in said and "replaced vici connection" not in said


def a_module_without_the_key(lab):
    if not os.path.exists(MODULE):
        print("    skipped: no PKCS#11 module at hand")
        return
    with open(f"{lab.device.folder}/etc/strongswan.conf", "a") as out:
        out.write(f"charon {{\n plugins {{\n  pkcs11 {{\n   load = yes\n   modules {{\n    signet {{\n     path = {MODULE}\n"
                  "     load_certs = no\n    }\n   }\n  }\n }\n}\n")
    lab.device.stop()
    lab.device.start()
    text = hq().split("secrets {")[0] + "secrets {\n\ttoken-signet-hq {\n\t\thandle = 6465\n\t\tmodule = signet\n\t}\n}\n"
    Link(lab, lab.one, text=text, token=True).want("switch", INVALID, "vpn.token", "signet")


def everything_is_taken_out(lab):
    Link(lab, lab.two).want("remove", OK)
    assert lab.all() == [] and key_id(lab.two[1]) not in lab.keys()
    assert b"signet-hq" not in lab.device.ask("get-conns")[0]["conns"]
    assert not lab.ping()
    lab.check_foreign()


def a_charon_that_hangs_or_is_not_there(lab):
    lab.device.pause(True)
    try:
        Link(lab, lab.one).want("look", IO, "vpn.control", "does not answer")
    finally:
        lab.device.pause(False)
    lab.device.stop()
    Link(lab, lab.one).want("look", NOT_FOUND, "vpn.absent")
    Link(lab, lab.one).want("switch", NOT_FOUND, "vpn.absent")
    Link(lab, lab.one).want("remove", OK)


STEPS = [comes_up, the_same_again_is_proven_again, a_new_key_and_back, a_new_certificate_on_the_same_key_and_back,
         a_gateway_that_refuses_the_new_certificate, a_gateway_that_is_another_one, a_gateway_certificate_that_was_revoked,
         a_gateway_that_does_not_answer, a_tunnel_that_is_down_is_started, what_the_gateway_does_not_offer,
         a_half_tunnel_is_not_proof, a_connection_on_demand, two_connections_with_one_certificate,
         keys_and_certificates_that_do_not_load, a_token_without_its_module, files_for_the_next_boot,
         everything_is_taken_out, a_module_without_the_key, a_charon_that_hangs_or_is_not_there]


def main():
    top = tempfile.mkdtemp(prefix="signet-vpn-")
    lab = Lab(top)
    try:
        lab.gateway.start()
        lab.device.start()
        lab.serve()
        lab.start_foreign()
        for step in [step for step in STEPS if len(sys.argv) < 2 or step.__name__ in sys.argv[1:]]:
            begin = time.monotonic()
            step(lab)
            print(f"ok  {step.__name__} ({time.monotonic() - begin:.1f} s)", flush=True)
    except BaseException:
        print("--- device\n" + "\n".join(lab.device.log().splitlines()[-60:]), file=sys.stderr)
        print("--- gateway\n" + "\n".join(lab.gateway.log().splitlines()[-30:]), file=sys.stderr)
        raise
    finally:
        if "VPN_KEEP_LOG" in os.environ:
            shutil.copy(f"{lab.device.folder}/log", os.environ["VPN_KEEP_LOG"])
        lab.device.end()
        lab.gateway.end()
        shutil.rmtree(top)


if __name__ == "__main__":
    main()
