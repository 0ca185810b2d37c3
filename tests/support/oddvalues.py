"""Values that no argument expects: what each kind of check may forget."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from pytest_netns_mysql import NetnsError

TEXTS = [
    *("", " ", "red", "global", "nosuch", "192.0.2.2/24", "192.0.2.2/red", "192.0.2.1", "::", "*", "3306", "10mbit"),
    *("../../x", "/etc/passwd", "--help", "$(touch ran)", "'; DROP DATABASE mysql; -- ", "`", "%s{0}", "9" * 400),
    *("\x1b[31m", "\u202e", "\ud800", "a\0b", "a\nb", "x" * 20_000),
]


class Unshowable:
    """A value whose ``repr`` fails."""

    def __repr__(self) -> str:
        """Raise RuntimeError."""
        raise RuntimeError("it cannot be shown")


class Incomparable:
    """A value that can neither be compared nor hashed."""

    def __eq__(self, other: object) -> bool:
        """Raise RuntimeError."""
        raise RuntimeError("it cannot be compared")

    __hash__ = None  # type: ignore[assignment]


VALUES: list[Any] = [
    *(None, True, False, 0, -1, 10**6000, 1.5, float("nan"), float("inf"), 1j, b"", b"x", bytearray(b"x"), *TEXTS),
    *(
        [],
        [None],
        ["red"],
        [["red"]],
        (),
        ("red", "red"),
        {},
        {"a": 1},
        {1: 2},
        {"red": None},
        set(),
        {"red"},
        range(3),
    ),
    *(
        object(),
        object,
        len,
        lambda: 0,
        Unshowable(),
        Incomparable(),
        [Incomparable()],
        {"a": Unshowable()},
        ...,
        Path("x"),
    ),
]


def in_words(value: object) -> str:
    """Return what a list of faults says of a value."""
    try:
        return ascii(value)[:60]
    except Exception:  # noqa: BLE001 - as those above
        return type(value).__name__


def fault_of(action: Callable[[], object], label: str, value: object) -> list[str]:
    """Run an action that may raise errors of this plugin alone; return its fault, or nothing.

    Args:
        action: The action.
        label: What the action is, for the fault.
        value: The value that the action is about, for the fault.
    """
    try:
        action()
    except NetnsError as error:
        text = str(error)
        if len(text) < 10_000 and all(char.isprintable() or char == "\n" for char in text):
            return []
        return [f"{label} of {in_words(value)}: an unreadable error: {ascii(text)[:200]}"]
    except Exception as error:  # noqa: BLE001 - each is a fault
        return [f"{label} of {in_words(value)}: {type(error).__name__}: {ascii(str(error))[:200]}"]
    return []
