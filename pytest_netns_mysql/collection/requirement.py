"""The marker ``netns_mysqld``: the servers that a test runs on."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from pytest_netns_mysql.errors import MarkerError, in_short
from pytest_netns_mysql.run.stash import REQUIREMENTS, own_markers

if TYPE_CHECKING:
    from pytest_netns_mysql.mysql.mysqld.kind import Kind

# For each value of flavor=, the flavors of servers that have it: Percona Server is made from MySQL.
_FLAVORS = {"mysql": ("mysql", "percona"), "percona": ("percona",), "mariadb": ("mariadb",)}
_USAGE = 'write @pytest.mark.netns_mysqld(min="8.4"), (flavor="mysql"), (flavor=["mysql", "mariadb"]), or both'


@dataclass(frozen=True)
class Requirement:
    """The servers that one marker allows.

    Attributes:
        min_version: The oldest version, or None for all.
        flavors: The flavors, or () for all.
        is_local: True to allow only programs of this machine, no containers.
    """

    min_version: str | None
    flavors: tuple[str, ...]
    is_local: bool

    def skip_reason(self, kind: Kind) -> str | None:
        """Return why a test is skipped on a server of this kind, or None if the test runs there."""
        from pytest_netns_mysql.mysql.versions import format_version, parse_version_prefix

        wanted = [" or ".join(self.flavors)] if self.flavors else []
        wanted += [f"version {self.min_version} or newer"] if self.min_version else []
        wanted += ["a program of this machine"] if self.is_local else []
        has_flavor = not self.flavors or any(kind.flavor in _FLAVORS[flavor] for flavor in self.flavors)
        is_new = self.min_version is None or kind.version >= (parse_version_prefix(self.min_version) or ())
        if has_flavor and is_new and not (self.is_local and kind.origin):
            return None
        origin = f"({kind.origin})" if kind.origin else ""
        found = " ".join(filter(None, [kind.flavor, format_version(kind.version), origin]))
        return f"not applicable: the test requires {', '.join(wanted)}, and the server is {found}"


def requirements_of(item: pytest.Item) -> Iterator[Requirement]:
    """Yield the requirement of each marker of a test; all of them must hold.

    Raises:
        MarkerError: A marker has other arguments.
    """
    marked = own_markers(item).get(REQUIREMENTS)
    if not marked:
        return
    from pytest_netns_mysql.mysql.versions import parse_version_prefix

    for _, marker in marked:
        where = f"@pytest.mark.netns_mysqld of {item.nodeid}"
        unknown = [name for name in marker.kwargs if name not in ("min", "flavor", "local")]
        if marker.args or unknown:
            others = ", ".join([*map(in_short, marker.args), *unknown])
            raise MarkerError(
                f"netns_mysqld() takes min=, flavor= and local=, got {others}",
                where=where,
                remedies=[_USAGE],
            )
        min_version = marker.kwargs.get("min")
        if min_version is not None and not (isinstance(min_version, str) and parse_version_prefix(min_version)):
            raise MarkerError(
                f"netns_mysqld() takes a version such as '8.4' for min=, got {in_short(min_version)}",
                where=where,
                remedies=[_USAGE],
            )
        flavor = marker.kwargs.get("flavor")
        flavors = (flavor,) if isinstance(flavor, str) else () if flavor is None else flavor
        if not isinstance(flavors, list | tuple):
            raise MarkerError(
                f"netns_mysqld() takes one flavor or a list for flavor=, got {in_short(flavor)}",
                where=where,
                remedies=[_USAGE],
            )
        for name in flavors:
            if not isinstance(name, str) or name not in _FLAVORS:
                raise MarkerError(
                    f"netns_mysqld() takes {', '.join(_FLAVORS)} for flavor=, got {in_short(name)}",
                    where=where,
                    remedies=[_USAGE],
                )
        local = marker.kwargs.get("local", False)
        if not isinstance(local, bool):
            raise MarkerError(
                f"netns_mysqld() takes True or False for local=, got {in_short(local)}",
                where=where,
                remedies=[_USAGE],
            )
        yield Requirement(min_version, tuple(flavors), local)
