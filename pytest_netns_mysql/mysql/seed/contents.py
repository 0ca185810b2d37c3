"""What is in the schemas that a server was loaded with: every definition, and a digest of each table's rows."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

from pytest_netns_mysql.mysql.dialects.quoting import decoded, identifier, literal
from pytest_netns_mysql.mysql.mysqld.seeded import Name, Thing

if TYPE_CHECKING:
    from pytest_netns_mysql.mysql.dialects.base import RawRow
    from pytest_netns_mysql.mysql.mysqld.administrator import Administrator

_LISTS = """\
SELECT LOWER(TABLE_TYPE), TABLE_SCHEMA, TABLE_NAME, '' FROM information_schema.TABLES
    WHERE TABLE_SCHEMA IN ({0})
UNION ALL SELECT 'trigger', TRIGGER_SCHEMA, TRIGGER_NAME, ACTION_ORDER FROM information_schema.TRIGGERS
    WHERE TRIGGER_SCHEMA IN ({0})
UNION ALL SELECT LOWER(ROUTINE_TYPE), ROUTINE_SCHEMA, ROUTINE_NAME, '' FROM information_schema.ROUTINES
    WHERE ROUTINE_SCHEMA IN ({0})"""
_TABLES = {"base table": "table", "system versioned": "table", "sequence": "sequence"}
"""Types of tables that have rows, with the kinds of things that they are."""
_IN_ONE = 50  # tables in one query
# The option is the first of its line, behind the engine: a text in a comment is none.
_QUOTED = re.compile(r"'(?:[^'\\]|\\.|'')*'|`(?:[^`]|``)*`", re.DOTALL)
_PERIOD = re.compile(r"\n *PERIOD FOR SYSTEM_TIME \((`(?:[^`]|``)+`), (`(?:[^`]|``)+`)\)")
_NUMBER = re.compile(r"(\n\)(?: /\*!\d+ TABLESPACE .*?\*/)? ENGINE=\S+) AUTO_INCREMENT=(\d+)")

# How values are told apart: what is no value of an enumeration is the number 0, and FLOAT is printed rounded.
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
    """A column whose values are stored.

    Attributes:
        name: Its name.
        type: Its type, without a length.
        has_characters: Whether its values are characters, and not bytes.
    """

    name: str
    type: str
    has_characters: bool

    @property
    def exact(self) -> str:
        """An expression whose value, as it is printed, tells two values of the column apart."""
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
        """True if ``exact`` is of digits, signs and spaces."""
        return self.type in _AS_NUMBERS | _AS_DOUBLES | _PRINTED

    @property
    def in_a_digest(self) -> str:
        """An expression without a comma in its value, which is never NULL."""
        if self.is_printed:
            return f"IFNULL({self.exact}, '-')"
        # The second is of no more than 64 digits, whatever max_allowed_packet is.
        return f"IFNULL({f'HEX({self.exact})' if self.type in _SHORT else f'SHA2({self.exact}, 256)'}, '-')"


def columns_of(administrator: Administrator, names: Collection[Name]) -> dict[Name, list[Column]]:
    """Return the stored columns of each table."""
    found: dict[Name, list[Column]] = {name: [] for name in names}
    if names:
        listed = ", ".join(f"({literal(schema)}, {literal(name)})" for schema, name in names)
        for schema, table, column, kind, is_text in administrator.ask(_COLUMNS.format(listed))[0]:
            # MariaDB finds the tables of names in the other case, too.
            if (name := (decoded(schema), decoded(table))) in found:
                found[name].append(Column(decoded(column), decoded(kind), is_text == b"1"))
    return found


def is_versioned(structure: str) -> bool:
    """Return True if a table keeps what its rows were; see MariaDB's manual, "System-Versioned Tables"."""
    return "WITH SYSTEM VERSIONING" in _QUOTED.sub("", structure)


def digest_of(name: Name, columns: Sequence[Column], structure: str) -> str:
    """Return what to select for the digest of a table's rows.

    It adds up a hash of each row, so that it is the same in every order: CHECKSUM TABLE takes 'ab', 'c' for 'a', 'bc',
    and adds what a linear function makes of each row.
    """
    has_history, period = is_versioned(structure), _PERIOD.search(structure)
    # When a row began and ended, in columns that are not listed unless they were named: a deleted row is still there.
    times = () if not has_history else ("ROW_START", "ROW_END") if period is None else period.groups()
    values = [*(one.in_a_digest for one in columns), *times] or ["''"]
    row = f"SHA2(CONCAT_WS(',', {', '.join(values)}), 256)"
    hashed = f"CAST(CONV(LEFT({row}, 16), 16, 10) AS DECIMAL(20))"
    history = " FOR SYSTEM_TIME ALL" if has_history else ""
    return f"COUNT(*), COUNT(h), SUM(h) FROM (SELECT {hashed} h FROM {title(name)}{history}) t"


def things(administrator: Administrator, schemas: Iterable[str]) -> dict[Thing, tuple[str, str]]:
    """Return what is in schemas, each with what SHOW CREATE is to be asked for, and with its place among others."""
    query = _LISTS.format(", ".join(map(literal, schemas)))
    found = {}
    for raw in administrator.ask(query)[0]:
        kind, schema, name, place = map(decoded, raw)
        word = "TABLE" if kind in _TABLES else kind.upper()
        found[Thing(_TABLES.get(kind, kind), schema, name)] = word, place
    return found


def definitions(administrator: Administrator, found: Mapping[Thing, tuple[str, str]]) -> dict[Thing, tuple[str, str]]:
    """Return the definition of each thing, and a table's next AUTO_INCREMENT; an error's text where there is none."""
    queries = [f"SHOW CREATE {word} {title((one.schema, one.name))}" for one, (word, _) in found.items()]
    sequences = [one for one in found if one.kind == "sequence"]
    queries += [f"SELECT next_not_cached_value FROM {title((one.schema, one.name))}" for one in sequences]
    answers = list(_each(administrator, queries))
    told: dict[Thing, tuple[str, str]] = {}
    for (one, (_, place)), rows in zip(found.items(), answers, strict=False):
        text = "\0".join([place, *(decoded(value) for row in rows for value in row)])
        number = _NUMBER.search(text) if one.kind == "table" else None
        told[one] = (text, "") if number is None else (text.replace(number[0], number[1], 1), number[2])
    for one, rows in zip(sequences, answers[len(found) :], strict=True):
        told[one] = told[one][0], decoded(rows[0][0]) if rows else ""
    return told


def digests(administrator: Administrator, selected: Mapping[Name, str]) -> dict[Name, str]:
    """Return what ``digest_of`` has selected, for each table; an error's text where nobody can read a table."""
    import mysql.connector

    found: dict[Name, str] = {}
    for start in range(0, len(selected), _IN_ONE):
        some = dict(list(selected.items())[start : start + _IN_ONE])
        queries = [f"SELECT {number}, {what}" for number, what in enumerate(some.values())]
        try:
            (rows,) = administrator.ask("\nUNION ALL ".join(queries))
        except mysql.connector.Error:
            found |= {name: _digest_alone(administrator, name, what) for name, what in some.items()}
            continue
        for name, (_, there, hashed, total) in zip(some, sorted(rows, key=_number), strict=True):
            is_whole = there == hashed
            found[name] = _digest((there, hashed, total)) if is_whole else _checksum(administrator, name)
    return found


def _number(row: RawRow) -> int:
    return int(row[0] or 0)


def _digest_alone(administrator: Administrator, name: Name, selected: str) -> str:
    import mysql.connector

    try:
        ((row,),) = administrator.ask(f"SELECT {selected}")
    except mysql.connector.Error as error:
        return _checksum(administrator, name) or str(error)
    there, hashed, _ = row
    return _digest(row) if there == hashed else _checksum(administrator, name)


def _checksum(administrator: Administrator, name: Name) -> str:
    """Return a sum where the server cannot make the digest, as where max_allowed_packet is small; '' for no table."""
    ((_, checksum),) = administrator.ask(f"CHECKSUM TABLE {title(name)}")[0]
    return f"checksum {checksum.decode()}" if checksum is not None else ""


def _digest(row: Sequence[bytes | None]) -> str:
    return " ".join(map(decoded, row))


def _each(administrator: Administrator, queries: Sequence[str]) -> Iterator[list[RawRow]]:
    """Yield the rows of each query; of one that fails, its error as a row."""
    import mysql.connector

    try:
        yield from administrator.ask(*queries) if queries else ()
        return
    except mysql.connector.Error:
        pass
    for query in queries:
        try:
            (rows,) = administrator.ask(query)
        except mysql.connector.Error as error:
            rows = [(str(error).encode(), b"")]  # another thing than any row
        yield rows


def title(name: Name) -> str:
    """Return the name as SQL takes it."""
    return f"{identifier(name[0])}.{identifier(name[1])}"
