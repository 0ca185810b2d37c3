"""The output of `pytest --netns-topology`: the topologies, and where each test runs. No test is run."""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import pytest

from pytest_netns_mysql.run.pytestoptions import SHOW
from pytest_netns_mysql.run.stash import NAMESPACE, TOPOLOGY_IN_FORCE

if TYPE_CHECKING:
    import argparse

    from pytest_netns_mysql.run.session import NetnsSession
    from pytest_netns_mysql.topology.topology import Topology

_OPTION = "--netns-topology"
_PAUSE, _PAUSES, _FAILED = "--netns-pause", ("off", "failed"), "failed"


def is_wanted(options: argparse.Namespace) -> bool:
    """Return True if --netns-topology was given without a value."""
    return bool(getattr(options, "netns_show", False))


def separate_paths(args: list[str]) -> bool:
    """Give --netns-topology the value SHOW if the next argument is a path to tests, which is no topology.

    --netns-pause gets the value ``failed`` if the next argument is not one of its values.

    Args:
        args: The command line, which is changed.

    Returns:
        True if the command line was changed.
    """
    found = False
    for number, (word, behind) in enumerate(itertools.pairwise(args)):
        if word == _OPTION and _is_tests(behind):
            args[number] = f"{_OPTION}={SHOW}"
            found = True
        elif word == _PAUSE and behind not in _PAUSES and not behind.startswith("-"):
            args[number] = f"{_PAUSE}={_FAILED}"
            found = True
    return found


def _is_tests(word: str) -> bool:
    from pytest_netns_mysql.topology.file.load import presets

    path = word.partition("::")[0]
    return word not in presets() and (path.endswith(".py") or os.path.isdir(path))  # noqa: PTH112 - any text is met


def stay_in_one_process(config: pytest.Config) -> None:
    """Have xdist start no workers: the overview needs the collected tests in this process."""
    if config.pluginmanager.hasplugin("xdist"):
        config.option.dist, config.option.tx, config.option.numprocesses = "no", [], None


def lines(session: NetnsSession, items: Sequence[pytest.Item]) -> Iterator[str]:
    """Yield the lines of the overview: each topology as `netns-mysql show` draws it, and its tests with namespaces.

    Args:
        session: The topologies of the run.
        items: The collected tests.
    """
    from pytest_netns_mysql.topology.diagram import draw

    netns_tests = [item for item in items if NAMESPACE in item.stash]
    topology_of = [(item, item.stash.get(TOPOLOGY_IN_FORCE, None)) for item in netns_tests]
    topologies: list[Topology] = list(session.topologies.of_settings)
    for _, topology in topology_of:
        if topology is not None and topology not in topologies:
            topologies.append(topology)
    for topology in topologies:
        yield from draw(topology, "text").splitlines()
        yield ""
        yield from _tests(f"tests over {topology.name}", [item for item, own in topology_of if own == topology])
    if overridden := [item for item, own in topology_of if own is None]:
        title = "tests over an overridden netns_topology, which is known only when the fixture has run"
        yield from _tests(title, overridden)
    others = len(items) - len(netns_tests)
    yield f"{others} other test{'' if others == 1 else 's'}, on the host's network"


def _tests(title: str, items: Sequence[pytest.Item]) -> Iterator[str]:
    yield title if items else f"{title}: none"
    width = max((len(item.stash[NAMESPACE]) for item in items), default=0)
    for item in items:
        skip = item.get_closest_marker("skip")
        reason = f"  ({skip.kwargs['reason']})" if skip is not None and "reason" in skip.kwargs else ""
        yield f"{item.stash[NAMESPACE]:{width}}  {item.nodeid}{reason}"
    yield ""
