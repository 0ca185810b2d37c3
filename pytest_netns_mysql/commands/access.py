"""The command netns-mysql access: who may log in from where, by the accounts in SQL files."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from pytest_netns_mysql import paths
from pytest_netns_mysql import settings as table
from pytest_netns_mysql.errors import SettingError
from pytest_netns_mysql.kernel.namespaces.sandbox import Sandbox
from pytest_netns_mysql.kernel.network import Network
from pytest_netns_mysql.topology.file.load import load

if TYPE_CHECKING:
    from pytest_netns_mysql.mysql.access.accessmatrix import AccessMatrix
    from pytest_netns_mysql.mysql.mysqld.kind import Kind
    from pytest_netns_mysql.mysql.server import MySQLServer

Progress = Callable[[str], None]

_WHERE = "netns-mysql access"
# What a dump from another server may need: versions that do not know an option ignore it.
_OPTIONS = {"loose_mysql_native_password": True}


def access(
    files: Sequence[str], settings: table.Settings, *, users: Sequence[str] | None, form: str, progress: Progress
) -> str:
    """Return who may log in from where, by the accounts that SQL files create on a new server.

    Args:
        files: The paths of the SQL files, in the order of loading.
        settings: The settings of the sandbox, the topology and the server.
        users: The users to show, by default all that the files create.
        form: ``text``, ``markdown`` or ``json``.
        progress: Shows a line of text to the user.

    Raises:
        LoadError: A file cannot be loaded. The error has the file and the line.
        SettingError: A file does not exist, or the files create no accounts.
        NetnsError: The sandbox or the server cannot be started.
    """
    _check(files)
    topology = load(settings.topology)
    # Before the sandbox is entered, because nothing can be fetched from inside.
    kind = _found(settings, progress)
    network = Network(Sandbox.create(settings.mode), topology)
    server = _started(kind, network, settings, progress)
    try:
        matrix = _loaded(server, files, users, progress)
    finally:
        server.discard()
    if form == "json":
        return json.dumps(matrix.as_dict(), indent=2)
    return matrix.as_markdown() if form == "markdown" else matrix.as_text()


def _check(files: Sequence[str]) -> None:
    for file in files:
        why = paths.why_not_there(paths.absolute(file))
        if why is not None:
            raise SettingError(f"the file {file} {why}", where=_WHERE, remedies=["correct the path"])


def _found(settings: table.Settings, progress: Progress) -> Kind:
    from pytest_netns_mysql.run.serverkinds import ServerKinds

    kind = ServerKinds(settings, progress).find()
    if kind.listens is not None:
        raise SettingError(
            f"{kind.name} is run by others, and the accounts in the files would stay on the server",
            where=_WHERE,
            remedies=["choose a server that this plugin starts: --mysqld auto"],
        )
    return kind


def _started(kind: Kind, network: Network, settings: table.Settings, progress: Progress) -> MySQLServer:
    from dataclasses import replace

    from pytest_netns_mysql.mysql.mysqld.resolved import resolve
    from pytest_netns_mysql.mysql.mysqld.spec import ServerSpec
    from pytest_netns_mysql.mysql.server import MySQLServer

    spec = ServerSpec.of_topology(network.topology)
    spec = replace(spec, load=(), options={**_OPTIONS, **spec.options})
    server = MySQLServer(
        resolve(spec, kind, cache=settings.cache, progress=progress, start_timeout=settings.start_timeout), network
    )
    server.start()
    return server


def _loaded(server: MySQLServer, files: Sequence[str], users: Sequence[str] | None, progress: Progress) -> AccessMatrix:
    from pytest_netns_mysql.mysql.load.loads import find_loads
    from pytest_netns_mysql.mysql.seed.accountloader import AccountLoader

    loader = AccountLoader(server, progress)
    for found in find_loads([paths.absolute(file) for file in files], where=_WHERE):
        loader.load(found)
    matrix = server.access_matrix(users)
    if not matrix.users:
        raise SettingError(
            f"{', '.join(files)} created no account that can log in",
            where=_WHERE,
            remedies=[
                "name the file with the CREATE USER statements, after the file with the schema",
                "dump the accounts: mysqldump --users, mariadb-dump --system=users, or pt-show-grants",
            ],
        )
    return matrix
