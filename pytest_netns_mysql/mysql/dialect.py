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


def in_session(settings: Mapping[str, str]) -> tuple[str, ...]:
    """Return the statements that give a session its settings."""
    return (
        # As if none were selected: SHOW CREATE VIEW leaves out the name of the one that is.
        "USE information_schema",
        f"SET SESSION {', '.join(f'{name} = {value}' for name, value in settings.items())}",
    )


OF_A_CHANNEL = ("IO_THREAD of channel", "SQL_THREAD of channel")
"""The kinds that go with a channel."""


TRANSIENT = ("host-cache entry", "thread", "resource group of thread")
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
    accounts that have limits. ``session`` has the statements that give the plugin's own session the modes and
    limits that it counts on, whatever the global ones are. ``enters`` tells whether the client program ``mysql``
    takes a network namespace, ``speaks_x`` whether the server has X Protocol; ``client_programs`` are options of
    theirs, ``connection`` of mysql.connector's. ``unseen`` are statements that put back what no query tells.
    ``grants_by_pattern`` asks, if anything, whether GRANT takes a schema's name as a pattern, which it does where
    nothing is asked. ``lock_holders`` are queries for the connections that hold locks on ``{schemas}`` or on the
    server, of which the first one counts that has rows; ``lock_plugins`` are statements without which the server
    cannot tell, each with the one that undoes it. While a variable of ``read_only`` is on, no account can be
    dropped; they are switched off in this order. ``lock_waits`` limit how long a statement waits for locks, with
    what the session has.
    """

    grant_tables: tuple[str, ...]
    settings_tables: tuple[str, ...]
    restored_tables: Mapping[str, RestoredTable]
    tables_after: frozenset[str]
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
UNION ALL SELECT 'key cache', VARIABLE_NAME, SET_TIME FROM performance_schema.variables_info
    WHERE VARIABLE_NAME IN ('key_buffer_size', 'key_cache_block_size', 'key_cache_division_limit',
    'key_cache_age_threshold') AND VARIABLE_SOURCE = 'DYNAMIC'
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
    session=in_session(
        {
            **SESSION,
            "transaction_read_only": "0",
            "max_execution_time": "0",
            "sql_require_primary_key": "0",
            "information_schema_stats_expiry": "0",
            "show_create_table_verbosity": "0",
        }
    ),
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
    enters=True,
    speaks_x=True,
    grants_by_pattern=("SELECT NOT @@GLOBAL.partial_revokes",),
    read_only=("super_read_only", "read_only"),
    # A lock of intention hinders nobody, and reading a table hinders nobody who drops an account.
    lock_holders=(
        """\
SELECT t.PROCESSLIST_ID, t.PROCESSLIST_USER, t.PROCESSLIST_HOST, l.what, s.SQL_TEXT FROM (
    SELECT OWNER_THREAD_ID thread, CONCAT(LOCK_TYPE, ' on ', LOWER(OBJECT_TYPE),
            IF(OBJECT_SCHEMA IS NULL, '', CONCAT(' ', CONCAT_WS('.', OBJECT_SCHEMA, OBJECT_NAME)))) what
        FROM performance_schema.metadata_locks WHERE LOCK_STATUS = 'GRANTED' AND LOCK_TYPE <> 'INTENTION_EXCLUSIVE'
        AND (OBJECT_SCHEMA IN ({schemas}) OR OBJECT_TYPE IN ('GLOBAL', 'COMMIT', 'BACKUP LOCK', 'ACL CACHE')
            OR OBJECT_SCHEMA = 'mysql' AND LOCK_TYPE NOT IN ('SHARED', 'SHARED_READ', 'SHARED_WRITE'))
    UNION ALL SELECT THREAD_ID, CONCAT(LOCK_MODE, ' on rows of ', CONCAT_WS('.', OBJECT_SCHEMA, OBJECT_NAME))
        FROM performance_schema.data_locks WHERE LOCK_TYPE = 'RECORD' AND OBJECT_SCHEMA IN ('mysql', {schemas})) l
JOIN performance_schema.threads t ON t.THREAD_ID = l.thread AND t.PROCESSLIST_ID <> CONNECTION_ID()
LEFT JOIN performance_schema.events_statements_current s ON s.THREAD_ID = l.thread AND s.NESTING_EVENT_LEVEL = 0""",
    ),
)
