# SPDX-License-Identifier: MIT
"""Programs that enroll by SCEP, each as its user would call it, from nothing to a certificate in a file.

A client has a name and
  begin()        the device as it is before a run, which is not measured: fresh folders, a challenge, a key where it is given
  argv(), env()  the run
  certificate()  the file that it leaves
Each checks the server's certificates against the root that the device was given.
"""

import os
import shutil
import uuid

from device import SIGNET, Ca, Device, Tpm, read, run

# NDES's own words, and AES: strongSwan's pki 5.9.8 reads the table one word off and takes neither cipher without it.
CAPABILITIES = "POSTPKIOperation,Renewal,SHA-512,SHA-256,SHA-1,DES3,AES"
PATH = "/certsrv/mscep/mscep.dll"


class Server:
    """The test CA. Its answers carry the signer's certificate, for certmonger knows of no other way to it."""

    def __init__(self, folder):
        self.ca = Ca(os.path.join(folder, "ca"), "--include-certs", "--caps", CAPABILITIES)
        self.url, self.port = self.ca.url, int(self.ca.base.rpartition(":")[2])
        self.root, self.issuing = (os.path.join(self.ca.folder, name) for name in ("root.pem", "issuing.pem"))

    def through(self, port=None):
        """Clients ask by this port from now on; None: the server's own."""
        self.url = "http://127.0.0.1:%d%s" % (port or self.port, PATH)

    def challenge(self):
        text = uuid.uuid4().hex
        self.ca.add_challenge(text)
        return text

    def stop(self):
        self.ca.stop()


class Client:
    is_go = False

    def __init__(self, name, folder, server):
        self.name, self.folder, self.server = name, folder, server

    def path(self, *parts):
        return os.path.join(self.folder, *parts)

    def clear(self):
        shutil.rmtree(self.folder, ignore_errors=True)
        os.makedirs(self.folder)

    def make_key(self):
        run("openssl", "genrsa", "-traditional", "-out", self.path("key.pem"), "2048")

    def env(self):
        return dict(os.environ)

    def certificate(self):
        return self.path("cert.pem")

    def verify(self):
        """AssertionError: it has no certificate of this CA."""
        run("openssl", "verify", "-CAfile", self.server.root, "-untrusted", self.server.issuing, self.certificate())

    def stop(self):
        pass


class Signet(Client):
    """storage: tpm or software. A key that is given is one that an earlier run made, which reached no server."""

    def __init__(self, name, folder, server, storage, is_given=False, libcurl=None):
        super().__init__(name, folder, server)
        self.storage, self.is_given, self.libcurl, self.capture = storage, is_given, libcurl, None
        os.makedirs(folder)
        self.tpm = Tpm(self.path("tpm")) if storage == "tpm" else None
        self.device = Device(self.path("dev"), self.tpm.tcti if self.tpm else "device:/dev/none")

    def begin(self):
        for path in (self.device.state, self.device.path("run")):
            shutil.rmtree(path, ignore_errors=True)
        self.device.give_challenge(self.server.challenge())
        if self.is_given:
            self._configure("http://127.0.0.1:1/none")  # tcpmux: nobody listens
            self.device.signet("apply", expect=11)
        self._configure(self.server.url)

    def _configure(self, url):
        self.device.configure(url, self.server.ca.root, self.server.ca.issuing, scep="key_storage = %s\n" % self.storage)

    def capture_tpm(self, path):
        """From now on; None: no more. The capture costs libraries of its own."""
        self.capture = path
        self.device.tcti = ("pcap:" if path else "") + self.tpm.tcti

    def argv(self):
        return [SIGNET, "-c", self.device.conf, "apply"]

    def env(self):
        env = dict(self.device.env)
        if self.libcurl:
            env["LD_LIBRARY_PATH"] = self.libcurl
        if self.capture:
            env["TCTI_PCAP_FILE"] = self.capture
        return env

    def certificate(self):
        return self.device.current("cert.pem")

    def stop(self):
        if self.tpm:
            self.tpm.stop()


class Scepclient(Client):
    """micromdm's. It encrypts to the first certificate that fits and has no option for a root to trust."""
    is_go = True

    def __init__(self, name, folder, server, is_given):
        super().__init__(name, folder, server)
        self.is_given = is_given

    def begin(self):
        self.clear()
        if self.is_given:
            self.make_key()
        self.challenge = self.server.challenge()

    def argv(self):
        return ["scepclient", "-server-url", self.server.url, "-private-key", self.path("key.pem"), "-certificate",
                self.path("cert.pem"), "-cn", "GW-7F31", "-organization", "Contoso", "-challenge", self.challenge]


class StrongswanPki(Client):
    """Two runs of pki, one for the CA's certificates. It has no key but a given one, and takes 3DES of this server."""

    SCRIPT = """cd "$1"
pki --scepca --url "$2" --caout ca.pem --raout ra.pem --outform pem
pki --scep --url "$2" --in key.pem --dn "CN=GW-7F31, O=Contoso" --password "$3" --cacert-enc ra-2.pem --cacert-sig ra.pem \
	--cacert ca.pem --cacert ca-1.pem --cipher des3 --outform pem >cert.pem
"""

    def begin(self):
        self.clear()
        self.make_key()
        self.challenge = self.server.challenge()

    def argv(self):
        return ["/bin/sh", "-ec", self.SCRIPT, "sh", self.folder, self.server.url, self.challenge]


class Certmonger(Client):
    """The daemon, on a socket of its own and without a bus, until its one request is done. Its folders are as after the
    first start, with what it makes once: a CA of its own among others."""

    FOLDERS = {"CERTMONGER_REQUESTS_DIR": "requests", "CERTMONGER_CAS_DIR": "cas", "CERTMONGER_CONFIG_DIR": "etc",
               "CERTMONGER_LOCAL_CA_DIR": "local", "CERTMONGER_TMPDIR": "tmp"}

    def __init__(self, name, folder, server, is_given):
        super().__init__(name, folder, server)
        self.is_given, self.template = is_given, folder + ".first"

    def begin(self):
        self.clear()
        if os.path.exists(self.template):
            shutil.rmtree(self.folder)
            shutil.copytree(self.template, self.folder)
        else:
            for name in self.FOLDERS.values():
                os.makedirs(self.path(name))
            self._script("getcert list-cas")
            run(*self.argv(), env=self.env())
            shutil.copytree(self.folder, self.template, ignore=shutil.ignore_patterns("socket"))
        if self.is_given:
            self.make_key()
        self._script("getcert add-scep-ca -c lab -u %s -R %s -I %s\n"
                     "getcert request -c lab -k %s -f %s -N CN=GW-7F31,O=Contoso -L %s -w -v" %
                     (self.server.url, self.server.root, self.server.issuing, self.path("key.pem"), self.path("cert.pem"),
                      self.server.challenge()))

    def _script(self, lines):
        with open(self.path("run.sh"), "w", encoding="ascii") as file:
            file.write("set -e\n%s\n" % lines)

    def argv(self):
        return ["certmonger", "-n", "-L", "-P", self.path("socket"), "-p", self.path("pid"), "-c",
                "/bin/sh %s" % self.path("run.sh")]

    def env(self):
        return dict(os.environ, **{name: self.path(folder) for name, folder in self.FOLDERS.items()})

    def verify(self):
        if not os.path.exists(self.certificate()):
            states = [line.partition("=")[2] for line in self._request() if line.startswith("ca_error=")]
            raise AssertionError(states[-1] if states else "no certificate came")
        super().verify()

    def _request(self):
        names = os.listdir(self.path("requests"))
        return read(self.path("requests", names[0])).split("\n") if names else []


def all_of(folder, server, libcurl=None):
    """The first one is what the others are compared with."""
    def at(name):
        return os.path.join(folder, name)
    found = [
        Signet("signet, key in a TPM", at("s1"), server, "tpm"),
        Signet("signet, software key", at("s2"), server, "software"),
        Signet("signet, software key given", at("s3"), server, "software", is_given=True),
        Scepclient("scepclient", at("c1"), server, is_given=False),
        Scepclient("scepclient, key given", at("c2"), server, is_given=True),
        StrongswanPki("strongSwan pki, key given", at("p"), server),
        Certmonger("certmonger", at("m1"), server, is_given=False),
        Certmonger("certmonger, key given", at("m2"), server, is_given=True),
    ]
    if libcurl:
        found[1:1] = [Signet("signet, minimal libcurl", at("s4"), server, "tpm", libcurl=libcurl),
                      Signet("same, software key given", at("s5"), server, "software", is_given=True, libcurl=libcurl)]
    return found
