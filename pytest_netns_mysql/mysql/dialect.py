"""How servers differ in what they are asked and told, and what is common to all."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from pytest_netns_mysql.mysql.catalog import StateQuery, Undo
from pytest_netns_mysql.mysql.options import DEFAULTS, OptionValue

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
    """Hold the queries that tell a server's state, what puts it back, and what connections and options are to be like.

    Shape: the rows of ``grant_tables``, in the schema ``mysql``, are accounts, roles and privileges: what is in
    memory can be made of them again, and they begin with Host and User in the first; ``restored_tables`` are others
    with settings in them, and ``settings_tables`` those that need a fresh server. ``settings`` tells which variables
    were set, and ``local`` kinds, names and values of what may change without a statement that writes; ``queries``
    has the queries for all other kinds; the tables' checksums may change by those of ``tables_after``, or at any
    time. ``shown`` are statements that no query can hold, each with what makes such rows of its own. ``variables``
    reads all global ones, of which those named ``moving`` move by themselves; ``transactions`` lists prepared ones,
    and ``xid`` names one of its rows as XA ROLLBACK does. ``written`` matches the names of files that the server
    writes to. ``undo`` has, by kind and in the order in which it is done, what undoes a change. ``unlimited`` has
    statements that begin the counts anew of accounts that have limits. ``session`` has the statements that give the
    plugin's own session the modes and limits that it counts on, whatever the global ones are. ``enters`` tells
    whether the client program ``mysql`` takes a network namespace, ``speaks_x`` whether the server has X Protocol;
    ``client_programs`` are options of theirs, ``connection`` of mysql.connector's. ``unseen`` are statements that put
    back what no query tells. ``grants_by_pattern`` asks, if anything, whether GRANT takes a schema's name as a
    pattern, which it does where nothing is asked. ``shows_all_grants`` tells whether SHOW GRANTS has everything that
    an account may do. ``lock_holders`` are queries for the connections that hold locks on ``{schemas}`` or on the
    server, of which the first one counts that has rows; ``lock_plugins`` are statements without which the server
    cannot tell, each with the one that undoes it. While a variable of ``read_only`` is on, no account can be dropped;
    they are switched off in this order. ``lock_waits`` limit how long a statement waits for locks, with what the
    session has.
    """

    grant_tables: tuple[str, ...]
    settings_tables: tuple[str, ...]
    restored_tables: Mapping[str, RestoredTable]
    tables_after: frozenset[str]
    settings: str
    local: str
    queries: Mapping[str, StateQuery]
    unlimited: tuple[str, ...]
    variables: str
    moving: frozenset[str]
    transactions: str
    xid: Callable[[RawRow], str]
    written: str
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
    unseen: tuple[str, ...] = ()
    shown: Mapping[str, Callable[[Sequence[RawRow]], Iterable[tuple[str, str, str]]]] = field(default_factory=dict)
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
