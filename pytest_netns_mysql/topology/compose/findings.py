"""What is found while a compose file is read: its faults, what is not used of it, and notes for its reader."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterator, Sequence
from ipaddress import ip_address

from pytest_netns_mysql.errors import TopologyError, in_short
from pytest_netns_mysql.topology.compose.knownkeys import REFUSED
from pytest_netns_mysql.topology.compose.yamltext import Items, Mark, Table, Value
from pytest_netns_mysql.topology.faults import Faults

_TRUE = ("true", "yes", "on", "y")
_FALSE = ("false", "no", "off", "n")


class Findings:
    """The faults, the unused keys and the notes of one compose project.

    Attributes:
        faults: The faults.
    """

    def __init__(self, source: str) -> None:
        """Create an empty collection.

        Args:
            source: The compose file, for messages.
        """
        self.faults: Faults = Faults(source)
        self._notes: dict[str, None] = {}
        self._unused: dict[str, dict[str, None]] = {}

    def fault(self, what: str, mark: Mark, key: str, *remedies: str, tried: Sequence[str] = ()) -> None:
        """Add a fault.

        Args:
            what: What is wrong.
            mark: Where it is written.
            key: The key at fault.
            remedies: What to do, the best remedy first.
            tried: What is there, or allowed.
        """
        with self.faults.gathered():
            raise TopologyError(what, where=f"{mark}: {key}" if key else str(mark), tried=tried, remedies=remedies)

    def note(self, text: str) -> None:
        """Add a line about how something was read."""
        self._notes[text] = None

    def note_unset(self, name: str) -> None:
        """Note that a variable has neither a value nor a default."""
        self.note(f"the variable {name} is not set: it was read as nothing")

    def not_used(self, key: str, owner: str) -> None:
        """Note that a key is not used.

        Args:
            key: The key.
            owner: The service or network that has it, or ''.
        """
        self._unused.setdefault(key, {})[owner] = None

    @property
    def notes(self) -> tuple[str, ...]:
        """The notes, then a line for each key that is not used."""
        unused = [
            f"not used: {key}{f' ({names})' if (names := ', '.join(filter(None, owners))) else ''}"
            for key, owners in sorted(self._unused.items())
        ]
        return (*self._notes, *unused)


class Section:
    """A mapping of a compose file, with its path: reads values, and adds a fault for each of the wrong kind.

    Attributes:
        table: The mapping.
        path: Where it stands, such as ``services.db``; empty for the file itself.
        findings: Takes the faults.
    """

    def __init__(self, table: Table, path: str, findings: Findings) -> None:
        """Take a mapping."""
        self.table = table
        self.path = path
        self.findings = findings

    def __contains__(self, key: str) -> bool:
        return self.table.get(key) is not None

    def place(self, key: str = "") -> str:
        """Return the path of a key, or of the section itself."""
        return ".".join(filter(None, (self.path, key)))

    def mark(self, key: str = "") -> Mark:
        """Return where a key is written, or where the section begins."""
        return self.table.marks.get(key, self.table.mark)

    def fault(self, what: str, key: str, *remedies: str, tried: Sequence[str] = ()) -> None:
        """Add a fault of a key; of the section itself if ``key`` is empty."""
        self.findings.fault(what, self.mark(key), self.place(key), *remedies, tried=tried)

    def wrong(self, key: str, takes: str, example: str) -> None:
        """Add a fault for a value of the wrong kind."""
        value = self.table.get(key)
        shown = in_short(value) if isinstance(value, str) else _kind(value)
        self.fault(f"{self.place(key)} is {shown}: it takes {takes}", key, f"write {example}")

    def text(self, key: str, example: str = "") -> str | None:
        """Return a text, or None where the key has no text."""
        value = self.table.get(key)
        if value is None or isinstance(value, str):
            return value
        self.wrong(key, "text", f"{key}: {example or 'text'}")
        return None

    def switch(self, key: str, *, default: bool = False) -> bool:
        """Return a switch."""
        value = self.table.get(key)
        if value is None:
            return default
        if isinstance(value, str) and value.lower() in (*_TRUE, *_FALSE):
            return value.lower() in _TRUE
        self.wrong(key, "true or false", f"{key}: true")
        return default

    def number(self, key: str, *, default: int = 0, least: int | None = None) -> int:
        """Return a whole number."""
        value = self.table.get(key)
        if value is None:
            return default
        if isinstance(value, str) and is_number(value) and (least is None or int(value) >= least):
            return int(value)
        self.wrong(key, "a whole number", f"{key}: {max(default, 1)}")
        return default

    def address(self, key: str) -> str | None:
        """Return an IP address as text, or None where the key has no address."""
        text = self.text(key)
        if text and not is_address(text):
            self.wrong(key, "an IP address", f"{key}: 127.0.0.1")
            return None
        return text

    def section(self, key: str) -> Section | None:
        """Return a mapping in this one, or None where the key has no mapping."""
        value = self.table.get(key)
        if isinstance(value, Table):
            return Section(value, self.place(key), self.findings)
        if value is not None:
            self.wrong(key, "a mapping", f"{key}: with lines of name: value below it")
        return None

    def sections(self) -> Iterator[tuple[str, Section]]:
        """Return each value as a section with its key; nothing counts as an empty mapping."""
        for key, value in self.table.items():
            if value is None:
                yield key, Section(Table(self.mark(key)), self.place(key), self.findings)
            elif (found := self.section(key)) is not None:
                yield key, found

    def items(self, key: str) -> Items:
        """Return a list; a single text is a list of it, and nothing is an empty one."""
        value = self.table.get(key)
        if isinstance(value, Items):
            return value
        found = Items(self.mark(key))
        if isinstance(value, str):
            found.put(value, self.mark(key))
        elif value is not None:
            self.wrong(key, "a list", f"{key}: with lines of - value below it")
        return found

    def texts(self, key: str) -> list[str]:
        """Return the texts of a list."""
        items = self.items(key)
        for item, mark in zip(items, items.marks, strict=True):
            if not isinstance(item, str):
                self.findings.fault(
                    f"{self.place(key)} has {_kind(item)}: it takes a list of texts",
                    mark,
                    self.place(key),
                    "write text",
                )
        return [item for item in items if isinstance(item, str)]

    def check_keys(
        self, used: Collection[str], not_used: Collection[str], owner: str, what: str, prefix: str = ""
    ) -> None:
        """Add a fault for each unknown key, and note each that is not used.

        Args:
            used: The keys that are used.
            not_used: The keys that do not matter to a network.
            owner: The name of the service or network, for the note.
            what: What the section is, for messages.
            prefix: What stands before a key in the note.
        """
        for key, value in self.table.items():
            if key.startswith("x-") or key in used or value is None:
                continue
            if key in not_used:
                self.findings.not_used(f"{prefix}{key}", owner)
                continue
            if key in REFUSED:
                self.fault(
                    f"{self.place(key)} is not supported: {REFUSED[key]}", key, "remove it, by !reset for example"
                )
                continue
            near = difflib.get_close_matches(key, (*used, *not_used), n=1)
            self.fault(
                f"{what} has no key {in_short(key)}",
                key,
                f"write {near[0]}" if near else "remove it, or begin its name with x-",
                tried=[f"used: {', '.join(sorted(used))}", "other keys of the specification are not used"],
            )


def is_number(text: str) -> bool:
    """Return True for a whole number that is not unreasonably long."""
    digits = text.removeprefix("-")
    return digits.isascii() and digits.isdigit() and len(digits) < 19


def is_address(text: str) -> bool:
    """Return True for an IP address."""
    try:
        ip_address(text)
    except ValueError:
        return False
    return True


def _kind(value: Value) -> str:
    if isinstance(value, Table):
        return "a mapping"
    return "a list" if isinstance(value, Items) else "nothing" if value is None else in_short(value)
