"""Patches for ``async with`` blocks: what creates sockets, threads and processes does it where the block says.

The patches are applied when the first block is entered. So event loops and drivers need not be known: all that are
written in Python create their sockets by ``socket.socket``.
"""

from __future__ import annotations

import _socket
import functools
import os
import socket
import subprocess
import threading
from collections.abc import Callable
from types import ModuleType
from typing import Any

from pytest_netns_mysql.errors import OriginError
from pytest_netns_mysql.kernel.namespaces.asyncblock import CURRENT, AsyncBlock, deciding_block
from pytest_netns_mysql.kernel.namespaces.importhook import ImportHook

_INTERNET = (-1, socket.AF_INET, socket.AF_INET6)
_users: set[object] = set()
_originals: list[tuple[Any, str, Any]] = []
_import_hooks: list[ImportHook] = []


def install(user: object) -> None:
    """Apply the patches, unless they are applied.

    Args:
        user: Who needs the patches until ``remove`` is called. A run inside of another one, as pytester makes, must not
            remove those of the outer run.
    """
    _users.add(user)
    if _originals:
        return
    _patch_socket(next(kind for kind in socket.socket.__mro__ if _socket.socket in kind.__bases__))
    _visit(socket, "getaddrinfo")
    _start_without_block(threading.Thread)
    _visit(threading.Thread, "start")
    _visit(subprocess.Popen, "__init__", "starts a program")
    for name in ("posix_spawn", "posix_spawnp", "spawnv", "spawnve", "spawnvp", "spawnvpe", "system"):
        _visit(os, name, "starts a program")
    hook = ImportHook(
        {
            "multiprocessing.process": lambda module: _visit(module.BaseProcess, "start", "starts a process"),
            "uvloop": _patch_uvloop,
        }
    )
    hook.install()
    _import_hooks.append(hook)


def remove(user: object) -> None:
    """Undo the patches, unless somebody else needs them."""
    _users.discard(user)
    if _users:
        return
    for owner, name, original in reversed(_originals):
        setattr(owner, name, original)
    _originals.clear()
    for hook in _import_hooks:
        hook.remove()
    _import_hooks.clear()


def _replace(owner: Any, name: str, new: Any) -> None:
    _originals.append((owner, name, getattr(owner, name)))
    setattr(owner, name, new)


def _patch_socket(kind: Any) -> None:
    init = kind.__init__

    @functools.wraps(init)
    def created(sock: Any, family: int = -1, type: int = -1, proto: int = -1, fileno: int | None = None) -> None:  # noqa: A002
        if CURRENT.get() is not None and fileno is None and (block := deciding_block()) is not None:
            _create(block, family, lambda: init(sock, family, type, proto))
        else:
            init(sock, family, type, proto, fileno)

    _replace(kind, "__init__", created)


def _create(block: AsyncBlock, family: int, create: Callable[[], None]) -> None:
    if family in _INTERNET:
        _refuse(block, "opens a socket")
    if block.ended_with:
        create()
    else:
        block.place.call_in_network(create)


def _visit(owner: Any, name: str, does: str = "") -> None:
    """Patch a function, or a method of a class, so that the calling thread visits the namespace of a block.

    Args:
        owner: The module or the class.
        name: The function's name.
        does: What a task does that calls the function; it is refused to a task that outlived its test.
    """
    function = getattr(owner, name)

    @functools.wraps(function)
    def visiting(*args: Any, **options: Any) -> Any:
        block = None if CURRENT.get() is None else deciding_block()
        if block is not None and does:
            _refuse(block, does)
        if block is not None and block.ended_with:
            block = None
        if block is None:
            return function(*args, **options)
        with block.place.visited(block):
            return function(*args, **options)

    _replace(owner, name, visiting)


def _start_without_block(kind: Any) -> None:
    """Patch the class of threads: a thread stands where it is started, and is in no block of its own.

    A thread may get the context of the code that starts it, see ``sys.flags.thread_inherit_context``, which is the
    default of Python 3.14 without the GIL. The thread of a pool would keep the block for the jobs of all later tests.
    """
    start = kind.start

    @functools.wraps(start)
    def starting(*args: Any, **options: Any) -> Any:
        if CURRENT.get() is None:
            return start(*args, **options)
        block = CURRENT.set(None)
        try:
            return start(*args, **options)
        finally:
            CURRENT.reset(block)

    _replace(kind, "start", starting)


def _patch_uvloop(module: ModuleType) -> None:
    from pytest_netns_mysql.kernel.namespaces import uvlooppatches

    uvlooppatches.patch(module, _replace, _refuse)


def _refuse(block: AsyncBlock, does: str) -> None:
    """Raise OriginError if the block has ended with its test."""
    if not block.ended_with:
        return
    file, _ = block.code
    raise OriginError(
        f"a task was left running by an earlier test, and {does} in {block.place.name}, where that test had put it",
        tried=[f"the task was made in {block.ended_with}{f', in {block}' if file else ''}"],
        remedies=[
            "cancel the task, or await it, in the test that makes it",
            "or make it in an async fixture of a wider scope, which may keep its tasks running",
        ],
    )
