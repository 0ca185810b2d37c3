"""Where fixtures and tests are set up, run and torn down, and the warning for blocks that they leave open."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING

from pytest_netns_mysql.errors import NetnsWarning

if TYPE_CHECKING:
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
        self._block = self._place.start_hold()

    def leave(self) -> None:
        """Move the thread back to where it was, even if blocks that were entered in the place are still open."""
        block, self._block = self._block, None
        if block is not None:
            for inside in self._place.end_hold(block):
                warn_of_open_block(inside, self._what)


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
