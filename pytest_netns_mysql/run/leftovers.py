"""What happens to changes that a test leaves behind: the marker ``netns_leftovers``, and the report of leftovers."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from pytest_netns_mysql.errors import LeftoverError, MarkerError, in_short
from pytest_netns_mysql.run.pytestoptions import DIED
from pytest_netns_mysql.run.stash import LEFTOVERS as MARKER
from pytest_netns_mysql.run.stash import TEARDOWN_SECTIONS, Marked, own_markers, read_own_markers
from pytest_netns_mysql.settingtable import TABLE

if TYPE_CHECKING:
    from pytest_netns_mysql.mysql.reset.cleanup import ServerCleanup

_VALUES = next(setting.choices for setting in TABLE if setting.ini == MARKER)
_USAGE = f"write @pytest.mark.{MARKER}(...) with one of {', '.join(map(repr, _VALUES))}"


@dataclass(frozen=True)
class Leftovers:
    """The changes that a test left behind, as lines for a person.

    Attributes:
        in_network: Changes of the network.
        on_servers: Changes of servers.
    """

    in_network: Sequence[str] = ()
    on_servers: Sequence[str] = ()

    def error(self, where: str) -> LeftoverError:
        """Return the error with which the test ``where`` fails in the mode ``fail``."""
        reset = "set netns_leftovers = reset to put changes back without an error"
        if not self.on_servers:
            return LeftoverError(
                "the test changed the network and did not undo the change; the network was put back",
                where=where,
                tried=self.in_network,
                remedies=["undo the change in the test, or in a function-scoped fixture: netns.link(...).up()", reset],
            )
        place = "on a server and in the network" if self.in_network else "on a server"
        return LeftoverError(
            f"the test left changes {place} that other tests use; the changes were put back",
            where=where,
            tried=[*self.in_network, *self.on_servers],
            remedies=[
                "undo them in a function-scoped fixture, or use netns_account and netns_connect, which clean up",
                "if the test needs the changes, use netns_mysqld_fresh or a server of its own from factories.mysqld",
                reset,
            ],
        )


def mode_of(item: pytest.Item, default: str) -> str:
    """Return what to do with the leftovers of a test: ``reset``, ``fail`` or ``keep``.

    Args:
        item: The test. The nearest marker counts.
        default: The value of the setting, for a test without a marker.

    Raises:
        MarkerError: A marker has other arguments.
    """
    marked = own_markers(item).get(MARKER)
    return _values(marked, item)[0] if marked else default


def scopes_of(item: pytest.Item, default: str) -> tuple[Hashable, ...]:
    """Return the scopes of a test at whose ends changes are put back, the widest scope first.

    A scope is a class, a module or a package whose tests build on each other. The last scope is the test itself, unless
    the mode of the test is ``keep``.

    Args:
        item: The test.
        default: The value of the setting ``netns_leftovers``.

    Raises:
        MarkerError: A marker has other arguments.
    """
    marked = own_markers(item).get(MARKER)
    if not marked:
        return () if default == "keep" else (item,)
    modes = _values(marked, item)
    kept = [_extent(node) for (node, _), mode in zip(marked, modes, strict=True) if mode == "keep"]
    own = [] if modes[0] == "keep" else [item]
    return (*reversed(kept), *own)


def keep_together(items: Sequence[pytest.Item]) -> None:
    """Have ``xdist --dist loadgroup`` run tests that build on each other in the same worker."""
    for item in items:
        extents = [node for node, mark in read_own_markers(item).get(MARKER, ()) if mark.args == ("keep",)]
        if extents and item.get_closest_marker("xdist_group") is None:
            item.add_marker(pytest.mark.xdist_group(f"{MARKER} of {getattr(extents[-1], 'nodeid', '')}"))


def report_cleanup(item: pytest.Item, cleanup: ServerCleanup) -> None:
    """Add to a test's report the changes that it left on a server, and the death of the server."""
    name, result = cleanup.server.name, cleanup.result
    if result.found:
        outcome = "the server is replaced" if result.stays else "put back"
        text = "\n".join(result.stays or result.found)
        add_section(item, f"left on {name}: {outcome}", text)
    if cleanup.death:
        add_section(item, DIED, f"{name} during {item.nodeid}: {cleanup.death}")


def add_section(item: pytest.Item, title: str, text: str) -> None:
    """Add a section to the report of a test's teardown; ``add_report_section`` would call it captured output.

    Args:
        item: The test.
        title: The title, to which the word teardown is added: pytest shows such sections beneath a failure of the test.
        text: The lines of the section.
    """
    item.stash.setdefault(TEARDOWN_SECTIONS, []).append((f"{title} (teardown)", text))


def _values(marked: Marked, item: pytest.Item) -> list[str]:
    """Return the values of a test's markers, which are not empty."""
    return [_value(mark, item) for _, mark in marked]


def _value(mark: pytest.Mark, item: pytest.Item) -> str:
    if mark.kwargs or len(mark.args) != 1 or mark.args[0] not in _VALUES:
        given = [in_short(value) for value in mark.args]
        given += [f"{name}={in_short(value)}" for name, value in mark.kwargs.items()]
        raise MarkerError(
            f"{MARKER} takes one of {', '.join(_VALUES)}, got {', '.join(given) or 'nothing'}",
            where=f"@pytest.mark.{MARKER} of {item.nodeid}",
            remedies=[_USAGE],
        )
    return str(mark.args[0])


def _extent(node: Hashable) -> Hashable:
    """Return a key for the tests that a marker on a node covers: of a function, all its parameters."""
    if isinstance(node, pytest.Function):
        return node.parent, node.originalname
    return node
