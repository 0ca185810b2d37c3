"""The commands of a server that stays up between runs: netns-mysql up, ls, down."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from pathlib import Path

from pytest_netns_mysql import reuse
from pytest_netns_mysql.errors import SettingError
from pytest_netns_mysql.settings import Settings

_NONE = "no server is up"
_ENDING = 10.0  # seconds
_POLL = 0.01  # seconds


def up(settings: Settings, *, progress: Callable[[str], None]) -> str:
    """Bring up a server that the next pytest runs of the same user and settings use; return a line about it.

    Raises what hinders. See `netns_reuse`.
    """
    from pytest_netns_mysql.mysql.distribution import find
    from pytest_netns_mysql.mysql.plan import ServerPlan
    from pytest_netns_mysql.topology.load import load

    topology = load(settings.topology, base=Path.cwd())
    if topology.plan.external:
        raise SettingError(
            f"topology {topology.name} has external namespaces, which are entered by each run anew",
            where="netns-mysql up",
            remedies=["choose another topology"],
        )
    distribution = find(settings.mysqld, cache=settings.cache, progress=progress)
    plan = ServerPlan(
        distribution, settings.cache, progress, start_timeout=settings.start_timeout, **vars(topology.mysqld)
    )
    address = reuse.bring_up(topology, plan, mode=settings.mode)
    return "\n".join(_lines([address], "status"))


def ls() -> str:
    """Return a line for each server that is up."""
    return "\n".join(_lines(reuse.addresses(), "status")) or _NONE


def down() -> str:
    """End every server of this user's that is up; return a line for each, when they are gone."""
    ended = _lines(reuse.addresses(), "end")
    deadline = time.monotonic() + _ENDING
    while reuse.addresses() and time.monotonic() < deadline:
        time.sleep(_POLL)
    return "\n".join(f"ended: {line}" for line in ended) or _NONE


def _lines(addresses: Sequence[str], word: str) -> list[str]:
    found = (reuse.ask(address, word) for address in addresses)
    return [_line(status) for status in found if status is not None]


def _line(status: reuse.Status) -> str:
    since = time.strftime("%H:%M:%S", time.localtime(status.since))
    taken = "free" if status.taken_by is None else f"used by pid {status.taken_by}"
    return f"pid {status.pid}: MySQL {status.version}, topology {status.topology}, since {since}, {taken}"
