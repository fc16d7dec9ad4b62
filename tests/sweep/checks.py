# SPDX-License-Identifier: MIT
"""What must hold after a cut: before anything has healed, and once `signet apply` has run."""
import os
import re

import tpm_client
from scenario import FIRST
from world import VOLATILE, names_of

WAITING, PENDING, REFUSED = 10, 12, 13  # exit codes of the interface
SECOND = "SECOND-CHALLENGE"


class Broken(AssertionError):
    pass


def need(condition, text, *more):
    if not condition:
        raise Broken(text % more if more else text)


def usable(world, link="current"):
    """The serial of the certificate that a link names; its key loads in the TPM, signs, and fits."""
    folder = world.generation(link)
    need(folder, "there is no %s", link)
    parts = {}
    for name in ("key.der", "cert.pem", "chain.pem"):
        path = os.path.join(folder, name)
        need(os.path.isfile(path), "%s has no %s", link, name)
        with open(path, "rb") as file:
            parts[name] = file.read()
    need(parts["chain.pem"].startswith(parts["cert.pem"]), "chain.pem of %s does not begin with cert.pem", link)
    try:
        tpm_client.check_key(world.swtpm.path, parts["key.der"], parts["cert.pem"])
    except (tpm_client.TpmError, ValueError) as reason:
        raise Broken("%s: %s" % (link, reason)) from reason
    return world.serial_of(link)


def is_issued(world, serial):
    return os.path.exists(os.path.join(world.authority.folder, "issued", serial + ".pem"))


def before_healing(world, recording, scenario):
    if scenario.is_renewal:
        serial = usable(world)
        need(serial == recording.serials[0] or is_issued(world, serial), "current is a certificate of nobody's")
        if world.generation("previous"):
            need(usable(world, "previous") == recording.serials[0], "previous is not the old certificate")


def heal(world, recording, scenario, mode):
    """Run `apply`, twice where the first may only ask; what a technician does where the server burnt the answer."""
    code, said = world.signet("apply")
    if code == PENDING:
        code, said = world.signet("apply")
    if mode == "strict" and code != scenario.exit:
        need(code in (WAITING, PENDING, REFUSED), "apply ended with %d:\n%s", code, said)
        need("next: " in said, "no next step is told:\n%s", said)
        if scenario.is_renewal:
            need(usable(world) == recording.serials[0], "the old certificate is not in use")
        else:
            need(not world.generation("current"), "there is a certificate, and exit %d", code)
            code, said = world.signet("apply", "dev")  # the challenge is still there, and is not taken again
            need(code == WAITING, "without a fresh challenge apply ended with %d:\n%s", code, said)
            challenges_once(world)
            world.authority.add_challenge(SECOND)
            world.device.give_challenge(SECOND)
        code, said = world.signet("apply", "dev")
    need(code == scenario.exit, "apply ended with %d:\n%s", code, said)


def after_healing(world, recording, scenario):
    serial = usable(world)
    need(is_issued(world, serial), "the CA did not issue %s", serial)
    if scenario.is_renewal:
        need((serial != recording.serials[0]) == scenario.is_new, "in use is the %s certificate",
             "old" if scenario.is_new else "new")
    done = world.verify_chain()
    need(done.returncode == 0, "the chain does not verify: %s", done.stdout + done.stderr)
    need(not world.generation("previous"), "a trial is open, though its consumer works")
    is_told(world, scenario.event, serial)
    same_names(recording.names, names_of(world.tree()))
    empty_tpm(world)
    challenges_once(world)


def is_told(world, event, serial):
    told = [line for line in world.history().splitlines() if line.split()[1] == event and serial in line]
    need(told, "history does not tell that %s was %s:\n%s", serial, event, world.history())


def same_names(wanted, found):
    missing, left = sorted(set(wanted) - set(found)), sorted(set(found) - set(wanted))
    need(not left, "left over: %s", ", ".join(left))
    need(not missing, "missing: %s", ", ".join(missing))


def empty_tpm(world):
    wanted = {"persistent": [tpm_client.STORAGE_KEY], "transient": [], "loaded session": [], "saved session": []}
    with tpm_client.Client(world.swtpm.path) as client:
        found = {kind: client.handles(kind) for kind in wanted}
    need(found == wanted, "in the TPM: %s", {kind: ["0x%08x" % one for one in some] for kind, some in found.items()})


def challenges_once(world):
    """The server's log is the witness: no challenge in a second transaction, none in a renewal."""
    seen = {}
    for entry in world.authority.log():
        if entry.get("challenge_sha256"):
            seen.setdefault(entry["challenge_sha256"], set()).add(entry["transaction_id"])
            need(not entry.get("renewal"), "a challenge went out in a renewal")
    for challenge, transactions in seen.items():
        need(len(transactions) == 1, "one challenge in the transactions %s", sorted(transactions))


def idle(world, scenario):
    """A further pass finds nothing to do, and does nothing."""
    before, asked = world.device.snapshot(), len(world.authority.log())
    code, said = world.signet("apply")
    need(code == scenario.exit, "a further apply ended with %d:\n%s", code, said)
    after = world.device.snapshot()
    changed = sorted(os.path.relpath(path, world.device.folder) for path in set(before) | set(after)
                     if before.get(path) != after.get(path))
    if code != 0:  # what went wrong is told in memory
        changed = [path for path in changed if path.split("/")[0] not in VOLATILE]
    need(not changed, "a further apply wrote %s", ", ".join(changed))
    need(asked == len(world.authority.log()), "a further apply asked the server")
    code, said = world.signet("status")
    need(code == scenario.exit and re.search(r"\binstalled\b", said), "status: exit %d:\n%s", code, said)


def no_secret(world):
    """A challenge that went out is nowhere on the disk any more."""
    for path, (kind, _, content) in world.tree().items():
        need(kind != "file" or FIRST.encode() not in content, "the challenge still stands in %s", path)


def retirement(world, recording, scenario):
    """Whoever uses the certificate can; once the wish is on the disk it is carried out, before that nothing is."""
    is_out = os.path.exists(os.path.join(world.device.state, "retired", "dev"))
    if world.supplicant.network:
        usable(world)
    code, said = world.signet("apply")
    need(code == 0, "apply ended with %d:\n%s", code, said)
    if is_out:
        need(not world.supplicant.network, "the consumer still has its network")
        is_told(world, scenario.event, recording.serials[0])
    else:
        need(usable(world) == recording.serials[0], "another certificate is in use")
    same_names(recording.names if is_out else names_of(recording.tree), names_of(world.tree()))
    empty_tpm(world)


def all_of(world, recording, scenario, mode):
    if scenario.is_retirement:
        retirement(world, recording, scenario)
    else:
        before_healing(world, recording, scenario)
        heal(world, recording, scenario, mode)
        after_healing(world, recording, scenario)
        no_secret(world)
    idle(world, scenario)
