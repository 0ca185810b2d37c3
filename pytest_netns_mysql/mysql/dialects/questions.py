"""The server's counts of the statements of each account, by which the plugin knows that nobody else ran a statement.

The counters are the status variable ``Questions`` of all sessions, of each account and of the plugin's own session; see
the manual, "Server Status Variables" and "Performance Schema Status Variable Summary Tables". A statement inside of a
procedure, a trigger or a prepared statement counts as part of the statement that led to it. Statements of an event are
not counted.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pytest_netns_mysql.mysql.dialects.quoting import decoded

if TYPE_CHECKING:
    from pytest_netns_mysql.mysql.dialects.quoting import RawRow

# PS_CURRENT_THREAD_ID() is refused without Performance Schema.
# Accounts before all sessions: a statement in between then counts as a statement of somebody else.
QUESTIONS = """\
SELECT 'account', USER, HOST, VARIABLE_VALUE FROM performance_schema.status_by_account
    WHERE VARIABLE_NAME = 'Questions' AND USER IS NOT NULL
UNION ALL SELECT 'session', CONNECTION_ID(), '', VARIABLE_VALUE FROM performance_schema.status_by_thread
    WHERE VARIABLE_NAME = 'Questions' AND THREAD_ID =
        (SELECT THREAD_ID FROM performance_schema.threads WHERE PROCESSLIST_ID = CONNECTION_ID())
UNION ALL SELECT 'all', VARIABLE_NAME, '', VARIABLE_VALUE FROM performance_schema.global_status
    WHERE VARIABLE_NAME IN ('Questions', 'Queries')"""
"""MySQL's query for ``Questions.of``."""

_ALL = "Questions"
_IDS = "Queries"


@dataclass(frozen=True)
class Questions:
    """How many statements clients have sent to a server.

    Attributes:
        total: The statements of all sessions, also of those that have ended.
        ids: The number of the last statement, which includes statements inside of others. Nothing resets it.
        session: The number of the connection of the plugin's own session.
        own: The statements of the plugin's own session.
        by_account: The statements of each account, by user and by the client's host, without those that the server
            has forgotten.
    """

    total: int
    ids: int
    session: str
    own: int
    by_account: Mapping[tuple[str, str], int]

    @classmethod
    def of(cls, rows: Iterable[RawRow]) -> Questions | None:
        """Return the counts from the rows of ``QUESTIONS``, or None if the server does not count.

        Rows of other kinds are ignored.
        """
        by_account: dict[tuple[str, str], int] = {}
        totals: dict[str, int] = {}
        session, own = "", 0
        for kind, name, host, count in rows:
            if kind == b"account":
                by_account[decoded(name), decoded(host)] = int(count or 0)
            elif kind == b"session":
                session, own = decoded(name), int(count or 0)
            elif kind == b"all":
                totals[decoded(name)] = int(count or 0)
        if not session or totals.keys() != {_ALL, _IDS}:
            return None
        return cls(totals[_ALL], totals[_IDS], session, own, by_account)

    def only_ran(self, earlier: Questions, accounts: Collection[tuple[str, str]]) -> bool:
        """Return True if since ``earlier`` nobody but the plugin and some accounts ran a statement.

        FLUSH STATUS, TRUNCATE of a status table and the reset of a connection only lower the counts of accounts and
        sessions: their statements then look like those of somebody else.

        Args:
            earlier: The counts at an earlier moment, at which the accounts had no connection.
            accounts: The users, each with the client's host.
        """
        if self.session != earlier.session or self.ids < earlier.ids:
            return False
        added = self.total - earlier.total
        known = [self.own - earlier.own]
        known += [self.by_account.get(name, 0) - earlier.by_account.get(name, 0) for name in accounts]
        # If the total had been reset, at least ``earlier.total`` statements of others would have had to follow.
        was_reset = (self.ids - earlier.ids) - added >= earlier.total
        return not was_reset and min(known) >= 0 and added == sum(known)
