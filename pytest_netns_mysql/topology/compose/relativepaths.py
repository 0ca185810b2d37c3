"""The paths in a compose file that are read later: of volumes, of files of variables, of secrets and configs."""

from __future__ import annotations

import os
from pathlib import Path

from pytest_netns_mysql import paths
from pytest_netns_mysql.topology.compose.merging import volume_source
from pytest_netns_mysql.topology.compose.yamltext import Items, Table, Value


def make_absolute(table: Table, folder: Path) -> None:
    """Make the paths of a file absolute, which is changed.

    Args:
        table: The file.
        folder: The folder that relative paths start from.
    """
    for kind in ("secrets", "configs"):
        for entry in _tables(table.get(kind)):
            _make_absolute(entry, "file", folder)
    for service in _tables(table.get("services")):
        volumes, files = service.get("volumes"), service.get("env_file")
        if isinstance(volumes, Items):
            _make_volumes_absolute(volumes, folder)
        if isinstance(files, str):
            _make_absolute(service, "env_file", folder)
        for number, item in enumerate(files if isinstance(files, Items) else ()):
            if isinstance(item, Table):
                _make_absolute(item, "path", folder)
            elif isinstance(item, str) and isinstance(files, Items):
                files[number] = _absolute(item, folder)


def _make_volumes_absolute(volumes: Items, folder: Path) -> None:
    for number, item in enumerate(volumes):
        source = volume_source(item)
        if source is None:
            continue
        if isinstance(item, Table):
            _make_absolute(item, "source", folder)
        elif isinstance(item, str):
            volumes[number] = _absolute(source, folder) + item.removeprefix(source)


def absolute(text: str, folder: Path) -> Path:
    """Return a path as an absolute one; a text that cannot be a path stays as it is, and leads to no file."""
    return Path(_absolute(text, folder))


def is_file(path: Path) -> bool:
    """Return True for a file; False for anything else, a text that cannot be a path too."""
    return os.path.isfile(path)  # noqa: PTH113 - Path's own raises for a long name


def is_folder(path: Path) -> bool:
    """Return True for a folder; False for anything else, a text that cannot be a path too."""
    return os.path.isdir(path)  # noqa: PTH112 - Path's own raises for a long name


def _tables(value: Value) -> list[Table]:
    return [entry for entry in value.values() if isinstance(entry, Table)] if isinstance(value, Table) else []


def _make_absolute(table: Table, key: str, folder: Path) -> None:
    value = table.get(key)
    if isinstance(value, str):
        table[key] = _absolute(value, folder)


def _absolute(text: str, folder: Path) -> str:
    try:
        return os.path.normpath(paths.absolute(text, folder))  # as Docker does, without a look at symbolic links
    except ValueError:
        return text  # who reads the file finds the fault
