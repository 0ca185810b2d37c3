"""Becoming another user of the machine, by number, who sees those folders of root's home that a run needs."""

from __future__ import annotations

import contextlib
import ctypes
import os
import sys
from collections.abc import Callable
from itertools import chain
from pathlib import Path

from pytest_netns_mysql import settings
from pytest_netns_mysql.kernel.namespaces import syscalls

ROOT = Path(__file__).parents[2]
MS_PRIVATE = 0x40000


def become(uid: int, umask: int) -> None:
    """Become a user who has a copy of the cache, in a mount namespace of this process's own."""
    os.umask(umask)
    if uid == 0:
        return
    show_cache(lambda cache: _give(cache, uid))
    os.umask(umask)
    set_user(uid)


def set_user(uid: int) -> None:
    """Become a user who sees what is mounted now."""
    os.setgroups([])
    os.setresgid(uid, uid, uid)
    os.setresuid(uid, uid, uid)
    ctypes.CDLL(None).prctl(4, 1, 0, 0, 0)  # PR_SET_DUMPABLE: the folders in /proc are the user's own


def show_cache(prepare: Callable[[Path], None]) -> None:
    """Let everybody see a copy of the cache at its path, in a mount namespace of this process's own.

    Args:
        prepare: Takes the path of the copy, where what is changed is copied first.
    """
    syscalls.unshare(syscalls.CLONE_NEWNS)
    syscalls.mount("none", "/", None, syscalls.MS_REC | MS_PRIVATE)
    os.umask(0o022)
    cache = settings.resolve().cache
    needed = [str(ROOT), sys.prefix, sys.base_prefix]
    held = {path: os.open(path, os.O_PATH) for path in needed if Path(path).is_relative_to("/root")}
    held[str(cache)] = _copy(cache, prepare)
    syscalls.mount("tmpfs", "/root", "tmpfs", 0, "mode=755")
    for path, descriptor in held.items():
        Path(path).mkdir(parents=True, exist_ok=True)
        syscalls.mount(f"/proc/self/fd/{descriptor}", path, None, syscalls.MS_BIND | syscalls.MS_REC)


def _copy(cache: Path, prepare: Callable[[Path], None]) -> int:
    """Return a descriptor of a copy of the cache, made when it is written to."""
    syscalls.mount("tmpfs", "/mnt", "tmpfs", 0)
    for name in ("upper", "work", "cache"):
        Path("/mnt", name).mkdir()
    options = f"lowerdir={cache},upperdir=/mnt/upper,workdir=/mnt/work"
    syscalls.mount("overlay", "/mnt/cache", "overlay", 0, options)
    prepare(Path("/mnt/cache"))
    return os.open("/mnt/cache", os.O_PATH)


def _give(cache: Path, uid: int) -> None:
    """Let the folders of a cache be a user's."""
    below = [Path(folder, name) for folder, *names in os.walk(cache / "templates") for name in chain(*names)]
    for path in (cache, *cache.iterdir(), *below):
        with contextlib.suppress(FileNotFoundError):  # other tests use the cache meanwhile
            os.chown(path, uid, uid, follow_symlinks=False)
