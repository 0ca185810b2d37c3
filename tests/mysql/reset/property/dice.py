"""Choices of a seeded random generator, and random values for columns of each type."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from typing import TypeVar

from .shapes import Column, TableShape, quoted

T = TypeVar("T")

_WORDS = (
    "ab",
    "c",
    "a",
    "bc",
    "",
    "x",
    "é",
    "ёж",
    "🦔",
    "it''s",
    "\\\\",
    "\\0",
    "%s",
    "NULL",
    "0",
    "AB",
    "a ",
    "long " * 30,
)
_BYTES = ("x''", "x'00'", "x'FF00FE'", "x'0A0D'", "'ab'", "x'F09FA694'")
_NUMBERS = ("0", "1", "2", "3", "5", "7", "9", "10", "11", "12", "-1", "50", "100", "127", "1000")
_DATES = (
    "'2026-01-02'",
    "'1999-12-31'",
    "'2026-01-02 03:04:05.678901'",
    "'9999-12-31'",
    "'1000-01-01'",
    "'0000-00-00'",
)
_DOUBLES = ("0.1", "-0.0e0", "1.0000001e0", "1e-30", "1.0000000000000002e0", "16777217", "3e38", "0")
_PLACES = ("ST_GeomFromText('POINT(1 2)')", "ST_GeomFromText('POINT(2 1)')", "ST_GeomFromText('POINT(1 2)', 4326)")
_DOCUMENTS = ("'{}'", "'[1, 2]'", "'[1.0, 2]'", "'\"x\"'", "'null'", '\'{"a": {"b": [null, 1e2]}}\'')
_BY_KIND = {
    ("float", "double"): _DOUBLES,
    ("decimal",): ("0", "0.1", "-0.1", "99.99", "1e5", "1.005"),
    ("date", "datetime", "timestamp"): _DATES,
    ("time",): ("'00:00:00'", "'-12:30:15.5'", "'838:59:59'"),
    ("year",): ("0", "2026", "1901"),
    ("bit",): ("b'0'", "b'1'", "b'101'"),
    ("json",): _DOCUMENTS,
    ("binary", "varbinary", "tinyblob", "blob", "longblob", "mediumblob"): _BYTES,
    ("point", "geometry"): _PLACES,
    ("enum",): ("'a'", "'b'", "''", "2", "'ü'"),
    ("set",): ("'x'", "'x,y'", "''", "5"),
    ("vector",): ("TO_VECTOR('[1,2,3]')", "TO_VECTOR('[0,0,0]')"),
    ("uuid",): ("'12345678-1234-1234-1234-123456789abd'", "'00000000-0000-0000-0000-000000000000'"),
    ("inet6",): ("'::2'", "'192.0.2.1'"),
    ("tinyint", "smallint", "mediumint", "int", "bigint"): _NUMBERS,
}
_VALUES = {kind: values for kinds, values in _BY_KIND.items() for kind in kinds}


class Dice(random.Random):
    """A random generator with the choices that statements are made of."""

    def happens(self, chance: float) -> bool:
        """Return True with this probability."""
        return self.random() < chance

    def pick(self, *choices: T) -> T:
        """Return one of the arguments."""
        return self.choice(choices)

    def weighted(self, choices: Sequence[tuple[int, Callable[..., T]]]) -> Callable[..., T]:
        """Return one of the functions, each as often as its weight says."""
        return self.choices([one for _, one in choices], [weight for weight, _ in choices])[0]

    def some(self, choices: Sequence[T], most: int = 3) -> list[T]:
        """Return one to ``most`` of the choices."""
        return self.sample(choices, min(len(choices), self.randint(1, most)))

    def value(self, column: Column) -> str:
        """Return a value for a column, as SQL; not each is valid."""
        if self.happens(0.12):
            return self.pick("NULL", "DEFAULT")
        choices = _VALUES.get(column.kind)
        return self.choice(choices) if choices else f"'{self.choice(_WORDS)}'"

    def word(self) -> str:
        """Return a text, in quotes."""
        return f"'{self.choice(_WORDS)}'"

    def condition(self, table: TableShape) -> str:
        """Return a condition that holds for some rows of a table, with WHERE; or nothing."""
        if self.happens(0.25) or not table.columns:
            return ""
        column = self.choice(table.columns)
        operator = self.pick("=", "<=", ">", "<>", "<=>", "IS NOT NULL", "IS NULL", "=")
        value = "" if operator.startswith("IS") else f" {self.value(column)}".replace("DEFAULT", "NULL")
        if column.kind in ("point", "geometry", "vector", "json"):
            return f" WHERE {column.title} IS {self.pick('', 'NOT ')}NULL"
        return f" WHERE {column.title} {operator}{value}"

    def fresh_name(self) -> str:
        """Return a name for something new, in backquotes."""
        odd = ("n`e`w", "new %s", "новый", "#new", "new#p#p0", "1new", "new.new", "Neü", "new-1", "NEW", "new")
        return quoted(f"{self.choice(odd)}{self.randint(1, 3)}")
