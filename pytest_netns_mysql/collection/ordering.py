"""The order of tests where the process cannot return to the host's network: netns tests last.

This holds in one process, and in each worker of xdist.
"""

from __future__ import annotations

import contextlib
from collections import OrderedDict
from collections.abc import Sequence
from typing import Any

import pytest

from pytest_netns_mysql.errors import NetnsError
from pytest_netns_mysql.run.pytestoptions import has_remote_workers
from pytest_netns_mysql.run.stash import NAMESPACE, SESSION

# The key in ``workerinput`` for the channel by which workers report the ids of the netns tests.
_KEY = "netns_tests"
# The modes of xdist that may give a worker tests in another order than they have.
_REORDERING = ("loadscope", "loadfile", "loadgroup", "worksteal")


def is_needed(session: pytest.Session) -> bool:
    """Return True if the run has netns tests, and this process cannot return to the host's network after them."""
    if not any(NAMESPACE in item.stash for item in session.items):
        return False
    try:
        return not session.config.stash[SESSION].networks.will_return()
    except NetnsError as error:
        raise pytest.UsageError(str(error)) from error


def order(items: list[pytest.Item]) -> bool:
    """Move netns tests behind all others, and keep the order within both kinds; return True if any test has moved."""
    ordered = sorted(items, key=lambda item: NAMESPACE in item.stash)
    has_moved = ordered != items
    items[:] = ordered
    return has_moved


def order_run(session: pytest.Session) -> None:
    """Order the tests of a run; note whether another order was asked for, and report the ids to xdist's controller."""
    own = session.config.stash[SESSION]
    is_asked = is_reordered(session.items, own.collected)
    own.breaks_order = order(session.items) and is_asked
    report_to_controller(session.config, session.items)


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


class Workers:
    """The plugin of an xdist controller whose workers cannot return to the host's network.

    With --dist loadscope, loadfile and loadgroup a worker would get the plain tests of a file after the netns tests of
    another file. So the netns tests of a scope become a scope of their own, which is scheduled after all plain tests.
    With --dist worksteal a worker would steal plain tests after its netns tests. So the netns tests are distributed
    when no plain test is left to steal.
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
        """Return a scheduler that gives each worker plain tests before netns tests; None if xdist's own does."""
        from xdist import scheduler

        dist = config.getvalue("dist")
        if dist == "worksteal":
            return _stealing_scheduler(scheduler.WorkStealingScheduling, self._netns_tests)(config, log)
        kinds = {
            "loadscope": scheduler.LoadScopeScheduling,
            "loadfile": scheduler.LoadFileScheduling,
            "loadgroup": scheduler.LoadGroupScheduling,
        }
        return _scheduler(kinds[dist], self._netns_tests)(config, log) if dist in kinds else None


class _Queue(OrderedDict[str, Any]):
    """The scopes that wait for a worker; scopes of netns tests come last."""

    def popitem(self, last: bool = True) -> tuple[str, Any]:
        plain = [] if last else [scope for scope in self if not scope.endswith(_MARK)]
        return (plain[0], self.pop(plain[0])) if plain else super().popitem(last)


_MARK = "@netns"
_KEPT = 2
"""How many tests xdist leaves to a worker whose tests it steals; a worker with fewer is idle."""


def _scheduler(kind: type[Any], netns_tests: NetnsTestIds) -> type[Any]:
    class Scheduler(kind):  # type: ignore[misc]
        def __init__(self, config: pytest.Config, log: Any) -> None:
            super().__init__(config, log)
            self.workqueue = _Queue()

        def _split_scope(self, nodeid: str) -> str:
            scope = str(super()._split_scope(nodeid))
            return f"{scope}{_MARK}" if nodeid in netns_tests else scope

    return Scheduler


def _stealing_scheduler(kind: type[Any], netns_tests: NetnsTestIds) -> type[Any]:
    class Scheduler(kind):  # type: ignore[misc]
        """Distributes the plain tests first.

        A worker runs its tests in the order of their distribution, and xdist steals no test that is among the first two
        of a worker.
        """

        _waiting: list[int] | None = None

        def check_schedule(self) -> None:
            if self._waiting is None:
                self._waiting = [test for test in self.pending if self.collection[test] in netns_tests]
                self.pending[:] = [test for test in self.pending if self.collection[test] not in netns_tests]
            if self._waiting:
                self._distribute()
                if not self._has_more_to_steal:
                    self.pending += self._waiting
                    self._waiting = []
            super().check_schedule()

        def _distribute(self) -> None:
            """Distribute the tests that are pending, without the end of idle workers that this has otherwise."""
            idle = [node for node, tests in self.node2pending.items() if len(tests) < _KEPT and not node.shutting_down]
            for number, node in enumerate(idle):
                self._send_tests(node, len(self.pending) // (len(idle) - number))

        @property
        def _has_more_to_steal(self) -> bool:
            queues = self.node2pending.values()
            return bool(self.pending or self.steal_requested_from_node or any(len(tests) > _KEPT for tests in queues))

        @property
        def tests_finished(self) -> bool:
            return not self._waiting and bool(super().tests_finished)

    return Scheduler


def keep_workers_in_order(config: pytest.Config) -> None:
    """Have xdist give no worker plain tests after netns tests, if workers cannot return to the host's network."""
    if getattr(config.option, "dist", "no") not in _REORDERING:
        return
    with contextlib.suppress(NetnsError):  # with which the workers fail
        if has_remote_workers(config.option) or not config.stash[SESSION].networks.will_return():
            config.pluginmanager.register(Workers(), "netns_workers")
