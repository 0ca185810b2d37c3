"""What this pytest process shows to `netns-mysql ps` and `netns-mysql shell` while it has a sandbox."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING

from pytest_netns_mysql import clock
from pytest_netns_mysql.errors import NetnsError

if TYPE_CHECKING:
    from pytest_netns_mysql.live.board import Board
    from pytest_netns_mysql.live.sessionfacts import Origin
    from pytest_netns_mysql.mysql.clients.accounts import Accounts
    from pytest_netns_mysql.mysql.server import MySQLServer
    from pytest_netns_mysql.run.networks import Networks


class SessionBoard:
    """The board of this process. It is made with the first network, and costs a microsecond for each test.

    Attributes:
        worker: The name of this worker of xdist, or ''.
    """

    def __init__(self, networks: Networks, worker: str) -> None:
        """Show nothing yet.

        Args:
            networks: The networks of this process.
            worker: The name of this worker of xdist, or ''.
        """
        self._networks = networks
        self.worker = worker
        self._board: Board | None = None
        self._origin: Origin | None = None
        self._running: tuple[str, str] | None = None  # the test and its namespace

    def update(self, servers: Sequence[MySQLServer]) -> None:
        """Show the network in force and the running servers; nothing before there is a network."""
        network = self._networks.current
        if network is None:
            return
        from pytest_netns_mysql.live.board import Board
        from pytest_netns_mysql.live.sessionfacts import Origin, facts_of

        # The kernel may refuse the memory, and a thread may stand where it cannot look; the tests do not need it.
        with contextlib.suppress(OSError, NetnsError):
            if self._board is None or self._origin is None:
                self._origin = Origin("pytest", ["pytest", *sys.argv[1:]], self.worker, clock.now())
                self._board = Board()
                if self._running is not None:
                    self._board.start_test(*self._running)
            self._board.show(facts_of(self._origin, network, servers))

    def start_test(self, test: str, namespace: str) -> None:
        """Show the running test by its id, and its namespace; '' for the host's network."""
        self._running = test, namespace
        if self._board is not None:
            self._board.start_test(test, namespace)

    def show_accounts(self, accounts: Collection[Accounts]) -> None:
        """Show the accounts that the running test has created so far."""
        if self._board is not None and accounts and self._running is not None:
            from pytest_netns_mysql.live.sessionfacts import accounts_of

            self._board.show_accounts(accounts_of(accounts, self._running[1]))

    def end_test(self) -> None:
        """Show that no test is running."""
        self._running = None
        if self._board is not None:
            self._board.end_test()

    def close(self) -> None:
        """Show nothing any more."""
        board, self._board = self._board, None
        if board is not None:
            board.close()
