"""The commands of a server that stays up between runs: netns-mysql up, ls, down."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from pytest_netns_mysql import paths
from pytest_netns_mysql.errors import SandboxError, SettingError
from pytest_netns_mysql.reuse import messages, offers, protocol
from pytest_netns_mysql.settings import Settings

_NONE = "no server is up"
_ENDING = 10.0  # seconds
_POLL = 0.01  # seconds


def up(settings: Settings, *, progress: Callable[[str], None]) -> str:
    """Bring up a server that the next pytest runs of the same user and settings use; return a line about it.

    Raises what hinders. See `netns_reuse`.
    """
    from pytest_netns_mysql.mysql.mysqld.resolved import resolve
    from pytest_netns_mysql.mysql.mysqld.spec import ServerSpec
    from pytest_netns_mysql.run.serverkinds import ServerKinds
    from pytest_netns_mysql.topology.file.load import load

    topology = load(settings.topology, base=paths.here())
    if topology.plan.external:
        raise SettingError(
            f"topology {topology.name} has external namespaces, which are entered by each run anew",
            where="netns-mysql up",
            remedies=["choose another topology"],
        )
    kind = ServerKinds(settings, progress).find()
    if not kind.can_stay_up:
        raise SettingError(
            f"{kind.name} cannot stay up between runs: only a program of this machine can",
            where="netns-mysql up",
            remedies=["choose a server of this machine: --mysqld auto, or a path"],
        )
    where = f"{topology.source}: mysqld"
    spec = ServerSpec.of_topology(topology)
    spec.check(topology, [kind], where=where, where_options=f"{where}.options", where_load=f"{where}.load")
    resolved = resolve(spec, kind, cache=settings.cache, progress=progress, start_timeout=settings.start_timeout)
    offers.addresses(strict=True)
    address = protocol.bring_up(topology, resolved, mode=settings.mode)
    return "".join(_line(status) for at, status in _found().items() if at == address)


def ls() -> str:
    """Return a line for each server that is up."""
    return "\n".join(map(_line, _found().values())) or _NONE


def down(pids: Sequence[int] = ()) -> str:
    """End the servers of these ``pids``, as ``ls`` shows them, or all; return a line for each, when they are gone.

    Raises SettingError for a pid that is none of theirs.
    """
    found = {address: one for address, one in _found().items() if not pids or one.pid in pids}
    strange = {*pids} - {one.pid for one in found.values()}
    if strange:
        raise SettingError(
            f"no server that is up has the pid {', '.join(map(str, sorted(strange)))}",
            where="netns-mysql down",
            remedies=["netns-mysql ls shows the pids", "name none, to end all"],
        )
    for address, one in found.items():
        if isinstance(one, messages.Silent):
            protocol.end(one)
        else:
            protocol.ask(address, "end")
    deadline = time.monotonic() + _ENDING
    while left := [address for address in found if _is_there(address)]:
        if time.monotonic() > deadline:
            raise SandboxError(
                f"a server that is to end is there still after {_ENDING:g} seconds",
                where="netns-mysql down",
                tried=[_line(found[address]) for address in left],
                remedies=[f"kill -9 {found[address].pid}" for address in left],
            )
        time.sleep(_POLL)
    return "\n".join(f"ended: {_line(one)}" for one in found.values()) or _NONE


def _is_there(address: str) -> bool:
    return protocol.ask(address, "status") is not None or address in offers.addresses()


def _found() -> dict[str, messages.Status | messages.Silent]:
    asked = ((address, protocol.ask(address, "status")) for address in offers.addresses(strict=True))
    return {address: status for address, status in asked if status is not None}


def _line(status: messages.Status | messages.Silent) -> str:
    if isinstance(status, messages.Silent):
        return f"pid {status.pid}: it does not answer ({status.why})"
    since = time.strftime("%H:%M:%S", time.localtime(status.since))
    taken = "free" if status.taken_by is None else f"used by pid {status.taken_by}"
    return f"pid {status.pid}: {status.version}, topology {status.topology}, since {since}, {taken}"
