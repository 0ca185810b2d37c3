"""The namespace in which fixtures and tests are torn down, and the warning for blocks that they leave open."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import TYPE_CHECKING

from pytest_netns_mysql.errors import NetnsWarning

if TYPE_CHECKING:
    from pytest_netns_mysql.kernel.namespaces.enterable import Enterable
    from pytest_netns_mysql.kernel.namespaces.withblocks import Block


class Teardown:
    """Two finalizers: all finalizers that run between ``enter`` and ``leave`` run in the given place."""

    def __init__(self, place: Enterable, report_open_block: Callable[[Block], None]) -> None:
        """Prepare the finalizers; the thread does not move yet.

        Args:
            place: A namespace, or the place of the thread at rest.
            report_open_block: Called with each block that was entered between the finalizers and is still open.
        """
        self._place = place
        self._report_open_block = report_open_block
        self._block: Block | None = None

    def enter(self) -> None:
        """Move the thread into the place."""
        self._block = self._place.start_hold()

    def leave(self) -> None:
        """Move the thread back to where it was."""
        block, self._block = self._block, None
        if block is not None:
            for inside in self._place.end_hold(block):
                self._report_open_block(inside)


def warn_of_open_block(ended: str) -> Callable[[Block], None]:
    """Return a function that warns of a block which was still open when something ended.

    Args:
        ended: The test, or the setup or teardown of a fixture, as the warning names it.
    """

    def warn(block: Block) -> None:
        file, line = block.code
        warnings.warn_explicit(
            f"{block} was still open when {ended} ended, and was closed then: a generator or a fixture that yields "
            "inside a `with netns[...]` block does not keep its caller in the namespace",
            NetnsWarning,
            file,
            line,
        )

    return warn
