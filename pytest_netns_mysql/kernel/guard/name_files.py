"""The files that programs of a sandbox find names by: /run/netns, /etc/hosts, /etc/resolv.conf."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from pytest_netns_mysql.endpoint import GLOBAL
from pytest_netns_mysql.kernel.hosts import COVERED, copy_of
from pytest_netns_mysql.kernel.namespaces import syscalls
from pytest_netns_mysql.kernel.namespaces.directories import NETNS_DIRECTORY, NETWORKS_DIRECTORY
from pytest_netns_mysql.kernel.namespaces.namespace import bind_namespace
from pytest_netns_mysql.kernel.namespaces.position import identity
from pytest_netns_mysql.kernel.network import Network

_MOST_LAYERS = 8  # mounts over one file

Identity = tuple[int, int]
"""The device and the inode of a file."""


class NameFiles(NamedTuple):
    """The files that programs of a sandbox find names by.

    Attributes:
        directory: Where /run/netns leads; empty if it leads nowhere.
        namespaces: The identity of each file in the network's directory, by name.
        covers: The identity and the content of each file that covers one of the machine's.
    """

    directory: str
    namespaces: dict[str, Identity]
    covers: dict[Path, tuple[Identity, bytes]]


def read(network: Network) -> NameFiles:
    """Return the files that are there now; the calling thread must be in the sandbox."""
    directory = ""
    namespaces: dict[str, Identity] = {}
    covers: dict[Path, tuple[Identity, bytes]] = {}
    with contextlib.suppress(OSError):
        directory = os.readlink(NETNS_DIRECTORY)  # noqa: PTH115 - the text is wanted
    with contextlib.suppress(OSError):  # a test may have deleted the directory
        for entry in network._directory.iterdir():
            with contextlib.suppress(OSError):
                namespaces[entry.name] = identity(str(entry))
    for file in COVERED:
        with contextlib.suppress(OSError):
            if copy_of(file, NETWORKS_DIRECTORY).exists():
                covers[file] = identity(str(file)), file.read_bytes()
    return NameFiles(directory, namespaces, covers)


def differences(was: NameFiles, now: NameFiles) -> Iterator[str]:
    """Yield a line for each difference."""
    if was.directory != now.directory:
        yield f"{NETNS_DIRECTORY} leads to {now.directory or 'nothing'}"
    for name in sorted({*was.namespaces, *now.namespaces}):
        old, new = was.namespaces.get(name), now.namespaces.get(name)
        if old != new:
            yield f"namespace {name} is {'new' if old is None else 'gone' if new is None else 'replaced'}"
    for file, (old_identity, old_content) in was.covers.items():
        new_identity, content = now.covers.get(file, (None, b""))
        before, after = _lines(old_content), _lines(content)
        yield from (f"{file}: {line} is gone" for line in before if line not in after)
        yield from (f"{file}: {line} is new" for line in after if line not in before)
        if old_identity != new_identity:
            yield f"{file} is replaced by another file"
        elif old_content != content and set(before) == set(after):
            yield f"{file} has the same lines in another order"


def _lines(content: bytes) -> list[str]:
    return [" ".join(line.split()) for line in content.decode("utf-8", "replace").splitlines() if line.strip()]


def put_back(network: Network, was: NameFiles, now: NameFiles) -> None:
    """Restore the files; the calling thread must be in the sandbox.

    Refusals are ignored: reading the files again shows what is missing.

    Args:
        network: The network that the files belong to.
        was: The files as they should be.
        now: The files as they are.
    """
    if was.directory and was.directory != now.directory:
        with contextlib.suppress(OSError):
            link = NETWORKS_DIRECTORY / "next"
            link.unlink(missing_ok=True)
            link.symlink_to(was.directory)
            link.replace(NETNS_DIRECTORY)
    for name in {*was.namespaces, *now.namespaces}:
        if was.namespaces.get(name) != now.namespaces.get(name):
            with contextlib.suppress(OSError):
                _restore_name(network, name, is_known=name in was.namespaces)
    for file, (old_identity, content) in was.covers.items():
        if now.covers.get(file) != (old_identity, content):
            with contextlib.suppress(OSError):
                _restore_cover(file, old_identity)
                copy_of(file, NETWORKS_DIRECTORY).write_bytes(content)


def _restore_name(network: Network, name: str, *, is_known: bool) -> None:
    """Remove a namespace's name; name the network's own namespace by it if there is one."""
    file = network._directory / name
    with contextlib.suppress(OSError):
        for _ in range(_MOST_LAYERS):
            syscalls.unmount(str(file))
    with contextlib.suppress(FileNotFoundError):
        file.unlink()
    if is_known and name != GLOBAL and name in network.topology.namespaces:
        bind_namespace(network._directory / name, network[name]._descriptor)


def _restore_cover(file: Path, cover: Identity) -> None:
    """Remove what somebody mounted over a file, or mount the network's own file there again."""
    for _ in range(_MOST_LAYERS):
        if identity(str(file)) == cover:
            return
        try:
            syscalls.unmount(str(file))
        except OSError:  # nothing is mounted there any more
            break
    if identity(str(file)) != cover:
        syscalls.mount(str(copy_of(file, NETWORKS_DIRECTORY)), str(file), None, syscalls.MS_BIND)
