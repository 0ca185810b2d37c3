"""Host names in the sandbox: the machine's own /etc/hosts, and the topology's names beside them."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from pathlib import Path

from pytest_netns_mysql.kernel.namespaces import syscalls
from pytest_netns_mysql.topology.plan import Address

HOSTS = Path("/etc/hosts")
RESOLVER = Path("/etc/resolv.conf")
COVERED = (HOSTS, RESOLVER)

Names = Sequence[tuple[str, Address]]


def show_names(names: Names, directory: Path) -> None:
    """Show these names in the sandbox's /etc/hosts, beside the machine's own; see hosts(5).

    Copies in ``directory`` are mounted over /etc/hosts and /etc/resolv.conf: what a test writes there reaches nobody
    else. The first is written in place, which every program that resolves a name afterwards meets at once. Raises
    OSError where there are names and /etc/hosts cannot be covered.
    """
    with contextlib.suppress(OSError):
        _cover(RESOLVER, directory)
    try:
        own = _cover(HOSTS, directory)
    except OSError:
        if names:
            raise
        own = None
    if own is not None:
        # The topology's come first: an address is called what the first line with it says.
        lines = "".join(f"{address} {name}\n" for name, address in names)
        content = lines.encode() + _original(own).read_bytes()
        if own.read_bytes() != content:
            own.write_bytes(content)


def copy_of(file: Path, directory: Path) -> Path:
    """Return the copy that covers one of the machine's files."""
    return directory / file.name


def _cover(file: Path, directory: Path) -> Path | None:
    """Cover a file with a copy of it, once; return the copy, or None where there is no such file."""
    own = copy_of(file, directory)
    if not own.exists():
        if not file.exists():
            return None
        content = file.read_bytes()
        _original(own).write_bytes(content)
        own.write_bytes(content)
        try:
            syscalls.mount(str(own), str(file), None, syscalls.MS_BIND)
        except OSError:
            own.unlink()
            raise
    return own


def _original(own: Path) -> Path:
    return own.with_suffix(".original")


def known_names(names: Names) -> list[str]:
    """Return the names that a program of the sandbox can resolve: the topology's, then the machine's own."""
    text = HOSTS.read_text("utf-8", "replace") if HOSTS.exists() else ""
    own = [name for line in text.splitlines() for name in line.partition("#")[0].split()[1:]]
    return list(dict.fromkeys([*(name for name, _ in names), *own]))
