"""Where topologies come from: presets, TOML files, mappings in Python."""

from __future__ import annotations

import difflib
import errno
import os
import sys
from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path
from typing import Any

from pytest_netns_mysql import arguments, paths
from pytest_netns_mysql.errors import TopologyError, in_short
from pytest_netns_mysql.topology.file.mapping import read
from pytest_netns_mysql.topology.keys import SHORTEST
from pytest_netns_mysql.topology.tomltext import toml_key
from pytest_netns_mysql.topology.topology import Topology

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

_SEVERAL = "topology"
_SEPARATOR = "::"
_COMPOSE = (".yaml", ".yml")
_TEXT = arguments.Kind("text", '"red-blue"', lambda value: isinstance(value, str), TopologyError)
_ARGUMENTS = {
    "choice": _TEXT,
    "name": _TEXT,
    "source": _TEXT,
    "base": arguments.Kind(
        "a folder, as a Path",
        "Path(__file__).parent",
        lambda value: isinstance(value, os.PathLike | str),
        TopologyError,
    ).or_none(),
}


def presets() -> tuple[str, ...]:
    """Return the names of the presets."""
    folder = files("pytest_netns_mysql.topology") / "presets"
    return tuple(sorted(entry.name.removesuffix(".toml") for entry in folder.iterdir()))


def load(choice: str, *, base: Path | None = None) -> Topology:
    """Return a topology.

    Args:
        choice: A preset, a TOML file, ``FILE::NAME`` for one of the topologies in a file, a compose file or a folder
            with one, or a text from ``dump``.
        base: The folder from which relative paths start, by default the working directory.

    Raises:
        TopologyError: With every fault of the topology, or if there is no such topology, or more than one.
        EndpointError: If the only fault is an endpoint.
    """
    arguments.check("load", _ARGUMENTS, {"choice": choice, "base": base})
    found = load_all(choice, base=None if base is None else Path(base))
    if len(found) > 1:
        names = ", ".join(topology.name for topology in found)
        raise TopologyError(
            f"only one topology can be used here, and {choice!r} has {len(found)}: {names}",
            remedies=[f"write {choice}{_SEPARATOR}{found[0].name}, for example"]
            if "," not in choice
            else ["choose one of them"],
        )
    return found[0]


def load_all(choices: str, *, base: Path | None = None) -> tuple[Topology, ...]:
    """Return the topologies of a comma list, in order. Of a file with several topologies all are returned.

    Args:
        choices: Choices as for ``load``, separated by commas.
        base: The folder from which relative paths start, by default the working directory.

    Raises:
        TopologyError: As for ``load``, or if two topologies have the same name.
        EndpointError: As for ``load``.
    """
    if "\n" in choices:
        return _decode(choices, name="topology", source="text")
    found = [topology for choice in choices.split(",") for topology in _load(choice.strip(), base)]
    names = [topology.name for topology in found]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        sources = [topology.source for topology in found if topology.name == twice[0]]
        raise TopologyError(
            f"two topologies are called {twice[0]}",
            tried=sources,
            remedies=["choose it once" if len(set(sources)) == 1 else "rename one of the files"],
        )
    return tuple(found)


def _load(choice: str, base: Path | None) -> tuple[Topology, ...]:
    if choice in presets():
        return _decode(preset_text(choice), name=choice, source=f"preset {choice}")
    file, separator, wanted = choice.partition(_SEPARATOR)
    expanded = os.path.expanduser(file)  # noqa: PTH111 - Path's own raises for an unknown ~user
    path = Path(expanded) if os.path.isabs(expanded) else (base or paths.here()) / expanded  # noqa: PTH117
    if choice and (found := _of_compose_files(path, wanted)) is not None:
        return (found,)
    if not os.path.isfile(path) or path.suffix != ".toml":  # noqa: PTH113 - Path's own raises for a long name
        raise _not_found(choice, path)
    try:
        text = paths.read_text(path)
    except (OSError, ValueError) as error:
        raise TopologyError(
            f"the topology file cannot be read: {error}", where=str(path), remedies=["make the file readable, in UTF-8"]
        ) from error
    return _decode(text, name=path.stem, source=str(path), wanted=wanted if separator else None)


def _of_compose_files(path: Path, wanted: str) -> Topology | None:
    """Return the topology of a compose file, or of those in a folder; None if the path leads to neither."""
    is_file = os.path.isfile(path) and path.suffix in _COMPOSE  # noqa: PTH113
    if not is_file and not os.path.isdir(path):  # noqa: PTH112
        return None
    from pytest_netns_mysql.topology.compose.reading import read_files, read_folder

    found = read_files((path,)) if is_file else read_folder(path)
    if found is not None and wanted:
        raise TopologyError(
            f"a compose file has a single topology, and no {wanted!r}",
            where=str(path),
            remedies=["leave out the name", "choose profiles by the environment variable COMPOSE_PROFILES"],
        )
    return found


def preset_text(name: str) -> str:
    """Return the text of a preset's file."""
    return (files("pytest_netns_mysql.topology") / "presets" / f"{name}.toml").read_text("utf-8")


def _not_found(choice: str, path: Path) -> TopologyError:
    near = difflib.get_close_matches(choice, presets(), n=1)
    remedies = [f"write {name}" for name in near] or [
        "write the name of a preset, or the path of a TOML file or a compose file"
    ]
    if os.path.isfile(path):  # noqa: PTH113
        remedies = [
            f"rename it to {path.stem}.toml, or to {path.stem}.yaml if it is a compose file: the ending says which"
        ]
    elif choice and os.path.isdir(path):  # noqa: PTH112
        remedies = [f"choose a file in the folder {path}"]
    return TopologyError(
        f"there is no topology {choice!r}",
        tried=[f"presets: {', '.join(presets())}", f"file: {path}{_why_hidden(path)}"],
        remedies=remedies,
    )


def _why_hidden(path: Path) -> str:
    """Return why a file that may exist is not read, in parentheses; empty if there is no such reason."""
    try:
        path.stat()
    except OSError as error:
        return f" ({error.strerror})" if error.errno in (errno.EACCES, errno.ELOOP) else ""
    except ValueError:
        return ""
    is_folder = os.path.isdir(path)  # noqa: PTH112
    why = None if is_folder else paths.why_no_file(path)
    return f" (it {why})" if why else ""


def _decode(text: str, *, name: str, source: str, wanted: str | None = None) -> tuple[Topology, ...]:
    """Return the topologies of a file: one at the top level, or those below ``topology``, or the ``wanted`` one."""
    try:
        data = tomllib.loads(text.removeprefix("\ufeff"))
    except RecursionError as error:
        raise TopologyError(
            "the tables or lists are nested too deeply to be read", where=source, remedies=["nest them less deeply"]
        ) from error
    except ValueError as error:  # also for a number with too many digits
        raise TopologyError(f"this is not TOML: {error}", where=source, remedies=["correct that line"]) from error
    if not data:
        raise TopologyError("the topology file is empty", where=source, remedies=[f"write {SHORTEST}"])
    tables = _tables(data, source)
    if wanted is not None and wanted not in tables:
        near = difflib.get_close_matches(wanted, tables, n=1)
        raise TopologyError(
            f"there is no topology {wanted!r} in the file",
            where=source,
            tried=[f"the file has {', '.join(tables) or 'a single topology, without a name'}"],
            remedies=[f"write {near[0]}" if near else "choose one of these" if tables else "leave out the name"],
        )
    if not tables:
        return (from_mapping(data, name=name, source=source),)
    chosen = tables if wanted is None else {wanted: tables[wanted]}
    # Of a text, no single topology could be chosen by its name.
    sources = {key: source if source == "text" else f"{source}{_SEPARATOR}{key}" for key in chosen}
    return tuple(from_mapping(table, name=key, source=sources[key]) for key, table in chosen.items())


def _tables(data: Mapping[str, Any], source: str) -> dict[str, Any]:
    """Return the tables below ``topology``; none if the file has one topology, at its top level."""
    if _SEVERAL not in data:
        return {}
    tables = data[_SEVERAL]
    if not isinstance(tables, dict) or not tables:
        raise TopologyError(
            f"topology = {in_short(tables)}: it takes a table for each topology",
            where=f"{source}: topology",
            remedies=['write [topology.shop.namespaces] and below it red = "192.0.2.2/24"'],
        )
    outside = [key for key in data if key != _SEVERAL]
    if outside:
        raise TopologyError(
            f"the file has several topologies, and keys outside of them: {', '.join(outside)}",
            where=f"{source}: {outside[0]}",
            remedies=[f"move it below [topology.{toml_key(next(iter(tables)))}]"],
        )
    return tables


def from_mapping(data: Mapping[str, Any], *, name: str = "topology", source: str = "Python") -> Topology:
    """Return the topology of a mapping that has the same keys as a TOML file.

    Args:
        data: The mapping.
        name: The name of the topology.
        source: What messages say instead of a file.

    Raises:
        TopologyError: With every fault.
        EndpointError: If the only fault is an endpoint.
    """
    arguments.check("from_mapping", _ARGUMENTS, {"name": name, "source": source})
    return read(data, name=name, source=source)
