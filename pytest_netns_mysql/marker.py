"""Which tests are netns tests, and the namespace that each runs in."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import pytest

from pytest_netns_mysql.errors import MarkerError
from pytest_netns_mysql.session import NAMESPACE

if TYPE_CHECKING:
    from pytest_netns_mysql.topology.model import Topology

PARAMETER = "netns_name"
FIXTURES = frozenset({"netns_topology", "netns", "netns_mysqld", "netns_mysql", "netns_account", "netns_connect"})


def names_of(node: pytest.Item | pytest.Function) -> tuple[str, ...] | None:
    """Return the names of the nearest ``netns`` marker, () for one without, None where there is no marker.

    Raises MarkerError where it has other arguments than names.
    """
    marker = node.get_closest_marker("netns")
    if marker is None:
        return None
    where = f"@pytest.mark.netns of {node.nodeid}"
    usage = 'write @pytest.mark.netns("red"), or several names, or none for the sandbox\'s own namespace'
    if marker.kwargs:
        raise MarkerError(f"netns takes no {', '.join(marker.kwargs)}=, only names", where=where, remedies=[usage])
    wrong = [argument for argument in marker.args if not isinstance(argument, str)]
    if wrong:
        raise MarkerError(f"netns takes names, and {wrong[0]!r} is none", where=where, remedies=[usage])
    twice = sorted({name for name in marker.args if marker.args.count(name) > 1})
    if twice:
        raise MarkerError(f"netns names {', '.join(twice)} twice", where=where, remedies=["name it once"])
    return tuple(marker.args)


def check_names(names: Sequence[str], topology: Topology, nodeid: str) -> None:
    """Raise UnknownNamespaceError, listing the known names, where the topology lacks one of these."""
    from pytest_netns_mysql.endpoint import GLOBAL
    from pytest_netns_mysql.kernel.network import unknown_namespace

    for name in names:
        if name != GLOBAL and name not in topology.namespaces:
            raise unknown_namespace(name, topology, where=f"@pytest.mark.netns of {nodeid}")


def is_netns_test(item: pytest.Item) -> bool:
    """Tell whether a test is marked, or asks for one of our fixtures directly or through others."""
    if item.get_closest_marker("netns") is not None:
        return True
    return not FIXTURES.isdisjoint(getattr(item, "fixturenames", ()))


def place(item: pytest.Item) -> str:
    """Return the namespace that a netns test runs in, and note it on the test.

    Raises MarkerError where a test that cannot be parametrized names several.
    """
    from pytest_netns_mysql.endpoint import GLOBAL

    names = names_of(item) or (GLOBAL,)
    callspec = getattr(item, "callspec", None)
    if callspec is not None and PARAMETER in callspec.params:
        name = str(callspec.params[PARAMETER])
    elif len(names) == 1:
        name = names[0]
    else:
        raise MarkerError(
            f"this kind of test cannot run once in each of {', '.join(names)}",
            where=f"@pytest.mark.netns of {item.nodeid}",
            remedies=["name one namespace, or make it a plain test function or method"],
        )
    item.stash[NAMESPACE] = name
    return name
