"""Become a program on a machine that lacks something: ``python machine.py CONDITION... -- CMD...``.

Conditions are met in the order in which they are written. Those that mount something or lower a limit need a user who
is root, of a user namespace at least: ``unshare --user --map-root-user --mount``.
"""

from __future__ import annotations

import ctypes
import errno
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[3]))

from tests.stress.machines_without import filters

_PR_CAPBSET_DROP = 24
_UNSHARE = shutil.which("unshare", path=os.defpath) or "/usr/bin/unshare"  # an earlier condition may have no PATH
_CAPABILITIES = {"net_admin": 12, "sys_chroot": 18, "sys_admin": 21, "setfcap": 31}


def _mount(*arguments: object) -> None:
    subprocess.run(["mount", *map(str, arguments)], check=True)


def limit(name: str) -> None:
    """Lower a limit of namespaces to 0, such as ``max_net_namespaces``."""
    Path("/proc/sys/user", name).write_text("0")


def without_folder(folder: str) -> None:
    """Have a root folder without a folder of its own; all else is bound from the one that was there."""
    root = Path(tempfile.mkdtemp(dir=Path.cwd().parent))  # pytest removes it in the end
    _mount("-t", "tmpfs", "none", root)
    for entry in Path("/").iterdir():
        if str(entry) == folder:
            continue
        there = root / entry.name
        if entry.is_symlink():
            there.symlink_to(entry.readlink())
        elif entry.is_dir():
            there.mkdir()
            _mount("--rbind", entry, there)
    directory = Path.cwd()
    os.chroot(root)
    os.chdir(directory)


def empty(folder: str) -> None:
    """Cover a folder with an empty one, such as /run without /run/netns."""
    _mount("-t", "tmpfs", "none", folder)


def read_only(folder: str) -> None:
    """Let nobody write into a folder."""
    _mount("--rbind", folder, folder)
    _mount("-o", "remount,ro,bind", folder)


def no_exec(folder: str) -> None:
    """Let nobody start programs of a folder."""
    _mount("--rbind", folder, folder)
    _mount("-o", "remount,noexec,bind", folder)


def without_file(file: str) -> None:
    """Have a folder without a file of its own, such as /etc without /etc/hosts."""
    folder = Path(file).parent
    copy = Path(tempfile.mkdtemp(dir=Path.cwd().parent))
    _mount("-t", "tmpfs", "-o", "mode=755", "none", copy)
    for entry in folder.iterdir():
        if str(entry) == file:
            continue
        there = copy / entry.name
        if entry.is_symlink():
            there.symlink_to(entry.readlink())
        else:
            there.mkdir() if entry.is_dir() else there.touch()
            subprocess.run(["mount", "--rbind", entry, there], check=False, capture_output=True)
    _mount("--rbind", copy, folder)


def drop(names: str) -> None:
    """Drop capabilities for good, such as ``sys_admin+net_admin``."""
    libc = ctypes.CDLL(None, use_errno=True)
    numbers = [_CAPABILITIES[name] for name in names.split("+")]
    header, sets = (ctypes.c_uint32 * 2)(0x20080522, 0), (ctypes.c_uint32 * 6)()
    for number in numbers:
        assert libc.prctl(_PR_CAPBSET_DROP, number, 0, 0, 0) == 0, os.strerror(ctypes.get_errno())
    assert libc.capget(header, sets) == 0
    for number in numbers:
        for index in range(3):
            sets[index + (3 if number > 31 else 0)] &= ~(1 << (number % 32)) & 0xFFFFFFFF
    assert libc.capset(header, sets) == 0


def own_user(number: str) -> None:
    """Become an ordinary user of a user namespace that root of another one makes, without any capability."""
    os.execv(
        _UNSHARE,
        ["unshare", "--user", f"--map-user={number}", f"--map-group={number}", sys.executable, __file__, *_rest],
    )


def refuse(what: str) -> None:
    """Have the kernel answer calls with an error: ``CALL=ERROR``, or a name of ``KNOWN``; several with ``+``."""
    for word in what.split("+"):
        if word in filters.KNOWN:
            filters.refuse(filters.KNOWN[word])
        else:
            call, _, name = word.partition("=")
            filters.refuse([filters.Refusal(call, getattr(errno, name))])


def variable(setting: str) -> None:
    """Set a variable of the environment, ``NAME=VALUE``, or unset it, ``NAME``."""
    name, has_value, value = setting.partition("=")
    if has_value:
        os.environ[name] = value
    else:
        os.environ.pop(name, None)


def clear(_: str) -> None:
    """Have no environment at all, but for what the tests of the plugin need to find it."""
    kept = {name: value for name, value in os.environ.items() if name in ("PYTHONPATH", "AS_BEFORE", "NETNS_CACHE")}
    os.environ.clear()
    os.environ.update(kept)


def closed(descriptor: str) -> None:
    """Close a standard stream."""
    os.close(int(descriptor))


def gone(_: str) -> None:
    """Stand in a working directory that has been removed."""
    folder = tempfile.mkdtemp()
    os.chdir(folder)
    os.rmdir(folder)  # noqa: PTH106


CONDITIONS: dict[str, Callable[[str], None]] = {
    "limit": limit,
    "without-folder": without_folder,
    "empty": empty,
    "read-only": read_only,
    "no-exec": no_exec,
    "without-file": without_file,
    "drop": drop,
    "own-user": own_user,
    "refuse": refuse,
    "variable": variable,
    "clear": clear,
    "closed": closed,
    "gone": gone,
}

_rest: list[str] = []


def main(words: Iterable[str]) -> None:
    """Meet the conditions, then become the program."""
    _rest.extend(words)
    while (word := _rest.pop(0)) != "--":
        name, _, value = word.partition(":")
        CONDITIONS[name](value)
    os.execvp(_rest[0], _rest)


if __name__ == "__main__":
    main(sys.argv[1:])
