"""Host names in the sandbox: the machine's own /etc/hosts, and the topology's names beside them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from pytest_netns_mysql.kernel import syscalls
from pytest_netns_mysql.topology.plan import Address

HOSTS = Path("/etc/hosts")

Names = Sequence[tuple[str, Address]]


def show_names(names: Names, file: Path) -> None:
    """Show these names in the sandbox's /etc/hosts, beside the machine's own; see hosts(5).

    ``file`` is mounted there when a topology with names first comes, and then written in place, which every program
    that resolves a name afterwards meets at once. Raises OSError where /etc/hosts cannot be covered.
    """
    original = file.with_suffix(".original")
    if not original.exists():
        if not names or not HOSTS.exists():
            return
        original.write_bytes(HOSTS.read_bytes())
        file.touch()
        syscalls.mount(str(file), str(HOSTS), None, syscalls.MS_BIND)
    # The topology's come first: an address is called what the first line with it says.
    lines = "".join(f"{address} {name}\n" for name, address in names)
    file.write_bytes(lines.encode() + original.read_bytes())


def known_names(names: Names) -> list[str]:
    """Return the names that a program of the sandbox can resolve: the topology's, then the machine's own."""
    text = HOSTS.read_text("utf-8", "replace") if HOSTS.exists() else ""
    own = [name for line in text.splitlines() for name in line.partition("#")[0].split()[1:]]
    return list(dict.fromkeys([*(name for name, _ in names), *own]))
