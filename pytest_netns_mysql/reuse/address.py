"""The address of an offer: a name that only equal servers of equal code have.

A run computes the address of the server that it wants, and finds a standing server only if that server was started with
the same configuration by the same code. So nothing is read that another version of the code wrote.
"""

from __future__ import annotations

import contextlib
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
        repr((spec._addresses, spec.drop_capabilities, spec.check_endpoints, spec.require_mysqlx)),
    ]
    if spec.load:
        from pytest_netns_mysql.mysql.seed import seed

        parts.append(seed.key(spec))
    return hashlib.sha256(chr(0).join(parts).encode()).hexdigest()[:16]


def code_version() -> list[str]:
    """Return the version of the package, and a digest of each of its files."""
    from importlib import metadata

    try:
        version = metadata.version("pytest-netns-mysql")
    except metadata.PackageNotFoundError:  # a folder on PYTHONPATH
        version = ""
    return [version, *sorted(_file_digests(str(_PACKAGE)))]


def _file_digests(folder: str) -> Iterator[str]:
    # The contents: tools that install files keep times of modification, and make links that change the others.
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                if entry.name != _BYTECODE:
                    yield from _file_digests(entry.path)
            elif not entry.name.startswith(".") and not entry.name.endswith("~"):  # an editor's own
                with contextlib.suppress(FileNotFoundError), open(entry.path, "rb") as file:  # noqa: PTH123 - quicker
                    yield f"{entry.path} {hashlib.blake2b(file.read()).hexdigest()}"
