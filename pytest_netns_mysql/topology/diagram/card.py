"""The contents of the boxes in a picture, and how much room they take. Lengths are in pixels of the SVG."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from pytest_netns_mysql.endpoint import GLOBAL
from pytest_netns_mysql.errors import printable
from pytest_netns_mysql.topology.diagram.characters import cells, clipped, span, wrapped
from pytest_netns_mysql.topology.diagram.facts import FORWARDS, Facts, host_names
from pytest_netns_mysql.topology.diagram.serverlabels import server_labels
from pytest_netns_mysql.topology.topology import Topology

HEAD = 30.0
PAD = 14.0
NAME = 14.0  # the size of the bold sans-serif in a head
MONO = 6.7  # a column of the monospace at 11 pixels
SMALL = 6.15  # the same at 10 pixels
BADGE = 9.5  # the size of the sans-serif in a badge
LINE = 15.0
ENTRY_GAP = 8.0
SERVER_LABEL = 62.0
_LONGEST_NAME = 36
_LONGEST_LINE = 48


@dataclass(frozen=True)
class Entry:
    """An interface in a box: the name, and below it the addresses and remarks, a line each."""

    interface: str
    addresses: tuple[str, ...]
    remarks: tuple[str, ...]

    @property
    def height(self) -> float:
        """The height, including the gap below."""
        return LINE * (1 + len(self.addresses) + len(self.remarks)) + ENTRY_GAP

    @property
    def width(self) -> float:
        """The width of the longest line."""
        texts = (self.interface, *self.addresses)
        return max([*(cells(text) * MONO for text in texts), *(cells(text) * SMALL for text in self.remarks)])


@dataclass(frozen=True)
class Card:
    """The contents of a namespace's box.

    Attributes:
        name: The name of the namespace.
        title: The name as the head of the box shows it.
        badges: The badges in the head.
        entries: The interfaces by name.
        rules: Lines about what belongs to no interface.
        server: Lines about where mysqld listens.
        is_external: True for a namespace that exists already.
    """

    name: str
    title: str
    badges: tuple[str, ...]
    entries: Mapping[str, Entry]
    rules: tuple[str, ...]
    server: tuple[str, ...]
    is_external: bool = False

    @property
    def foot(self) -> float:
        """The height of what is below the interfaces."""
        rules = LINE * len(self.rules) + ENTRY_GAP if self.rules else 0.0
        server = LINE * len(self.server) + 2 * ENTRY_GAP if self.server else 0.0
        return rules + server + (0.0 if self.server else 4.0)

    def width(self, left: list[str], right: list[str]) -> float:
        """Return the width that the box needs.

        Args:
            left: The names of the interfaces at the left side.
            right: The names of the interfaces at the right side.
        """
        sides = [max((self.entries[name].width for name in side), default=0.0) for side in (left, right)]
        between = 24.0 if all(sides) else 0.0
        head = span(self.title, NAME) + sum(badge_width(badge) + 5 for badge in self.badges) + 8
        rules = max((cells(line) * SMALL for line in self.rules), default=0.0)
        server = max((cells(line) * MONO + SERVER_LABEL for line in self.server), default=0.0)
        return max(sum(sides) + between, head, rules, server, 110.0) + 2 * PAD


def badge_width(text: str) -> float:
    """Return the width of a badge."""
    return span(text, BADGE) + 12


def cards(topology: Topology) -> dict[str, Card]:
    """Return the card of each namespace, ``global`` first."""
    plan = topology.plan
    facts = Facts(plan)
    homes = {
        str(address.ip): name
        for name, addresses in plan.addresses.items()
        for address in addresses
        if not address.is_loopback
    }
    called: dict[str, list[str]] = {}
    for host, addresses in host_names(plan).items():
        for name in dict.fromkeys(homes[address] for address in addresses if address in homes):
            called.setdefault(name, []).append(host)
    server: dict[str, list[str]] = {}
    for label in server_labels(topology):
        server.setdefault(label.endpoint.namespace, []).append(f"{label.place} {label.kind.label}".rstrip())
    return {
        name: Card(
            name,
            clipped(printable(name), _LONGEST_NAME),
            _badges(facts, name),
            _entries(facts, name),
            _rules(facts, name, called.get(name, [])),
            tuple(clipped(printable(line), _LONGEST_LINE) for line in server.get(name, [])),
            name in plan.external,
        )
        for name in (GLOBAL, *plan.namespaces)
    }


def _badges(facts: Facts, name: str) -> tuple[str, ...]:
    found = ["external"] if name in facts.plan.external else []
    found += [FORWARDS] if name in facts.plan.forwarding else []
    return (*found, "NAT") if facts.has_nat(name) else tuple(found)


def _entries(facts: Facts, name: str) -> dict[str, Entry]:
    found = {}
    for interface in facts.interfaces_of.get(name, []):
        remarks = [*interface.remarks]
        remarks += [f"default via {gateway}" for gateway in facts.gateways.get((name, interface.name), [])]
        found[interface.name] = Entry(interface.name, interface.addresses, tuple(map(printable, remarks)))
    return found


def _rules(facts: Facts, name: str, hosts: list[str]) -> tuple[str, ...]:
    texts = [line for line in facts.rules(name) if line != FORWARDS]
    if hosts:
        texts.append(f"host name{'s' if len(hosts) > 1 else ''} {', '.join(hosts)}")
    if not facts.interfaces_of.get(name) and name not in facts.plan.external:
        texts.append("no link")
    return tuple(line for text in texts for line in wrapped(printable(text), _LONGEST_LINE))
