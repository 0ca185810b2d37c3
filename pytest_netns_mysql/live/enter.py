"""Entering the sandbox of another process, and the option files by which MySQL's client programs connect there."""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from pytest_netns_mysql.endpoint import Endpoint
from pytest_netns_mysql.errors import SandboxError
from pytest_netns_mysql.kernel.namespaces import syscalls
from pytest_netns_mysql.kernel.namespaces.directories import WORK_DIRECTORY
from pytest_netns_mysql.kernel.namespaces.position import Position, identity
from pytest_netns_mysql.live.sessions import LiveSession, Server
from pytest_netns_mysql.mysql.clients.account import Account
from pytest_netns_mysql.mysql.clients.programs import groups_of
from pytest_netns_mysql.mysql.mysqld import optionfile

_FOLDERS = "shells"
_USER = "ns/user"


@dataclass(frozen=True)
class OptionFiles:
    """The option files of a shell.

    Attributes:
        folder: The folder that has them, which MYSQL_HOME names.
        account: The account that client programs connect as, for people.
        administrator: The option file of the administrator.
        others: The users of the test's other accounts, each of which has a group of options.
    """

    folder: Path
    account: str
    administrator: Path
    others: tuple[str, ...] = ()


def enter(session: LiveSession, namespace: str) -> None:
    """Move this process, which has one thread, into a namespace of a session: user, mount and network namespace.

    Programs that this process starts have the capabilities that programs in the sandbox have.

    Args:
        session: The session.
        namespace: The name of one of its namespaces.

    Raises:
        SandboxError: The session has just ended, or the kernel refuses a step, see setns(2).
    """
    file = session.namespaces[namespace]
    try:
        user, mount = (os.open(session.process / link, os.O_RDONLY | os.O_CLOEXEC) for link in (_USER, session.mount))
        root = os.open(session.process / session.root, os.O_PATH | os.O_CLOEXEC)
        if identity(mount)[1] != session.mount_id:
            raise _gone(session, "its descriptor of the sandbox was closed or replaced")
        _enter_user_namespace(user)
        Position(-1, mount, root, (0, 0), identity(mount)).enter_mount()
        network = os.open(file, os.O_RDONLY | os.O_CLOEXEC)
        syscalls.setns(network, syscalls.CLONE_NEWNET)
    except OSError as error:
        raise _gone(session, str(error)) from error


def _enter_user_namespace(descriptor: int) -> None:
    from pytest_netns_mysql.kernel.namespaces.usernamespace import join_user_namespace

    if identity(descriptor) != identity("/proc/self/ns/user"):
        join_user_namespace(descriptor)


def _gone(session: LiveSession, why: str) -> SandboxError:
    return SandboxError(
        f"the sandbox of process {session.pid} cannot be entered",
        tried=[why],
        remedies=["netns-mysql ps lists the sessions that are running"],
    )


def write_option_files(session: LiveSession, server: Server, namespace: str) -> OptionFiles:
    """Write option files with which client programs connect from a namespace without arguments.

    This process must stand in the sandbox. See the manual, "Using Option Files", for MYSQL_HOME.

    Args:
        session: The session.
        server: The server to connect to.
        namespace: The namespace that clients connect from.

    Returns:
        The files; ``my.cnf`` is for the account of the running test, or else for the administrator.
    """
    folder = _new_folder(Path(server.folder))
    root = {name: str(value) for name, value in {**server.client_options, **server.administrator}.items()}
    administrator = _write(folder, "administrator.cnf", {"client": root})
    nearest = server.nearest.get(namespace)
    own = [account for account in session.accounts if account["server"] == server.name] if nearest else []
    if nearest is None or not own:
        _write(folder, "my.cnf", {"client": root})
        return OptionFiles(folder, f"the administrator, {root['user']}", administrator)
    place = Endpoint(nearest[0], namespace, nearest[1])
    accounts = [Account(each["user"], each["host"], each["password"], each["schema"]) for each in own]
    accounts.sort(key=lambda each: each.user != f"{namespace}_user")
    first, *others = accounts
    others = [other for other in others if other.user.isprintable() and not {*"[]"} & {*other.user}]
    groups = groups_of(first, place, server.client_options)
    for other in others:
        # Programs read a group such as [client_app] after [client], with --defaults-group-suffix=_app.
        own_groups = {"mysql": {"database": ""}, **groups_of(other, place, server.client_options)}
        for group, options in own_groups.items():
            groups.setdefault(f"{group}_{other.user}", options)
    _write(folder, "my.cnf", groups)
    return OptionFiles(folder, str(first), administrator, tuple(other.user for other in others))


def _write(folder: Path, name: str, groups: Mapping[str, Mapping[str, str]]) -> Path:
    return optionfile.write(folder, groups).rename(folder / name)


def make_folder() -> Path:
    """Return a new folder for a shell in a sandbox without a server; this process must stand in the sandbox."""
    return _new_folder(WORK_DIRECTORY)


def _new_folder(parent: Path) -> Path:
    """Return a new folder of this process, and remove those of shells that have ended."""
    folders = parent / _FOLDERS
    folders.mkdir(mode=0o700, exist_ok=True)
    for folder in folders.iterdir():
        with contextlib.suppress(ValueError):
            if not Path(f"/proc/{int(folder.name)}").exists():
                shutil.rmtree(folder, ignore_errors=True)
    own = folders / str(os.getpid())
    shutil.rmtree(own, ignore_errors=True)
    own.mkdir(mode=0o700)
    return own
