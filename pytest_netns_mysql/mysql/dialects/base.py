"""How servers differ in what they are asked and told, and what is common to all."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from pytest_netns_mysql.mysql.dialects.catalog import StateQuery, Undo
from pytest_netns_mysql.mysql.dialects.options import DEFAULTS, OptionValue

RawRow = tuple[bytes | None, ...]

SESSION: Mapping[str, str] = {
    "sql_mode": "''",
    "sql_safe_updates": "0",
    "sql_select_limit": "18446744073709551615",
    "sql_big_selects": "1",
    # Without its checks a foreign key keeps no schema from being dropped before the one that refers to it.
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
"""Settings of a session in which every statement has its usual meaning and nothing is refused or cut; seconds."""


def in_session(settings: Mapping[str, str], later: str = "") -> tuple[str, ...]:
    """Return the statements that give a session its settings; ``later`` has those of later versions, as a comment."""
    return (
        # As if none were selected: SHOW CREATE VIEW leaves out the name of the one that is.
        "USE information_schema",
        f"SET SESSION {', '.join(f'{name} = {value}' for name, value in settings.items())} {later}",
    )


OF_A_CHANNEL = ("IO_THREAD of channel", "SQL_THREAD of channel")
"""The kinds that go with a channel."""


OF_THREADS = ("thread", "resource group of thread")
TRANSIENT = ("host-cache entry", *OF_THREADS)
"""The kinds whose objects also come and go by themselves: an entry that is gone, a thread that is new, is no change."""


@dataclass(frozen=True)
class RestoredTable:
    """A small table of settings whose rows are written back as they were.

    Attributes:
        columns: The columns to read and to write: all, where none of them is generated.
        prepare: Statements to run before its rows are written.
        reload: Statements that have the server read the table again.
    """

    columns: str = "*"
    prepare: tuple[str, ...] = ()
    reload: tuple[str, ...] = ()


@dataclass(frozen=True)
class Dialect:
    """Everything that differs between MySQL and MariaDB.

    Attributes:
        grant_tables: The tables of the schema mysql with accounts, roles and privileges. They are written back, and
            read again; the rows of the first begin with Host and User.
        restored_tables: Other tables of settings that are written back.
        settings_tables: Tables of settings that take a fresh server where they are changed.
        tables_after: The statements after which the checksums of all these tables may be others.
        settings: The query for the variables that were set, and when.
        state_query: The query for kinds, names and values of what changes without a statement that writes.
        queries: The queries for all other kinds.
        unlimited: Statements that begin the counts anew of accounts that have limits.
        variables: The query for all global variables.
        volatile_variables: Those that change by themselves.
        transactions: The statement that lists prepared transactions.
        xid: Returns the name of one of its rows, as XA ROLLBACK takes it.
        ignored_files: A regular expression for the names of files that the server writes to by itself.
        undo: Statements that undo a change, by its kind, in the order in which they are run.
        session: Statements that give the plugin's own session the modes and limits that it counts on.
        enters: Whether the client program mysql takes a network namespace.
        speaks_x: Whether the server has X Protocol.
        longest_user: The most characters of a user's name.
        grants_by_pattern: A query, if anything, for whether GRANT takes a schema's name as a pattern.
        shows_all_grants: Whether SHOW GRANTS has what an account may do by itself.
        read_only: Variables that keep accounts from being dropped, in the order in which they are switched off.
        lock_waits: Limits of the plugin's own session for locks, in seconds.
        lock_holders: Queries for the connections that hold locks on ``{schemas}`` or on the server; the first one
            counts that has rows.
        lock_plugins: Statements without which the server cannot tell, each with the one that undoes it.
        cleanup_statements: Statements that put back what no query tells.
        status_statements: Statements that no query can hold, each with what makes kinds, names and values of its rows.
        client_programs: Options of the client programs.
        connection: Options of mysql.connector.
        defaults: Options of the server.
    """

    grant_tables: tuple[str, ...]
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
    status_statements: Mapping[str, Callable[[Sequence[RawRow]], Iterable[tuple[str, str, str]]]] = field(
        default_factory=dict
    )
    client_programs: Mapping[str, str] = field(default_factory=dict)
    connection: Mapping[str, str] = field(default_factory=dict)
    defaults: Mapping[str, OptionValue] = field(default_factory=lambda: DEFAULTS)

    def common(self, driver: object, options: Collection[str]) -> Mapping[str, str]:
        """Return what mysql.connector's connections need beside ``options``: nothing, where these say as much."""
        is_connector = driver in (None, "mysql.connector")
        return self.connection if is_connector and not {*self.connection} & {*options} else {}

    def limit(self, seconds: int) -> str:
        """Return the statement after which a session waits no longer than ``seconds`` for a lock.

        MariaDB waits for some locks as long as a statement may take: there that is three times as long.
        """
        values = {name: 3 * seconds if name == "max_statement_time" else seconds for name in self.lock_waits}
        return f"SET SESSION {', '.join(f'{name} = {value}' for name, value in values.items())}"

    @property
    def no_limit(self) -> str:
        """The statement that undoes ``limit`` in the plugin's own session."""
        return f"SET SESSION {', '.join(f'{name} = {value}' for name, value in self.lock_waits.items())}"

    @property
    def checksums(self) -> str:
        """Return the query for the checksums of grant tables and of settings tables."""
        return f"CHECKSUM TABLE {', '.join([*self.contents, *self.settings_tables])}"

    @property
    def contents(self) -> Mapping[str, RestoredTable]:
        """Return the tables whose rows are kept and written back, grant tables first."""
        reloaded = RestoredTable(reload=("FLUSH PRIVILEGES",))
        return {**{f"mysql.{name}": reloaded for name in self.grant_tables}, **self.restored_tables}


def roll_back(name: str, was: str | None, _: str | None) -> Iterator[str]:
    """Undo a prepared transaction."""
    if was is None:
        yield f"XA ROLLBACK {name}"


OF_SERVER: Mapping[str, Undo] = {
    "host-cache entry": lambda *_: ["TRUNCATE TABLE performance_schema.host_cache"],
    "log": lambda name, *_: [f"TRUNCATE TABLE mysql.{name}"],
}
