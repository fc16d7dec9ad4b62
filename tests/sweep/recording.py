# SPDX-License-Identifier: MIT
"""One run of a scenario, taken apart: what the disk, the TPM and the server were at each point of it."""
import dataclasses
import hashlib
import os
import pickle

import disk
import strace
from device import SIGNET
from world import VOLATILE, names_of

MODES = ("again", "strict")  # how the server takes a transaction that it knows


class RecordingError(Exception):
    pass


@dataclasses.dataclass(frozen=True)
class Point:
    """A cut before event `index` (the number of events: after the last)."""
    index: int
    variant: str
    mode: str


@dataclasses.dataclass
class Recording:
    scenario: str
    tree: dict          # the device's folder before
    events: list
    tpm_states: list    # [n]: after n commands
    requests: int       # of the server, before
    operations: list    # for each exchange: was it a PKIOperation
    serials: list       # of `current`, before and after; None for none
    names: list         # files afterwards, the generation in use called "current"

    def disk_at(self, index):
        model = disk.Disk(self.tree)
        for event in self.events[:index]:
            model.apply(event)
        return model

    def commands_at(self, index):
        return sum(event.kind == "tpm" for event in self.events[:index])

    def exchanges_at(self, index):
        return sum(event.kind == "exchange" for event in self.events[:index])

    def points(self):
        """[(Point, what it looks like)]: points that look the same are the same moment for the device that wakes."""
        out = []
        model = disk.Disk(self.tree)
        for index in range(len(self.events) + 1):
            exchanges = self.exchanges_at(index)
            tpm = hashlib.sha256(self.tpm_states[self.commands_at(index)]).hexdigest()
            # a server that knows no transaction of this run takes each for new, strict or not
            modes = MODES if any(self.operations[:exchanges]) else MODES[:1]
            for variant in disk.VARIANTS:
                tree = repr(sorted(model.tree(variant).items())).encode()
                looks = (hashlib.sha256(tree).hexdigest(), tpm, exchanges)
                out += [(Point(index, variant, mode), looks + (mode,)) for mode in modes]
            if index < len(self.events):
                model.apply(self.events[index])
        return out

    def describe(self, index):
        if index == len(self.events):
            return "after the last event"
        return "before event %d (%s)" % (index, self.events[index])

    def save(self, path):
        with open(path, "wb") as file:
            pickle.dump(self, file)


def load(path):
    with open(path, "rb") as file:
        return pickle.load(file)


def make(name, scenario, world):
    """Prepares the world, runs the scenario's command once under strace and proves the model by what it left."""
    world.on(scenario)
    try:
        scenario.prepare(world)
        world.boot()
        before = world.tree()
        serial = world.serial_of("current")
        requests = len(world.authority.log())
        gate = world.open_gate()
        log = world.path("strace")
        code, said = strace.record([SIGNET, "-c", world.device.conf, *scenario.argv], log, world.device.env)
        gate.stop()
        if code != scenario.exit:
            raise RecordingError("the run to record ended with %d:\n%s" % (code, said))
        events = strace.read(log, world.device.folder, VOLATILE, gate.path, before)
        os.unlink(log)
        recording = Recording(name, before, events, gate.states, requests, [], [serial, world.serial_of("current")],
                              names_of(world.tree()))
        _check(recording, gate, world)
        return recording
    finally:
        world.off()


def _check(recording, gate, world):
    commands = [event.arguments[0] for event in recording.events if event.kind == "tpm"]
    if commands != gate.codes:
        raise RecordingError("the trace has TPM commands %s, the TPM saw %s" % (commands, gate.codes))
    asked = world.authority.log()[recording.requests:]
    recording.operations = [entry["operation"] == "PKIOperation" for entry in asked]
    exchanges = [event.arguments[0] for event in recording.events if event.kind == "exchange"]
    if ["operation=" + entry["operation"] in line for entry, line in zip(asked, exchanges)] != [True] * len(asked) or \
            len(asked) != len(exchanges):
        raise RecordingError("the trace has the exchanges %s, the server saw %s" % (exchanges, asked))
    wrong = disk.differences(world.tree(), recording.disk_at(len(recording.events)).tree("all"))
    if wrong:
        raise RecordingError("the model of the disk is wrong:\n" + "\n".join(wrong))
