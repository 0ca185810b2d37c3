"""What `netns-mysql matrix` prints: a project's topologies x servers, a cell for each job of a CI matrix."""

from __future__ import annotations

import itertools
import json
import os
import re
from collections.abc import Container, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from pytest_netns_mysql import settings as table
from pytest_netns_mysql.errors import NetnsError, SettingError
from pytest_netns_mysql.run import pytest_internals
from pytest_netns_mysql.run.serverkinds import choices
from pytest_netns_mysql.topology.file.load import load_all
from pytest_netns_mysql.topology.model import Topology

# In pytest's order; see "Configuration file formats" in its manual.
_INI_FILES = ("pytest.toml", ".pytest.toml", "pytest.ini", ".pytest.ini", "pyproject.toml", "tox.ini", "setup.cfg")
_PRESET = "preset "  # what a preset's source begins with


def matrix(given: table.Reader, folder: Path) -> str:
    """Return the cells of the matrix of the project in ``folder``, as JSON in one line; start nothing.

    Shape: ``{"include": [{"name": ..., "topology": ..., "mysqld": ...}, ...]}``. The values are what --netns-topology
    and --netns-mysqld take in ``folder``; a name has letters, digits, dots, dashes, underscores and single blanks.
    Settings come from ``given``, the environment, and the ini file that pytest would read there.
    Raises SettingError, TopologyError or EndpointError, naming the place.
    """
    file, values = _ini_file(folder)

    def ini(setting: table.Setting) -> tuple[str, str] | None:
        value = values.get(setting.ini)
        return None if value is None else (table.from_folder(setting, value, file.parent), f"{setting.ini} in {file}")

    settings = table.resolve(given, table.environment, ini, table.beside(file.parent))
    try:
        topologies = load_all(settings.topology, base=folder)
    except NetnsError as error:
        if error.where is None:
            error.where = settings.given.get("topology")
        raise
    cells: dict[str, dict[str, str]] = {}
    for topology in topologies:
        for server in choices(settings.mysqld, where=settings.given.get("mysqld")):
            name = _name(f"{topology.name} on {server}", cells)
            cells[name] = {"name": name, "topology": _choice(topology, file.parent, folder), "mysqld": server}
    return json.dumps({"include": [*cells.values()]})


def _ini_file(folder: Path) -> tuple[Path, dict[str, str]]:
    """Return the ini file of a project, found as pytest finds it, and its netns settings."""
    for path in (base / name for base in (folder, *folder.parents) for name in _INI_FILES):
        if not path.is_file():
            continue
        try:
            found = pytest_internals.read_ini_file(path)
        except (pytest.UsageError, pytest.fail.Exception) as error:
            raise SettingError(
                f"the ini file cannot be read: {error}", where=str(path), remedies=["mend it: pytest fails of it, too"]
            ) from error
        if found is not None:
            return path, dict(_netns(found, path))
    return folder / "pytest.ini", {}


def _netns(found: Mapping[str, Any], path: Path) -> Iterator[tuple[str, str]]:
    for name, written in found.items():
        value = getattr(written, "value", written)  # pytest 9 tells TOML's values from others' by a class
        if not name.startswith("netns_"):
            continue
        if not isinstance(value, str):
            raise SettingError(f"{name} = {value!r}: it takes text", where=str(path), remedies=["put it in quotes"])
        yield name, value


def _choice(topology: Topology, project: Path, folder: Path) -> str:
    """Return what names a topology on a command line in ``folder``.

    A file of the project is named from there: the job that runs the cell may have its checkout elsewhere.
    """
    source = topology.source
    if source.startswith(_PRESET):
        return source.removeprefix(_PRESET)
    return os.path.relpath(source, folder) if Path(source).is_relative_to(project) else source


def _name(text: str, taken: Container[str]) -> str:
    """Return a name that no job has yet, of characters that job names and artifacts may have."""
    name = re.sub(r"[^A-Za-z0-9._ -]+", "-", text).replace(" -", " ").strip("-")
    again = (f"{name}-{number}" for number in itertools.count(2))
    return next(one for one in itertools.chain([name], again) if one not in taken)
