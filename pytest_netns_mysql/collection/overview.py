"""What `pytest --netns-topology` shows: the topologies, and which tests run where. Nothing is run."""

from __future__ import annotations

import argparse
import itertools
import os
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import pytest

from pytest_netns_mysql.run.stash import NAMESPACE, TOPOLOGY_IN_FORCE

if TYPE_CHECKING:
    from pytest_netns_mysql.run.session import NetnsSession
    from pytest_netns_mysql.topology.model import Topology

SHOW = "?"
_OPTION = "--netns-topology"


class TopologyAction(argparse.Action):
    """Keep the topology that the option names; with nothing behind it, that one is wanted to be shown."""

    def __call__(
        self,
        parser: argparse.ArgumentParser,  # noqa: ARG002 - argparse passes it
        namespace: argparse.Namespace,
        values: str | Sequence[Any] | None,
        option_string: str | None = None,  # noqa: ARG002
    ) -> None:
        """Note the value, beside which a bare option may stand: in addopts, say."""
        if values == SHOW:
            namespace.netns_show = True
        else:
            setattr(namespace, self.dest, values)


# What the option takes beside what every setting's does.
OPTION: dict[str, Any] = {"nargs": "?", "const": SHOW, "action": TopologyAction}


def is_wanted(options: argparse.Namespace) -> bool:
    """Tell whether the option stands on the command line with nothing behind it."""
    return bool(getattr(options, "netns_show", False))


def keep_paths(args: list[str]) -> bool:
    """Keep the option from taking a path to tests that stands behind it for a topology; tell whether it would have."""
    found = False
    for number, (word, behind) in enumerate(itertools.pairwise(args)):
        if word == _OPTION and _is_tests(behind):
            args[number] = f"{_OPTION}={SHOW}"
            found = True
    return found


def _is_tests(word: str) -> bool:
    from pytest_netns_mysql.topology.file.load import presets

    path = word.partition("::")[0]
    return word not in presets() and (path.endswith(".py") or os.path.isdir(path))  # noqa: PTH112 - any text is met


def stay_in_one_process(config: pytest.Config) -> None:
    """Have xdist start no workers: nothing is run, and what is collected is wanted here."""
    if config.pluginmanager.hasplugin("xdist"):
        config.option.dist, config.option.tx, config.option.numprocesses = "no", [], None


def lines(session: NetnsSession, items: Sequence[pytest.Item]) -> Iterator[str]:
    """Give the lines to show: each topology as `netns-mysql show` draws it, and its tests by namespace."""
    from pytest_netns_mysql.topology.diagram import draw

    own = [item for item in items if NAMESPACE in item.stash]
    shown: list[Topology] = list(session.topologies.of_settings)
    shown += [one for item in own if (one := item.stash.get(TOPOLOGY_IN_FORCE, None)) and one not in shown]
    for topology in shown:
        yield from draw(topology, "text").splitlines()
        yield ""
        yield from _tests(
            f"tests over {topology.name}", [i for i in own if i.stash.get(TOPOLOGY_IN_FORCE, None) == topology]
        )
    unknown = [item for item in own if TOPOLOGY_IN_FORCE not in item.stash]
    if unknown:
        yield from _tests("tests over a netns_topology of their own, known when it is made", unknown)
    others = len(items) - len(own)
    yield f"{others} other test{'' if others == 1 else 's'}, on the host's network"


def _tests(title: str, items: Sequence[pytest.Item]) -> Iterator[str]:
    yield title if items else f"{title}: none"
    width = max((len(item.stash[NAMESPACE]) for item in items), default=0)
    for item in items:
        skip = item.get_closest_marker("skip")
        reason = f"  ({skip.kwargs['reason']})" if skip is not None and "reason" in skip.kwargs else ""
        yield f"{item.stash[NAMESPACE]:{width}}  {item.nodeid}{reason}"
    yield ""
