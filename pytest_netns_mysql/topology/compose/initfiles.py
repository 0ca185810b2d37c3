"""The init folder of a MySQL service: what its image's entrypoint would run, in that order."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from pytest_netns_mysql import paths
from pytest_netns_mysql.topology.compose.findings import Section
from pytest_netns_mysql.topology.compose.merging import volume_source, volume_target
from pytest_netns_mysql.topology.compose.project import Project
from pytest_netns_mysql.topology.compose.relativepaths import is_file, is_folder
from pytest_netns_mysql.topology.compose.yamltext import Items, Table

_FOLDER = "/docker-entrypoint-initdb.d"
_SQL = ".sql"
_RUN = (".sh", ".sql.gz", ".sql.bz2", ".sql.xz", ".sql.zst")
"""The endings of other files that the entrypoint runs; all others it ignores."""


def init_files(section: Section, project: Project, extension: str) -> list[str]:
    """Return the files that are mounted into the init folder, and a folder as it is if nothing else is mounted.

    Args:
        section: The service.
        project: The project.
        extension: The key of a service under which ``skip`` names files that are left out.
    """
    mounted = list(_mounted(section, project))
    skipped = _skipped(section, extension)
    found: dict[str, Path] = {}
    for target, source in mounted:
        if why := paths.why_not_there(source):
            section.fault(f"{source} {why}", "volumes", "write it, or correct the path")
        elif is_folder(source):
            found |= {file.name: file for file in sorted(source.iterdir()) if is_file(file)}
        else:
            found[target] = source
    kept = [name for name in sorted(found) if name.endswith(_SQL) and name not in skipped]
    _name_others(section, found, skipped, extension)
    if len(mounted) == 1 and is_folder(mounted[0][1]) and kept and not skipped:
        return [project.shown(mounted[0][1])]
    return [project.shown(found[name]) for name in kept]


def _mounted(section: Section, project: Project) -> Iterator[tuple[str, Path]]:
    """Yield the name in the init folder, empty for the folder itself, and the path of everything mounted there."""
    items = section.items("volumes")
    others = False
    for item in items:
        target = volume_target(item) or ""
        source = volume_source(item)
        if target != _FOLDER and not target.startswith(f"{_FOLDER}/"):
            others = True
        elif source is None:
            section.findings.note(f"the init folder of {section.path} is a named volume, which was not used")
        else:
            yield target.removeprefix(_FOLDER).lstrip("/"), Path(source)
    if others:
        section.findings.not_used("volumes", section.path.removeprefix("services."))
    yield from _configs(section, project)


def _configs(section: Section, project: Project) -> Iterator[tuple[str, Path]]:
    known = Section(project.file, "", section.findings).section("configs")
    items = section.items("configs")
    for item in items if isinstance(items, Items) else ():
        if not isinstance(item, Table):
            continue
        target, source = item.get("target"), item.get("source")
        if not isinstance(target, str) or not target.startswith(f"{_FOLDER}/") or not isinstance(source, str):
            continue
        entry = known.section(source) if known is not None and source in known.table else None
        file = None if entry is None else entry.text("file")
        if file is None:
            section.fault(f"the config {source} of the init folder has no file", "configs", "write file: and its path")
        else:
            yield target.rpartition("/")[2], Path(file)


def _skipped(section: Section, extension: str) -> list[str]:
    found = section.section(extension)
    return [] if found is None else found.texts("skip")


def _name_others(section: Section, found: dict[str, Path], skipped: list[str], extension: str) -> None:
    service = section.path.removeprefix("services.")
    for name in sorted(found):
        if name in skipped:
            section.findings.note(f"{name} in the init folder of {service} was left out, as {extension} says")
        elif name.endswith(_RUN):
            section.fault(
                f"{name} in the init folder of {service} cannot be run here: only SQL files can",
                "volumes",
                "write what it does as an SQL file beside it"
                if name.endswith(".sh")
                else f"unpack it: {name.rpartition('.')[0]}",
                f"or leave it out: write {extension}: {{skip: [{name}]}} in the service",
            )
