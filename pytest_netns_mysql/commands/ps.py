"""The command netns-mysql ps."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pytest_netns_mysql import settings as table
from pytest_netns_mysql.commands.commandparser import as_json, as_table, clock_time
from pytest_netns_mysql.errors import printable

if TYPE_CHECKING:
    from pytest_netns_mysql.live.sessions import LiveSession

DESCRIPTION = """\
List the running sessions of this user: pytest processes and xdist workers that have a sandbox, commands of
`netns-mysql run`, and standing servers. Each line shows the process id, the start time, the running test and its
namespace, and the servers with their endpoints. `netns-mysql shell` enters a session."""
EXAMPLES = """\
  netns-mysql ps
  netns-mysql ps --json"""
NONE = "no session is running"


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.add_argument("--json", action="store_true", help="Print JSON, for programs.")


def main(options: argparse.Namespace, _settings: table.Settings) -> int:
    """Print the sessions."""
    from pytest_netns_mysql.live.sessions import sessions

    found = sessions()
    if options.json:
        print(as_json([*map(_as_dict, found)]))
    else:
        print(sessions_table(found) if found else NONE)
    return 0


def sessions_table(sessions: list[LiveSession]) -> str:
    """Return sessions as a table for people."""
    header = ("PID", "KIND", "SINCE", "RUNS", "NAMESPACE", "SERVERS")
    return as_table(header, [_row(session) for session in sessions])


def _row(session: LiveSession) -> list[str]:
    servers = "\n".join(f"{server.title}: {', '.join(server.places)}" for server in session.servers)
    return [
        str(session.known_as),
        f"{session.kind} {session.worker}".strip(),
        clock_time(session.since),
        printable(_what(session)),
        session.place or "-",
        servers or "-",
    ]


def _what(session: LiveSession) -> str:
    if session.test is not None:
        return str(session.test["id"])
    if session.kind == "up":
        return "standing server"
    return "(between tests)" if session.kind == "pytest" else _command(session)


def _command(session: LiveSession) -> str:
    """Return the command that a process runs now: the process of `netns-mysql run` becomes the command."""
    try:
        words = Path(session.process / "cmdline").read_text(errors="replace").split("\0")[:-1]
    except OSError:
        words = []
    return " ".join(words or session.command)


def _as_dict(session: LiveSession) -> dict[str, Any]:
    return {
        "pid": session.known_as,
        "kind": session.kind,
        "worker": session.worker or None,
        "since": session.since,
        "command": session.command,
        "namespace": session.place,
        "topology": session.topology,
        "namespaces": list(session.namespaces),
        "test": session.test,
        "servers": [
            {"name": server.name, "product": server.product, "version": server.version, "endpoints": server.endpoints}
            for server in session.servers
        ],
    }
