#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Man pages, completion and sample against the program: none of them can be out of date."""
import os
import re
import subprocess
import tempfile
import unittest

TREE = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", "..", ".."))
BOARD = os.path.join(TREE, "board")
SAMPLE = os.path.join(BOARD, "sample", "signet.conf")
SIGNET = os.environ["SIGNET"]


def signet(*argv):
    return subprocess.run([SIGNET, *argv], stdout=subprocess.PIPE, text=True, check=True).stdout


def page(name):
    """A page as it is read, without the layout: words with single spaces."""
    with open(os.path.join(BOARD, "man", name)) as f:
        text = f.read()
    text = re.sub(r"\\f[BIPR]", "", text).replace(r"\-", "-").replace(r"\&", "")
    return text


def heads(text, section):
    """What stands in bold behind .TP of one section."""
    part = re.search(r"\n\.SH %s\n(.*?)(\n\.SH |\Z)" % section, text, re.S).group(1)
    return re.findall(r"\.TP\n(.*)", part)


def verbs():
    return re.findall(r"^  ([a-z-]+) ", signet("help"), re.M)


def options(verb):
    return re.findall(r"(?:^  |, )(--?[a-z-]+)", re.sub(r"\n {10,}.*", "", re.split(r"options(?: of every verb)?:", signet("help", verb), 1)[1]),
                      re.M)


class Manual(unittest.TestCase):
    maxDiff = None

    def test_signet_1_has_the_verbs_and_nothing_else(self):
        text = page("signet.1")
        self.assertEqual(verbs(), [re.match(r"\.BR? ([a-z-]+)", line).group(1) for line in heads(text, "VERBS")])
        for verb in verbs():
            arguments = signet("help", verb).splitlines()[0].split(" ", 3)[3:]
            line = [line for line in heads(text, "VERBS") if re.match(r"\.BR? %s\b" % verb, line)][0]
            self.assertEqual(arguments, re.findall(r'"\s*(.*?)"$', line), verb)

    def test_signet_1_has_the_options_and_nothing_else(self):
        known = {option for verb in verbs() for option in options(verb)}
        said = {word for line in heads(page("signet.1"), "OPTIONS") for word in re.findall(r"(?<![a-z])--?[a-z][a-z-]*", line)}
        self.assertEqual(known, said)

    def test_signet_1_has_the_exit_codes(self):
        with open(os.path.join(TREE, "client", "agent", "outcome.h")) as f:
            codes = re.findall(r"SIGNET_[A-Z_]+ = (\d+)", f.read())
        self.assertEqual([int(code) for code in codes], [int(code) for code in re.findall(r"^(\d+)\|", page("signet.1"), re.M)])

    def test_signet_conf_5_has_every_key_and_no_other(self):
        text = page("signet.conf.5")
        for kind, title in (("agent", r"\[agent\]"), ("tpm", r"\[tpm\]"), ("device", r"\[device\]"),
                            ("trust", r"\[trust NAME\]"), ("scep", r"\[scep NAME\]"),
                            ("wifi", r"\[wifi NAME\] and \[wired NAME\]"), ("vpn", r"\[vpn NAME\]")):
            part = re.search(r"\n\.SH %s\n(.*?)\n\.SH " % title, text, re.S).group(1)
            lines = part.splitlines() if kind == "device" else heads(text, title)
            said = [word for line in lines for word in re.findall(r"[a-z_0-9]+", re.sub(r"\(.*?\)", "", line[3:]))
                    if line.startswith(".B")]
            self.assertEqual(sorted(self.keys(kind)), sorted(word for word in said if word != "and"), kind)

    def test_signet_conf_5_has_the_presets(self):
        for line in re.findall(r"\.TP\n\.BR (.*)", page("signet.conf.5")):
            for key, preset in re.findall(r'(?:"?, |^)(\w+)"? ?"? \(([^)]*)\)', line):
                with self.subTest(key=key):
                    self.assertIn(preset.split(", "), self.presets(key))

    @staticmethod
    def rows():
        """(section, key, preset) of the table, as the compiler reads it."""
        with open(os.path.join(TREE, "client", "config", "config_table.c")) as f:
            text = f.read()
        shared = re.search(r"#define EAP_ROWS.*?\n\n", text, re.S).group(0)
        rows = re.findall(r'(?:PLAIN|NEEDED|WORDS|NUMBER)\((\w+),\s*"(\w+)"((?:[^()]|\([^()]*\))*)\)', text)
        out = []
        for section, key, rest in rows:
            quoted = re.findall(r'"((?:[^"\\]|\\.)*)"', rest)
            preset = quoted[0].replace("\\n", "\n").split("\n") if quoted else []
            for name in (("WIFI", "WIRED") if section == "section" else (section,)):
                out.append((name.lower(), key, preset))
        assert '"tls_min"' in shared and len(out) > 90
        return out

    def keys(self, kind):
        return {key for section, key, _ in self.rows() if section == kind}

    def presets(self, key):
        return [preset for _, name, preset in self.rows() if name == key]


class Sample(unittest.TestCase):
    def test_it_is_right_and_has_every_key(self):
        signet("-c", SAMPLE, "config", "check")
        with open(SAMPLE) as f:
            text = f.read()
        for _, key, _ in Manual.rows():
            self.assertRegex(text, r"(?m)^(; )?%s =" % key)


class Completion(unittest.TestCase):
    def complete(self, *words):
        with tempfile.TemporaryDirectory() as folder:
            os.symlink(SIGNET, os.path.join(folder, "signet"))
            script = ("source %s/bash-completion/signet; COMP_WORDS=(%s); COMP_CWORD=%d; _signet; printf '%%s\\n' \"${COMPREPLY[@]}\""
                      % (BOARD, " ".join("'%s'" % word for word in words), len(words) - 1))
            done = subprocess.run(["bash", "-c", script], stdout=subprocess.PIPE, text=True, check=True,
                                  env=dict(os.environ, PATH=folder + ":" + os.environ["PATH"]))
        return set(done.stdout.split())

    def test_verbs(self):
        self.assertEqual(set(verbs()), self.complete("signet", ""))
        self.assertEqual({"retire", "renew"}, self.complete("signet", "re"))
        self.assertEqual({"check", "show"}, self.complete("signet", "config", ""))

    def test_options(self):
        for verb in verbs():
            self.assertEqual(set(options(verb)), self.complete("signet", verb, "-"), verb)


if __name__ == "__main__":
    unittest.main()
