"""Netns tests last, where nobody gets home: in one process, and over the workers of xdist."""

from __future__ import annotations

import json
import os
from collections import OrderedDict
from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

import pytest

from pytest_netns_mysql.run.stash import NAMESPACE

if TYPE_CHECKING:
    import argparse

# What the controller tells its workers: where to write which of the tests are netns tests.
_KEY = "netns_tests"


def order(items: list[pytest.Item]) -> bool:
    """Put netns tests behind the others, each kind in the order that it has; return True if that moved any."""
    ordered = sorted(items, key=lambda item: NAMESPACE in item.stash)
    is_changed = ordered != items
    items[:] = ordered
    return is_changed


def is_reordered(items: Sequence[pytest.Item], collected: Sequence[pytest.Item]) -> bool:
    """Return True if a plugin or an option has given the tests another order than that of their collection."""
    kept = set(items)
    return [item for item in collected if item in kept] != list(items)


class Plan:
    """Which tests are netns tests, told by xdist's workers to their controller.

    It is memory of the controller, by memfd_create(2): nothing is left of it, whatever ends the run.
    """

    def __init__(self) -> None:
        """Make an empty plan."""
        self._descriptor = os.memfd_create("netns-tests")
        self.path = f"/proc/{os.getpid()}/fd/{self._descriptor}"

    def close(self) -> None:
        """Forget the plan."""
        os.close(self._descriptor)

    @cached_property
    def tests(self) -> frozenset[str]:
        """The ids of the netns tests; read once the workers have collected."""
        text = os.pread(self._descriptor, os.fstat(self._descriptor).st_size, 0)
        return frozenset(json.loads(text)) if text else frozenset()


def tell(config: pytest.Config, items: Sequence[pytest.Item]) -> None:
    """Tell the controller which tests are netns tests, where it wants to know: each worker tells it the same."""
    path = getattr(config, "workerinput", {}).get(_KEY)
    if path is None:
        return
    text = json.dumps([item.nodeid for item in items if NAMESPACE in item.stash])
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CLOEXEC)
    except OSError:  # a worker on another machine
        return
    try:
        os.write(descriptor, text.encode())
    finally:
        os.close(descriptor)


class Workers:
    """The plugin of a controller of xdist whose workers do not get home from a netns test.

    With --dist loadscope, loadfile and loadgroup a worker would be given a file's plain tests after another file's
    netns tests. So the netns tests of a scope are a scope of their own, and come when no plain ones are left.
    """

    def __init__(self) -> None:
        """Start without a plan; the workers make it."""
        self._plan = Plan()

    @pytest.hookimpl(optionalhook=True)
    def pytest_configure_node(self, node: Any) -> None:
        """Tell a worker where to write."""
        node.workerinput[_KEY] = self._plan.path

    @pytest.hookimpl(optionalhook=True)
    def pytest_xdist_make_scheduler(self, config: pytest.Config, log: Any) -> Any:
        """Make a scheduler that keeps plain tests before netns tests in each worker, for the modes that need it."""
        from xdist import scheduler

        kinds = {
            "loadscope": scheduler.LoadScopeScheduling,
            "loadfile": scheduler.LoadFileScheduling,
            "loadgroup": scheduler.LoadGroupScheduling,
        }
        kind = kinds.get(config.getvalue("dist"))
        return None if kind is None else _scheduler(kind, self._plan)(config, log)

    def pytest_unconfigure(self) -> None:
        """Forget the plan."""
        self._plan.close()


class _Queue(OrderedDict[str, Any]):
    """The scopes that wait for a worker: those of netns tests come last."""

    def popitem(self, last: bool = True) -> tuple[str, Any]:
        plain = [] if last else [scope for scope in self if not scope.endswith(_MARK)]
        return (plain[0], self.pop(plain[0])) if plain else super().popitem(last)


_MARK = "@netns"


def _scheduler(kind: type[Any], plan: Plan) -> type[Any]:
    class Scheduler(kind):  # type: ignore[misc]
        def __init__(self, config: pytest.Config, log: Any) -> None:
            super().__init__(config, log)
            self.workqueue = _Queue()

        def _split_scope(self, nodeid: str) -> str:
            scope = str(super()._split_scope(nodeid))
            return f"{scope}{_MARK}" if nodeid in plan.tests else scope

    return Scheduler


def splits_scopes(options: argparse.Namespace) -> bool:
    """Return True if xdist was asked for a mode that gives a worker whole scopes."""
    return getattr(options, "dist", "no") in ("loadscope", "loadfile", "loadgroup")
