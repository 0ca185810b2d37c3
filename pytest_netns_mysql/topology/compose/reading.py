"""Reading a compose file as a topology."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from pytest_netns_mysql import paths
from pytest_netns_mysql.errors import TopologyError
from pytest_netns_mysql.topology.compose import dotenvfiles
from pytest_netns_mysql.topology.compose.databases import Database, find_databases
from pytest_netns_mysql.topology.compose.findings import Findings, Section
from pytest_netns_mysql.topology.compose.members import (
    BRIDGE,
    BRIDGE_KEY,
    Service,
    check_shared,
    give_addresses,
    give_static_addresses,
    namespace,
    read_members,
    read_service,
)
from pytest_netns_mysql.topology.compose.project import Project, Reader, project_name
from pytest_netns_mysql.topology.compose.publishedports import Publisher
from pytest_netns_mysql.topology.compose.relativepaths import is_file
from pytest_netns_mysql.topology.compose.segments import DEFAULT, DOCKER0, Segment, complete, read_segment
from pytest_netns_mysql.topology.compose.servicenames import host_names
from pytest_netns_mysql.topology.compose.yamltext import Mark, Table
from pytest_netns_mysql.topology.model import Mysqld
from pytest_netns_mysql.topology.topology import Topology

ENDINGS = (".yaml", ".yml")
STANDARD = ("compose.yaml", "compose.yml", "docker-compose.yaml", "docker-compose.yml")
"""The names that docker compose looks for in a folder, in this order."""

_FILES, _SEPARATOR, _PROFILES, _NAME = (
    *("COMPOSE_FILE", "COMPOSE_PATH_SEPARATOR", "COMPOSE_PROFILES", "COMPOSE_PROJECT_NAME"),
)


def read_folder(folder: Path) -> Topology | None:
    """Return the topology of the compose files in a folder, found and merged as docker compose does there.

    These are the files that COMPOSE_FILE names, else the standard one with its override; None if there is none.
    """
    variables = _variables(folder, Findings(str(folder)))
    if given := variables.get(_FILES):
        separator = variables.get(_SEPARATOR) or os.pathsep
        if files := tuple(folder / part for part in given.split(separator) if part):
            return read_files(files)
    for name in STANDARD:
        file = folder / name
        if is_file(file):
            override = [file.with_name(f"{file.stem}.override{ending}") for ending in ENDINGS]
            return read_files((file, *[path for path in override if is_file(path)][:1]))
    return None


def read_files(files: tuple[Path, ...]) -> Topology:
    """Return the topology of a compose file, or of several that are merged.

    Args:
        files: The files; paths in them start from the folder of the first.

    Raises:
        TopologyError: With every fault.
        EndpointError: If the only fault is an endpoint.
    """
    findings = Findings(str(files[0]))
    project = _project(files, findings)
    topology = _topology(project, files[0], findings)
    findings.faults.check()
    assert topology is not None
    topology.plan  # noqa: B018 - checks the topology
    return topology


def _variables(folder: Path, findings: Findings) -> dict[str, str]:
    """Return the variables of the environment, and those of .env that it lacks."""
    file = folder / ".env"
    variables = dict(os.environ)
    if is_file(file):
        found = dotenvfiles.read(file, variables, findings.note_unset)
        variables = {name: value for name, value in found.items() if value is not None} | variables
    return variables


def _project(files: tuple[Path, ...], findings: Findings) -> Project:
    folder = files[0].parent
    for file in files:
        if why := paths.why_no_file(file):
            raise TopologyError(
                f"the compose file {file.name} {why}", where=str(file), remedies=["correct the path, or COMPOSE_FILE"]
            )
    variables = _variables(folder, findings)
    table = Reader(findings, folder, variables).read(files)
    name = Section(table, "", findings).text("name")
    return Project(folder, variables, table, name)


def _topology(project: Project, file: Path, findings: Findings) -> Topology | None:
    top = Section(project.file, "", findings)
    name = project_name(project.variables.get(_NAME) or project.name or project.folder.name)
    services = _active(top, project.variables)
    if not services:
        return None
    check_shared(services, findings)
    segments = _segments(top, services, name, findings)
    names = _container_names(services)
    complete(segments, names, findings)
    present = [service for service in services.values() if service.has_namespaces]
    for service in present:
        give_static_addresses(service)
    for service in present:
        give_addresses(service)
    databases = find_databases(services, project)
    publisher = Publisher(segments)
    for service in present:
        publisher.publish(service, is_database=any(service is database.service for database in databases))
    hosts = host_names(services, name)
    findings.faults.check()  # further faults would only follow from these
    namespaces = {container: namespace(service, container) for service in present for container in service.containers}
    if not namespaces:
        top.fault("no service has a network of its own", "services", "write a service without network_mode: host")
        return None
    findings.faults.check()
    mysqld = _mysqld(databases, services, segments, findings)
    return Topology(
        name if file.name in STANDARD else file.stem,
        namespaces=namespaces,
        bridges={segment.bridge: segment.as_bridge() for segment in segments.values()},
        # With one network there is nothing to forward to but that network itself, as for a port published to it.
        forwarding=len(segments) == 1,
        masquerade=list(publisher.interfaces) or False,
        publish=publisher.table,
        hosts=hosts,
        mysqld=mysqld,
        description=f"the compose project {name}",
        source=str(file),
        notes=findings.notes,
    )


def _active(top: Section, variables: Mapping[str, str]) -> dict[str, Service] | None:
    """Return the services whose profiles are active, and that have a container."""
    section = top.section("services")
    if section is None or not section.table:
        if not top.table.get("services") and not top.findings.faults:
            top.fault("the compose file has no services", "", "write services: and a service below it")
        return None
    wanted = {profile.strip() for profile in variables.get(_PROFILES, "").split(",") if profile.strip()}
    found = {}
    for name, entry in section.sections():
        profiles = entry.texts("profiles")
        if profiles and not wanted & {*profiles, "*"}:
            top.findings.note(f"{name} was left out: its profile {' or '.join(profiles)} is not in {_PROFILES}")
            continue
        service = read_service(name, entry)
        if service.replicas:
            found[name] = service
        else:
            top.findings.note(f"{name} was left out: it has no container")
    if not found and not top.findings.faults:
        top.fault("no service is active", "services", f"name a profile in the environment variable {_PROFILES}")
        return None
    return found


def _container_names(services: Mapping[str, Service]) -> set[str]:
    """Return the names of all namespaces; a numbered one that another service has is a fault."""
    owners: dict[str, Service] = {}
    for service in services.values():
        for name in service.names if service.has_namespaces else ():
            first = owners.setdefault(name, service)
            if first is not service:
                service.section.fault(
                    f"the services {first.name} and {service.name} would both have a namespace {name}",
                    "",
                    "rename one of them in a copy of the file",
                )
    return {*owners}


def _segments(top: Section, services: Mapping[str, Service], project: str, findings: Findings) -> dict[str, Segment]:
    """Return the networks that services use, in the order of the file, and join the services to them."""
    section = top.section("networks")
    described = dict(section.sections()) if section is not None else {}
    empty = Table(Mark(top.mark().file, top.mark().line))
    sections = {DEFAULT: Section(empty, "networks.default", findings), **described}
    known = {
        name: read_segment(name, entry) for name, entry in sections.items() if name in described or name == DEFAULT
    }
    for name, segment in known.items():
        segment.docker_name = segment.section.text("name") or (name if segment.is_external else f"{project}_{name}")
    if any(service.mode == BRIDGE for service in services.values()):
        known[BRIDGE_KEY] = read_segment(DOCKER0, Section(empty, BRIDGE_KEY, findings))
        known[BRIDGE_KEY].is_dockers = True
    used: list[Segment] = []
    for service in services.values():
        if service.mode not in ("", BRIDGE):
            continue
        read_members(service, known)
        used += [member.segment for member in service.members]
        networks = service.section.section("networks")
        for name in networks.table if networks is not None else ():
            if name not in known and networks is not None:
                networks.fault(
                    f"there is no network {name!r}",
                    name,
                    "write one of these, or add it under networks at the end of the file",
                    tried=[f"the file has {', '.join(known)}"],
                )
    return {name: segment for name, segment in known.items() if segment in used}


def _mysqld(
    databases: list[Database], services: Mapping[str, Service], segments: Mapping[str, Segment], findings: Findings
) -> Mysqld:
    """Return where the server listens: on all addresses of the services that are MySQL or MariaDB."""
    if not databases:
        findings.note(
            "no service is MySQL or MariaDB: mysqld listens on the first address of every service; "
            "x-netns-mysql: {mysqld: true} marks one"
        )
        return Mysqld()
    first = databases[0]
    endpoints: dict[str, None] = {}
    for database in databases:
        endpoints |= dict.fromkeys(_endpoints(database.service, services, segments))
        _check_same(first, database)
        first.environment = {**database.environment, **first.environment}
        first.load += [entry for entry in database.load if entry not in first.load]
        _note_options(first, database, findings)
        first.options = {**database.options, **first.options}
    if len(databases) > 1:
        names = ", ".join(database.service.name for database in databases)
        findings.note(f"one server listens for {names}, with the variables and files of all of them")
    return Mysqld(
        bind_address=list(endpoints),
        options=first.options,
        load=first.load,
        image=first.image or first.product,
        environment=first.environment,
    )


def _check_same(first: Database, other: Database) -> None:
    """Add a fault for two services that one server cannot stand for."""
    section = other.service.section
    remedy = f"choose the one to test: write x-netns-mysql: {{mysqld: false}} in {other.service.name}"
    names = f"{first.service.name} and {other.service.name}"
    if first.product != other.product:
        section.fault(f"{names} are of two products, {first.product} and {other.product}", "image", remedy)
    for name, value in other.environment.items():
        if first.environment.get(name, value) != value:
            section.fault(f"{names} differ in {name}, and one server stands for both", "environment", remedy)


def _note_options(first: Database, other: Database, findings: Findings) -> None:
    """Note the options of a service that the one server has otherwise."""
    for name, value in other.options.items():
        used = first.options.get(name, value)
        if used != value:
            findings.note(
                f"{name} is {used}, as for {first.service.name}: {value} of {other.service.name} was not used"
            )


def _endpoints(service: Service, services: Mapping[str, Service], segments: Mapping[str, Segment]) -> list[str]:
    for _ in services:  # a service may have the network of one that has the network of another
        service = services.get(service.mode.removeprefix("service:"), service)
    if service.mode == "host":
        gateways = [str(gateway) for segment in segments.values() for gateway in segment.gateways.values()]
        return ["127.0.0.1", *gateways]
    found = []
    for container, own in service.containers.items():
        addresses = [str(address) for _, several in own for address in several]
        found += [f"{address}/{container}" for address in (*addresses, "127.0.0.1")]
    return found
