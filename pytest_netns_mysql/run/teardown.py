"""Where fixtures and tests are set up, run and torn down, and the warning for blocks that they leave open."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import TYPE_CHECKING

from pytest_netns_mysql.errors import NetnsWarning, UnknownNamespaceError
from pytest_netns_mysql.run import pytest_internals

if TYPE_CHECKING:
    import pytest

    from pytest_netns_mysql.kernel.namespaces.block import Block
    from pytest_netns_mysql.kernel.namespaces.enterable import Enterable


class Stay:
    """A stay of the calling thread in a place: what runs between ``enter`` and ``leave`` runs there.

    Both are called by a hook, or both by pytest as finalizers.
    """

    def __init__(self, place: Enterable, what: str) -> None:
        """Prepare the stay; the thread does not move yet.

        Args:
            place: A namespace, or the place of the thread at rest.
            what: What runs there, as the warning for a block that is still open then names it.
        """
        self._place = place
        self._what = what
        self._block: Block | None = None

    def enter(self) -> None:
        """Move the thread into the place."""
        self._block = self._place._start_hold()

    def leave(self) -> None:
        """Move the thread back to where it was, even if blocks that were entered in the place are still open."""
        block, self._block = self._block, None
        if block is not None:
            for inside in self._place._end_hold(block):
                warn_of_open_block(inside, self._what)


class FinalizersOfTest:
    """Has the finalizers of a test run in the namespace of the test.

    Any of its fixtures may add finalizers to the test, or to itself while the test runs.
    """

    def __init__(self, item: pytest.Item, place: Callable[[], Enterable | None]) -> None:
        """Have the test's own ``teardown``, which pytest calls behind all finalizers, end the stay.

        Args:
            item: A netns test, whose setup has not begun.
            place: Returns the test's namespace, or None as long as there is no network.
        """
        self._item = item
        self._place = place
        self._stay: Stay | None = None
        self._own_teardown = item.teardown
        self._set_by_others = vars(item).get("teardown")
        item.teardown = self._tear_down  # type: ignore[method-assign]

    @staticmethod
    def are_possible(item: pytest.Item) -> bool:
        """Return True if a test may have finalizers, or a ``teardown`` of its own, as those of unittest have."""
        is_overridden = type(item).teardown is not pytest_internals.plain_teardown()
        return is_overridden or "request" in pytest_internals.fixture_names(item)

    def end_phase(self) -> None:
        """Note that the setup or the call has ended: what it has added runs in the namespace."""
        if pytest_internals.has_begun(self._item):
            self._item.addfinalizer(self._enter)

    def forget(self) -> None:
        """Restore the test's own ``teardown``: the test may run again."""
        vars(self._item).pop("teardown", None)
        if self._set_by_others is not None:
            self._item.teardown = self._set_by_others  # type: ignore[method-assign]

    def _enter(self) -> None:
        try:
            place = self._place() if self._stay is None else None
        except UnknownNamespaceError:
            return  # the error of the setup
        if place is not None:
            self._stay = Stay(place, "a finalizer of the test")
            self._stay.enter()

    def _tear_down(self) -> None:
        try:
            self._own_teardown()
        finally:
            if self._stay is not None:
                self._stay.leave()


def warn_of_open_block(block: Block, ended: str) -> None:
    """Warn of a block which was still open when something ended.

    Args:
        block: The block.
        ended: The test, or the setup or teardown of a fixture, as the warning names it.
    """
    file, line = block.code
    warnings.warn_explicit(
        f"{block} was still open when {ended} ended, and was closed then: a generator or a fixture that yields "
        "inside a `with netns[...]` block does not keep its caller in the namespace",
        NetnsWarning,
        file,
        line,
    )
