"""What `netns-mysql run` does: a sandbox, a server where one is wanted, and the command in place of this process."""

from __future__ import annotations

import errno
import os
import shutil
import signal
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_netns_mysql import settings as table
from pytest_netns_mysql.endpoint import GLOBAL
from pytest_netns_mysql.errors import SettingError, printable
from pytest_netns_mysql.kernel.namespaces.sandbox import Sandbox
from pytest_netns_mysql.kernel.network import Network
from pytest_netns_mysql.topology.file.load import load
from pytest_netns_mysql.topology.lookup import unknown_namespace

if TYPE_CHECKING:
    from pytest_netns_mysql.mysql.mysqld.kind import Kind

Progress = Callable[[str], None]


def run(argv: Sequence[str], settings: table.Settings, *, netns: str, with_server: bool, progress: Progress) -> int:
    """Become the command: signals, exit code and terminal are its own, and the server ends with it.

    Args:
        argv: The command and its arguments.
        settings: The settings of the sandbox and the server.
        netns: The namespace that the command runs in.
        with_server: Whether a server is started, too.
        progress: Takes a line of text.

    Returns:
        The exit code, where the command cannot be run: 127 for one that is not there, 126 for one that does not run.

    Raises:
        NetnsError: There is no such namespace, or no sandbox or server can be had.
    """
    topology = load(settings.topology)
    if netns != GLOBAL and netns not in topology.namespaces:
        raise unknown_namespace(netns, topology, where="netns-mysql run --netns")
    environment = dict(os.environ)
    if not with_server:
        _add_programs(environment, settings)
        if not _is_there(argv[0], environment.get("PATH", os.defpath)):
            return _not_run(argv[0], FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT)))
    # From inside the sandbox nothing can be fetched.
    kind = _found(settings, progress) if with_server else None
    network = Network(Sandbox.create(settings.mode), topology)
    namespace = network[netns]
    if kind is not None:
        environment |= _serve(kind, network, settings, netns, progress)
    namespace.__enter__()
    return _become(argv, environment)


def _found(settings: table.Settings, progress: Progress) -> Kind:
    """Return the server of the settings, fetched if need be."""
    from pytest_netns_mysql.run.serverkinds import ServerKinds

    kind = ServerKinds(settings, progress).find()
    if kind.listens is not None:
        raise SettingError(
            f"{kind.name} is run by others, and the accounts of `netns-mysql run` would stay on it",
            where="netns-mysql run",
            remedies=["leave out --mysqld, and connect as an account of its own", "name another server"],
        )
    return kind


def _serve(kind: Kind, network: Network, settings: table.Settings, netns: str, progress: Progress) -> dict[str, str]:
    """Start a server that lives as long as this process, whatever program it becomes."""
    from pytest_netns_mysql.mysql.clients.accounts import Accounts
    from pytest_netns_mysql.mysql.mysqld.resolved import resolve
    from pytest_netns_mysql.mysql.mysqld.spec import ServerSpec
    from pytest_netns_mysql.mysql.server import MySQLServer

    spec = resolve(
        ServerSpec.of_topology(network.topology),
        kind,
        cache=settings.cache,
        progress=progress,
        start_timeout=settings.start_timeout,
    )
    server = MySQLServer(spec, network)
    server.start()
    accounts = Accounts(server)
    made = [str(accounts.of_namespace(name, server.endpoint_for(name))) for name in network]
    progress(f"mysqld listens on {', '.join(map(str, server.endpoints))}; accounts without password: {', '.join(made)}")
    place = server.endpoint_for(netns)
    environment = {
        "MYSQL_HOST": place.address,
        "MYSQL_TCP_PORT": str(place.port),
        "MYSQL_UNIX_PORT": str(server.socket),
        "PATH": os.environ.get("PATH", os.defpath),
    }
    client = kind.program("mysql")
    folders = [environment["PATH"], *([] if client is None else [str(client.parent)])]
    return environment | {"PATH": os.pathsep.join(folders)}


def _is_there(program: str, path: str) -> bool:
    if os.sep in program:
        return os.path.lexists(program)
    return shutil.which(program, mode=os.F_OK, path=path) is not None


def _add_programs(environment: dict[str, str], settings: table.Settings) -> None:
    """Let the command find mysql, mysqldump and mysqladmin of a fetched server, behind those of PATH."""
    from pytest_netns_mysql.mysql.kinds.local import fetched

    found = fetched(settings.cache)
    if found is not None:
        environment["PATH"] = f"{environment.get('PATH', os.defpath)}{os.pathsep}{found.mysqld.parent}"


def _become(argv: Sequence[str], environment: dict[str, str]) -> int:
    # Python ignores them, and exec would hand that on.
    for one in (signal.SIGPIPE, signal.SIGXFSZ):
        signal.signal(one, signal.SIG_DFL)
    try:
        os.execvpe(argv[0], list(argv), environment)  # noqa: S606 - no shell is wanted
    except OSError as error:
        return _not_run(argv[0], error)


def _not_run(program: str, error: OSError) -> int:
    print(f"netns-mysql: {printable(program)}: {error.strerror}", file=sys.stderr)
    is_missing = isinstance(error, FileNotFoundError)
    if is_missing and Path(program).is_file():
        print("  do: mend the interpreter that its first line names", file=sys.stderr)
    elif is_missing:
        print("  do: mend its name, install it, or write its path", file=sys.stderr)
    return 127 if is_missing else 126
