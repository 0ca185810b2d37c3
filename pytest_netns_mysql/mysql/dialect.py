"""How servers differ in what they are asked and told: what is common to all, and MySQL's own."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from pytest_netns_mysql.mysql import mysqlcatalog, mysqlundo
from pytest_netns_mysql.mysql.catalog import COMMANDS, WRITING, StateQuery, Undo, nothing
from pytest_netns_mysql.mysql.options import DEFAULTS, OptionValue
from pytest_netns_mysql.mysql.quoting import identifier, literal

RawRow = tuple[bytes | None, ...]

SESSION: Mapping[str, str] = {
    "sql_mode": "''",
    "sql_safe_updates": "0",
    "sql_select_limit": "18446744073709551615",
    "sql_big_selects": "1",
    "foreign_key_checks": "1",
    "unique_checks": "1",
    "time_zone": "'+00:00'",
    "autocommit": "1",
    "group_concat_max_len": "1048576",
}
"""Settings of a session in which every statement has its usual meaning and nothing is refused or cut."""

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
    with settings in them, and ``settings_tables`` those that need a fresh server. ``local`` tells kinds, names and
    values of what may change without a statement that writes; ``queries`` has the queries for all other kinds; the
    tables' checksums may change by those of ``tables_after``, or at any time. ``shown`` are statements that no
    query can hold, each with what makes such rows of its own. ``variables`` reads all global ones, of which those
    named ``moving`` move by themselves; ``transactions`` lists prepared ones, and ``xid`` names one of its rows as
    XA ROLLBACK does. ``written`` matches the names of files that the server writes to. ``undo`` has, by kind and in
    the order in which it is done, what undoes a change. ``unlimited`` has statements that begin the counts anew of
    accounts that have limits. ``session`` has settings under which statements mean what they usually do, whatever
    the global ones are. ``marks`` is the query for what tells whether tables of ``{schemas}``, whose folders are
    ``{files}``, have changed; ``fresh_statistics`` is needed before their statistics are read, if anything, and
    ``dump`` has options of the dump program. ``enters`` tells whether the client program ``mysql`` takes a network
    namespace, ``speaks_x`` whether the server has X Protocol; ``client_programs`` are options of theirs,
    ``connection`` of mysql.connector's. ``unseen`` are statements that put back what no query tells.
    ``grants_by_pattern`` asks, if anything, whether GRANT takes a schema's name as a pattern, which it does where
    nothing is asked.
    """

    grant_tables: tuple[str, ...]
    settings_tables: tuple[str, ...]
    restored_tables: Mapping[str, RestoredTable]
    tables_after: frozenset[str]
    local: str
    queries: Mapping[str, StateQuery]
    unlimited: tuple[str, ...]
    session: Mapping[str, str]
    variables: str
    moving: frozenset[str]
    transactions: str
    xid: Callable[[RawRow], str]
    written: str
    undo: Mapping[str, Undo]
    marks: str
    dump: tuple[str, ...]
    enters: bool
    speaks_x: bool
    longest_user: int = 32  # characters
    grants_by_pattern: tuple[str, ...] = ()
    unseen: tuple[str, ...] = ()
    fresh_statistics: str = ""
    shown: Mapping[str, Callable[[Sequence[RawRow]], Iterable[tuple[str, str, str]]]] = field(default_factory=dict)
    client_programs: Mapping[str, str] = field(default_factory=dict)
    connection: Mapping[str, str] = field(default_factory=dict)
    defaults: Mapping[str, OptionValue] = field(default_factory=lambda: DEFAULTS)

    def common(self, driver: object, options: Collection[str]) -> Mapping[str, str]:
        """Return what mysql.connector's connections need beside ``options``: nothing, where these say as much."""
        is_connector = driver in (None, "mysql.connector")
        return self.connection if is_connector and not {*self.connection} & {*options} else {}

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


def _reset_channel(name: str, was: str | None, _: str | None) -> Iterator[str]:
    if was is None:
        yield f"STOP REPLICA FOR CHANNEL {literal(name)}"
        yield f"RESET REPLICA ALL FOR CHANNEL {literal(name)}"


def _reset_filter(name: str, was: str | None, _: str | None) -> Iterator[str]:
    if was is None:
        rule, channel = name.split("\0")
        yield f"CHANGE REPLICATION FILTER {rule} = () FOR CHANNEL {literal(channel)}"


def _reset_global_filter(rule: str, was: str | None, _: str | None) -> Iterator[str]:
    if was is None:
        yield f"CHANGE REPLICATION FILTER {rule} = ()"


def _turn(thread: str) -> Undo:
    return lambda name, was, _: [f"{'START' if was is None else 'STOP'} REPLICA {thread} FOR CHANNEL {literal(name)}"]


def _persist(name: str, was: str | None, _: str | None) -> Iterator[str]:
    if was is None:
        yield f"RESET PERSIST IF EXISTS {identifier(name)}"


def _xid(row: RawRow) -> str:
    """Return an xid of a row of XA RECOVER CONVERT XID, whose data is one hexadecimal number."""
    form, length, _, data = row
    digits, split = (data or b"").decode()[2:], 2 * int(length or 0)
    return f"X'{digits[:split]}',X'{digits[split:]}',{int(form or 0)}"


MYSQL = Dialect(
    grant_tables=(
        "user",
        "db",
        "tables_priv",
        "columns_priv",
        "procs_priv",
        "proxies_priv",
        "role_edges",
        "default_roles",
        "global_grants",
        "password_history",
    ),
    settings_tables=(
        "mysql.plugin",
        "mysql.component",
        "mysql.func",
        "mysql.time_zone",
        "mysql.time_zone_leap_second",
        "mysql.time_zone_name",
        "mysql.time_zone_transition",
        "mysql.time_zone_transition_type",
    ),
    restored_tables={
        "mysql.servers": RestoredTable(reload=("FLUSH PRIVILEGES",)),
        "mysql.server_cost": RestoredTable(
            "cost_name, cost_value, last_update, comment", reload=("FLUSH OPTIMIZER_COSTS",)
        ),
        "mysql.engine_cost": RestoredTable(
            "engine_name, device_type, cost_name, cost_value, last_update, comment", reload=("FLUSH OPTIMIZER_COSTS",)
        ),
        "sys.sys_config": RestoredTable(prepare=("SET @sys.ignore_sys_config_triggers = true",)),
        "performance_schema.setup_actors": RestoredTable(),
        "performance_schema.setup_objects": RestoredTable(),
    },
    tables_after=WRITING,
    local="""\
SELECT 'variable', VARIABLE_NAME, SET_TIME FROM performance_schema.variables_info WHERE VARIABLE_SOURCE = 'DYNAMIC'
UNION ALL SELECT 'persisted variable', VARIABLE_NAME, VARIABLE_VALUE FROM performance_schema.persisted_variables
UNION ALL SELECT 'host-cache entry', IP, HOST FROM performance_schema.host_cache
UNION ALL SELECT 'channel', c.CHANNEL_NAME, CONCAT_WS(' ', HOST, PORT, USER, NETWORK_INTERFACE, NETWORK_NAMESPACE,
    AUTO_POSITION, CONNECTION_RETRY_INTERVAL, CONNECTION_RETRY_COUNT, HEARTBEAT_INTERVAL, DESIRED_DELAY)
    FROM performance_schema.replication_connection_configuration c
    JOIN performance_schema.replication_applier_configuration a ON a.CHANNEL_NAME = c.CHANNEL_NAME
    WHERE HOST <> ''
UNION ALL SELECT 'IO_THREAD of channel', CHANNEL_NAME, 'stopped' FROM performance_schema.replication_connection_status
    WHERE SERVICE_STATE = 'OFF'
UNION ALL SELECT 'SQL_THREAD of channel', CHANNEL_NAME, 'stopped' FROM performance_schema.replication_applier_status
    WHERE SERVICE_STATE = 'OFF'
UNION ALL SELECT 'replication filter', CONCAT_WS('\\0', FILTER_NAME, CHANNEL_NAME), FILTER_RULE
    FROM performance_schema.replication_applier_filters WHERE FILTER_RULE <> ''
UNION ALL SELECT 'global replication filter', FILTER_NAME, FILTER_RULE
    FROM performance_schema.replication_applier_global_filters WHERE FILTER_RULE <> ''""",
    queries=mysqlcatalog.QUERIES,
    unlimited=("FLUSH PRIVILEGES", "FLUSH USER_RESOURCES"),
    session={**SESSION, "transaction_read_only": "0", "max_execution_time": "0", "sql_require_primary_key": "0"},
    variables="SELECT VARIABLE_NAME, VARIABLE_VALUE FROM performance_schema.global_variables",
    # What replication itself moves on.
    moving=frozenset({"gtid_executed", "gtid_purged", "gtid_owned"}) | COMMANDS,
    transactions="XA RECOVER CONVERT XID",
    xid=_xid,
    # Its tablespaces, logs and locks. Its TLS files are none of them.
    written=r"^(#|ib|undo_\d+$|mysql|auto\.cnf)|\.(\d{6}|index|pid|lock|sdi|CSV|CSM)$",
    undo={
        "XA transaction": roll_back,
        "channel": _reset_channel,
        "replication filter": _reset_filter,
        "global replication filter": _reset_global_filter,
        "IO_THREAD of channel": _turn("IO_THREAD"),
        "SQL_THREAD of channel": _turn("SQL_THREAD"),
        **mysqlundo.UNDO,
        "key cache": nothing,
        "persisted variable": _persist,
        **OF_SERVER,
    },
    # Of rows tell InnoDB's counters, the time when it last counted rows, for then these begin anew, and the handlers'
    # counts. InnoDB names a table by its files, such as shop/orders#p#p0. A time of two seconds ago may come again.
    marks="""\
SELECT 'counters' kind, SUBSTRING_INDEX(NAME, '/', 1) place, SUBSTRING_INDEX(NAME, '/', -1) name,
    CONCAT_WS(' ', TABLE_ID, MODIFIED_COUNTER, AUTOINC) value FROM information_schema.INNODB_TABLESTATS
    WHERE SUBSTRING_INDEX(NAME, '/', 1) IN ({files})
UNION ALL SELECT 'counted', database_name, table_name, last_update FROM mysql.innodb_table_stats
    WHERE database_name IN ({schemas})
UNION ALL SELECT 'writes', OBJECT_SCHEMA, OBJECT_NAME, COUNT_WRITE
    FROM performance_schema.table_io_waits_summary_by_table WHERE OBJECT_SCHEMA IN ({schemas}) AND COUNT_WRITE > 0
UNION ALL SELECT 'table', TABLE_SCHEMA, TABLE_NAME, IF(CREATE_TIME > NOW() - INTERVAL 2 SECOND, UUID(), CREATE_TIME)
    FROM information_schema.TABLES WHERE TABLE_SCHEMA IN ({schemas}) AND TABLE_TYPE = 'BASE TABLE'
UNION ALL SELECT 'view', TABLE_SCHEMA, TABLE_NAME, CRC32(CONCAT_WS(' ', VIEW_DEFINITION, DEFINER, SECURITY_TYPE))
    FROM information_schema.VIEWS WHERE TABLE_SCHEMA IN ({schemas})
UNION ALL SELECT 'trigger', TRIGGER_SCHEMA, TRIGGER_NAME, CREATED
    FROM information_schema.TRIGGERS WHERE TRIGGER_SCHEMA IN ({schemas})
UNION ALL SELECT LOWER(ROUTINE_TYPE), ROUTINE_SCHEMA, ROUTINE_NAME, LAST_ALTERED
    FROM information_schema.ROUTINES WHERE ROUTINE_SCHEMA IN ({schemas})
UNION ALL SELECT 'schema', SCHEMA_NAME, '', CONCAT_WS(' ', DEFAULT_COLLATION_NAME, OPTIONS)
    FROM information_schema.SCHEMATA JOIN information_schema.SCHEMATA_EXTENSIONS USING (SCHEMA_NAME)
    WHERE SCHEMA_NAME IN ({schemas})""",
    fresh_statistics="SET SESSION information_schema_stats_expiry = 0",
    dump=("--set-gtid-purged=OFF",),
    enters=True,
    speaks_x=True,
    grants_by_pattern=("SELECT NOT @@GLOBAL.partial_revokes",),
)
