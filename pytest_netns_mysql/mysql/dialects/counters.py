"""Statement counters: the server's own account of what was run on it, and so the proof that nothing was written."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pytest_netns_mysql.mysql.dialects.catalog import ANYTHING, READING, ROWS, WRITING, statements
from pytest_netns_mysql.mysql.dialects.quoting import decoded

if TYPE_CHECKING:
    from pytest_netns_mysql.mysql.dialects.base import RawRow

_QUERY = "SHOW {} STATUS WHERE Variable_name LIKE 'Com!_%' ESCAPE '!' AND Value > 0"
OF_THE_SESSION = _QUERY.format("SESSION")
QUERIES = (_QUERY.format("GLOBAL"), OF_THE_SESSION)
"""What the server has run, and what of it the session has."""

_PREFIX = "Com_"
# What a server runs itself when it starts.
_STARTING = frozenset({"create_db", "create_table"})
# What may give a session more than its own schema: roles, too, by a global variable.
_GRANTING = ROWS | statements(
    "set_option create_user alter_user rename_user set_password alter_user_default_role create_role "
    "grant grant_role grant_roles revoke revoke_all revoke_role revoke_roles"
)


@dataclass(frozen=True)
class Counters:
    """How often each kind of statement was run by sessions other than the plugin's own; see the manual, "Com_xxx".

    Attributes:
        counts: The counts, by names such as ``insert``.
        confined: How many of them were run by sessions that reach nothing but a schema of their own.
    """

    counts: Mapping[str, int]
    confined: Mapping[str, int]

    @classmethod
    def of(cls, everybody: Sequence[RawRow], own: Sequence[RawRow], confined: Mapping[str, int]) -> Counters:
        """Read the rows of ``QUERIES``; ``confined`` has the server's own names."""
        less = dict(_numbers(own))
        counts = {name: number - less.get(name, 0) for name, number in _numbers(everybody)}
        return cls(counts, {_name(name): number for name, number in confined.items()})

    def ran_since(self, earlier: Counters) -> frozenset[str] | None:
        """Return the names of the statements that ran since ``earlier``, but for those of confined sessions.

        Returns None where anything may have changed: after a statement that applies changes of others, or that is not
        known, or where the counters went back. What a procedure, a prepared statement, a trigger or an event runs is
        counted by itself.
        """
        if any(self.counts.get(name, 0) < count for name, count in earlier.counts.items()):
            return None  # they were set back
        more = {name: count - earlier.counts.get(name, 0) for name, count in self.counts.items()}
        less = {name: count - earlier.confined.get(name, 0) for name, count in self.confined.items()}
        ran = frozenset(name for name, count in more.items() if count != less.get(name, 0))
        if ran & _GRANTING:  # by which a session may have been confined for some time only
            ran = frozenset(name for name, count in more.items() if count)
        return None if ran & ANYTHING or ran - (READING | WRITING) else ran

    @property
    def are_of_a_start(self) -> bool:
        """True if nobody has written since the server started."""
        ran = self.ran_since(Counters({}, {}))
        return ran is not None and ran & WRITING <= _STARTING


def _numbers(rows: Sequence[RawRow]) -> Iterator[tuple[str, int]]:
    return ((_name(decoded(name)), int(number or 0)) for name, number in rows)


def _name(name: str) -> str:
    return name.removeprefix(_PREFIX).lower()
