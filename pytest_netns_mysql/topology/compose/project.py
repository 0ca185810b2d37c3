"""A compose project: its files read, merged and extended, with the services whose profiles are active."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from pytest_netns_mysql import paths
from pytest_netns_mysql.errors import TopologyError
from pytest_netns_mysql.topology.compose import dotenvfiles, yamltext
from pytest_netns_mysql.topology.compose.findings import Findings, Section
from pytest_netns_mysql.topology.compose.interpolation import InterpolationError, interpolate
from pytest_netns_mysql.topology.compose.knownkeys import FILE_NOT_USED, FILE_USED
from pytest_netns_mysql.topology.compose.merging import merged
from pytest_netns_mysql.topology.compose.relativepaths import absolute, is_file, make_absolute
from pytest_netns_mysql.topology.compose.yamltext import Mark, Table, Value

_RESOURCES = ("services", "networks", "secrets", "configs")
_DEEPEST = 20  # files that include each other
_MOST_FILES = 500


@dataclass
class Project:
    """A compose project as it is written, after interpolation and merging.

    Attributes:
        folder: The folder that relative paths start from.
        variables: The variables of the environment and of ``.env``.
        file: The merged file.
        name: The name that the file gives the project, or None.
    """

    folder: Path
    variables: Mapping[str, str]
    file: Table
    name: str | None = None

    def shown(self, path: Path) -> str:
        """Return a path from the project's folder, if it is in there."""
        return str(path.relative_to(self.folder)) if path.is_relative_to(self.folder) else str(path)


@dataclass
class Reader:
    """Reads the files of a project.

    Attributes:
        findings: Takes faults and notes.
        folder: The folder that relative paths start from.
        variables: The variables for interpolation.
        open_files: The files that are being read, the outermost first.
        all_files: Every file that was read so far, as often as it was included.
    """

    findings: Findings
    folder: Path
    variables: Mapping[str, str]
    open_files: tuple[Path, ...] = ()
    all_files: list[Path] = field(default_factory=list)
    _texts: dict[tuple[Path, Path], Table] = field(default_factory=dict)

    def read(self, files: tuple[Path, ...]) -> Table:
        """Return the files merged, each after it has extended its services, with what they include."""
        if len(self.open_files) + 1 > _DEEPEST or set(files) & set(self.open_files):
            raise TopologyError(
                "compose files include each other",
                where=str(self.open_files[-1]),
                tried=[str(file) for file in (*self.open_files, *files)],
                remedies=["remove one of the includes"],
            )
        self.all_files += files
        if len(self.all_files) > _MOST_FILES:
            raise TopologyError(
                f"compose files include others more than {_MOST_FILES} times",
                where=str(files[0]),
                remedies=["include each file once"],
            )
        inner = Reader(self.findings, self.folder, self.variables, (*self.open_files, *files), self.all_files)
        found: Table | None = None
        for file in files:
            table = inner.file(file)
            found = merged(Table(table.mark) if found is None else found, table)
        assert found is not None
        return found

    def file(self, file: Path) -> Table:
        """Return one file, its paths absolute, its services extended, with what it includes."""
        raw = self._read(file, self.folder)
        top = Section(raw, "", self.findings)
        top.check_keys(FILE_USED, FILE_NOT_USED, "", "a compose file")
        table = raw.copied()
        services = top.section("services")
        if services is not None:
            extended = Table(services.table.mark)
            for name in services.table:
                tag = services.table.tags.get(name, "")
                service = None if tag == yamltext.RESET else self._extended(services, name, file, ())
                if service is not None or tag:
                    extended.put(name, service, services.mark(name), tag)
            table.put("services", extended, top.mark("services"), raw.tags.get("services", ""))
        return self._with_includes(table, top)

    # ---- text

    def _read(self, file: Path, folder: Path) -> Table:
        if (file, folder) in self._texts:
            return self._texts[file, folder]
        try:
            text = paths.read_text(file)
        except (OSError, ValueError) as error:
            raise TopologyError(
                f"the compose file cannot be read: {error}", where=str(file), remedies=["make it readable, in UTF-8"]
            ) from error
        found = yamltext.read(text, str(file), self._interpolated)
        if not isinstance(found, Table):
            raise TopologyError(
                "a compose file must be a mapping" if found is not None else "the compose file is empty",
                where=str(file),
                remedies=["write services: and a service below it"],
            )
        make_absolute(found, folder)
        self._texts[file, folder] = found
        return found

    def _interpolated(self, text: str, mark: Mark) -> str:
        if "$" not in text:
            return text
        try:
            return interpolate(text, self.variables, self.findings.note_unset)
        except InterpolationError as error:
            remedy = "set it in the environment or in .env" if "is required" in str(error) else "correct the template"
            self.findings.fault(str(error), mark, "", remedy)
            return ""

    # ---- extends

    def _extended(self, services: Section, name: str, file: Path, chain: tuple[tuple[Path, str], ...]) -> Table | None:
        """Return a service with what it extends merged below it, or None after a fault."""
        service = services.section(name)
        if service is None:
            if services.table[name] is None:
                services.fault(f"the service {name} is empty", name, "write image: and its name below it")
            return None
        if "extends" not in service:
            return service.table
        if (file, name) in chain:
            service.fault(f"the service {name} extends itself", "extends", "remove it")
            return None
        base = self._base(service, services, file, (*chain, (file, name)))
        if base is None:
            return None
        own = service.table.copied()
        del own["extends"]
        return merged(base, own)

    def _base(
        self, service: Section, services: Section, file: Path, chain: tuple[tuple[Path, str], ...]
    ) -> Table | None:
        written = service.table["extends"]
        if isinstance(written, str):
            name, other = written, None
        else:
            section = service.section("extends")
            if section is None:
                return None
            section.check_keys(("service", "file"), (), "", "extends")
            name, other = section.text("service") or "", section.text("file")
        there = services
        if other is not None:
            path = absolute(other, file.parent)
            if why := paths.why_no_file(path):
                service.fault(f"the file {other} to extend {why}", "extends", "correct the path")
                return None
            found = Section(self._read(path, path.parent), "", self.findings).section("services")
            if found is None:
                service.fault(f"the file {other} has no services", "extends", "correct the path")
                return None
            there, file = found, path
        if name not in there.table:
            service.fault(
                f"there is no service {name!r} to extend",
                "extends",
                "write one of these",
                tried=[", ".join(there.table)],
            )
            return None
        return self._extended(there, name, file, chain)

    # ---- include

    def _with_includes(self, table: Table, top: Section) -> Table:
        """Return a file with the resources of the files that it includes."""
        items = top.items("include")
        found = table
        for item, mark in zip(items, items.marks, strict=True):
            other = self._included(item, mark)
            if other is None:
                continue
            for kind in _RESOURCES:
                found = self._joined(found, other, kind, mark)
        return found

    def _included(self, item: Value, mark: Mark) -> Table | None:
        table = Table(mark)
        if isinstance(item, Table):
            table = item
        elif isinstance(item, str):
            table.put("path", item, mark)
        else:
            self.findings.fault("include takes paths, or mappings with a path", mark, "include", "write - db.yaml")
            return None
        section = Section(table, "include", self.findings)
        section.check_keys(("path", "project_directory", "env_file"), (), "", "include")
        files = tuple(absolute(text, self.folder) for text in section.texts("path"))
        unusable = [f"the file {file} to include {why}" for file in files if (why := paths.why_no_file(file))]
        if unusable or not files:
            section.fault(unusable[0] if unusable else "include has no path", "path", "correct the path")
            return None
        directory = section.text("project_directory")
        folder = files[0].parent if directory is None else absolute(directory, self.folder)
        given = [absolute(text, self.folder) for text in section.texts("env_file")]
        variables = dict(self.variables)
        for file in given or [folder / ".env"]:
            if given or is_file(file):
                own = dotenvfiles.read(file, variables, self.findings.note_unset)
                variables = {name: text for name, text in own.items() if text is not None} | variables
        return Reader(self.findings, folder, variables, self.open_files, self.all_files).read(files)

    def _joined(self, table: Table, other: Table, kind: str, mark: Mark) -> Table:
        """Return a file with the resources of one kind of an included file."""
        theirs, ours = other.get(kind), table.get(kind)
        if not isinstance(theirs, Table):
            return table
        joined = Table(theirs.mark)
        for source in (ours, theirs):
            if not isinstance(source, Table):
                continue
            for name, value in source.items():
                if name in joined and joined[name] != value:
                    self.findings.fault(
                        f"{kind}.{name} is in the included file, too, and differs",
                        joined.marks[name],
                        f"{kind}.{name}",
                        "rename one of them, or change it in compose.override.yaml",
                    )
                joined.put(name, value, source.marks[name], source.tags.get(name, ""))
        found = table.copied()
        found.put(kind, joined, mark)
        return found


def project_name(text: str) -> str:
    """Return a name as docker compose makes it of a folder's: in lower case, without other characters."""
    return re.sub(r"[^a-z0-9_-]", "", text.lower()).lstrip("_-") or "project"
