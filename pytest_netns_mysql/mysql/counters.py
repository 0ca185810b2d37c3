"""Statement counters: the server's own account of what was run on it, and so the proof that nothing was written."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pytest_netns_mysql.mysql.catalog import ANYTHING, READING, WRITING

if TYPE_CHECKING:
    from pytest_netns_mysql.mysql.dialect import RawRow

QUERIES = tuple(
    f"SHOW {scope} STATUS WHERE Variable_name LIKE 'Com!_%' ESCAPE '!' AND Value > 0" for scope in ("GLOBAL", "SESSION")
)
"""What the server has run, and what of it the plugin's own session has."""

_PREFIX = "Com_"
# What a server runs itself when it starts.
_STARTING = frozenset({"create_db", "create_table"})


@dataclass(frozen=True)
class Counters:
    """Hold how often each kind of statement was run, by all sessions but the plugin's own; see the manual, "Com_xxx".

    Shape: ``counts`` has those that were run at all, by names such as ``insert``; ``settings`` has the times at which
    global variables were set, '' where the server does not tell.
    """

    counts: Mapping[str, int]
    settings: Mapping[str, str]

    @classmethod
    def of(cls, everybody: Sequence[RawRow], own: Sequence[RawRow], settings: Mapping[str, str]) -> Counters:
        """Read the rows of ``QUERIES``."""
        less = dict(_numbers(own))
        return cls({name: number - less.get(name, 0) for name, number in _numbers(everybody)}, settings)

    def ran_since(self, earlier: Counters) -> frozenset[str] | None:
        """Return the names of the statements that ran since ``earlier``, and "SET name" for settings.

        Returns None where anything may have changed: after a statement that applies changes of others, or that is not
        known. What a procedure, a prepared statement, a trigger or an event runs is counted by itself.
        """
        ran = frozenset(name for name, count in self.counts.items() if count != earlier.counts.get(name, 0))
        if ran & ANYTHING or ran - (READING | WRITING):
            return None
        # A setting whose time is not told may have been set again.
        return ran | {f"SET {name}" for name, at in self.settings.items() if not at or at != earlier.settings.get(name)}

    @property
    def are_of_a_start(self) -> bool:
        """Tell whether nobody has written since the server started."""
        ran = self.ran_since(Counters({}, {}))
        return ran is not None and ran & WRITING <= _STARTING


def _numbers(rows: Sequence[RawRow]) -> Iterator[tuple[str, int]]:
    return (((name or b"").decode().removeprefix(_PREFIX).lower(), int(number or 0)) for name, number in rows)
