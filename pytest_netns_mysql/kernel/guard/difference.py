"""What differs between the state that tests are to find and the one that is there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from pytest_netns_mysql.kernel.guard import controls, names
from pytest_netns_mysql.kernel.netlink import dumps, ruleset, wording
from pytest_netns_mysql.kernel.netlink.readback import Entry, Link, State


@dataclass(frozen=True)
class Difference:
    """What a namespace was, and what it is now."""

    was: State
    now: State

    @property
    def links(self) -> list[tuple[Link | None, Link | None]]:
        """The interfaces that differ, each as it was and as it is."""
        both = ((self.was.links.get(one), self.now.links.get(one)) for one in {**self.was.links, **self.now.links})
        return [(was, now) for was, now in both if _settings(was) != _settings(now)]

    @property
    def entries(self) -> list[tuple[Entry, bool]]:
        """The addresses, routes and the like that differ, each with whether it is new.

        Routes of IPv6 that the kernel has made are never new: it makes them some time after the address.
        """
        was, now = self.was.entries, self.now.entries
        new = (one for one in now if one not in was and not (one.is_by_kernel and one.is_ipv6))
        return [*((one, False) for one in was if one not in now), *((one, True) for one in new)]

    @property
    def differs(self) -> bool:
        """True if anything differs."""
        return bool(self.links or self.entries)

    @property
    def will_pass(self) -> bool:
        """True if nothing differs but what the kernel does by itself, some time after an interface is up again."""
        entries, links = self.entries, self.links
        stopped = [was for one, was in self.was.links.items() if was.is_running and not self._is_running(one)]
        by_kernel = bool(entries) and all(entry.is_by_kernel and entry.is_ipv6 for entry, _ in entries)
        return not links and (by_kernel or (bool(stopped) and not entries))

    def _is_running(self, index: int) -> bool:
        return index in self.now.links and self.now.links[index].is_running

    def lines(self) -> Iterator[str]:
        """Yield a line for each difference, without routes that come and go with what else differs."""
        links, entries = self.links, self.entries
        for was, now in links:
            yield from wording.of_link(was, now, self.was, self.now)
        follows = bool(links) or any(entry.kind == dumps.ADDRESS for entry, _ in entries)
        for entry, is_new in entries:
            if not (follows and entry.is_by_kernel):
                yield f"{wording.of_entry(entry, self.now if is_new else self.was)} is {'new' if is_new else 'gone'}"


@dataclass(frozen=True)
class Differences:
    """What differs in a network.

    Attributes:
        states: The links, addresses, routes and the like of each namespace that was touched.
        rulesets: The nftables rules of each namespace where they were touched, as they were and as they are.
        controls: The settings that differ, by namespace and path, as they were and as they are.
        names: What the sandbox showed, and what it shows.
    """

    states: Mapping[str, Difference]
    rulesets: Mapping[str, tuple[ruleset.Tables, ruleset.Tables]]
    controls: Mapping[tuple[str, str], tuple[str, str]]
    names: tuple[names.Names, names.Names]

    def lines(self) -> Iterator[str]:
        """Yield a line for each difference."""
        yield from names.differences(*self.names)
        for name, difference in self.states.items():
            yield from (f"{name}: {line}" for line in difference.lines())
        for (name, path), (was, now) in self.controls.items():
            yield f"{name}: sysctl {controls.name_of(path)} is {now or 'empty'}, was {was or 'empty'}"
        for name, tables in self.rulesets.items():
            yield from (f"{name}: {line}" for line in ruleset.differences(*tables))


def _settings(link: Link | None) -> object:
    return None if link is None else (link.kind, link.settings)
