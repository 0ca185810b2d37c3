"""Random rounds: what one test might do to a server, as a list of statements by several sessions."""

from __future__ import annotations

from dataclasses import dataclass

from .definitions import DEFINITIONS
from .dice import Dice
from .rows import ROWS, Statements
from .serverwide import SERVERWIDE, locks, set_session
from .shapes import Shapes

ADMINISTRATOR = "administrator"
X = "app by X Protocol"
CRUD = "CRUD:"
PREPARED = "root by prepared statements"
BACKGROUND = "root in a thread"
SESSIONS = (ADMINISTRATOR, "root", "second root", "app")
# What a thread of the test may still be doing when the test ends.
_LONG = (
    "INSERT INTO shop.nothing (b) SELECT SLEEP(0.1) FROM shop.regions",
    "UPDATE shop.customers SET region = NULL WHERE SLEEP(0.02) = 0",
    "DELETE FROM shop.isam WHERE SLEEP(0.03) = 0",
    "DELETE FROM shop.watched WHERE SLEEP(0.05) = 0",
    "DO SLEEP(0.5)",
    "ALTER TABLE shop.large FORCE, ALGORITHM = COPY",
    "SELECT COUNT(*) FROM shop.thousands a, shop.thousands b, shop.large c",
    "INSERT INTO shop.large (body) SELECT body FROM shop.large",
)
_CRUD = ("insert shop twice", "delete shop twice", "update shop customers", "collect shop new", "delete shop regions")


@dataclass(frozen=True)
class Step:
    """A statement, and the session that runs it."""

    session: str
    statement: str

    def __str__(self) -> str:
        return f"{self.session}: {self.statement}"


def make_round(seed: str, shapes: Shapes) -> list[Step]:
    """Return the steps of the round that ``seed`` names, always the same."""
    dice = Dice(seed)
    sessions = dice.sample(SESSIONS, dice.pick(1, 1, 1, 2, 2, 3))
    if not shapes.is_mariadb and dice.happens(0.08):
        sessions.append(X)
    if dice.happens(0.06):
        sessions.append(PREPARED)
    steps: list[Step] = []
    for _ in range(dice.pick(1, 1, 1, 2, 2, 3, 4, 6, 10)):
        session = dice.choice(sessions)
        if session == X and dice.happens(0.4):
            steps.append(Step(session, f"{CRUD} {dice.choice(_CRUD)}"))
        else:
            steps += [Step(session, statement) for statement in _action(dice, shapes)]
    if dice.happens(0.03):  # at the end: any statement behind it may wait for ever
        steps += [Step(dice.choice(sessions), statement) for statement in locks(dice, shapes)]
    if dice.happens(0.03):
        steps.append(Step(BACKGROUND, dice.choice(_LONG)))
    return steps


def _action(dice: Dice, shapes: Shapes) -> Statements:
    """Return the statements of one thing that a session does."""
    kinds = dice.choices((ROWS, DEFINITIONS, SERVERWIDE), (62, 27, 11))[0]
    statements = dice.weighted(kinds)(dice, shapes)
    if kinds is SERVERWIDE:
        return statements
    before = _preparation(dice, shapes)
    if dice.happens(0.8):
        return [*before, *statements]
    number = dice.randint(1, 10**6)
    return [
        *before,
        *dice.pick(
            ["START TRANSACTION", *statements, "COMMIT"],
            ["START TRANSACTION", *statements, "ROLLBACK"],
            ["BEGIN", *statements, "SAVEPOINT s", *statements, "ROLLBACK TO SAVEPOINT s", "COMMIT"],
            ["START TRANSACTION", *statements],
            ["SET autocommit = 0", *statements],
            ["SET autocommit = 0", *statements, "SET autocommit = 1"],
            [f"XA START 'x{number}'", *statements, f"XA END 'x{number}'", f"XA PREPARE 'x{number}'"],
            [f"XA START 'x{number}'", *statements, f"XA END 'x{number}'", f"XA COMMIT 'x{number}' ONE PHASE"],
            [
                *(f"XA START 'x{number}'", *statements, f"XA END 'x{number}'", f"XA PREPARE 'x{number}'"),
                dice.pick(f"XA ROLLBACK 'x{number}'", f"XA COMMIT 'x{number}'"),
            ],
        ),
    ]


def _preparation(dice: Dice, shapes: Shapes) -> Statements:
    if dice.happens(0.15):
        return ["SET SESSION foreign_key_checks = 0"]
    if dice.happens(0.1):
        return [
            f"SET SESSION sql_mode = '{dice.pick('', 'TRADITIONAL', 'NO_AUTO_VALUE_ON_ZERO', 'ALLOW_INVALID_DATES')}'"
        ]
    return set_session(dice, shapes) if dice.happens(0.04) else []
