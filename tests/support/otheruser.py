"""Becoming another user of the machine, by number, who sees what a run needs of folders that are closed to others."""

from __future__ import annotations

import contextlib
import ctypes
import os
import stat
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
    needed = [ROOT, Path(sys.prefix), Path(sys.base_prefix)]
    held = {path: os.open(path, os.O_PATH) for path in needed if _closed_folder(path)}
    held[cache] = _copy(cache, prepare)
    for folder in {_closed_folder(path) for path in held} - {None}:
        syscalls.mount("tmpfs", str(folder), "tmpfs", 0, "mode=755")
    for path, descriptor in held.items():
        path.mkdir(parents=True, exist_ok=True)
        syscalls.mount(f"/proc/self/fd/{descriptor}", str(path), None, syscalls.MS_BIND | syscalls.MS_REC)


def _closed_folder(path: Path) -> Path | None:
    """Return the outermost folder around a path that nobody but its owner may search, such as root's home."""
    return next((folder for folder in reversed(path.parents) if not folder.stat().st_mode & stat.S_IXOTH), None)


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
