"""The host prerequisites of a MySQL server that is not run by this package, and that uses network namespaces."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_netns_mysql.kernel.finding import Finding
from pytest_netns_mysql.kernel.namespaces import capabilitynames

if TYPE_CHECKING:
    from pytest_netns_mysql.mysql.kinds.local import Distribution

_NETWORK = Path("/proc/self/ns/net")
_NEEDED = "cap_sys_admin"
# For each program: what it needs the capability for, and when it does not need a file capability.
_PROGRAMS = {
    "mysqld": (
        "to listen on addr/ns, and to replicate with NETWORK_NAMESPACE",
        "systemd grants the capability (AmbientCapabilities=CAP_SYS_ADMIN with User=mysql), or mysqld runs as root; "
        "mysqld drops the capability if root starts it with --user=mysql",
    ),
    "mysql": ("for --network-namespace", "mysql runs as root, or inside the namespace: ip netns exec NAME mysql"),
    "mysqlxtest": (
        "for --network-namespace",
        "mysqlxtest runs as root, or inside the namespace: ip netns exec NAME mysqlxtest",
    ),
}


def own_server_findings(found: Distribution | None, cache: Path) -> Iterator[Finding]:
    """Check the kernel and the file capabilities of mysqld, mysql and mysqlxtest.

    Netns tests need no file capabilities: programs inherit the capabilities of the sandbox. See "Host System
    Prerequisites" in the MySQL manual, capabilities(7) and setcap(8).

    Args:
        found: The local server of the settings, whose programs are checked if PATH has none.
        cache: The cache of fetched programs.
    """
    yield (
        Finding("kernel", "ok", f"{_NETWORK} exists: the kernel has network namespaces")
        if _NETWORK.exists()
        else Finding("kernel", "missing", f"{_NETWORK} does not exist", ("boot a kernel with CONFIG_NET_NS=y",))
    )
    for name, (purpose, otherwise) in _PROGRAMS.items():
        path = shutil.which(name, path=os.pathsep.join([os.environ.get("PATH", os.defpath), "/usr/sbin"]))
        program = Path(path) if path is not None else found.program(name) if found is not None else None
        if program is None:
            yield Finding(
                name, "note", f"not on this machine; on the server's machine it needs CAP_SYS_ADMIN {purpose}"
            )
        elif program.is_relative_to(cache.expanduser().absolute()):
            yield Finding(name, "ok", f"{program} was fetched for netns tests: it needs no file capability")
        else:
            yield _of_program(name, program.resolve(), purpose, otherwise)


def _of_program(name: str, program: Path, purpose: str, otherwise: str) -> Finding:
    try:
        present = capabilitynames.of_file(program)
    except OSError as error:
        return Finding(name, "note", f"{program}: cannot read its capabilities ({error.strerror})")
    if present is not None and any(_NEEDED in group and "p" in group.partition("=")[2] for group in present.split()):
        return Finding(name, "ok", f"{program} has {present}, {purpose}")
    return Finding(
        name,
        "note",
        f"{program} has {present or 'no file capability'}: it needs CAP_SYS_ADMIN {purpose}",
        (f"setcap {_NEEDED}+ep {program}", f"not needed if {otherwise}"),
    )
