"""The order of tests where the process cannot return to the host's network: netns tests last.

This holds in one process, and in each worker of xdist.
"""

from __future__ import annotations

import contextlib
from collections import OrderedDict
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import pytest

from pytest_netns_mysql.errors import NetnsError
from pytest_netns_mysql.run.pytestoptions import has_remote_workers
from pytest_netns_mysql.run.stash import NAMESPACE

if TYPE_CHECKING:
    import argparse

    from pytest_netns_mysql.run.session import NetnsSession

# The key in ``workerinput`` for the channel by which workers report the ids of the netns tests.
_KEY = "netns_tests"


def order(items: list[pytest.Item]) -> bool:
    """Move netns tests behind all others, and keep the order within both kinds; return True if any test has moved."""
    ordered = sorted(items, key=lambda item: NAMESPACE in item.stash)
    has_moved = ordered != items
    items[:] = ordered
    return has_moved


def is_reordered(items: Sequence[pytest.Item], collected: Sequence[pytest.Item]) -> bool:
    """Return True if a plugin or an option has reordered the tests.

    Args:
        items: The tests of the run.
        collected: The tests in the order of their collection.
    """
    kept = set(items)
    return [item for item in collected if item in kept] != list(items)


class NetnsTestIds:
    """The ids of the netns tests, which the workers of xdist report to their controller."""

    def __init__(self) -> None:
        """Know no ids yet."""
        self._ids: set[str] = set()

    def add(self, ids: Sequence[str]) -> None:
        """Add the ids that a worker reports. On other machines it may report others."""
        self._ids.update(ids)

    def __contains__(self, nodeid: object) -> bool:
        return nodeid in self._ids


def report_to_controller(config: pytest.Config, items: Sequence[pytest.Item]) -> None:
    """Report the ids of the netns tests to the controller, if it asked for them.

    The controller has them when xdist reports what this worker has collected.
    """
    channel = getattr(config, "workerinput", {}).get(_KEY)
    if channel is not None:
        channel.send([item.nodeid for item in items if NAMESPACE in item.stash])


def prepare_controller(config: pytest.Config, session: NetnsSession) -> None:
    """Prepare an xdist controller: for workers that cannot return to the host's network, and for other machines."""
    is_remote = has_remote_workers(config.option)
    if splits_scopes(config.option):
        with contextlib.suppress(NetnsError):  # with which the workers fail
            if is_remote or not session.networks.will_return():
                config.pluginmanager.register(Workers(), "netns_workers")
    if is_remote:
        from pytest_netns_mysql.run.machines import Machines

        config.pluginmanager.register(Machines(config, session), "netns_machines")


class Workers:
    """The plugin of an xdist controller whose workers cannot return to the host's network.

    With --dist loadscope, loadfile and loadgroup a worker would get the plain tests of a file after the netns tests of
    another file. So the netns tests of a scope become a scope of their own, which is scheduled after all plain tests.
    """

    def __init__(self) -> None:
        """Wait for the workers to report the ids of the netns tests."""
        self._netns_tests = NetnsTestIds()

    @pytest.hookimpl(optionalhook=True)
    def pytest_configure_node(self, node: Any) -> None:
        """Pass a worker a channel for the ids of the netns tests: it may be on another machine."""
        node.workerinput[_KEY] = channel = node.gateway.newchannel()
        channel.setcallback(self._netns_tests.add)

    @pytest.hookimpl(optionalhook=True)
    def pytest_xdist_make_scheduler(self, config: pytest.Config, log: Any) -> Any:
        """Return a scheduler that gives each worker plain tests before netns tests; None in modes without scopes."""
        from xdist import scheduler

        kinds = {
            "loadscope": scheduler.LoadScopeScheduling,
            "loadfile": scheduler.LoadFileScheduling,
            "loadgroup": scheduler.LoadGroupScheduling,
        }
        kind = kinds.get(config.getvalue("dist"))
        return None if kind is None else _scheduler(kind, self._netns_tests)(config, log)


class _Queue(OrderedDict[str, Any]):
    """The scopes that wait for a worker; scopes of netns tests come last."""

    def popitem(self, last: bool = True) -> tuple[str, Any]:
        plain = [] if last else [scope for scope in self if not scope.endswith(_MARK)]
        return (plain[0], self.pop(plain[0])) if plain else super().popitem(last)


_MARK = "@netns"


def _scheduler(kind: type[Any], netns_tests: NetnsTestIds) -> type[Any]:
    class Scheduler(kind):  # type: ignore[misc]
        def __init__(self, config: pytest.Config, log: Any) -> None:
            super().__init__(config, log)
            self.workqueue = _Queue()

        def _split_scope(self, nodeid: str) -> str:
            scope = str(super()._split_scope(nodeid))
            return f"{scope}{_MARK}" if nodeid in netns_tests else scope

    return Scheduler


def splits_scopes(options: argparse.Namespace) -> bool:
    """Return True if xdist distributes whole scopes."""
    return getattr(options, "dist", "no") in ("loadscope", "loadfile", "loadgroup")
