"""The settings of a run: read from the nearest place that has each, checked and converted."""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from pytest_netns_mysql import paths
from pytest_netns_mysql.errors import NetnsDeprecationWarning
from pytest_netns_mysql.settingtable import SECRET as SECRET  # the names of the table are names of this module, too
from pytest_netns_mysql.settingtable import TABLE as TABLE
from pytest_netns_mysql.settingtable import TOPOLOGY_FILE as TOPOLOGY_FILE
from pytest_netns_mysql.settingtable import Setting as Setting
from pytest_netns_mysql.settingvalues import DEFAULT, checked


class Settings(NamedTuple):
    """The checked value of each setting; see TABLE.

    Attributes:
        capture_dir: Absolute if the setting is given, else relative to pytest's rootdir.
        start_timeout: In seconds.
        given: Where each setting that is not left out was set, by name.
    """

    mode: str
    topology: str
    mysqld: str
    fetch: str
    image_env: Mapping[str, str]
    image_initdb: Path | None
    external_user: str
    external_password: str
    unavailable: str
    other_tests: str
    leftovers: str
    pause: str
    start: str
    reuse: str
    report: tuple[Path, ...]
    general_log: str
    capture: str
    capture_dir: Path
    capture_keys: str
    start_timeout: float
    cache: Path
    given: Mapping[str, str]


_FILES = (".toml", ".yaml", ".yml")

Reader = Callable[[Setting], tuple[str, str] | None]
"""A function that returns the text of a setting and where it is set, or None if it is not set there."""


def _warn(text: str) -> None:
    warnings.warn(text, NetnsDeprecationWarning, stacklevel=2)


def resolve(*readers: Reader, renamed: Callable[[str], None] = _warn) -> Settings:
    """Return the settings. An empty value is a value: only a setting that no reader finds has its default.

    Args:
        readers: Where to look for a setting, the nearest first: the first one that finds the setting wins.
        renamed: Takes the text of a warning: a setting was found by an earlier name.

    Raises:
        SettingError: If a value is not allowed.
    """
    values: dict[str, Any] = {}
    given: dict[str, str] = {}
    for setting in TABLE:
        value, place = setting.default, DEFAULT
        for spelling, reader in [(spelling, reader) for reader in readers for spelling in setting.spellings]:
            found = reader(spelling)
            if found is not None:
                value, place = found
                given[setting.name] = place
                if spelling is not setting:
                    renamed(f"{spelling.ini} is now called {setting.ini}, and its old name will stop working ({place})")
                break
        values[setting.name] = checked(setting, value, place)
    return Settings(**values, given=given)


def environment(setting: Setting) -> tuple[str, str] | None:
    """Read a setting from the environment. This is a Reader."""
    value = os.environ.get(setting.variable)
    return None if value is None else (value, f"environment variable {setting.variable}")


def beside(folder: Path) -> Reader:
    """Return the reader that finds netns-topology.toml in ``folder``."""

    def reader(setting: Setting) -> tuple[str, str] | None:
        file = folder / TOPOLOGY_FILE
        return (str(file), f"found in {folder}") if setting.name == "topology" and file.is_file() else None

    return reader


def from_folder(setting: Setting, value: str, folder: Path) -> str:
    """Return a value of an ini file, with relative paths made relative to the folder of the ini file, as in pytest."""
    if setting.name == "report":
        return ",".join(_from_folder(part.strip(), folder) for part in value.split(","))
    if setting.name in ("image_initdb", "capture_dir"):
        return _from_folder(value, folder)
    if setting.name != "topology":
        return value
    parts = (choice.strip() for choice in value.split(","))
    return ",".join(str(folder / part) if _is_path(part) else part for part in parts)


def _is_path(choice: str) -> bool:
    """Return True for a file of topologies, or a folder with a compose file such as ``./shop``; False for a preset."""
    return not choice.startswith("~") and (choice.startswith(".") or any(ending in choice for ending in _FILES))


def _from_folder(value: str, folder: Path) -> str:
    if not value.strip():
        return value
    try:
        return str(paths.absolute(value, folder))
    except ValueError:
        return value  # the check of the value raises the error
