# SPDX-License-Identifier: MIT
"""What a disk holds after a power cut: a model of one folder, moved on event by event.

A file system of the field (ext4 with data=ordered, UBIFS, F2FS) is kinder than this model in most cases; the model takes
from each the worst that POSIX allows. Three variants of the same moment:

  all     everything before the cut is there, as if the kernel had written each call through.
  synced  only what an fsync had secured:
            fsync of a file secures its content, length and mode, not its name;
            fsync of a folder secures its mode and its list of names as it is now: creations, removals and renames in it;
            a name that no fsync of its folder secured is not there, one whose removal was not secured still is,
            and a rename or a new target of a symlink that was not secured has not happened;
            a file whose name is secured but whose content never was is there, empty, with the mode it was made with;
            later writes that no fsync followed leave the content of the last fsync: an overwriting has not happened,
            an appended record is missing;
            a new folder is empty until it is itself synced.
  names   the names as in `all`, the contents as in `synced`: a journal that holds names only, and data that comes
          seconds later. A rename over a file that was not synced leaves an empty file.

No write is torn in the middle: signet writes a file under another name first, so that half of it is as good as nothing
of it, and appends lines below a disk's block.
Owner, times, hard links and special files are not modelled; a call that would need it ends the recording with an error.
"""
import os
import stat

VARIANTS = ("all", "synced", "names")
LINKS_MAX = 10  # symlinks followed in one path


class Node:
    """A file, folder or symlink: as it is, and as it was secured last."""

    def __init__(self, kind, mode, content=None):
        self.kind, self.mode = kind, mode
        self.content = content if content is not None else {"file": b"", "dir": {}, "link": ""}[kind]
        self.synced_mode = mode
        self.synced = content if kind == "link" else {"file": b"", "dir": {}}[kind]

    def sync(self):
        self.synced_mode = self.mode
        self.synced = dict(self.content) if self.kind == "dir" else self.content


class Disk:
    """disk = Disk(tree); disk.apply(event)...; disk.tree("synced")"""

    def __init__(self, tree):
        self.root = Node("dir", tree[""][1])
        for path in sorted(tree):
            kind, mode, content = tree[path]
            if path != "":
                self._folder_of(path)[0].content[os.path.basename(path)] = Node(kind, mode, content)
        for node in self._all(self.root):
            node.sync()

    def _all(self, node):
        yield node
        if node.kind == "dir":
            for one in node.content.values():
                yield from self._all(one)

    # -- names --
    def find(self, path, follow=False, links=LINKS_MAX):
        """The node at a path below the folder; None when it is not there."""
        if path in ("", "."):
            return self.root
        folder, path = self._folder_of(path, links)
        node = folder.content.get(os.path.basename(path)) if folder else None
        if node is not None and node.kind == "link" and follow and links:
            return self.find(os.path.normpath(os.path.join(os.path.dirname(path), node.content)), True, links - 1)
        return node

    def _folder_of(self, path, links=LINKS_MAX):
        """(node of the folder, the path with the symlinks on its way resolved)"""
        here, node = "", self.root
        for name in path.split("/")[:-1]:
            node = node.content.get(name)
            if node is not None and node.kind == "link" and links:
                target = os.path.normpath(os.path.join(here, node.content))
                here, node = target, self.find(target, True, links - 1)
            else:
                here = os.path.join(here, name)
            if node is None or node.kind != "dir":
                return None, path
        return node, os.path.join(here, os.path.basename(path))

    def _entries(self, path):
        folder, path = self._folder_of(path)
        if folder is None:
            raise ValueError("no folder for %s in the model" % path)
        return folder.content, os.path.basename(path)

    # -- events --
    def apply(self, event):
        getattr(self, "_" + event.kind)(*event.arguments)

    def _tpm(self, *_):
        pass

    def _exchange(self, *_):
        pass

    def _create(self, path, mode):
        entries, name = self._entries(path)
        entries[name] = Node("file", mode)

    def _write(self, path, offset, data):
        node = self.find(path)
        old = node.content.ljust(offset, b"\0")
        node.content = old[:offset] + data + old[offset + len(data):]

    def _truncate(self, path, length):
        node = self.find(path)
        node.content = node.content[:length].ljust(length, b"\0")

    def _fsync(self, path):
        self.find(path).sync()

    def _chmod(self, path, mode):
        self.find(path, follow=True).mode = mode

    def _mkdir(self, path, mode):
        entries, name = self._entries(path)
        entries[name] = Node("dir", mode)

    def _symlink(self, path, target):
        entries, name = self._entries(path)
        entries[name] = Node("link", 0o777, target)

    def _unlink(self, path):
        entries, name = self._entries(path)
        del entries[name]

    def _rename(self, old, new):
        entries, name = self._entries(old)
        node = entries.pop(name)
        entries, name = self._entries(new)
        entries[name] = node

    # -- the disk after a cut --
    def tree(self, variant):
        """{path: (kind, mode, content)}; "" is the folder itself."""
        out = {}
        self._take(self.root, "", variant != "synced", variant == "all", out)
        return out

    def _take(self, node, path, live_names, live_data, out):
        mode = node.mode if (live_names if node.kind == "dir" else live_data) else node.synced_mode
        if node.kind != "dir":
            out[path] = (node.kind, mode, node.content if live_data or node.kind == "link" else node.synced)
            return
        out[path] = ("dir", mode, None)
        for name, one in (node.content if live_names else node.synced).items():
            self._take(one, os.path.join(path, name), live_names, live_data, out)


# -- real folders --
def read_tree(folder, leave_out=()):
    """A real folder as Disk.tree() tells it, without the names of leave_out in its top level."""
    out = {}
    for where, folders, files in os.walk(folder):
        if where == folder:
            folders[:] = [name for name in folders if name not in leave_out]
            files = [name for name in files if name not in leave_out]
        for name in [""] * (where == folder) + folders + files:
            full = os.path.join(where, name) if name else where
            info = os.lstat(full)
            path = "" if full == folder else os.path.relpath(full, folder)
            mode = stat.S_IMODE(info.st_mode)
            if stat.S_ISLNK(info.st_mode):
                out[path] = ("link", 0o777, os.readlink(full))
            elif stat.S_ISDIR(info.st_mode):
                out[path] = ("dir", mode, None)
            elif stat.S_ISREG(info.st_mode):
                with open(full, "rb") as file:
                    out[path] = ("file", mode, file.read())
    return out


def write_tree(folder, tree):
    for path in sorted(tree):
        kind, mode, content = tree[path]
        full = os.path.join(folder, path) if path else folder
        if kind == "link":
            os.symlink(content, full)
            continue
        if kind == "dir":
            os.makedirs(full, exist_ok=True)
        else:
            with open(full, "wb") as file:
                file.write(content)
        os.chmod(full, mode)


def differences(wanted, found):
    """Sentences, one for each path that differs."""
    out = []
    for path in sorted(set(wanted) | set(found)):
        if wanted.get(path) != found.get(path):
            out.append("%s: %r, not %r" % (path, found.get(path), wanted.get(path)))
    return out
