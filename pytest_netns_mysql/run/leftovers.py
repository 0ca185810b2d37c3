"""What becomes of what a test leaves on a server: the marker ``netns_leftovers``, and which tests it reaches."""

from __future__ import annotations

from collections.abc import Collection, Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from pytest_netns_mysql.errors import LeftoverError, MarkerError, in_short
from pytest_netns_mysql.settings import TABLE

if TYPE_CHECKING:
    from pytest_netns_mysql.mysql.clients.accounts import Accounts
    from pytest_netns_mysql.mysql.reset.cleanup import ServerCleanup

MARKER = "netns_leftovers"
HELP = (
    'netns_leftovers(what): in place of the setting netns_leftovers, for these tests: "reset", "fail", or "keep" for '
    "the tests of a class or a module that build on each other; what they left is put back when the last of them ends"
)
"""What `pytest --markers` says of the marker."""

_VALUES = next(setting.choices for setting in TABLE if setting.ini == MARKER)
_USAGE = f"write @pytest.mark.{MARKER}(...) with one of {', '.join(map(repr, _VALUES))}"
DIED = "a server died"
"""The title of the section in a test's report that says so."""
ACCOUNTS = pytest.StashKey[Collection["Accounts"]]()
"""What a test has made of accounts, which are dropped when it ends."""
_MODES = pytest.StashKey[list[tuple[Hashable, str]]]()


@dataclass(frozen=True)
class Left:
    """What a test left in the network and on servers, as lines for a reader."""

    in_network: Sequence[str] = ()
    on_servers: Sequence[str] = ()

    def __bool__(self) -> bool:
        return bool(self.in_network or self.on_servers)

    def error(self, where: str) -> LeftoverError:
        """Return the error of the test ``where`` it was left."""
        silence = "netns_leftovers = reset puts it back in silence"
        if not self.on_servers:
            return LeftoverError(
                "the test left the network other than it found it; it was put back",
                where=where,
                tried=self.in_network,
                remedies=["undo it in the test, or in a fixture of the test's own: netns.link(...).up()", silence],
            )
        both = "on a server and in the network" if self.in_network else "on a server"
        return LeftoverError(
            f"the test left something {both} that other tests use; it was put back",
            where=where,
            tried=[*self.in_network, *self.on_servers],
            remedies=[
                "let a fixture of the test's own undo it, or take netns_account and netns_connect, which do",
                "a test that means to: ask for netns_mysqld_fresh, or for a server of factories.mysqld of its own",
                silence,
            ],
        )


def mode_of(item: pytest.Item, default: str) -> str:
    """Return ``reset``, ``fail`` or ``keep``: the nearest marker's, else ``default``, the setting's.

    Raises MarkerError where a marker has other arguments.
    """
    marked = _marked(item)
    return marked[0][1] if marked else default


def scopes_of(item: pytest.Item, default: str) -> tuple[Hashable, ...]:
    """Return what a test belongs to after whose end something is put back, the widest first.

    Each is a class, a module or a package whose tests build on each other. The last one is the test itself, unless its
    own mode is ``keep``.
    """
    marked = _marked(item)
    kept = [_extent(node) for node, mode in reversed(marked) if mode == "keep"]
    own = [] if mode_of(item, default) == "keep" else [item]
    return (*kept, *own)


def keep_together(items: Sequence[pytest.Item]) -> None:
    """Mark tests that build on each other for one worker of xdist, with --dist loadgroup."""
    for item in items:
        extents = [node for node, mode in _marked_or_none(item) if mode == "keep"]
        if extents and item.get_closest_marker("xdist_group") is None:
            item.add_marker(pytest.mark.xdist_group(f"{MARKER} of {getattr(extents[-1], 'nodeid', '')}"))


def tell(item: pytest.Item, cleanup: ServerCleanup) -> None:
    """Add to a test's report what it left on a server, and whether the server died."""
    name, result = cleanup.server.name, cleanup.result
    if result.found:
        becomes = "it gets a fresh server" if result.stays else "it was put back"
        text = "\n".join(result.stays or result.found)
        item.add_report_section("teardown", f"left on {name}: {becomes}", text)
    if cleanup.death:
        item.add_report_section("teardown", DIED, f"{name} during {item.nodeid}: {cleanup.death}")


def deaths(reports: Iterable[object]) -> Iterator[str]:
    """Yield a line for each server that died, from the reports of tests."""
    for report in reports:
        for title, text in getattr(report, "sections", ()):
            if DIED in title:
                yield text


def _marked(item: pytest.Item) -> list[tuple[Hashable, str]]:
    """Return each node that has the marker, with the marker's value, the nearest first; looked for once."""
    found = item.stash.get(_MODES, None)
    if found is None:
        found = [(node, _value(mark, item)) for node, mark in item.iter_markers_with_node(MARKER)]
        item.stash[_MODES] = found
    return found


def _marked_or_none(item: pytest.Item) -> list[tuple[Hashable, str]]:
    try:
        return _marked(item)
    except MarkerError:  # which the test is told of
        return []


def _value(mark: pytest.Mark, item: pytest.Item) -> str:
    given = [in_short(value) for value in mark.args]
    given += [f"{name}={in_short(value)}" for name, value in mark.kwargs.items()]
    if mark.kwargs or len(mark.args) != 1 or mark.args[0] not in _VALUES:
        raise MarkerError(
            f"{MARKER} takes one of {', '.join(_VALUES)}, got {', '.join(given) or 'nothing'}",
            where=f"@pytest.mark.{MARKER} of {item.nodeid}",
            remedies=[_USAGE],
        )
    return str(mark.args[0])


def _extent(node: Hashable) -> Hashable:
    """Return what a marker on a node reaches: the node's tests; of a function all its parameters."""
    if isinstance(node, pytest.Function):
        return node.parent, node.originalname
    return node
