"""The command netns-mysql matrix: the topologies and servers of a project, as the matrix of a CI job."""

from __future__ import annotations

import itertools
import json
import os
import re
from collections.abc import Container, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from pytest_netns_mysql import settings as table
from pytest_netns_mysql.errors import NetnsError, SettingError
from pytest_netns_mysql.run import pytest_internals
from pytest_netns_mysql.run.serverkinds import choices
from pytest_netns_mysql.topology.file.load import load_all, presets
from pytest_netns_mysql.topology.topology import Topology


class Cell(NamedTuple):
    """A topology and a server that a CI job tests.

    Attributes:
        name: Its name: letters, digits, dots, dashes, underscores and single spaces.
        topology: A value of --netns-topology in the folder of the project.
        mysqld: A value of --netns-mysqld.
    """

    name: str
    topology: str
    mysqld: str


# In pytest's order; see "Configuration file formats" in its manual.
_INI_FILES = ("pytest.toml", ".pytest.toml", "pytest.ini", ".pytest.ini", "pyproject.toml", "tox.ini", "setup.cfg")
_PRESET = "preset "  # the start of the source of a preset


def github(cells: Sequence[Cell], shards: int) -> str:
    """Return a matrix for GitHub Actions.

    Args:
        cells: The cells of the matrix.
        shards: How many jobs share the tests of a cell by pytest-split; 0 for no such jobs.

    Returns:
        JSON in one line: ``{"include": [{"name": ..., "topology": ..., "mysqld": ...}, ...]}``. The values are for
        --netns-topology and --netns-mysqld. With ``shards`` there are ``splits`` and ``group``, for pytest-split.
    """
    include: list[dict[str, str | int]] = []
    for cell in cells:
        plain: dict[str, str | int] = {"name": cell.name, "topology": cell.topology, "mysqld": cell.mysqld}
        groups = range(1, shards + 1)
        include += [
            plain | {"name": f"{cell.name} {group} of {shards}", "splits": shards, "group": group} for group in groups
        ] or [plain]
    return json.dumps({"include": include})


def gitlab(cells: Sequence[Cell], shards: int) -> str:
    """Return the key ``parallel`` of a GitLab job, in JSON, which is YAML too.

    Args:
        cells: The cells of the matrix.
        shards: As for ``github``; the variables are SPLITS and GROUP.
    """
    parts = {"SPLITS": str(shards), "GROUP": [str(group) for group in range(1, shards + 1)]} if shards else {}
    rows = [{"NETNS_TOPOLOGY": cell.topology, "NETNS_MYSQLD": cell.mysqld} | parts for cell in cells]
    return json.dumps({"parallel": {"matrix": rows}})


def cells_of(given: table.Reader, folder: Path) -> list[Cell]:
    """Return the matrix of a project: each topology of the settings with each server.

    Args:
        given: The settings of the command line; others come from the environment and the ini file that pytest reads.
        folder: The folder of the project.

    Raises:
        SettingError: A setting has a wrong value, or the ini file cannot be read.
        TopologyError: A topology cannot be read.
        EndpointError: An endpoint of a topology breaks a rule.
    """
    file, values = _ini_file(folder)

    def ini(setting: table.Setting) -> tuple[str, str] | None:
        value = values.get(setting.ini)
        return None if value is None else (table.from_folder(setting, value, file.parent), f"{setting.ini} in {file}")

    settings = table.resolve(given, table.environment, ini, table.beside(file.parent))
    try:
        load_all(settings.topology, base=folder)  # all at once, since two of them may have the same name
        topologies = [*_topologies(settings.topology, folder)]
    except NetnsError as error:
        raise error._at(error.where or settings.given.get("topology")) from error
    cells: dict[str, Cell] = {}
    for topology, source in topologies:
        for server in choices(settings.mysqld, where=settings.given.get("mysqld")):
            name = _name(f"{topology.name} on {server}", cells)
            cells[name] = Cell(name, _choice(source, file.parent, folder), server)
    return [*cells.values()]


def _ini_file(folder: Path) -> tuple[Path, dict[str, str]]:
    """Return the ini file that pytest reads for a project, and the netns settings in it."""
    for path in (base / name for base in (folder, *folder.parents) for name in _INI_FILES):
        if not path.is_file():
            continue
        try:
            found = pytest_internals.read_ini_file(path)
        except (pytest.UsageError, pytest.fail.Exception) as error:
            raise SettingError(
                f"cannot read the ini file: {error}", where=str(path), remedies=["correct the file: pytest fails, too"]
            ) from error
        if found is not None:
            return path, dict(_netns(found, path))
    return folder / "pytest.ini", {}


def _netns(found: Mapping[str, Any], path: Path) -> Iterator[tuple[str, str]]:
    for name, written in found.items():
        value = getattr(written, "value", written)  # pytest 9 wraps values of TOML files
        if not name.startswith("netns_"):
            continue
        if not isinstance(value, str):
            raise SettingError(
                f"{name} must be text, got {value!r}", where=str(path), remedies=["put the value in quotes"]
            )
        yield name, value


def _topologies(choices: str, folder: Path) -> Iterator[tuple[Topology, str]]:
    """Yield each topology with its source; of compose files in a folder that is the folder, as all of them count."""
    for choice in map(str.strip, choices.split(",")):
        path = str(folder / os.path.expanduser(choice))  # noqa: PTH111 - Path's own raises for an unknown ~user
        is_folder = choice not in presets() and _is_folder(path)
        for topology in load_all(choice, base=folder):
            yield topology, path if is_folder else topology.source


def _choice(source: str, project: Path, folder: Path) -> str:
    """Return a value of --netns-topology for a topology.

    Args:
        source: The preset, file or folder that the topology is read from.
        project: The folder of the project. Files in it get a path relative to ``folder``, which also holds in other
            checkouts.
        folder: The working directory of the CI job.
    """
    if source.startswith(_PRESET):
        return source.removeprefix(_PRESET)
    if not Path(source).is_relative_to(project):
        return source
    relative = os.path.relpath(source, folder)
    # A folder's name alone would be that of a preset in an ini file.
    is_name = _is_folder(source) and not relative.startswith(os.curdir)
    return f"{os.curdir}{os.sep}{relative}" if is_name else relative


def _is_folder(path: str) -> bool:
    return os.path.isdir(path)  # noqa: PTH112 - Path's own raises for a long name


def _name(text: str, taken: Container[str]) -> str:
    """Return a name that no cell has yet, with characters that are allowed in names of jobs and artifacts."""
    name = re.sub(r"[^A-Za-z0-9._ -]+", "-", text).replace(" -", " ").strip("-")
    again = (f"{name}-{number}" for number in itertools.count(2))
    return next(unused for unused in itertools.chain([name], again) if unused not in taken)
