"""Host names in the sandbox: /etc/hosts with the topology's names and the machine's own names."""

from __future__ import annotations

import contextlib
from collections.abc import Collection, Sequence
from pathlib import Path

from pytest_netns_mysql.kernel.namespaces import syscalls
from pytest_netns_mysql.topology.plan import Address

HOSTS = Path("/etc/hosts")
RESOLVER = Path("/etc/resolv.conf")
COVERED = (HOSTS, RESOLVER)
"""The files of the machine over which the sandbox mounts its own copies."""

Names = Sequence[tuple[str, Address]]


def write_names(names: Names, directory: Path) -> None:
    """Write names into the sandbox's /etc/hosts, before the machine's own names, see hosts(5).

    Copies are mounted over /etc/hosts and /etc/resolv.conf, so that changes by a test stay in the sandbox. /etc/hosts
    is written in place, so that programs that run already see the names as well.

    Args:
        names: Each name with its address.
        directory: The directory of the copies.

    Raises:
        OSError: There are names, and /etc/hosts cannot be covered by a copy.
    """
    with contextlib.suppress(OSError):
        _cover(RESOLVER, directory)
    try:
        copy = _cover(HOSTS, directory)
    except OSError:
        if names:
            raise
        copy = None
    if copy is not None:
        # The topology's lines come first: the first line with an address decides the address's name.
        content = "".join(_lines(names)).encode() + _original(copy).read_bytes()
        if copy.read_bytes() != content:
            copy.write_bytes(content)


def set_hidden(names: Names, hidden: Collection[object], directory: Path) -> None:
    """Remove hidden names from the sandbox's /etc/hosts, and restore the other names of the topology.

    All other lines stay as they are, also those that a test added.

    Args:
        names: All names of the topology, each with its address.
        hidden: The names that the file should not have.
        directory: The directory of the copies.

    Raises:
        OSError: The file cannot be read or written.
    """
    copy = copy_of(HOSTS, directory)
    ours = set(_lines(names))
    others = [line for line in copy.read_text("utf-8", "surrogateescape").splitlines(keepends=True) if line not in ours]
    shown = _lines([(name, address) for name, address in names if name not in hidden])
    copy.write_text("".join([*shown, *others]), "utf-8", "surrogateescape")


def _lines(names: Names) -> list[str]:
    return [f"{address} {name}\n" for name, address in names]


def copy_of(file: Path, directory: Path) -> Path:
    """Return the path of the copy that covers a file of the machine."""
    return directory / file.name


def _cover(file: Path, directory: Path) -> Path | None:
    """Cover a file with a copy, unless it is covered already; return the copy, or None if there is no such file."""
    copy = copy_of(file, directory)
    if not copy.exists():
        if not file.exists():
            return None
        content = file.read_bytes()
        _original(copy).write_bytes(content)
        copy.write_bytes(content)
        try:
            syscalls.mount(str(copy), str(file), None, syscalls.MS_BIND)
        except OSError:
            copy.unlink()
            raise
    return copy


def _original(copy: Path) -> Path:
    return copy.with_suffix(".original")


def known_names(names: Names) -> list[str]:
    """Return the host names that a program in the sandbox can resolve: the topology's, then the machine's own."""
    text = HOSTS.read_text("utf-8", "replace") if HOSTS.exists() else ""
    own = [name for line in text.splitlines() for name in line.partition("#")[0].split()[1:]]
    return list(dict.fromkeys([*(name for name, _ in names), *own]))
