"""A command in a new sandbox, optionally with a server."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from pytest_netns_mysql import clock
from pytest_netns_mysql import settings as table
from pytest_netns_mysql.commands.executing import execute, exists, report_not_found
from pytest_netns_mysql.commands.ownserver import Progress, start_server, startable_kind
from pytest_netns_mysql.endpoint import GLOBAL
from pytest_netns_mysql.errors import ClientError, EndpointError
from pytest_netns_mysql.kernel.namespaces.sandbox import Sandbox
from pytest_netns_mysql.kernel.network import Network
from pytest_netns_mysql.live.board import Board
from pytest_netns_mysql.live.sessionfacts import Origin, accounts_of, facts_of
from pytest_netns_mysql.topology.file.load import load
from pytest_netns_mysql.topology.lookup import unknown_namespace

if TYPE_CHECKING:
    from pytest_netns_mysql.mysql.clients.accounts import Accounts
    from pytest_netns_mysql.mysql.mysqld.kind import Kind
    from pytest_netns_mysql.mysql.server import MySQLServer


def run(argv: Sequence[str], settings: table.Settings, *, netns: str, with_server: bool, progress: Progress) -> int:
    """Replace this process by a command in a sandbox. The server ends with the command.

    Args:
        argv: The command and its arguments.
        settings: The settings of the sandbox and the server.
        netns: The namespace that the command runs in.
        with_server: Whether to start a server.
        progress: Shows a line of text to the user.

    Returns:
        The exit code if the command cannot be executed, as of a shell: 127 if it was not found, else 126.

    Raises:
        NetnsError: There is no such namespace, or the sandbox or the server cannot be started.
    """
    topology = load(settings.topology)
    if netns != GLOBAL and netns not in topology.namespaces:
        raise unknown_namespace(netns, topology, where="netns-mysql run --netns")
    environment = dict(os.environ)
    if not with_server:
        _add_programs(environment, settings)
        if not exists(argv[0], environment.get("PATH", os.defpath)):
            return report_not_found(argv[0])
    # Before the sandbox is entered, because nothing can be fetched from inside.
    kind = (
        startable_kind(
            settings,
            progress,
            topology,
            what_stays="the accounts that `netns-mysql run` creates",
            where="netns-mysql run",
            remedies=["leave out --mysqld, and connect with an existing account", "choose another server"],
        )
        if with_server
        else None
    )
    network = Network(Sandbox.create(settings.mode), topology)
    namespace = network[netns]
    servers: list[MySQLServer] = []
    created: list[dict[str, Any]] = []
    if kind is not None:
        server, accounts, variables = _serve(kind, network, settings, netns, progress)
        servers.append(server)
        created = accounts_of([accounts], netns)
        environment |= variables
    namespace.__enter__()
    with contextlib.suppress(OSError):  # the kernel may refuse the memory; the command does not need it
        origin = Origin("run", argv, since=clock.now(), namespace=netns, has_become_another=True)
        board = Board(survives_exec=True)
        board.show(facts_of(origin, network, servers))
        board.show_accounts(created)
    return execute(argv, environment)


def _serve(
    kind: Kind, network: Network, settings: table.Settings, netns: str, progress: Progress
) -> tuple[MySQLServer, Accounts, dict[str, str]]:
    """Start a server that ends with this process, whatever program the process executes.

    Returns:
        The server, the accounts on it, and variables for the program.
    """
    from pytest_netns_mysql.mysql.clients.accounts import Accounts

    server = start_server(kind, network, settings, progress)
    accounts = Accounts(server)
    created = []
    for name in network:
        with contextlib.suppress(ClientError, EndpointError):  # of a namespace that cannot reach the server
            created.append(str(accounts.of_namespace(name, server.endpoint_for(name))))
    progress(
        f"mysqld listens on {', '.join(map(str, server.endpoints))}; accounts without password: {', '.join(created)}"
    )
    endpoint = server.endpoint_for(netns)
    environment = {
        "MYSQL_HOST": endpoint.address,
        "MYSQL_TCP_PORT": str(endpoint.port),
        "MYSQL_UNIX_PORT": str(server.socket),
        "PATH": os.environ.get("PATH", os.defpath),
    }
    client = kind.program("mysql")
    folders = [environment["PATH"], *([] if client is None else [str(client.parent)])]
    return server, accounts, environment | {"PATH": os.pathsep.join(folders)}


def _add_programs(environment: dict[str, str], settings: table.Settings) -> None:
    """Add mysql, mysqldump and mysqladmin of a fetched server to PATH, behind all other programs."""
    from pytest_netns_mysql.mysql.kinds.local import fetched

    found = fetched(settings.cache)
    if found is not None:
        environment["PATH"] = f"{environment.get('PATH', os.defpath)}{os.pathsep}{found.mysqld.parent}"
