"""Statement counters: the server's own account of what was run on it, and so the proof that nothing was written."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pytest_netns_mysql.mysql.dialect import RawRow

QUERIES = tuple(
    f"SHOW {scope} STATUS WHERE Variable_name LIKE 'Com!_%' ESCAPE '!' AND Value > 0" for scope in ("GLOBAL", "SESSION")
)
"""What the server has run, and what of it the plugin's own session has."""

_OF_A_READER = "Com_show_"
# What changes nothing that outlives the session. What a procedure, a prepared statement, a trigger or an event runs is
# counted by itself; variables are looked at after every test.
_READING = frozenset(
    f"Com_{name}"
    for name in (
        "admin_commands",
        "begin",
        "call_procedure",
        "change_db",
        "checksum",
        "commit",
        "dealloc_sql",
        "do",
        "empty_query",
        "execute_sql",
        "explain_other",
        "get_diagnostics",
        "ha_close",
        "ha_open",
        "ha_read",
        "help",
        "kill",
        "lock_tables",
        "prepare_sql",
        "release_savepoint",
        "resignal",
        "rollback",
        "rollback_to_savepoint",
        "savepoint",
        "select",
        "set_option",
        "set_role",
        "signal",
        "stmt_close",
        "stmt_execute",
        "stmt_fetch",
        "stmt_prepare",
        "stmt_reprepare",
        "stmt_reset",
        "stmt_send_long_data",
        "unlock_tables",
        "xa_end",
        "xa_start",
    )
)


_STARTING = frozenset({"Com_create_db", "Com_create_table"})


@dataclass(frozen=True)
class Counters:
    """Hold how often each kind of statement was run, by all sessions but the plugin's own; see the manual, "Com_xxx".

    Shape: ``counts`` has those that were run at all, by names such as ``Com_insert``.
    """

    counts: Mapping[str, int]

    @classmethod
    def of(cls, everybody: Sequence[RawRow], own: Sequence[RawRow]) -> Counters:
        """Read the rows of ``QUERIES``."""
        less = dict(_numbers(own))
        return cls({name: number - less.get(name, 0) for name, number in _numbers(everybody)})

    def prove_nothing_written_since(self, earlier: Counters) -> bool:
        """Tell whether all statements since ``earlier``, of the same start of the server, only read."""
        return not any(self._written_since(earlier))

    @property
    def are_of_a_start(self) -> bool:
        """Tell whether nobody has written since the server started, which makes tables of its own then."""
        return set(self._written_since(Counters({}))) <= _STARTING

    def _written_since(self, earlier: Counters) -> Iterator[str]:
        for name, count in self.counts.items():
            if count != earlier.counts.get(name, 0) and name not in _READING and not name.startswith(_OF_A_READER):
                yield name


def _numbers(rows: Sequence[RawRow]) -> Iterator[tuple[str, int]]:
    return (((name or b"").decode(), int(number or 0)) for name, number in rows)
