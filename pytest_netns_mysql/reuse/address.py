"""The address of an offer: a name that only equal servers of equal code have.

A run computes the address of the server that it wants, and finds a standing server only if that server was started with
the same configuration by the same code. So nothing is read that another version of the code wrote.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pytest_netns_mysql.mysql.mysqld.resolved import ResolvedSpec
    from pytest_netns_mysql.topology.topology import Topology

_PACKAGE = Path(__file__).parent.parent
_BYTECODE = "__pycache__"


def address_of(spec: ResolvedSpec, topology: Topology, *, rootless: bool) -> str:
    """Return the address of the offer of a server.

    Args:
        spec: The configuration of the server.
        topology: The topology of the network that the server listens in.
        rootless: Whether the server runs in a user namespace.
    """
    from pytest_netns_mysql.mysql.dialects.options import arguments
    from pytest_netns_mysql.mysql.mysqld import template

    parts = [
        *code_version(),
        str(rootless),
        repr(replace(topology, source="")),
        template.key(spec.kind, spec.initial_options()),
        *arguments(spec.complete_options()),
        repr(spec.addresses),
    ]
    if spec.load:
        from pytest_netns_mysql.mysql.seed import seed

        parts.append(seed.key(spec))
    return hashlib.sha256(chr(0).join(parts).encode()).hexdigest()[:16]


def code_version() -> list[str]:
    """Return the version of the package, and a line for each of its files that changes with every edit of the file."""
    from importlib import metadata

    try:
        version = metadata.version("pytest-netns-mysql")
    except metadata.PackageNotFoundError:  # a folder on PYTHONPATH
        version = ""
    return [version, *sorted(_file_versions(str(_PACKAGE)))]


def _file_versions(folder: str) -> Iterator[str]:
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                if entry.name != _BYTECODE:
                    yield from _file_versions(entry.path)
            else:
                status = entry.stat()
                # Tools that copy files may keep the time of modification. No program can set the time of change.
                yield f"{entry.path} {status.st_size} {status.st_mtime_ns} {status.st_ctime_ns}"
