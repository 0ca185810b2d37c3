"""The differences between the state that tests should find and the state that is there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from pytest_netns_mysql.kernel.guard import name_files, sysctls
from pytest_netns_mysql.kernel.netlink import dumps, ruleset, wording
from pytest_netns_mysql.kernel.netlink.entries import Entry
from pytest_netns_mysql.kernel.netlink.state import Link, State


@dataclass(frozen=True)
class NamespaceDifference:
    """The former state of a namespace, and its state now."""

    was: State
    now: State

    @property
    def links(self) -> list[tuple[Link | None, Link | None]]:
        """The interfaces that differ, each with its former state and its state now."""
        indexes = {**self.was.links, **self.now.links}
        pairs = ((self.was.links.get(index), self.now.links.get(index)) for index in indexes)
        return [(was, now) for was, now in pairs if _settings(was) != _settings(now)]

    @property
    def entries(self) -> list[tuple[Entry, bool]]:
        """The addresses, routes and the like that differ, each with whether it is new.

        IPv6 routes of the kernel's own are never new: the kernel makes them some time after the address.
        """
        was, now = self.was.entries, self.now.entries
        gone = [(entry, False) for entry in was if entry not in now]
        new = [entry for entry in now if entry not in was and not (entry.is_by_kernel and entry.is_ipv6)]
        return [*gone, *((entry, True) for entry in new)]

    @property
    def differs(self) -> bool:
        """True if anything differs."""
        return bool(self.links or self.entries)

    @property
    def will_pass(self) -> bool:
        """True if the kernel will restore what differs by itself, some time after an interface is up again."""
        entries, links = self.entries, self.links
        is_stopped = any(link.is_running and not self._is_running(index) for index, link in self.was.links.items())
        by_kernel = bool(entries) and all(entry.is_by_kernel and entry.is_ipv6 for entry, _ in entries)
        return not links and (by_kernel or (is_stopped and not entries))

    def _is_running(self, index: int) -> bool:
        return index in self.now.links and self.now.links[index].is_running

    def lines(self) -> Iterator[str]:
        """Yield a line for each difference, without the kernel's routes that follow from another difference."""
        links, entries = self.links, self.entries
        for was, now in links:
            yield from wording.link_lines(was, now, self.was, self.now)
        follows = bool(links) or any(entry.kind == dumps.ADDRESS for entry, _ in entries)
        for entry, is_new in entries:
            if not (follows and entry.is_by_kernel):
                yield f"{wording.entry_text(entry, self.now if is_new else self.was)} is {'new' if is_new else 'gone'}"


@dataclass(frozen=True)
class NetworkDifference:
    """The differences in a whole network.

    Attributes:
        states: The difference of each namespace whose interfaces, addresses, routes or the like were touched.
        rulesets: The former nftables rules and the rules now, of each namespace whose rules were touched.
        sysctls: The former value and the value now of each setting that differs, by namespace and path.
        name_files: The former files that programs find names by, and the files now.
    """

    states: Mapping[str, NamespaceDifference]
    rulesets: Mapping[str, tuple[ruleset.Tables, ruleset.Tables]]
    sysctls: Mapping[tuple[str, str], tuple[str, str]]
    name_files: tuple[name_files.NameFiles, name_files.NameFiles]

    def lines(self) -> Iterator[str]:
        """Yield a line for each difference."""
        yield from name_files.differences(*self.name_files)
        for name, difference in self.states.items():
            yield from (f"{name}: {line}" for line in difference.lines())
        for (name, path), (was, now) in self.sysctls.items():
            yield f"{name}: sysctl {sysctls.name_of(path)} is {now or 'empty'}, was {was or 'empty'}"
        for name, tables in self.rulesets.items():
            yield from (f"{name}: {line}" for line in ruleset.differences(*tables))


def _settings(link: Link | None) -> object:
    return None if link is None else (link.kind, link.settings)
