"""The values of settings: their texts checked, and converted."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path

from pytest_netns_mysql import paths
from pytest_netns_mysql.errors import SettingError
from pytest_netns_mysql.settingtable import Setting

DEFAULT = "the default"
"""The place of a value that is not set."""
_USERS_CACHE = "the user's cache folder"
_LONGEST_TIMEOUT = 86_400.0  # seconds; arguments.LONGEST_TIMEOUT, without importing arguments in every run
_REPORT_SUFFIXES = (".html", ".json", ".md")


def checked(setting: Setting, value: str, place: str) -> object:
    """Return the value that the text of a setting stands for.

    Args:
        setting: The setting.
        value: The text.
        place: Where the text comes from, for messages.

    Raises:
        SettingError: If the value is not allowed.
    """
    if "\0" in value:
        raise SettingError(f"{setting.ini} contains a NUL character", where=place, remedies=["remove the character"])
    if setting.choices and value not in setting.choices:
        raise SettingError(
            f"{setting.ini} = {value!r}: it must be one of {', '.join(setting.choices)}",
            where=place,
            remedies=[f"write one of these, or leave the setting out for {setting.default}"],
        )
    convert = _CONVERTERS.get(setting.name)
    if convert is not None:
        return convert(setting, value, place)
    if not value.strip() and setting.name != "external_password":
        raise _empty(setting, place)
    return value


def _empty(setting: Setting, place: str) -> SettingError:
    return SettingError(
        f"{setting.ini} is empty",
        where=place,
        remedies=[f"write {setting.metavar}, or leave the setting out for {setting.default}"],
    )


def _capture_dir(setting: Setting, value: str, place: str) -> Path:
    if not value.strip():
        raise _empty(setting, place)
    return Path(value) if place == DEFAULT else _new_folder(setting, value, place, _path(setting, value, place))


def _seconds(setting: Setting, value: str, place: str) -> float:
    try:
        seconds = float(value)
    except ValueError:
        seconds = 0.0
    if not 0 < seconds < float("inf"):
        raise SettingError(
            f"{setting.ini} = {value!r}: it must be a number of seconds above 0",
            where=place,
            remedies=["write 30, for example"],
        )
    if seconds > _LONGEST_TIMEOUT:
        raise SettingError(
            f"{setting.ini} = {value!r}: it must be at most {_LONGEST_TIMEOUT:.0f} seconds, a day",
            where=place,
            remedies=["write 30, for example"],
        )
    return seconds


def _variables(setting: Setting, value: str, place: str) -> dict[str, str]:
    pairs = [part.strip().partition("=") for part in value.split(",") if part.strip()]
    for name, equals, _ in pairs:
        if not equals or not name.isidentifier():
            raise SettingError(
                f"{setting.ini} has {name!r} where NAME=VALUE is expected",
                where=place,
                remedies=[f"write {setting.metavar}: MYSQL_DATABASE=shop,MYSQL_USER=app"],
            )
    return {name: text for name, _, text in pairs}


def _folder(setting: Setting, value: str, place: str) -> Path | None:
    if not value.strip():
        return None
    folder = _path(setting, value, place)
    if not os.path.isdir(folder):  # noqa: PTH112 - Path's own raises for a long name
        why = paths.why_not_there(folder)
        raise SettingError(
            f"{setting.ini} = {value!r}: there is no such folder",
            where=place,
            tried=[f"{folder} {why or 'is not a folder'}"],
            remedies=["write an absolute path, or a path from the folder that pytest is started in"],
        )
    return folder


def _reports(setting: Setting, value: str, place: str) -> tuple[Path, ...]:
    """Return the files to write, each once."""
    files = []
    for name in filter(None, (part.strip() for part in value.split(","))):
        file = _path(setting, name, place)
        is_folder = os.path.isdir(file)  # noqa: PTH112 - Path's own raises for a long name
        if file.suffix not in _REPORT_SUFFIXES or is_folder:
            fault = "it is a folder" if is_folder else "the suffix must be .html, .json or .md"
            raise SettingError(
                f"{setting.ini} = {value!r}: {name}: {fault}"
                if name != value
                else f"{setting.ini} = {name!r}: {fault}",
                where=place,
                remedies=["write report.html, for example, or report.html,report.json for two files"],
            )
        files.append(file)
    return tuple(dict.fromkeys(files))


def _path(setting: Setting, value: str, place: str) -> Path:
    try:
        return paths.absolute(value)
    except ValueError as error:
        raise SettingError(
            f"{setting.ini} = {value!r}: {error}", where=place, remedies=["write an absolute path"]
        ) from error


def _cache(setting: Setting, value: str, place: str) -> Path:
    if value.strip():
        return _new_folder(setting, value, place, _path(setting, value, place))
    return (_home_of_root() / ".cache" if foreign_base() else _base()) / "pytest-netns-mysql"


def _base() -> Path:
    """Return the user's cache folder; see the XDG Base Directory Specification, where an empty value means none."""
    base = os.environ.get("XDG_CACHE_HOME", "")
    return Path(base) if Path(base).is_absolute() else paths.home() / ".cache"


def foreign_base() -> Path | None:
    """Return the cache folder or home of another user if root would use it, as under ``sudo -E``; else None.

    Root must not use such a folder: programs in it would run as root, and its owner could not use the files that root
    creates there.
    """
    if getattr(os, "geteuid", os.getpid)() != 0:  # Windows has no root
        return None
    base = _base()
    # Not Path.exists: before Python 3.12 it raises an error where a folder above is closed.
    first = next((folder for folder in (base, *base.parents) if os.path.exists(folder)), base)  # noqa: PTH110
    try:
        return first if first.stat().st_uid != 0 else None
    except OSError:
        return None


def _home_of_root() -> Path:
    import pwd

    try:
        return Path(pwd.getpwuid(0).pw_dir)
    except KeyError:
        return Path("/root")


def _new_folder(setting: Setting, value: str, place: str, folder: Path) -> Path:
    """Return the folder, which need not exist yet; raise SettingError if it cannot be created or is not a folder."""
    why = paths.why_not_there(folder)
    if why is not None and why != "does not exist":
        fault = f"it {why}"
    elif (nearest := next(filter(os.path.lexists, (folder, *folder.parents)))) and not os.path.isdir(nearest):  # noqa: PTH112
        fault = "it is not a folder" if nearest == folder else f"{nearest} is not a folder"
    else:
        return folder
    raise SettingError(
        f"{setting.ini} = {value!r}: {fault}",
        where=place,
        tried=[str(folder)],
        remedies=[f"name a folder of yours, or leave the setting out for {setting.default or _USERS_CACHE}"],
    )


_CONVERTERS: Mapping[str, Callable[[Setting, str, str], object]] = {
    "cache": _cache,
    "capture_dir": _capture_dir,
    "image_env": _variables,
    "image_initdb": _folder,
    "report": _reports,
    "start_timeout": _seconds,
}
"""The functions for settings whose values are no texts."""
