"""What this pytest process shows to `netns-mysql ps` and `netns-mysql shell` while it has a sandbox."""

from __future__ import annotations

import contextlib
import os
import sys
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

from pytest_netns_mysql.run.stash import ACCOUNTS, NAMESPACE

if TYPE_CHECKING:
    import pytest

    from pytest_netns_mysql.live.board import Board
    from pytest_netns_mysql.live.facts import Origin
    from pytest_netns_mysql.mysql.server import MySQLServer
    from pytest_netns_mysql.run.networks import Networks


class SessionBoard:
    """The board of this process. It is made with the first network, and costs a microsecond for each test."""

    def __init__(self, networks: Networks) -> None:
        """Show nothing yet."""
        self._networks = networks
        self._board: Board | None = None
        self._origin: Origin | None = None
        self._item: pytest.Item | None = None  # the running test

    def update(self, servers: Sequence[MySQLServer]) -> None:
        """Show the network in force and the running servers; nothing before there is a network."""
        network = self._networks.current
        if network is None:
            return
        from pytest_netns_mysql.live.board import Board
        from pytest_netns_mysql.live.facts import Origin, facts_of

        # The kernel may refuse the memory; the tests do not need it.
        with contextlib.suppress(OSError):
            if self._board is None or self._origin is None:
                self._origin = Origin(
                    "pytest", ["pytest", *sys.argv[1:]], os.environ.get("PYTEST_XDIST_WORKER", ""), time.time()
                )
                self._board = Board()
                if self._item is not None:
                    self._board.start_test(self._item.nodeid, self._item.stash.get(NAMESPACE, ""))
            self._board.show(facts_of(self._origin, network, servers))

    def start_test(self, item: pytest.Item) -> None:
        """Show the running test."""
        self._item = item
        if self._board is not None:
            self._board.start_test(item.nodeid, item.stash.get(NAMESPACE, ""))

    def show_accounts(self, item: pytest.Item) -> None:
        """Show the accounts that the running test has created so far."""
        if self._board is not None and ACCOUNTS in item.stash:
            from pytest_netns_mysql.live.facts import accounts_of

            created = item.stash[ACCOUNTS]
            self._board.show_accounts(accounts_of(created, item.stash.get(NAMESPACE, "")))

    def end_test(self) -> None:
        """Show that no test is running."""
        self._item = None
        if self._board is not None:
            self._board.end_test()

    def close(self) -> None:
        """Show nothing any more."""
        board, self._board = self._board, None
        if board is not None:
            board.close()
