"""A picture of a server's state, taken by queries other than the plugin's: equal servers have equal pictures."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pytest_netns_mysql.endpoint import GLOBAL

from .shapes import SYSTEM, quoted

if TYPE_CHECKING:
    from pytest_netns_mysql import MySQLServer

Picture = dict[str, str]
"""The value of each object, by name."""

# Of the servers that are compared each has its own.
_OWN_VARIABLES = "'server_uuid', 'gtid_executed', 'gtid_binlog_pos', 'gtid_binlog_state', 'gtid_current_pos'"
_OF_A_MOMENT = (
    "timestamp pseudo_thread_id last_insert_id identity insert_id rand_seed1 rand_seed2 error_count warning_count"
    " statement_id server_uuid last_gtid proxy_user external_user"
)
_TEXTS = (
    "char varchar tinytext text mediumtext longtext binary varbinary tinyblob blob mediumblob longblob json uuid inet6"
    " inet4"
)
_PLACES = "geometry point linestring polygon multipoint multilinestring multipolygon geometrycollection geomcollection"
# A DROP SCHEMA that is refused has removed MyISAM's .sdi files, which IMPORT TABLE alone reads.
_IGNORED_FILES = re.compile(
    r"^(#ib|#innodb|ib_|ibdata|ibtmp|undo|aria_log|binlog|ddl_recovery|.*\.sdi$|.*\.pid$|.*\.lock|mysqld-auto\.cnf|multi-master|tc\.log|auto\.cnf)"
)
_NUMBERED = re.compile(r"(?<=/)fts(_[0-9a-f]{16})+|(?<=\.)[0-9a-f]{16}(?=\.)", re.IGNORECASE)
_PREPARE = (
    "SET NAMES utf8mb4",
    "SET SESSION sql_mode = '', time_zone = '+00:00', group_concat_max_len = 100000000, big_tables = 0",
    "SET SESSION lock_wait_timeout = 5, autocommit = 1, sql_quote_show_create = 1, max_statement_time = DEFAULT",
)
_INFORMATION = {
    "schema": "SELECT SCHEMA_NAME, '', {s}.* FROM information_schema.SCHEMATA {s}",
    "routine": "SELECT ROUTINE_SCHEMA, SPECIFIC_NAME, ROUTINE_TYPE, DTD_IDENTIFIER, ROUTINE_DEFINITION,"
    " IS_DETERMINISTIC, SQL_DATA_ACCESS, SECURITY_TYPE, SQL_MODE, ROUTINE_COMMENT, DEFINER, CHARACTER_SET_CLIENT,"
    " COLLATION_CONNECTION, DATABASE_COLLATION FROM information_schema.ROUTINES WHERE ROUTINE_SCHEMA NOT IN ({system})",
    "parameter": "SELECT SPECIFIC_SCHEMA, CONCAT(SPECIFIC_NAME, ORDINAL_POSITION), PARAMETER_NAME, PARAMETER_MODE,"
    " DTD_IDENTIFIER, COLLATION_NAME FROM information_schema.PARAMETERS WHERE SPECIFIC_SCHEMA NOT IN ({system})",
    "trigger": "SELECT TRIGGER_SCHEMA, TRIGGER_NAME, EVENT_MANIPULATION, EVENT_OBJECT_SCHEMA, EVENT_OBJECT_TABLE,"
    " ACTION_ORDER, ACTION_STATEMENT, ACTION_TIMING, SQL_MODE, DEFINER, CHARACTER_SET_CLIENT, COLLATION_CONNECTION,"
    " DATABASE_COLLATION FROM information_schema.TRIGGERS WHERE TRIGGER_SCHEMA NOT IN ('sys')",
    "event": "SELECT EVENT_SCHEMA, EVENT_NAME, DEFINER, TIME_ZONE, EVENT_DEFINITION, EVENT_TYPE, EXECUTE_AT,"
    " INTERVAL_VALUE, INTERVAL_FIELD, SQL_MODE, STARTS, ENDS, STATUS, ON_COMPLETION, EVENT_COMMENT,"
    " CHARACTER_SET_CLIENT, COLLATION_CONNECTION, DATABASE_COLLATION FROM information_schema.EVENTS",
    "view": "SELECT TABLE_SCHEMA, TABLE_NAME, VIEW_DEFINITION, CHECK_OPTION, IS_UPDATABLE, DEFINER, SECURITY_TYPE,"
    " CHARACTER_SET_CLIENT, COLLATION_CONNECTION FROM information_schema.VIEWS WHERE TABLE_SCHEMA <> 'sys'",
}
_OF_MYSQL = {
    "variable": "SELECT VARIABLE_NAME, '', VARIABLE_VALUE FROM performance_schema.global_variables"
    f" WHERE VARIABLE_NAME NOT IN ({_OWN_VARIABLES})",
    "persisted": "SELECT VARIABLE_NAME, '', VARIABLE_VALUE FROM performance_schema.persisted_variables",
    "histogram": "SELECT SCHEMA_NAME, CONCAT_WS('.', TABLE_NAME, COLUMN_NAME),"
    " JSON_REMOVE(HISTOGRAM, '$.\"last-updated\"')"
    " FROM information_schema.COLUMN_STATISTICS",
    "schema option": "SELECT SCHEMA_NAME, '', OPTIONS FROM information_schema.SCHEMATA_EXTENSIONS",
    "prepared": "XA RECOVER",
}
_OF_MARIADB = {
    "variable": "SELECT LOWER(VARIABLE_NAME), '', VARIABLE_VALUE FROM information_schema.GLOBAL_VARIABLES"
    f" WHERE VARIABLE_NAME NOT IN ({_OWN_VARIABLES})",
    "table statistics": "SELECT db_name, table_name, s.* FROM mysql.table_stats s",
    "column statistics": "SELECT db_name, CONCAT_WS('.', table_name, column_name), s.* FROM mysql.column_stats s",
    "prepared": "XA RECOVER",
}
_GRANT_TABLES = {
    False: "user db tables_priv columns_priv procs_priv proxies_priv role_edges default_roles global_grants"
    " password_history func plugin component servers server_cost engine_cost",
    True: "global_priv db tables_priv columns_priv procs_priv proxies_priv roles_mapping func plugin servers",
}


@dataclass(frozen=True)
class Difference:
    """An object that differs from that on a fresh server. None means that the object does not exist."""

    name: str
    fresh: str | None
    now: str | None

    def __str__(self) -> str:
        return f"{self.name}\n    fresh: {_short(self.fresh, self.now)}\n    now:   {_short(self.now, self.fresh)}"


def _short(text: str | None, other: str | None) -> str:
    """Return the text from shortly before the place where it leaves the other."""
    if text is None:
        return "(not there)"
    pairs = enumerate(zip(text, other or "", strict=False))
    start = max(0, next((place for place, (one, two) in pairs if one != two), 0) - 80)
    return repr(text[start : start + 300])


def differences(fresh: Picture, now: Picture) -> list[Difference]:
    """Return the differences from the fresh server."""
    names = dict.fromkeys((*fresh, *now))
    return [Difference(name, fresh.get(name), now.get(name)) for name in names if fresh.get(name) != now.get(name)]


class Photographer:
    """Takes pictures of servers of one kind that were loaded with one seed."""

    def __init__(self, server: MySQLServer) -> None:
        """Read the names of the tables from a fresh server."""
        self._is_mariadb = not server._dialect.speaks_x
        with server.connect() as connection:
            self._tables = self._read_tables(connection)
            self._columns = self._read_columns(connection)
        self._digests = self._digest_query()

    def take(self, server: MySQLServer) -> Picture:
        """Return the picture of a server that this process runs."""
        picture = {}
        with server.connect() as connection:
            own = connection.connection_id
            _ask(connection, *_PREPARE[:2])
            tables = self._read_tables(connection)
            picture.update({f"table {title}": kind for title, kind in tables.items()})
            both = [title for title in tables if title in self._tables]
            picture.update(self._statements(connection, both))
            if len(both) == len(self._tables):
                picture.update(self._rows(connection))
            queries = {
                kind: query.replace("{system}", SYSTEM).replace("{s}", "s")
                for kind, query in {**_INFORMATION, **(_OF_MARIADB if self._is_mariadb else _OF_MYSQL)}.items()
            }
            queries.update({f"mysql.{one}": f"SELECT '', '', t.* FROM mysql.{one} t" for one in self._grant_tables})
            for kind, rows in zip(queries, _ask(connection, *queries.values()), strict=True):
                picture.update(_named(kind, rows))
            picture.update(self._grants(connection))
            picture.update(self._connections(connection, {own, *server._administrator.numbers}))
        picture.update(self._session(server))
        picture.update({f"file {name}": "" for name in self._files(server)})
        return picture

    def full_rows(self, server: MySQLServer, title: str) -> list[str]:
        """Return all rows of a table, each as text, in order."""
        with server.connect() as connection:
            _ask(connection, *_PREPARE[:2])
            (rows,) = _ask(connection, f"SELECT {self._row(title)} FROM {self._from(title)}")
        return sorted(repr(row[0])[:400] for row in rows)

    @property
    def _grant_tables(self) -> list[str]:
        return _GRANT_TABLES[self._is_mariadb].split()

    def _read_tables(self, connection: Any) -> dict[str, str]:
        (rows,) = _ask(
            connection,
            "SELECT TABLE_SCHEMA, TABLE_NAME, TABLE_TYPE FROM information_schema.TABLES"
            " WHERE TABLE_SCHEMA NOT IN ('information_schema', 'performance_schema') ORDER BY 1, 2",
        )
        return {f"{quoted(_text(schema))}.{quoted(_text(name))}": _text(kind) for schema, name, kind in rows}

    def _read_columns(self, connection: Any) -> dict[str, list[tuple[str, str]]]:
        columns: dict[str, list[tuple[str, str]]] = {}
        query = f"""SELECT TABLE_SCHEMA, TABLE_NAME, COLUMN_NAME, DATA_TYPE FROM information_schema.COLUMNS
            WHERE TABLE_SCHEMA NOT IN ({SYSTEM}) ORDER BY 1, 2, ORDINAL_POSITION"""
        for schema, table, name, kind in _ask(connection, query)[0]:
            title = f"{quoted(_text(schema))}.{quoted(_text(table))}"
            columns.setdefault(title, []).append((_text(name), _text(kind).lower()))
        return columns

    def _statements(self, connection: Any, titles: list[str]) -> Iterator[tuple[str, str]]:
        """Yield the definitions of the seed's tables."""
        ours = [title for title in titles if title in self._columns]
        shown = _ask(connection, *(f"SHOW CREATE TABLE {title}" for title in ours))
        for title, rows in zip(ours, shown, strict=True):
            yield f"structure of {title}", _text(rows[0][1])

    def _rows(self, connection: Any) -> Iterator[tuple[str, str]]:
        """Yield the number of rows of each table, and the sum of their hashes."""
        try:
            (rows,) = _ask(connection, self._digests)
        except Exception as error:  # noqa: BLE001 - one that was altered so that a column is missing
            yield "rows", f"cannot be read: {error}"
            return
        for number, count, code in rows:
            yield f"rows of {self._counted[int(_text(number))]}", f"{_text(count)} {_text(code)}"

    def _digest_query(self) -> str:
        self._counted = [title for title, kind in self._tables.items() if title in self._columns and kind != "VIEW"]
        parts = []
        for number, title in enumerate(self._counted):
            code = f"CAST(CONV(LEFT(SHA2({self._row(title)}, 256), 12), 16, 10) AS UNSIGNED)"
            parts.append(f"SELECT {number}, COUNT(*), SUM({code}) FROM {self._from(title)}")
        return " UNION ALL ".join(parts)

    def _from(self, title: str) -> str:
        is_versioned = self._tables[title] == "SYSTEM VERSIONED"
        return f"{title} FOR SYSTEM_TIME ALL" if is_versioned else title

    def _row(self, title: str) -> str:
        columns = [_value(quoted(name), kind) for name, kind in self._columns[title]]
        if self._tables[title] == "SYSTEM VERSIONED":
            columns += [f"CAST({name} AS CHAR)" for name in ("ROW_START", "ROW_END")]
        return f"CONCAT_WS(',', {', '.join(columns)})"

    def _grants(self, connection: Any) -> Iterator[tuple[str, str]]:
        table = "mysql.user"
        (accounts,) = _ask(connection, f"SELECT CONVERT(User USING utf8mb4), Host FROM {table} ORDER BY 1, 2")
        names = [f"{_literal(_text(user))}@{_literal(_text(host))}" for user, host in accounts]
        if self._is_mariadb:
            names = [name.removesuffix("@''") for name in names]
        names = [name for name in names if name != "'PUBLIC'"]
        for name, rows in zip(names, _ask(connection, *(f"SHOW GRANTS FOR {name}" for name in names)), strict=True):
            yield f"grants for {name}", "\n".join(sorted(_text(row[0]) for row in rows))

    def _connections(self, connection: Any, known: set[int]) -> Iterator[tuple[str, str]]:
        (rows,) = _ask(connection, "SHOW PROCESSLIST")
        for number, user, *_ in rows:
            if int(number) not in known and _text(user) not in ("event_scheduler", "system user"):
                yield f"connection of {_text(user)}", "open"

    def _session(self, server: MySQLServer) -> Iterator[tuple[str, str]]:
        """Yield the variables of the administrator's session, as the next test finds them."""
        place = "information_schema" if self._is_mariadb else "performance_schema"
        query = f"SELECT VARIABLE_NAME, VARIABLE_VALUE, DATABASE() FROM {place}.SESSION_VARIABLES".replace(
            "performance_schema.SESSION_VARIABLES", "performance_schema.session_variables"
        )
        for name, value, schema in server.execute(query):
            if _text(name).lower() not in _OF_A_MOMENT.split():
                yield f"session variable {_text(name).lower()}", f"{_text(value)} {_text(schema)}"

    def _files(self, server: MySQLServer) -> Iterator[str]:
        with server.network[GLOBAL]:
            for folder, folders, files in os.walk(server.datadir):
                folders[:] = [one for one in folders if not _IGNORED_FILES.match(one)]
                place = os.path.relpath(folder, server.datadir)
                yield place
                for name in files:
                    if not _IGNORED_FILES.match(name):
                        yield _NUMBERED.sub("", f"{place}/{name}")


def _value(name: str, kind: str) -> str:
    """Return an SQL expression that differs, as bytes, for any two values of a column."""
    if kind in ("float", "double"):
        text = f"CAST({name} + 0e0 AS CHAR)"
    elif kind == "bit":
        text = f"HEX({name} + 0)"
    elif kind in _PLACES.split():
        text = f"CONCAT(ST_SRID({name}), ' ', HEX(ST_AsBinary({name})))"
    elif kind == "vector":
        text = f"HEX({name})"
    elif kind in ("enum", "set"):
        text = f"CONCAT({name} + 0, ' ', HEX({name}))"
    elif kind in _TEXTS.split():
        own = (
            f"CAST(CAST({name} AS CHAR) AS BINARY)" if kind in ("json", "uuid", "inet6") else f"CAST({name} AS BINARY)"
        )
        text = f"CONCAT(LENGTH({own}), ':', {own})"
    else:
        text = f"CAST({name} AS CHAR)"
    return f"IFNULL({text}, 'N')"


def _named(kind: str, rows: list[tuple[Any, ...]]) -> Iterator[tuple[str, str]]:
    texts: dict[str, list[str]] = {}
    for place, name, *others in rows:
        texts.setdefault(f"{kind} {_text(place)} {_text(name)}".rstrip(), []).append(
            repr([_text(one) for one in others])
        )
    return ((name, "\n".join(sorted(lines))) for name, lines in texts.items())


def _literal(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "''") + "'"


def _ask(connection: Any, *queries: str) -> list[list[tuple[Any, ...]]]:
    """Run statements in one round trip; return the rows of each as the server sends them."""
    results = connection.cmd_query_iter("; ".join(queries)) if queries else ()
    return [connection.get_rows(raw=True)[0] if "columns" in result else [] for result in results]


def _text(value: Any) -> str:
    if value is None:
        return "NULL"
    return value.decode("utf-8", "backslashreplace") if isinstance(value, (bytes, bytearray)) else str(value)
