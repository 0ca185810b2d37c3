"""The MySQL and MariaDB services of a project: which they are, and what their servers are to be like."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from pytest_netns_mysql import paths
from pytest_netns_mysql.errors import TopologyError
from pytest_netns_mysql.topology.compose import dotenvfiles
from pytest_netns_mysql.topology.compose.findings import Section, is_number
from pytest_netns_mysql.topology.compose.images import product_of
from pytest_netns_mysql.topology.compose.initfiles import init_files
from pytest_netns_mysql.topology.compose.members import Service
from pytest_netns_mysql.topology.compose.project import Project
from pytest_netns_mysql.topology.compose.yamltext import Items, Table
from pytest_netns_mysql.topology.model import OptionValue

EXTENSION = "x-netns-mysql"
"""The key of a service that says more to this plugin than the specification has words for."""

_ROOT = ("ROOT_PASSWORD", "ALLOW_EMPTY_PASSWORD", "RANDOM_ROOT_PASSWORD", "ALLOW_EMPTY_ROOT_PASSWORD")
_VARIABLES = {
    "DATABASE": "MYSQL_DATABASE",
    "USER": "MYSQL_USER",
    "PASSWORD": "MYSQL_PASSWORD",
    "ROOT_PASSWORD": "MYSQL_ROOT_PASSWORD",
    "ROOT_HOST": "MYSQL_ROOT_HOST",
    "ALLOW_EMPTY_PASSWORD": "MYSQL_ALLOW_EMPTY_PASSWORD",
    "ALLOW_EMPTY_ROOT_PASSWORD": "MYSQL_ALLOW_EMPTY_PASSWORD",
    "RANDOM_ROOT_PASSWORD": "MYSQL_RANDOM_ROOT_PASSWORD",
}
"""The variables that are used: their names behind MYSQL_ or MARIADB_, and those in the topology."""

_FILES = ("DATABASE", "USER", "PASSWORD", "ROOT_PASSWORD", "ROOT_HOST")
_PASSWORDS = {"MYSQL_PASSWORD", "MYSQL_PASSWORD_FILE"}
_PROGRAMS = ("mysqld", "mysqld_safe", "mariadbd", "mariadbd-safe", "docker-entrypoint.sh", "entrypoint.sh")
_SERVER = re.compile(r"(?<![\w-])(mysqld|mysqld_safe|mariadbd|mariadbd-safe|(docker-)?entrypoint\.sh|run\.sh)(?![\w-])")
_PRIVATE = ("datadir", "socket", "user", "pid_file", "log_error", "tmpdir", "daemonize", "console", "chroot")
_BINARY_LOG_OFF = ("skip_log_bin", "disable_log_bin")
_WILDCARDS = ("*", "0.0.0.0", "::")  # noqa: S104 - read, not bound


@dataclass
class Database:
    """A service that is MySQL or MariaDB.

    Attributes:
        service: The service.
        product: ``mysql`` or ``mariadb``.
        image: The image's name; empty if the service is built.
        environment: The variables for the image's entrypoint, with the names that MySQL's image has.
        options: mysqld's options, of ``command``.
        load: The files of the init folder, in the entrypoint's order.
    """

    service: Service
    product: str
    image: str = ""
    environment: dict[str, str] = field(default_factory=dict)
    options: dict[str, OptionValue] = field(default_factory=dict)
    load: list[str] = field(default_factory=list)


def find_databases(services: Mapping[str, Service], project: Project) -> list[Database]:
    """Return the services that are MySQL or MariaDB.

    These are the services of such an image, otherwise those with a variable for root's password. The extension
    ``x-netns-mysql: {mysqld: true}`` of a service decides otherwise.
    """
    decided = {name: _decision(service) for name, service in services.items()}
    images = {name: product_of(service.section.text("image") or "") for name, service in services.items()}
    found = {
        name: product
        for name, service in services.items()
        if decided[name] is None and (product := images[name]) is not None and _runs_server(service)
    }
    if not found and True not in decided.values():
        found = {
            name: product
            for name, service in services.items()
            if decided[name] is None
            and images[name] is None
            and (product := _product_of_variables(service, project)) is not None
        }
    for name, service in services.items():
        if decided[name]:
            found[name] = images[name] or _product_of_variables(service, project) or "mysql"
    return [_database(services[name], found[name], project) for name in services if name in found]


def _decision(service: Service) -> bool | None:
    extension = service.section.section(EXTENSION)
    if extension is None:
        return None
    for key in extension.table:
        if key not in ("mysqld", "skip"):
            extension.fault(f"{EXTENSION} has no key {key!r}", key, "write mysqld: true, or skip: [10-users.sh]")
    return extension.switch("mysqld") if "mysqld" in extension else None


def _runs_server(service: Service) -> bool:
    """Return True if a container of a server's image runs the server, and no client, as a backup does."""
    section = service.section
    command, entrypoint = _words(section, "command"), _words(section, "entrypoint")
    is_default = not command or command[0].startswith("-")
    words = " ".join((*entrypoint, *command))
    if (is_default and not entrypoint) or _SERVER.search(words):
        return True
    section.findings.note(f"{service.name} has the image of a server, and runs another program: it is no server")
    return False


def _product_of_variables(service: Service, project: Project) -> str | None:
    try:
        names = set(_variables(service, project, is_required=False))
    except TopologyError:
        return None
    if any(name.endswith("_HOST") and not name.endswith("_ROOT_HOST") for name in names):
        return None  # a client of a server, which is told where that is
    for prefix, product in (("MARIADB_", "mariadb"), ("MYSQL_", "mysql")):
        if any(f"{prefix}{name}{suffix}" in names for name in _ROOT for suffix in ("", "_FILE")):
            return product
    return None


def _database(service: Service, product: str, project: Project) -> Database:
    section = service.section
    database = Database(service, product, section.text("image") or "")
    variables: dict[str, str] = {}
    with section.findings.faults.gathered():
        variables = _variables(service, project, is_required=True)
    _set_environment(database, variables, project)
    _set_options(database, variables)
    database.load = init_files(section, project, EXTENSION)
    return database


def _variables(service: Service, project: Project, *, is_required: bool) -> dict[str, str]:
    """Return the environment of a container; ``environment`` comes before files of variables."""
    section = service.section
    found: dict[str, str | None] = {}
    items = section.items("env_file")
    for item, mark in zip(items, items.marks, strict=True):
        table = item if isinstance(item, Table) else Table(mark)
        if isinstance(item, str):
            table.put("path", item, mark)
        entry = Section(table, section.place("env_file"), section.findings)
        file = Path(entry.text("path") or "")
        why = paths.why_no_file(file)
        if why is None:
            raw = entry.text("format") == "raw"
            found |= dotenvfiles.read(file, project.variables, _ignore, raw=raw)
        elif is_required and entry.switch("required", default=True):
            entry.fault(f"the file of variables {file} {why}", "path", "write the file, or correct the path")
    environment = section.section("environment") if not isinstance(section.table.get("environment"), Items) else None
    for name in environment.table if environment is not None else ():
        found[name] = environment.text(name) if environment is not None else None
    for text in section.texts("environment") if environment is None and "environment" in section else ():
        name, separator, value = text.partition("=")
        found[name] = value if separator else None
    complete = {name: project.variables.get(name) if value is None else value for name, value in found.items()}
    return {name: value for name, value in complete.items() if value is not None}


def _set_environment(database: Database, variables: Mapping[str, str], project: Project) -> None:
    prefixes = ("MYSQL_", "MARIADB_") if database.product == "mariadb" else ("MYSQL_",)
    used = set()
    for prefix in prefixes:  # what MariaDB's entrypoint finds by both names, it takes by its own
        for name, known in _VARIABLES.items():
            written = f"{prefix}{name}"
            if name in _FILES and f"{written}_FILE" in variables:
                used.add(f"{written}_FILE")
                _set_from_file(database, known, f"{written}_FILE", variables, project)
            elif written in variables:
                used.add(written)
                database.environment.pop(f"{known}_FILE", None)
                database.environment[known] = variables[written]
    if database.environment.get("MYSQL_USER") and not database.environment.keys() & _PASSWORDS:
        findings = database.service.section.findings
        findings.note(
            f"{database.service.name} has a user and no password for it: the user is not made, as in the image"
        )
    for name in variables:
        if name.startswith(prefixes) and name not in used and name != "MYSQL_TCP_PORT":
            database.service.section.findings.not_used(name, database.service.name)


def _set_from_file(
    database: Database, known: str, written: str, variables: Mapping[str, str], project: Project
) -> None:
    """Set a variable whose value stands in a file, by the file on this machine that is mounted there."""
    section = database.service.section
    path = variables[written]
    for target, source in _secrets(section, project):
        if target == path:
            value = source.text("environment")
            if value is not None and value in project.variables:
                database.environment[known] = project.variables[value]
            elif value is not None:
                source.fault(f"the variable {value} is not set", "environment", "set it in the environment or in .env")
            elif (file := source.text("file")) is not None and (why := paths.why_no_file(Path(file))):
                source.fault(f"the file {file} {why}", "file", "write it, or correct the path")
            elif file is not None:
                database.environment.pop(known, None)
                database.environment[f"{known}_FILE"] = project.shown(Path(file))
            else:
                what = f"the secret of {written} has neither file: nor environment:"
                source.fault(what, "", "write file: and the path of a file with its value")
            return
    section.fault(
        f"{written} = {path}: no secret of {database.service.name} is mounted there",
        "environment",
        "name the secret under secrets, with file: or environment: at the end of the compose file",
        tried=[target for target, _ in _secrets(section, project)],
    )


def _secrets(section: Section, project: Project) -> Iterator[tuple[str, Section]]:
    """Yield the path of each secret in a container, and what the file says of it."""
    known = Section(project.file, "", section.findings).section("secrets")
    items = section.items("secrets")
    for item, mark in zip(items, items.marks, strict=True):
        table = item if isinstance(item, Table) else Table(mark)
        if isinstance(item, str):
            table.put("source", item, mark)
        entry = Section(table, section.place("secrets"), section.findings)
        name = entry.text("source") or ""
        target = entry.text("target") or name
        source = known.section(name) if known is not None and name in known.table else None
        if source is not None:
            yield target if target.startswith("/") else f"/run/secrets/{target}", source


def _set_options(database: Database, variables: Mapping[str, str]) -> None:
    """Set mysqld's options by the arguments in ``command``; other commands are not used."""
    section = database.service.section
    if port := variables.get("MYSQL_TCP_PORT"):
        database.options["port"] = port
    arguments = _words(section, "command")
    if arguments and not arguments[0].startswith("-") and arguments[0].rpartition("/")[2] not in _PROGRAMS:
        section.findings.not_used("command", database.service.name)
        return
    for word in arguments:
        if word.startswith("-") and not word.startswith("--"):
            section.findings.not_used(f"{word} of command", database.service.name)
    for name, value in _options(arguments):
        _set_option(database, name, value)


def _words(section: Section, key: str) -> list[str]:
    """Return the words of ``command`` or ``entrypoint``."""
    value = section.table.get(key)
    if isinstance(value, Items):
        return section.texts(key)
    text = section.text(key)
    try:
        return shlex.split(text or "")
    except ValueError:
        section.fault(f"{key} has a quotation mark without its pair", key, "correct it")
        return []


def _options(arguments: list[str]) -> Iterator[tuple[str, str | None]]:
    """Yield the name and the value of each long option; ``--name value`` is the same as ``--name=value``."""
    at = 0
    while at < len(arguments):
        word = arguments[at]
        at += 1
        if not word.startswith("--"):
            continue
        name, separator, value = word.removeprefix("--").partition("=")
        if not separator and at < len(arguments) and not arguments[at].startswith("-"):
            separator, value = "=", arguments[at]
            at += 1
        yield name, value if separator else None


def _set_option(database: Database, written: str, value: str | None) -> None:
    """Set an option; one that a server of another version may not know is given as ``loose_``."""
    section, service = database.service.section, database.service.name
    name = written.lower().replace("-", "_").removeprefix("loose_")
    if name == "bind_address" and value not in (*_WILDCARDS, None):
        section.fault(f"--bind-address={value} is not supported in command", "command", "remove it from the command")
    elif name in ("bind_address", *_PRIVATE, *_BINARY_LOG_OFF) or not name or (value or "").startswith("/"):
        section.findings.not_used(f"--{written} of command", service)
    elif name == "port" and value is not None:
        database.options["port"] = int(value) if is_number(value) else value
    elif value is None and name.startswith("skip_") and name not in ("skip_name_resolve", "skip_networking"):
        database.options[f"loose_{name.removeprefix('skip_')}"] = False
    else:
        database.options[f"loose_{name}"] = True if value is None else int(value) if is_number(value) else value


def _ignore(name: str) -> None:
    """Take no note of a variable without a value: an image's entrypoint sees it as empty."""
