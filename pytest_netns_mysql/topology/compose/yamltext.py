"""YAML as plain data: tables, lists and texts that know the lines they were written at.

Compose reads YAML 1.2: `yes`, `on` and `22:22` are text. So scalars are kept as they are written, and whoever needs a
number or a switch reads it from the text.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Union

from pytest_netns_mysql.errors import TopologyError, in_short

RESET, OVERRIDE = "!reset", "!override"
"""The tags that a file uses to remove or replace what an earlier file has; see "Merge" in the specification."""

_MERGE = "<<"
_NULLS = ("", "~", "null", "Null", "NULL")
_EXTRA = "pip install 'pytest-netns-mysql[compose]'"
_MOST_VALUES = 100_000
"""What a file may stand for once its aliases are replaced, each of which can have several others in it."""

_DEEPEST = 100  # lists and mappings in brackets, each in the other
_TOO_DEEP = "the mappings or lists are nested too deeply to be read"
_LESS_DEEP = "nest them less deeply"


@dataclass(frozen=True)
class Mark:
    """A place in a file.

    Attributes:
        file: The path of the file.
        line: The number of the line, from 1.
    """

    file: str
    line: int

    def __str__(self) -> str:
        return f"{self.file}, line {self.line}"


class Table(dict[str, "Value"]):
    """A mapping.

    Attributes:
        mark: Where the mapping begins.
        marks: Where each key is written.
        tags: The tag of each value that has RESET or OVERRIDE.
    """

    def __init__(self, mark: Mark) -> None:
        """Create an empty mapping."""
        super().__init__()
        self.mark = mark
        self.marks: dict[str, Mark] = {}
        self.tags: dict[str, str] = {}

    def put(self, key: str, value: Value, mark: Mark, tag: str = "") -> None:
        """Set a value, with its place and its tag."""
        self[key] = value
        self.marks[key] = mark
        self.tags.pop(key, None)
        if tag in (RESET, OVERRIDE):
            self.tags[key] = tag

    def copied(self) -> Table:
        """Return another mapping with the same values."""
        found = Table(self.mark)
        for key, value in self.items():
            found.put(key, value, self.marks[key], self.tags.get(key, ""))
        return found


class Items(list["Value"]):
    """A list.

    Attributes:
        mark: Where the list begins.
        marks: Where each item is written.
    """

    def __init__(self, mark: Mark) -> None:
        """Create an empty list."""
        super().__init__()
        self.mark = mark
        self.marks: list[Mark] = []

    def put(self, value: Value, mark: Mark) -> None:
        """Add an item, with its place."""
        self.append(value)
        self.marks.append(mark)


Value = Union[str, None, Table, Items]  # noqa: UP007 - the classes are defined after the names in quotes
Interpolate = Callable[[str, Mark], str]


def read(text: str, file: str, interpolate: Interpolate) -> Value:
    """Return what a YAML file holds.

    Args:
        text: The text of the file.
        file: The path of the file, for messages.
        interpolate: Returns a text with the values of its variables.

    Raises:
        TopologyError: The text is not YAML, or has a key twice.
    """
    try:
        import yaml
    except ImportError as error:
        raise TopologyError(
            "compose files need PyYAML, which is not installed", where=file, remedies=[_EXTRA]
        ) from error

    class Loader(yaml.SafeLoader):  # type: ignore[misc]
        def fetch_flow_collection_start(self, *arguments: Any) -> None:
            # PyYAML looks at every open bracket again for each token that follows: a thousand take seconds.
            if self.flow_level == _DEEPEST:
                raise TopologyError(_TOO_DEEP, where=str(Mark(file, self.line + 1)), remedies=[_LESS_DEEP])
            super().fetch_flow_collection_start(*arguments)

    try:
        node = yaml.compose(text, Loader=Loader)
        return None if node is None else _Converter(file, interpolate).value(node)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = file if mark is None else str(Mark(file, mark.line + 1))
        what = getattr(error, "problem", None) or str(error).splitlines()[0]
        raise TopologyError(f"this is not YAML: {what}", where=where, remedies=["correct that line"]) from error
    except RecursionError as error:
        raise TopologyError(_TOO_DEEP, where=file, remedies=[_LESS_DEEP]) from error
    except ValueError as error:  # such as a character number that does not exist
        raise TopologyError(f"this is not YAML: {error}", where=file, remedies=["correct the file"]) from error


class _Converter:
    """The conversion of the nodes of one file. A node with several aliases is converted once."""

    def __init__(self, file: str, interpolate: Interpolate) -> None:
        self._file = file
        self._interpolate = interpolate
        self._known: dict[int, Value] = {}
        self._open: set[int] = set()
        self._sizes: dict[int, int] = {}  # how many values each node stands for

    def _mark(self, node: Any) -> Mark:
        return Mark(self._file, node.start_mark.line + 1)

    def value(self, node: Any) -> Value:
        number = id(node)
        if number in self._known:
            return self._known[number]
        if number in self._open:
            raise TopologyError(
                "an alias stands inside of what it stands for", where=str(self._mark(node)), remedies=["remove it"]
            )
        self._open.add(number)
        found: Value
        if node.id == "scalar":
            found = self._scalar(node)
        elif node.id == "sequence":
            found = Items(self._mark(node))
            for item in node.value:
                found.put(self.value(item), self._mark(item))
        else:
            found = self._table(node)
        self._open.discard(number)
        self._sizes[number] = self._size(node)
        self._known[number] = found
        return found

    def _size(self, node: Any) -> int:
        """Return how many values a node stands for with its aliases replaced; raise TopologyError for too many."""
        if node.id == "scalar":
            return 1
        inner = node.value if node.id == "sequence" else [value for _, value in node.value]
        size = 1 + sum(self._sizes.get(id(value), 1) for value in inner)
        if size > _MOST_VALUES:
            raise TopologyError(
                f"with its aliases this stands for more than {_MOST_VALUES:,} values",
                where=str(self._mark(node)),
                remedies=["use fewer aliases inside of what other aliases stand for"],
            )
        return size

    def _scalar(self, node: Any) -> str | None:
        if node.style is None and node.value in _NULLS:
            return None
        return self._interpolate(node.value, self._mark(node))

    def _table(self, node: Any) -> Table:
        table = Table(self._mark(node))
        merged: list[Any] = []
        for key, value in node.value:
            if key.id != "scalar":
                raise TopologyError(
                    "a key must be text", where=str(self._mark(key)), remedies=["write it as key: value"]
                )
            if key.value == _MERGE and key.style is None:
                merged += value.value if value.id == "sequence" else [value]
                continue
            if key.value in table:
                raise TopologyError(
                    f"the key {in_short(key.value)} is given twice",
                    where=f"{table.marks[key.value]}, and line {key.start_mark.line + 1}",
                    remedies=["keep one of them"],
                )
            table.put(key.value, self.value(value), self._mark(key), value.tag)
        for other in merged:
            found = self.value(other)
            if not isinstance(found, Table):
                raise TopologyError(
                    "<< takes a mapping, or a list of mappings", where=str(self._mark(other)), remedies=["correct it"]
                )
            for key, value in found.items():
                if key not in table:
                    table.put(key, value, found.marks[key], found.tags.get(key, ""))
        return table
