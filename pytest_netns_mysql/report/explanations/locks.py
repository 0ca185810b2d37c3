"""A statement that waited for a lock: 1205, 1213, 1969, 3572."""

from __future__ import annotations

import re

from pytest_netns_mysql.mysql.mysqld.instance import Instance
from pytest_netns_mysql.mysql.mysqld.lockholders import LockHolder, lock_holders
from pytest_netns_mysql.report.explanations.answers import ask, names
from pytest_netns_mysql.report.explanations.context import Context
from pytest_netns_mysql.report.explanations.failure import Failure
from pytest_netns_mysql.report.model import Explanation

_DEADLOCK = re.compile(r"LATEST DETECTED DEADLOCK\n-+\n(.*?)\n-{4,}\n[A-Z ]+\n-{4,}", re.DOTALL)
_LOCKED = re.compile(r"index (\S+) of table `([^`]+)`\.`([^`]+)`")
_SCHEMAS = (
    "SELECT SCHEMA_NAME FROM information_schema.SCHEMATA "
    "WHERE SCHEMA_NAME NOT IN ('mysql', 'sys', 'information_schema', 'performance_schema')"
)
_LONGEST = 60


def wait_timeout(failure: Failure, _: Context) -> Explanation:
    """Explain 1205: another transaction held a lock for longer than the statement waits."""
    holders = _holders(failure)
    details = [str(holder) for holder in holders[:2]]
    waited = f"waiting: {_short(failure.statement)}" if failure.statement else ""
    if holders:
        what = (
            f"the statement gave up waiting for a lock that connection {holders[0].number} of {holders[0].client} holds"
        )
    else:
        what = "the statement gave up waiting for a lock of another transaction, which has ended since"
    return Explanation(
        what,
        tuple([*details, *([waited] if waited else [])][:3]),
        (
            "commit or roll back that transaction before this statement, or close that connection",
            "to wait longer: SET SESSION innodb_lock_wait_timeout = 10, and lock_wait_timeout for whole tables",
        ),
    )


def _holders(failure: Failure) -> list[LockHolder]:
    if failure.server is None or not failure.server.is_running:
        return []
    own = failure.session.number if failure.session else None
    schemas = names(failure.server, _SCHEMAS)
    return [holder for holder in lock_holders(failure.server, schemas) if holder.number != own]


def deadlock(failure: Failure, _: Context) -> Explanation:
    """Explain 1213: two transactions waited for each other, and the server ended one of them."""
    details = _latest_deadlock(failure.server)
    return Explanation(
        "deadlock: two transactions each waited for a lock of the other, and the server rolled this one back",
        tuple(details[:2]),
        (
            "have both transactions lock the rows in the same order",
            "or run the transaction again: the server expects that of a client",
        ),
    )


def _latest_deadlock(server: Instance | None) -> list[str]:
    rows = ask(server, "SHOW ENGINE INNODB STATUS")
    found = _DEADLOCK.search(rows[0][2]) if rows else None
    return [] if found is None else [_transaction(part) for part in _parts(found[1])]


def _parts(text: str) -> list[str]:
    return [
        part for part in re.split(r"\*\*\* (?=\(\d\) TRANSACTION)|\*\*\* WE ROLL", text)[1:] if "TRANSACTION:" in part
    ]


def _transaction(text: str) -> str:
    who = re.search(r"thread id (\d+).*?query id \d+ (\S+)", text)
    lines = text.splitlines()
    index = next((number for number, line in enumerate(lines) if "query id" in line), None)
    words = lines[index].split() if index is not None else []
    statement = " ".join(lines[index + 1].split()) if index is not None and index + 1 < len(lines) else ""
    user = (
        next((word for word in words[words.index("id", words.index("query")) + 3 :] if word), "")
        if "query" in words
        else ""
    )
    locked = _LOCKED.search(text)
    waits = f", waiting for a row of {locked[2]}.{locked[3]}" if locked else ""
    return f"connection {who[1] if who else '?'} of {user or '?'} ran {_short(statement)}{waits}"


def _short(statement: str) -> str:
    return f'"{statement if len(statement) <= _LONGEST else statement[:_LONGEST] + "..."}"'
