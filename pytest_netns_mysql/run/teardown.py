"""Where the teardown of fixtures and tests stands, and what is told of blocks that they leave open."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import TYPE_CHECKING

from pytest_netns_mysql.errors import NetnsWarning

if TYPE_CHECKING:
    from pytest_netns_mysql.kernel.namespaces.enterable import Enterable
    from pytest_netns_mysql.kernel.namespaces.withblocks import Block


class Teardown:
    """Has the thread stand in a place while the finalizers between two of these calls run."""

    def __init__(self, place: Enterable, told: Callable[[Block], None]) -> None:
        """Name the place; ``told`` is called with each block that somebody left open in it."""
        self._place = place
        self._told = told
        self._block: Block | None = None

    def enter(self) -> None:
        """Put the thread there; a finalizer."""
        self._block = self._place.start_hold()

    def leave(self) -> None:
        """Put the thread back; a finalizer."""
        block, self._block = self._block, None
        if block is not None:
            for inside in self._place.end_hold(block):
                self._told(inside)


def warns_of_block(what: str) -> Callable[[Block], None]:
    """Return a function that warns of a block which was still open when ``what`` had ended."""

    def told(block: Block) -> None:
        file, line = block.code
        warnings.warn_explicit(
            f"{block} was still open when {what} had ended, and ended with it: a generator or a fixture that yields "
            "inside of a `with netns[...]` block moves nobody after that",
            NetnsWarning,
            file,
            line,
        )

    return told
