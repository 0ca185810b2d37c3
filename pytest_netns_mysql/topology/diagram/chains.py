"""Cut a network into lines that can be read: each link is in one of them, and nothing is beside what it is not at."""

from __future__ import annotations

from collections.abc import Iterable

from pytest_netns_mysql.endpoint import GLOBAL
from pytest_netns_mysql.topology.diagram.graph import Edge

Chain = tuple[str, ...]


def chains(edges: Iterable[Edge]) -> list[Chain]:
    """Return the nodes of each line, as they follow each other.

    At each node the first link goes on in the second, the third in the fourth, and so on: two neighbours stand to the
    left and the right of what joins them. What begins at ``global`` is turned round, to have it at the end.
    """
    links = list(edges)
    goes_on = _pairs(links)
    seen: set[int] = set()
    return [_chain(number, links, goes_on, seen) for number in range(len(links)) if number not in seen]


def _pairs(links: list[Edge]) -> dict[tuple[int, str], int]:
    """Return the link that each link goes on in, at each of its nodes; none where the chain ends."""
    waiting: dict[str, int] = {}
    found: dict[tuple[int, str], int] = {}
    for number, link in enumerate(links):
        for node in (link.one.node, link.other.node):
            if node in waiting:
                other = waiting.pop(node)
                found[number, node], found[other, node] = other, number
            else:
                waiting[node] = number
    return found


def _chain(number: int, links: list[Edge], goes_on: dict[tuple[int, str], int], seen: set[int]) -> Chain:
    seen.add(number)
    link = links[number]
    before = _walk(number, link.one.node, links, goes_on, seen)
    behind = _walk(number, link.other.node, links, goes_on, seen)
    chain = (*reversed(before), link.one.node, link.other.node, *behind)
    return chain[::-1] if chain[0] == GLOBAL else chain


def _walk(number: int, node: str, links: list[Edge], goes_on: dict[tuple[int, str], int], seen: set[int]) -> list[str]:
    """Return the nodes behind ``node``, on the way that leads there by the link ``number``."""
    found: list[str] = []
    while True:
        following = goes_on.get((number, node))
        if following is None or following in seen:
            return found
        seen.add(following)
        number, node = following, links[following].across(node).node
        found.append(node)
