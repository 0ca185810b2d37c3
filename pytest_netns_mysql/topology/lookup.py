"""The answer to a name that no topology has."""

from __future__ import annotations

import difflib

from pytest_netns_mysql.endpoint import GLOBAL
from pytest_netns_mysql.errors import UnknownNamespaceError, in_short
from pytest_netns_mysql.topology.model import Description


def unknown_namespace(name: object, *topologies: Description, where: str | None = None) -> UnknownNamespaceError:
    """Return the error that lists the known names, for the caller to raise."""
    known = [*dict.fromkeys(one for topology in topologies for one in topology.namespaces), GLOBAL]
    near = difflib.get_close_matches(name, known, n=1) if isinstance(name, str) else []
    return UnknownNamespaceError(
        f"there is no namespace {in_short(name)}",
        where=where,
        tried=[
            f"topology {topology.name} ({topology.source}) has {', '.join((*topology.namespaces, GLOBAL))}"
            for topology in topologies
        ],
        remedies=[f"write {near[0]!r}" if near else "use one of these, or add the namespace to the topology"],
    )
