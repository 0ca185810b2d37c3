"""Entering a running session for `netns-mysql shell`: which session, which namespace, and the environment there."""

from __future__ import annotations

import difflib
import os
import shlex
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

from pytest_netns_mysql import paths
from pytest_netns_mysql.commands.executing import execute
from pytest_netns_mysql.endpoint import GLOBAL
from pytest_netns_mysql.errors import SandboxError, SettingError, UnknownNamespaceError, printable
from pytest_netns_mysql.kernel.namespaces.sweeper import SPARED
from pytest_netns_mysql.live import enter
from pytest_netns_mysql.live.sessions import LiveSession, Server, sessions

_WHERE = "netns-mysql shell"
_SYSTEM_PROGRAMS = ("/usr/sbin", "/sbin")  # with ip and tcpdump; an ordinary user's PATH may lack them
_RC_FILE = "bashrc"


def choose(pid: int | None) -> LiveSession:
    """Return the session to enter.

    Args:
        pid: Its process; None for the only one.

    Raises:
        SandboxError: No session is running.
        SettingError: There are several, or none has this pid.
    """
    found = sessions()
    if not found:
        raise SandboxError(
            "no session is running that could be entered",
            where=_WHERE,
            remedies=[
                "keep a failing test where it is: pytest --netns-pause",
                "or start a sandbox: netns-mysql run --mysqld -- bash",
            ],
        )
    if pid is not None:
        chosen = [session for session in found if session.known_as == pid]
    else:
        # A run that uses a standing server is in the server's sandbox.
        chosen = [session for session in found if session.kind != "up"] or found
    if len(chosen) == 1:
        return chosen[0]
    raise SettingError(
        f"no session has the pid {pid}" if pid is not None else f"{len(chosen)} sessions are running",
        where=_WHERE,
        tried=[_line(session) for session in chosen or found],
        remedies=[f"name one: netns-mysql shell --pid {(chosen or found)[-1].known_as}"],
    )


def _line(session: LiveSession) -> str:
    what = session.test["id"] if session.test is not None else " ".join(session.command)
    return f"pid {session.known_as}: {what}"


def namespace_of(session: LiveSession, name: str | None) -> str:
    """Return the namespace to enter: the named one, else that of the running test, else ``global``.

    Raises:
        UnknownNamespaceError: The session has no such namespace.
    """
    if name is None:
        place = session.place
        return place if place in session.namespaces else GLOBAL
    if name not in session.namespaces:
        near = difflib.get_close_matches(name, session.namespaces, n=1)
        raise UnknownNamespaceError(
            f"there is no namespace {name!r}",
            where=_WHERE,
            tried=[f"topology {session.topology} of process {session.known_as} has {', '.join(session.namespaces)}"],
            remedies=[f"write {near[0]}" if near else "use one of these names"],
        )
    return name


def run_inside(session: LiveSession, namespace: str, argv: Sequence[str]) -> int:
    """Enter a namespace of a session and become a command, or by default the user's shell.

    Args:
        session: The session.
        namespace: The name of the namespace.
        argv: The command and its arguments; () for the shell.

    Returns:
        The exit code if the command cannot be executed.

    Raises:
        SandboxError: The session has ended, or the kernel refuses a step.
    """
    enter.enter(session, namespace)
    server = session.servers[0] if session.servers else None
    environment = {**os.environ, "PATH": _path(server), SPARED: str(session.mount_id)}
    if server is None:
        folder = enter.make_folder()
    else:
        files = enter.write_option_files(session, server, namespace)
        folder = files.folder
        # MariaDB's programs look at MARIADB_HOME first; the login file of MySQL's would be read last.
        environment |= {"MYSQL_HOME": str(folder), "MARIADB_HOME": str(folder)}
        environment["MYSQL_TEST_LOGIN_FILE"] = str(folder / "no-login-file")
    if argv:
        return execute(argv, environment)
    _greet(session, namespace)
    if server is not None:
        _explain(files, server)
    command, more = _shell(namespace, folder)
    return execute(command, environment | more)


def _path(server: Server | None) -> str:
    folders = os.environ.get("PATH", os.defpath).split(os.pathsep)
    first = [server.programs] if server is not None and server.programs is not None else []
    last = [folder for folder in _SYSTEM_PROGRAMS if folder not in folders]
    return os.pathsep.join([*first, *folders, *last])


def _shell(namespace: str, folder: Path) -> tuple[list[str], dict[str, str]]:
    """Return the command line of the user's shell, and variables, so that its prompt names the namespace."""
    shell = os.environ.get("SHELL") or shutil.which("bash") or "/bin/sh"
    mark = f"[{namespace}] "
    if Path(shell).name != "bash":
        return [shell], {"PS1": f"{mark}$ "}
    file = folder / _RC_FILE
    file.write_text(f'[ -r ~/.bashrc ] && . ~/.bashrc\nPS1={shlex.quote(mark)}"$PS1"\n')
    return [shell, "--rcfile", str(file)], {}


def _greet(session: LiveSession, namespace: str) -> None:
    test = f", during {session.test['id']}" if session.test is not None else ""
    names = ", ".join(name for name in session.namespaces if name not in (namespace, GLOBAL))
    _say(f"you are in {namespace} of process {session.known_as}{test}; also there: {names or 'no other namespace'}")


def _explain(files: enter.OptionFiles, server: Server) -> None:
    _say(f"`mysql` connects to {server.title} as {files.account}")
    for user in files.others:
        _say(f"`mysql --defaults-group-suffix=_{user}` connects as {user}")
    _say(f"`mysql --defaults-file={files.administrator}` connects as the administrator")
    if (paths.home() / ".my.cnf").exists():
        _say(f"~/.my.cnf is read last; `mysql --defaults-file={files.folder / 'my.cnf'}` leaves it out")


def _say(text: str) -> None:
    print(f"netns-mysql: {printable(text)}", file=sys.stderr, flush=True)
