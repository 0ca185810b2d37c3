"""mysqld's options: what a server for tests is started with, and how a user's own win."""

from __future__ import annotations

import math
import os
import re
from collections.abc import Mapping

from pytest_netns_mysql.endpoint import ADDRESS_PARAMETERS, MYSQL_ENDPOINT
from pytest_netns_mysql.errors import SettingError, in_short
from pytest_netns_mysql.optionnames import normal, without_modifiers

OptionValue = str | int | float | bool | None

# Nothing in a data directory on a tmpfs is worth keeping, so nothing is flushed, doubled or made large.
# loose_: a version that does not know the option warns instead of refusing to start.
DEFAULTS: Mapping[str, OptionValue] = {
    MYSQL_ENDPOINT.port_option: MYSQL_ENDPOINT.default_port,
    "skip_name_resolve": True,
    "secure_file_priv": "",
    "skip_log_bin": None,
    "loose_mysqlx": False,
    "loose_innodb_flush_method": "nosync",
    "loose_innodb_doublewrite": False,
    "loose_innodb_flush_log_at_trx_commit": 0,
    "loose_innodb_redo_log_capacity": 8 << 20,
    "loose_innodb_buffer_pool_size": 32 << 20,
    "loose_innodb_log_buffer_size": 1 << 20,
    "loose_innodb_use_native_aio": False,
    "loose_innodb_buffer_pool_load_at_startup": False,
    "loose_innodb_buffer_pool_dump_at_shutdown": False,
    "loose_innodb_print_ddl_logs": False,
    # A boot waits for each of its threads, and makes and reads each rollback segment: 128 in every tablespace of undo
    # logs and of temporary tables, of which one holds 1023 transactions.
    "loose_innodb_rollback_segments": 2,
    "loose_innodb_read_io_threads": 1,
    "loose_innodb_write_io_threads": 1,
    "loose_innodb_purge_threads": 1,
}

# Options that a data directory is made for, and cannot be served without.
_INITIAL = ("lower_case_table_names", "innodb_page_size", "innodb_data_file_path", "innodb_undo_directory")

# Each server's private files.
_OWN = ("datadir", "socket", "pid_file", "log_error", "tmpdir", "user")

# Options with which mysqld is no server that this process could wait for and end.
_LEAVING = {
    "daemonize": "mysqld would leave the process that starts it",
    "chroot": "mysqld would not find its private files",
    "initialize": "mysqld would make a data directory and end",
    "initialize_insecure": "mysqld would make a data directory and end",
    "bootstrap": "mysqld would read statements from its standard input and end",
}


_NAME = re.compile(r"-{0,2}[A-Za-z0-9][A-Za-z0-9_.-]*")
_LONGEST_NAME = 200  # characters
_LONGEST_VALUE = 130_000  # bytes; an argument of a program is shorter than 128 KiB, see execve(2)
_LARGEST = 1 << 64


def merge(*layers: Mapping[str, OptionValue], defaults: Mapping[str, OptionValue] = DEFAULTS) -> dict[str, OptionValue]:
    """Return the defaults overlaid by each mapping in turn; the last one that names an option wins.

    Values: True and False are ON and OFF, None is an option without a value, such as ``skip_log_bin``.
    """
    merged: dict[str, tuple[str, OptionValue]] = {}
    for layer in (defaults, *layers):
        for name, value in layer.items():
            merged[without_modifiers(name)] = (normal(name), value)
    return dict(merged.values())


def arguments(options: Mapping[str, OptionValue]) -> list[str]:
    """Return the options as mysqld's command line takes them."""
    return [
        f"--{name.replace('_', '-')}" + ("" if value is None else f"={_text(value)}")
        for name, value in (
            # Its value is a file's name, and "ON" would be one; TOML has no None.
            (name, None if value is True and without_modifiers(name) == "log_bin" else value)
            for name, value in options.items()
        )
    ]


def check_kinds(options: Mapping[str, OptionValue], *, where: str) -> None:
    """Raise SettingError for an option whose name or value mysqld cannot be given."""
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
    """Return why mysqld cannot be given a value, or None where it can."""
    if value is None or isinstance(value, bool):
        return None
    if isinstance(value, int):
        return None if abs(value) < _LARGEST else "it has more than 64 bits"
    if isinstance(value, float):
        return None if math.isfinite(value) else "it is no number that mysqld knows"
    text = os.fspath(value) if isinstance(value, os.PathLike) else value
    if not isinstance(text, str):
        return f"an option's value is no {type(value).__name__}"
    if any(one in text for one in "\0\n\r"):
        return "it holds a NUL or a line break, at which mysqld would end it"
    try:
        length = len(os.fsencode(text))
    except UnicodeEncodeError:
        return "it cannot be written in UTF-8"
    return None if length < _LONGEST_VALUE else f"it is {length:,} bytes long, and a program takes 128 KiB"


def checked(options: Mapping[str, OptionValue], *, where: str) -> Mapping[str, OptionValue]:
    """Return the options; raise SettingError for one that the plugin sets itself, or that mysqld cannot be given."""
    if not isinstance(options, Mapping):
        raise SettingError(
            f"options = {in_short(options)}: it takes a mapping of names to values",
            where=where,
            remedies=['write options={"max_connections": 5}'],
        )
    check_kinds(options, where=where)
    for name in options:
        plain = without_modifiers(name).partition("=")[0]
        if plain in ADDRESS_PARAMETERS:
            raise SettingError(
                f"the option {plain} is a parameter of its own, where its endpoints are checked",
                where=where,
                remedies=[f"write {plain}=... beside options, not in it"],
            )
        for meant, why in _LEAVING.items():
            if _means(plain, meant):
                raise SettingError(
                    f"the option {_named(plain, meant)} is refused: {why}", where=where, remedies=["leave it out"]
                )
        plain = next((meant for meant in _OWN if _means(plain, meant)), plain)
        if plain in _OWN:
            raise SettingError(
                f"the option {plain} is the plugin's own: each server has a private one",
                where=where,
                remedies=["leave it out"],
            )
    return options


def _means(name: str, option: str) -> bool:
    """Return True for an option's name, and for a beginning of it: servers complete what is unambiguous."""
    return bool(name) and option.startswith(name)


def _named(name: str, option: str) -> str:
    return name if name == option else f"{name} ({option})"


def is_on(options: Mapping[str, OptionValue], name: str) -> bool:
    """Tell whether an option, named as in SHOW VARIABLES, is given and not switched off."""
    value = options.get(name, False)
    return value is None or str(value).upper() not in ("FALSE", "OFF", "0")


def initial(
    options: Mapping[str, OptionValue], defaults: Mapping[str, OptionValue] = DEFAULTS
) -> dict[str, OptionValue]:
    """Return those options that decide what ``--initialize`` writes, over those of the defaults for small files."""
    small = {name: value for name, value in defaults.items() if "innodb" in name}
    return small | {name: value for name, value in options.items() if without_modifiers(name) in _INITIAL}


def _text(value: str | float | bool) -> str:
    if isinstance(value, bool):
        return "ON" if value else "OFF"
    return str(value)
