"""Digests of the rows of tables, which differ if any value of any row does."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

from pytest_netns_mysql.mysql.dialects.quoting import decoded, identifier, literal
from pytest_netns_mysql.mysql.mysqld.schemacontents import TableName
from pytest_netns_mysql.mysql.seed.definitions import qualified

if TYPE_CHECKING:
    from pytest_netns_mysql.mysql.dialects.quoting import RawRow
    from pytest_netns_mysql.mysql.mysqld.administrator import Administrator

_TABLES_PER_QUERY = 50
_QUOTED = re.compile(r"'(?:[^'\\]|\\.|'')*'|`(?:[^`]|``)*`", re.DOTALL)
_PERIOD = re.compile(r"\n *PERIOD FOR SYSTEM_TIME \((`(?:[^`]|``)+`), (`(?:[^`]|``)+`)\)")

# The printed value of these types may be the same for different values: the text of an invalid ENUM value is '', and
# FLOAT is printed rounded.
_AS_NUMBERS = frozenset({"enum", "set", "bit"})
_AS_DOUBLES = frozenset({"float", "double"})
_PRINTED = frozenset(
    ("tinyint", "smallint", "mediumint", "int", "bigint", "decimal", "date", "time", "datetime", "timestamp", "year")
)
_SHORT = frozenset({"char", "varchar", "binary", "varbinary", "inet4", "inet6", "uuid"})
_COLUMNS = """\
SELECT TABLE_SCHEMA, TABLE_NAME, COLUMN_NAME, LOWER(DATA_TYPE),
    CHARACTER_SET_NAME IS NOT NULL OR DATA_TYPE IN ('json', 'inet4', 'inet6', 'uuid')
FROM information_schema.COLUMNS
WHERE COALESCE(GENERATION_EXPRESSION, '') = '' AND (TABLE_SCHEMA, TABLE_NAME) IN ({})
ORDER BY TABLE_SCHEMA, TABLE_NAME, ORDINAL_POSITION"""


class Column(NamedTuple):
    """A column whose values are stored, not generated.

    Attributes:
        name: The name of the column.
        type: The data type, without a length.
        has_characters: Whether the values are characters, and not bytes.
    """

    name: str
    type: str
    has_characters: bool

    @property
    def exact(self) -> str:
        """An SQL expression that is printed differently for any two different values."""
        name = identifier(self.name)
        if self.type in _AS_NUMBERS:
            return f"{name} + 0"
        return f"{name} + 0e0" if self.type in _AS_DOUBLES else name

    @property
    def is_a_number(self) -> bool:
        """True if ``exact`` is a number."""
        return self.type in _AS_NUMBERS | _AS_DOUBLES or (self.is_printed and self.type.endswith(("int", "decimal")))

    @property
    def is_printed(self) -> bool:
        """True if ``exact`` is printed with digits, signs and spaces only."""
        return self.type in _AS_NUMBERS | _AS_DOUBLES | _PRINTED

    @property
    def for_digest(self) -> str:
        """An SQL expression for a digest: different for different values, never NULL, without a comma."""
        if self.is_printed:
            return f"IFNULL({self.exact}, '-')"
        # A hash has 64 digits, and so stays below any max_allowed_packet.
        return f"IFNULL({f'HEX({self.exact})' if self.type in _SHORT else f'SHA2({self.exact}, 256)'}, '-')"


def stored_columns(administrator: Administrator, names: Collection[TableName]) -> dict[TableName, list[Column]]:
    """Return the stored columns of each table."""
    columns: dict[TableName, list[Column]] = {name: [] for name in names}
    if names:
        pairs = ", ".join(f"({literal(schema)}, {literal(name)})" for schema, name in names)
        for schema, table, column, data_type, has_characters in administrator.ask(_COLUMNS.format(pairs))[0]:
            # MariaDB also finds tables whose names differ in case.
            if (name := (decoded(schema), decoded(table))) in columns:
                columns[name].append(Column(decoded(column), decoded(data_type), has_characters == b"1"))
    return columns


def is_versioned(structure: str) -> bool:
    """Return True if a table keeps old versions of its rows; see MariaDB's manual, "System-Versioned Tables"."""
    return "WITH SYSTEM VERSIONING" in _QUOTED.sub("", structure)


def digest_query(name: TableName, columns: Sequence[Column], structure: str) -> str:
    """Return a query for the digest of a table's rows, without the word SELECT.

    The digest is the sum of a hash of each row, so that the order of the rows does not matter. CHECKSUM TABLE does not
    suffice: to it, the values 'ab', 'c' and 'a', 'bc' are the same, and the sums of different rows may be equal.

    Args:
        name: The name of the table.
        columns: The stored columns.
        structure: The result of SHOW CREATE TABLE.
    """
    has_history, period = is_versioned(structure), _PERIOD.search(structure)
    # A deleted row is still there, with the time of its deletion. The definition may name the columns with the times.
    times = () if not has_history else ("ROW_START", "ROW_END") if period is None else period.groups()
    values = [*(column.for_digest for column in columns), *times] or ["''"]
    row = f"SHA2(CONCAT_WS(',', {', '.join(values)}), 256)"
    row_hash = f"CAST(CONV(LEFT({row}, 16), 16, 10) AS DECIMAL(20))"
    history = " FOR SYSTEM_TIME ALL" if has_history else ""
    return f"COUNT(*), COUNT(h), SUM(h) FROM (SELECT {row_hash} h FROM {qualified(name)}{history}) t"


def read_digests(administrator: Administrator, queries: Mapping[TableName, str]) -> dict[TableName, str]:
    """Return the digest of each table's rows. For a table that nobody can read, it is the text of the error.

    Args:
        administrator: The administrator of the server.
        queries: The results of ``digest_query``, by table.
    """
    import mysql.connector

    digests: dict[TableName, str] = {}
    for start in range(0, len(queries), _TABLES_PER_QUERY):
        batch = dict(list(queries.items())[start : start + _TABLES_PER_QUERY])
        numbered = [f"SELECT {number}, {query}" for number, query in enumerate(batch.values())]
        try:
            (rows,) = administrator.ask("\nUNION ALL ".join(numbered))
        except mysql.connector.Error:
            digests |= {name: _read_one(administrator, name, query) for name, query in batch.items()}
            continue
        for name, (_, *counts_and_sum) in zip(batch, sorted(rows, key=_number), strict=True):
            digests[name] = _digest(administrator, name, counts_and_sum)
    return digests


def _number(row: RawRow) -> int:
    return int(row[0] or 0)


def _read_one(administrator: Administrator, name: TableName, query: str) -> str:
    import mysql.connector

    try:
        ((row,),) = administrator.ask(f"SELECT {query}")
    except mysql.connector.Error as error:
        return _checksum(administrator, name) or str(error)
    return _digest(administrator, name, row)


def _digest(administrator: Administrator, name: TableName, row: Sequence[bytes | None]) -> str:
    rows, hashed_rows, _ = row
    return " ".join(map(decoded, row)) if rows == hashed_rows else _checksum(administrator, name)


def _checksum(administrator: Administrator, name: TableName) -> str:
    """Return the server's own checksum, or '' if there is no such table.

    The server cannot compute the digest if, for example, max_allowed_packet is small.
    """
    ((_, checksum),) = administrator.ask(f"CHECKSUM TABLE {qualified(name)}")[0]
    return f"checksum {checksum.decode()}" if checksum is not None else ""
