"""The kinds of arguments that public functions take, and the check that is made before anything else."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from types import FrameType
from typing import Any

from pytest_netns_mysql.errors import EndpointError, LoadError, NetnsError, SettingError, in_short

LONGEST_TIMEOUT = 86_400.0  # seconds
_LONGEST_NAME = 100  # characters
_SCOPES = ("session", "package", "module", "class", "function")
_PACKAGE = str(Path(__file__).parent) + os.sep


@dataclass(frozen=True)
class Kind:
    """A kind of argument.

    Attributes:
        takes: What messages say is allowed.
        example: A valid argument, as it is written in Python.
        fits: Returns True for a value of the kind.
        error: The class of the error for any other value.
    """

    takes: str
    example: str
    fits: Callable[[Any], bool]
    error: type[NetnsError] = SettingError

    def or_none(self) -> Kind:
        """Return the kind that also takes None, for an argument that may be left out."""
        fits = self.fits
        return replace(self, fits=lambda value: value is None or fits(value))


def check(function: str, kinds: Mapping[str, Kind], values: Mapping[str, object]) -> None:
    """Raise the error of the first argument that is not of its kind. Arguments without a kind are not checked.

    Args:
        function: The function's name for messages, such as ``factories.mysqld``.
        kinds: The kind of each argument, by its name.
        values: The arguments that the function was given, by their names.
    """
    __tracebackhide__ = True
    for name, value in values.items():
        kind = kinds.get(name)
        if kind is not None and not _fits(kind, value):
            raise kind.error(
                f"{function}({name}={in_short(value)}): it takes {kind.takes}",
                where=caller(),
                remedies=[f"write {name}={kind.example}"],
            )


def _fits(kind: Kind, value: object) -> bool:
    try:
        return kind.fits(value)
    except Exception:  # noqa: BLE001 - the methods of a value may raise anything, and such a value does not fit
        return False


def caller() -> str | None:
    """Return the file and line that called into this package, or None if there is no such caller."""
    frame = _calling_frame()
    return None if frame is None else f"{frame.f_code.co_filename}, line {frame.f_lineno}"


def calling_file() -> Path | None:
    """Return the file of the module that called into this package, or None at an interactive prompt."""
    frame = _calling_frame()
    file = None if frame is None else frame.f_globals.get("__file__")
    return None if file is None else Path(file)


def _calling_frame() -> FrameType | None:
    frame: FrameType | None = sys._getframe()
    while frame is not None and frame.f_code.co_filename.startswith(_PACKAGE):
        frame = frame.f_back
    return frame


def is_line(value: object) -> bool:
    """Return True for text without control characters that can be an argument of a program."""
    if not isinstance(value, str) or any(ord(char) < 32 or ord(char) == 127 for char in value):
        return False
    try:
        os.fsencode(value)
    except UnicodeEncodeError:
        return False
    return True


def is_text(value: object) -> bool:
    """Return True for text of one line that is not empty."""
    return is_line(value) and bool(str(value).strip())


def is_several(value: object, fits: Callable[[object], bool]) -> bool:
    """Return True for a list, or another sequence, of values that fit. A string is not a sequence here."""
    return isinstance(value, Sequence) and not isinstance(value, str | bytes | bytearray) and all(map(fits, value))


def is_number(value: object) -> bool:
    """Return True for an int or a float, but not for True and False."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def is_mapping(value: object) -> bool:
    """Return True for a mapping whose keys are text."""
    return isinstance(value, Mapping) and all(isinstance(key, str) for key in value)


def _is_entry(value: object) -> bool:
    return is_text(value) or isinstance(value, os.PathLike) or callable(value)


def _is_word(value: object) -> bool:
    """Return True for a word of a command line as subprocess takes it."""
    if not isinstance(value, str | bytes | os.PathLike):
        return False
    return b"\0" not in os.fsencode(value)


def _is_name(value: object) -> bool:
    if not is_text(value) or len(str(value)) > _LONGEST_NAME or value in (".", "..", "request"):
        return False
    return not any(char.isspace() or char == "/" for char in str(value))


TEXT = Kind("text of one line", '"red"', is_text)
LINE = Kind("text of one line, which may be empty", '"red"', is_line)
SWITCH = Kind("True or False", "True", lambda value: isinstance(value, bool))
NAMES = Kind("a list of texts", '["red", "blue"]', lambda value: is_several(value, is_text))
TEXTS = Kind(
    "a text, or a list of texts", '["CAP_SYS_ADMIN"]', lambda value: is_line(value) or is_several(value, is_text)
)
ADDRESS = Kind("an addr/ns as text", '"192.0.2.2/red"', lambda value: isinstance(value, str), EndpointError)
ADDRESSES = Kind(
    "addr/ns as text: one, a comma list, or a list",
    '["127.0.0.1", "192.0.2.2/red"]',
    lambda value: isinstance(value, str) or is_several(value, lambda text: isinstance(text, str)),
    EndpointError,
)
OPTIONS = Kind("a mapping of names to values", '{"max_connections": 5}', is_mapping)
LOAD = Kind(
    "an SQL file, a folder of them, a function that takes a connection, its name as text, or a list of these",
    '"seed.sql"',
    lambda value: _is_entry(value) or is_several(value, _is_entry),
    LoadError,
)
TIMEOUT = Kind(
    "a number of seconds above 0, at most 86400, a day",
    "10.0",
    lambda value: is_number(value) and 0 < value <= LONGEST_TIMEOUT,
)
SCOPE = Kind(f"one of {', '.join(_SCOPES)}", '"session"', lambda value: value in _SCOPES or callable(value))
NAME = Kind(
    f"a fixture's name: text without blanks and slashes, at most {_LONGEST_NAME} characters, and not request",
    '"shop"',
    _is_name,
)
SERVER = Kind("a value of netns_mysqld, or None for the server of the run", '"docker://mysql:8.4"', is_text)

OF_A_RUN: Mapping[str, Kind] = {
    "argv": Kind(
        "a program with its arguments, as a list of texts and paths",
        '["ip", "route"]',
        lambda value: bool(value) and (_is_word(value) or is_several(value, _is_word)),
    )
}
"""The arguments of every function that runs a program."""

OF_A_START: Mapping[str, Kind] = {
    "bind_address": ADDRESSES.or_none(),
    "admin_address": ADDRESS.or_none(),
    "mysqlx_bind_address": ADDRESSES.or_none(),
    "options": OPTIONS.or_none(),
    "check_endpoints": SWITCH,
    "require_mysqlx": SWITCH,
    "drop_capabilities": TEXTS,
}
"""The arguments of every function that starts a server."""
