"""mysqld's options: how the user's options override the defaults for a test server."""

from __future__ import annotations

import math
import os
import re
from collections.abc import Mapping

from pytest_netns_mysql.endpointkinds import ADDRESS_PARAMETERS
from pytest_netns_mysql.errors import SettingError, in_short
from pytest_netns_mysql.mysql.dialects.defaultoptions import DEFAULTS
from pytest_netns_mysql.mysql.dialects.defaultoptions import OptionValue as OptionValue
from pytest_netns_mysql.optionnames import base_name, normal

# Options that are built into a data directory: a server on the directory needs the same values.
_INITIAL = ("lower_case_table_names", "innodb_page_size", "innodb_data_file_path", "innodb_undo_directory")

# Options that the plugin sets itself: the private files of each server.
_SET_BY_PLUGIN = ("datadir", "socket", "pid_file", "log_error", "tmpdir", "user")

# Options with which mysqld is not a server that the plugin can wait for and stop.
_UNMANAGEABLE = {
    "daemonize": "mysqld would leave the process that starts it",
    "chroot": "mysqld would not find its private files",
    "initialize": "mysqld would make a data directory and end",
    "initialize_insecure": "mysqld would make a data directory and end",
    "bootstrap": "mysqld would read statements from its standard input and end",
}


_NAME = re.compile(r"-{0,2}[A-Za-z0-9][A-Za-z0-9_.-]*")
_LONGEST_NAME = 200  # characters
_LONGEST_VALUE = 130_000  # bytes; an argument of a program is shorter than 128 KiB, see execve(2)
_LARGEST_NUMBER = 1 << 64


def merge(*layers: Mapping[str, OptionValue], defaults: Mapping[str, OptionValue] = DEFAULTS) -> dict[str, OptionValue]:
    """Return the defaults overridden by each mapping in turn.

    Args:
        layers: Options by name, in any spelling. The last mapping with an option wins. True and False mean ON and OFF;
            None means an option without a value, such as ``skip_log_bin``.
        defaults: The options to begin with.

    Returns:
        The options by their normal names.
    """
    merged: dict[str, tuple[str, OptionValue]] = {}
    for layer in (defaults, *layers):
        for name, value in layer.items():
            merged[base_name(name)] = (normal(name), value)
    return dict(merged.values())


def arguments(options: Mapping[str, OptionValue]) -> list[str]:
    """Return the options as arguments of mysqld."""
    return [
        f"--{name.replace('_', '-')}" + ("" if value is None else f"={_text(value)}")
        for name, value in (
            # The value of log_bin is a file name, and mysqld would name the file ON. TOML has no None to write instead.
            (name, None if value is True and base_name(name) == "log_bin" else value)
            for name, value in options.items()
        )
    ]


def check_values(options: Mapping[str, OptionValue], *, where: str) -> None:
    """Raise SettingError if mysqld cannot be given one of the names or values."""
    for name, value in options.items():
        if not isinstance(name, str) or len(name) > _LONGEST_NAME or not _NAME.fullmatch(name):
            raise SettingError(
                f"{in_short(name)} cannot be the name of an option",
                where=where,
                remedies=["name it as in an option file, such as max_connections"],
            )
        if fault := _value_fault(value):
            raise SettingError(
                f"the option {name} = {in_short(value)}: {fault}",
                where=where,
                remedies=["write text, a number, True or False for ON and OFF, or None for an option without a value"],
            )


def _value_fault(value: object) -> str | None:
    """Return why mysqld cannot be given this value, or None if it can."""
    if value is None or isinstance(value, bool):
        return None
    if isinstance(value, int):
        return None if abs(value) < _LARGEST_NUMBER else "it has more than 64 bits"
    if isinstance(value, float):
        return None if math.isfinite(value) else "mysqld accepts only finite numbers"
    text = os.fspath(value) if isinstance(value, os.PathLike) else value
    if not isinstance(text, str):
        return f"an option cannot have a value of type {type(value).__name__}"
    if any(character in text for character in "\0\n\r"):
        return "it contains a NUL or a line break, where mysqld would cut it off"
    try:
        length = len(os.fsencode(text))
    except UnicodeEncodeError:
        return "it cannot be written in UTF-8"
    if length >= _LONGEST_VALUE:
        return f"it is {length:,} bytes long, but an argument of a program has less than 128 KiB"
    return None


def checked(options: Mapping[str, OptionValue], *, where: str) -> Mapping[str, OptionValue]:
    """Return the options, if a project may set all of them.

    Args:
        options: Options by name, in any spelling.
        where: Where the options are written, for the error.

    Raises:
        SettingError: The plugin sets one of the options itself, or mysqld cannot be given one of them.
    """
    if not isinstance(options, Mapping):
        raise SettingError(
            f"options must be a mapping of names to values, got {in_short(options)}",
            where=where,
            remedies=['write options={"max_connections": 5}'],
        )
    check_values(options, where=where)
    for name in options:
        plain = base_name(name).partition("=")[0]
        if plain in ADDRESS_PARAMETERS:
            raise SettingError(
                f"the option {plain} has a parameter of its own, which checks the endpoints",
                where=where,
                remedies=[f"write {plain}=... beside options=..., not inside"],
            )
        for option, why in _UNMANAGEABLE.items():
            if _means(plain, option):
                raise SettingError(
                    f"the option {_named(plain, option)} is refused: {why}", where=where, remedies=["remove the option"]
                )
        plain = next((option for option in _SET_BY_PLUGIN if _means(plain, option)), plain)
        if plain in _SET_BY_PLUGIN:
            raise SettingError(
                f"the option {plain} is set by the plugin: every server has its own",
                where=where,
                remedies=["remove the option"],
            )
    return options


def _means(name: str, option: str) -> bool:
    """Return True if a server takes a name for this option: servers complete the beginning of a name."""
    return bool(name) and option.startswith(name)


def _named(name: str, option: str) -> str:
    return name if name == option else f"{name} ({option})"


def is_on(options: Mapping[str, OptionValue], name: str) -> bool:
    """Return True if an option is set and not switched off. ``name`` is its normal name."""
    value = options.get(name, False)
    return value is None or str(value).upper() not in ("FALSE", "OFF", "0")


def initial(
    options: Mapping[str, OptionValue], defaults: Mapping[str, OptionValue] = DEFAULTS
) -> dict[str, OptionValue]:
    """Return the options for ``mysqld --initialize``.

    They are the InnoDB defaults, for small files, and those of ``options`` that are built into a data directory.
    """
    small = {name: value for name, value in defaults.items() if "innodb" in name}
    return small | {name: value for name, value in options.items() if base_name(name) in _INITIAL}


def _text(value: str | float | bool) -> str:
    if isinstance(value, bool):
        return "ON" if value else "OFF"
    return str(value)
