"""What the host must give a MySQL server of one's own, so that it and its clients can use network namespaces."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_netns_mysql.kernel.namespaces import capabilitynames
from pytest_netns_mysql.kernel.probe import Finding

if TYPE_CHECKING:
    from pytest_netns_mysql.mysql.kinds.local import Distribution

_NETWORK = Path("/proc/self/ns/net")
_NEEDED = "cap_sys_admin"
# What each program needs the capability for, and when it does without.
_PROGRAMS = {
    "mysqld": (
        "to listen on addr/ns, and to replicate with NETWORK_NAMESPACE",
        "systemd gives it (AmbientCapabilities=CAP_SYS_ADMIN with User=mysql), or mysqld runs as root; a root that "
        "starts it with --user=mysql takes it away again",
    ),
    "mysql": ("for --network-namespace", "root runs it, or it is run inside: ip netns exec NAME mysql"),
    "mysqlxtest": ("for --network-namespace", "root runs it, or it is run inside: ip netns exec NAME mysqlxtest"),
}


def own_server_findings(found: Distribution | None, cache: Path) -> Iterator[Finding]:
    """Look at the kernel and at the file capabilities of mysqld, mysql and mysqlxtest.

    Nothing of this is needed for netns tests, whose sandbox hands its capabilities on. See the manual, "Host System
    Prerequisites", capabilities(7) and setcap(8).
    """
    yield (
        Finding("kernel", "ok", f"{_NETWORK} is there: the kernel has network namespaces")
        if _NETWORK.exists()
        else Finding("kernel", "missing", f"{_NETWORK} is not there", ("boot a kernel with CONFIG_NET_NS=y",))
    )
    for name, (purpose, otherwise) in _PROGRAMS.items():
        path = shutil.which(name, path=os.pathsep.join([os.environ.get("PATH", os.defpath), "/usr/sbin"]))
        program = Path(path) if path is not None else found.program(name) if found is not None else None
        if program is None:
            yield Finding(name, "note", f"not on this machine; where it is, it needs CAP_SYS_ADMIN {purpose}")
        elif program.is_relative_to(cache.expanduser().absolute()):
            yield Finding(name, "ok", f"{program} was fetched for netns tests alone: it needs no file capability")
        else:
            yield _of_program(name, program.resolve(), purpose, otherwise)


def _of_program(name: str, program: Path, purpose: str, otherwise: str) -> Finding:
    try:
        there = capabilitynames.of_file(program)
    except OSError as error:
        return Finding(name, "note", f"{program}: its capabilities cannot be read ({error.strerror})")
    if there is not None and any(_NEEDED in group and "p" in group.partition("=")[2] for group in there.split()):
        return Finding(name, "ok", f"{program} has {there}, {purpose}")
    return Finding(
        name,
        "note",
        f"{program} has {there or 'no file capability'}: it needs CAP_SYS_ADMIN {purpose}",
        (f"setcap {_NEEDED}+ep {program}", f"or nothing, where {otherwise}"),
    )
