"""Everything that differs between MySQL and MariaDB, and what both have in common."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pytest_netns_mysql.mysql.dialects.hostrules import MySQLHostRules

if TYPE_CHECKING:
    from pytest_netns_mysql.mysql.dialects.hostrules import HostRules
    from pytest_netns_mysql.mysql.dialects.quoting import RawRow
    from pytest_netns_mysql.mysql.dialects.statequeries import StateQuery
    from pytest_netns_mysql.mysql.dialects.undo import Undo

SESSION: Mapping[str, str] = {
    "sql_mode": "''",
    "sql_safe_updates": "0",
    "sql_select_limit": "18446744073709551615",
    "sql_big_selects": "1",
    # If the server checked foreign keys, a schema could not be dropped before the schema that refers to it.
    "foreign_key_checks": "0",
    "unique_checks": "0",
    "time_zone": "'+00:00'",
    "autocommit": "1",
    "completion_type": "0",
    "group_concat_max_len": "1048576",
    "sql_quote_show_create": "1",
    "lock_wait_timeout": "1",
    "innodb_lock_wait_timeout": "1",
}
"""Session variables with which every statement has its usual meaning, and no result is refused or cut.

The timeouts are in seconds.
"""


def session_statements(settings: Mapping[str, str], versioned: str = "") -> tuple[str, ...]:
    """Return the statements that prepare a session.

    Args:
        settings: The session variables and their values, as SQL.
        versioned: Settings of later versions, in comments that only these versions execute.
    """
    return (
        # With another schema selected, SHOW CREATE VIEW would leave out the name of that schema.
        "USE information_schema",
        f"SET SESSION {', '.join(f'{name} = {value}' for name, value in settings.items())} {versioned}",
    )


CHANNEL_KINDS = ("IO_THREAD of channel", "SQL_THREAD of channel")
"""The kinds of objects that go with their replication channel."""
THREAD_KINDS = ("thread", "resource group of thread")
TRANSIENT_KINDS = ("host-cache entry", *THREAD_KINDS)
"""The kinds whose objects also come and go by themselves.

A missing entry or a new thread is not reported as a change.
"""


@dataclass(frozen=True)
class RestoredTable:
    """A small system table whose rows the plugin reads in full, and writes back after a test.

    Attributes:
        columns: The columns to read and to write. All of them, unless some are generated.
        prepare: Statements to run before the rows are written.
        reload: Statements after which the server reads the table again.
    """

    columns: str = "*"
    prepare: tuple[str, ...] = ()
    reload: tuple[str, ...] = ()


@dataclass(frozen=True)
class Dialect:
    """Everything that differs between MySQL and MariaDB.

    Attributes:
        grant_tables: The tables of the schema mysql with accounts, roles and privileges, and for each the positions of
            the columns with the user and the host. They are restored tables. The first table has a row for each
            account, and begins with the columns Host and User.
        restored_tables: Other system tables whose rows are written back.
        settings_tables: System tables that only a fresh server has unchanged again.
        tables_after: The statements that may change the checksums of all these tables.
        settings: The query for the global variables that were set, and when.
        state_query: The query for the kind, name and value of objects that change without a statement that writes.
        queries: The queries for all other kinds of objects.
        unlimited: Statements that reset the resource counts of accounts with limits.
        variables: The query for all global variables.
        volatile_variables: Global variables that change by themselves.
        transactions: The statement that lists prepared transactions.
        xid: Returns the name of a transaction from a row of that list, as XA ROLLBACK takes it.
        ignored_files: A regular expression for the names of files that the server writes by itself.
        undo: The statements that undo a change, by kind, in the order of execution.
        session: Statements that prepare the plugin's own session.
        enters: Whether the client program mysql has the option --network-namespace.
        speaks_x: Whether the server has X Protocol.
        longest_user: The maximum length of a user name, in characters.
        grants_by_pattern: A query that tells whether the schema name in GRANT is a pattern; none if it always is not.
        shows_all_grants: Whether SHOW GRANTS lists everything that the account itself may do.
        read_only: Variables that prevent accounts from being dropped, in the order of switching them off.
        lock_waits: The lock timeouts of the plugin's own session, in seconds.
        lock_holders: Queries for the connections that hold locks on ``{schemas}`` or on the server. The first query
            that returns rows counts.
        lock_plugins: Statements that let the server answer these queries, each with the statement that undoes it.
        cleanup_statements: Statements that reset what no query shows.
        questions: The query for how many statements each account has sent; '' for a server that does not count them.
        login_queries: The queries for what a client changes without a statement, by the kinds of objects.
        status_statements: Statements for state that no query can select, each with a function that makes kinds, names
            and values from the rows.
        host_rules: How the server compares and sorts the hosts of accounts.
        client_programs: Options of the client programs.
        connection: Options of mysql.connector.
    """

    grant_tables: Mapping[str, tuple[int, int]]
    settings_tables: tuple[str, ...]
    restored_tables: Mapping[str, RestoredTable]
    tables_after: frozenset[str]
    settings: str
    state_query: str
    queries: Mapping[str, StateQuery]
    unlimited: tuple[str, ...]
    variables: str
    volatile_variables: frozenset[str]
    transactions: str
    xid: Callable[[RawRow], str]
    ignored_files: str
    undo: Mapping[str, Undo]
    session: tuple[str, ...]
    enters: bool
    speaks_x: bool
    longest_user: int = 32  # characters
    grants_by_pattern: tuple[str, ...] = ()
    shows_all_grants: bool = False
    read_only: tuple[str, ...] = ("read_only",)
    lock_waits: Mapping[str, int] = field(
        default_factory=lambda: {"lock_wait_timeout": 1, "innodb_lock_wait_timeout": 1}
    )
    lock_holders: tuple[str, ...] = ()
    lock_plugins: tuple[tuple[str, str], ...] = ()
    cleanup_statements: tuple[str, ...] = ()
    questions: str = ""
    login_queries: Mapping[str, StateQuery] = field(default_factory=dict)
    status_statements: Mapping[str, Callable[[Sequence[RawRow]], Iterable[tuple[str, str, str]]]] = field(
        default_factory=dict
    )
    host_rules: HostRules = field(default_factory=MySQLHostRules)
    client_programs: Mapping[str, str] = field(default_factory=dict)
    connection: Mapping[str, str] = field(default_factory=dict)

    @property
    def account_table(self) -> str:
        """The qualified name of the table with a row for each account. It begins with Host and User."""
        return f"mysql.{next(iter(self.grant_tables))}"

    def common(self, driver: object, options: Collection[str]) -> Mapping[str, str]:
        """Return the connection options that mysql.connector needs beside ``options``.

        Other drivers need none, and a caller that passes any of them passes all of them.
        """
        is_connector = driver in (None, "mysql.connector", "mysql.connector.cext", "mysql.connector.aio")
        return self.connection if is_connector and not {*self.connection} & {*options} else {}

    def limited(self, seconds: int, *statements: str) -> tuple[str, ...]:
        """Return statements for the plugin's own session, with others that limit their wait for a lock to ``seconds``.

        MariaDB limits the wait for some locks only by max_statement_time, which is set to three times as long.
        """
        values = {name: 3 * seconds if name == "max_statement_time" else seconds for name in self.lock_waits}
        if values == self.lock_waits:
            return statements
        limit = f"SET SESSION {', '.join(f'{name} = {value}' for name, value in values.items())}"
        return limit, *statements, self.no_limit

    @property
    def no_limit(self) -> str:
        """The statement that undoes ``limited`` in the plugin's own session, after an error."""
        return f"SET SESSION {', '.join(f'{name} = {value}' for name, value in self.lock_waits.items())}"

    @property
    def checksums(self) -> str:
        """The query for the checksums of grant tables, restored tables and settings tables."""
        return f"CHECKSUM TABLE {', '.join([*self.contents, *self.settings_tables])}"

    @property
    def contents(self) -> Mapping[str, RestoredTable]:
        """All tables whose rows are written back, by qualified name, grant tables first."""
        reloaded = RestoredTable(reload=("FLUSH PRIVILEGES",))
        return {**{f"mysql.{name}": reloaded for name in self.grant_tables}, **self.restored_tables}
