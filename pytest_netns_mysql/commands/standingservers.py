"""The commands for standing servers, which stay up between runs: netns-mysql up, ls, down."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from pytest_netns_mysql import paths
from pytest_netns_mysql.commands.commandparser import clock_time
from pytest_netns_mysql.errors import SandboxError, SettingError, printable
from pytest_netns_mysql.mysql.waiting import wait_until
from pytest_netns_mysql.reuse import messages, offers, protocol
from pytest_netns_mysql.reuse.bringup import bring_up
from pytest_netns_mysql.settings import Settings

NONE = "no server is up"
_END_TIMEOUT = 10.0  # seconds


def up(settings: Settings, *, progress: Callable[[str], None]) -> str:
    """Start a server that the next pytest runs of this user with the same settings use, see `netns_reuse`.

    Returns:
        A line about the server.

    Raises:
        NetnsError: The server cannot be started, or an equal server is up already.
    """
    from pytest_netns_mysql.mysql.mysqld.resolved import resolve
    from pytest_netns_mysql.mysql.mysqld.spec import ServerSpec
    from pytest_netns_mysql.run.serverkinds import ServerKinds, server_for
    from pytest_netns_mysql.topology.file.load import load

    topology = load(settings.topology, base=paths.here())
    if topology.plan.external:
        raise SettingError(
            f"topology {topology.name} has external namespaces, and a standing server cannot listen in them",
            where="netns-mysql up",
            remedies=["choose another topology"],
        )
    kinds = ServerKinds(settings, progress)
    kind = kinds.find(server_for(topology, kinds.names[0]))
    if not kind.can_stay_up:
        raise SettingError(
            f"{kind.name} cannot stay up between runs: only a local mysqld can",
            where="netns-mysql up",
            remedies=["choose a local mysqld: --mysqld auto, or a path"],
        )
    where = f"{topology.source}: mysqld"
    spec = ServerSpec._of_topology(topology)
    spec._check(topology, [kind], where=where, where_options=f"{where}.options")
    resolved = resolve(spec, kind, cache=settings.cache, progress=progress, start_timeout=settings.start_timeout)
    offers.addresses(strict=True)
    address = bring_up(topology, resolved, mode=settings.mode)
    return "".join(_line(status) for at, status in _found().items() if at == address)


def ls() -> list[dict[str, Any]]:
    """Return pid, server, topology, since and state of each standing server; None for what is not known."""
    return [_row(status) for status in _found().values()]


def down(pids: Sequence[int] = ()) -> str:
    """End standing servers, and wait until they are gone.

    Args:
        pids: The pids of the servers, as ``ls`` shows them; () for all servers.

    Returns:
        A line for each server that was ended.

    Raises:
        SettingError: No standing server has one of the pids.
        SandboxError: A server has not ended in time.
    """
    found = {address: server for address, server in _found().items() if not pids or server.pid in pids}
    unknown = {*pids} - {server.pid for server in found.values()}
    if unknown:
        raise SettingError(
            f"no standing server has the pid {', '.join(map(str, sorted(unknown)))}",
            where="netns-mysql down",
            remedies=["netns-mysql ls shows the pids", "leave the pids out, to end all servers"],
        )
    for address, server in found.items():
        if isinstance(server, messages.Silent):
            protocol.end(server)
        else:
            protocol.ask(address, "end")

    remaining = list(found.values())

    def have_ended() -> bool:
        remaining[:] = [server for address, server in found.items() if _is_up(address)]
        return not remaining

    def still_up() -> SandboxError:
        return SandboxError(
            f"a server was asked to end, and is still up after {_END_TIMEOUT:g} seconds",
            where="netns-mysql down",
            tried=[_line(server) for server in remaining],
            remedies=[f"kill -9 {server.pid}" for server in remaining],
        )

    wait_until(have_ended, timeout=_END_TIMEOUT, error=still_up)
    return "\n".join(f"ended: {_line(server)}" for server in found.values()) or NONE


def _is_up(address: str) -> bool:
    return protocol.ask(address, "status") is not None or address in offers.addresses()


def _found() -> dict[str, messages.Status | messages.Silent]:
    asked = ((address, protocol.ask(address, "status")) for address in offers.addresses(strict=True))
    return {address: status for address, status in asked if status is not None}


def _row(status: messages.Status | messages.Silent) -> dict[str, Any]:
    if isinstance(status, messages.Silent):
        unknown = dict.fromkeys(("server", "topology", "since"))
        return {"pid": status.pid, **unknown, "state": f"does not answer ({status.reason})"}
    return {
        "pid": status.pid,
        "server": status.version,
        "topology": status.topology,
        "since": status.since,
        "state": "free" if status.taken_by is None else f"used by pid {status.taken_by}",
    }


def _line(status: messages.Status | messages.Silent) -> str:
    row = _row(status)
    if isinstance(status, messages.Silent):
        return printable(f"pid {row['pid']}: {row['state']}")
    since = clock_time(row["since"])
    return printable(f"pid {row['pid']}: {row['server']}, topology {row['topology']}, since {since}, {row['state']}")
