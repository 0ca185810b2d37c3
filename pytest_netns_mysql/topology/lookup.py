"""The error for the name of a namespace that no topology has."""

from __future__ import annotations

import difflib

from pytest_netns_mysql.endpoint import GLOBAL
from pytest_netns_mysql.errors import UnknownNamespaceError, in_short
from pytest_netns_mysql.topology.model import Description


def unknown_namespace(name: object, *topologies: Description, where: str | None = None) -> UnknownNamespaceError:
    """Return the error that lists the known names; the caller raises it.

    Args:
        name: The unknown name.
        topologies: Where the name was looked up.
        where: Where the name is written, for messages.
    """
    known = [*dict.fromkeys(known for topology in topologies for known in topology.namespaces), GLOBAL]
    near = difflib.get_close_matches(name, known, n=1) if isinstance(name, str) else []
    return UnknownNamespaceError(
        f"there is no namespace {in_short(name)}",
        where=where,
        tried=[
            f"topology {topology.name} ({topology.source}) has {', '.join((*topology.namespaces, GLOBAL))}"
            for topology in topologies
        ],
        remedies=[f"write {near[0]!r}" if near else "use one of these names, or add the namespace to the topology"],
    )
