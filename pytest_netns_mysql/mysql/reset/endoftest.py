"""Everything that happens on the servers when a test ends."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING

from pytest_netns_mysql.mysql.reset.dropaccounts import server_of

if TYPE_CHECKING:
    from pytest_netns_mysql.mysql.clients.accounts import Accounts
    from pytest_netns_mysql.mysql.reset.cleanup import ServerCleanup


def clean_up(
    cleanups: Sequence[ServerCleanup], accounts: Collection[Accounts], *, may_keep: bool = False
) -> list[Accounts]:
    """Clean up several servers at the end of a test.

    Each step is done on all servers before the next step: accounts and their connections are on replicas, too. Servers
    on which nobody but the accounts of the test ran a statement are left out.

    Args:
        cleanups: The cleanup of each server.
        accounts: The accounts that the test made.
        may_keep: Whether the next test may take over an account in place of a new one.

    Returns:
        The accounts that are on none of these servers.
    """
    elsewhere = []
    slow = [cleanup for cleanup in cleanups if not cleanup.is_quick(accounts, may_keep=may_keep)]
    for cleanup in slow:
        cleanup.unblock()
    for some_accounts in accounts:
        server = server_of(some_accounts)
        on_server = next((cleanup for cleanup in cleanups if cleanup.server is server), None)
        if on_server is None:
            elsewhere.append(some_accounts)
        else:
            on_server.drop(some_accounts)
    for cleanup in slow:
        cleanup.put_back()
    return elsewhere
