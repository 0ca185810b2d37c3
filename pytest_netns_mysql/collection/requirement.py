"""What servers a test is for: the marker netns_mysqld."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from pytest_netns_mysql.errors import MarkerError, in_short

if TYPE_CHECKING:
    from pytest_netns_mysql.mysql.mysqld.kind import Kind

MARKER = "netns_mysqld"
_FLAVORS = {"mysql": ("mysql", "percona"), "percona": ("percona",), "mariadb": ("mariadb",)}
_VERSION = re.compile(r"[0-9]{1,4}(\.[0-9]{1,4}){0,2}")
_USAGE = 'write @pytest.mark.netns_mysqld(min="8.4"), (flavor="mysql"), (flavor=["mysql", "mariadb"]), or both'


@dataclass(frozen=True)
class Requirement:
    """Say what a marker asks of a server; ``flavors`` empty is any."""

    least: str | None
    flavors: tuple[str, ...]
    is_local: bool

    def why_not(self, kind: Kind) -> str | None:
        """Say why a test is not for this server, or return None."""
        from pytest_netns_mysql.mysql.versions import format_version

        wanted = [" or ".join(self.flavors)] if self.flavors else []
        wanted += [f"version {self.least} or newer"] if self.least else []
        wanted += ["a program of this machine"] if self.is_local else []
        is_of_it = not self.flavors or any(kind.flavor in _FLAVORS[one] for one in self.flavors)
        is_new = self.least is None or kind.version >= tuple(map(int, self.least.split(".")))
        if is_of_it and is_new and not (self.is_local and kind.origin):
            return None
        origin = f"({kind.origin})" if kind.origin else ""
        found = " ".join(filter(None, [kind.flavor, format_version(kind.version), origin]))
        return f"not applicable: it is for {', '.join(wanted)}, and this is {found}"


def requirements_of(item: pytest.Item) -> Iterator[Requirement]:
    """Give what the markers of a test ask for, all of which must hold; raise MarkerError for what they do not take."""
    for marker in item.iter_markers(MARKER):
        where = f"@pytest.mark.netns_mysqld of {item.nodeid}"
        unknown = [name for name in marker.kwargs if name not in ("min", "flavor", "local")]
        if marker.args or unknown:
            others = ", ".join([*map(in_short, marker.args), *unknown])
            raise MarkerError(
                f"netns_mysqld takes min=, flavor=, local=, and not {others}",
                where=where,
                remedies=[_USAGE],
            )
        least = marker.kwargs.get("min")
        if least is not None and not (isinstance(least, str) and _VERSION.fullmatch(least)):
            raise MarkerError(
                f"netns_mysqld takes min= as a version in text, and this is {in_short(least)}",
                where=where,
                remedies=[_USAGE],
            )
        flavor = marker.kwargs.get("flavor")
        flavors = (flavor,) if isinstance(flavor, str) else () if flavor is None else flavor
        if not isinstance(flavors, list | tuple):
            raise MarkerError(
                f"netns_mysqld takes flavor= as text, and this is {in_short(flavor)}", where=where, remedies=[_USAGE]
            )
        for one in flavors:
            if not isinstance(one, str) or one not in _FLAVORS:
                raise MarkerError(
                    f"netns_mysqld knows no flavor {in_short(one)}, only {', '.join(_FLAVORS)}",
                    where=where,
                    remedies=[_USAGE],
                )
        local = marker.kwargs.get("local", False)
        if not isinstance(local, bool):
            raise MarkerError(
                f"netns_mysqld takes local= as True or False, and this is {in_short(local)}",
                where=where,
                remedies=[_USAGE],
            )
        yield Requirement(least, tuple(flavors), local)
