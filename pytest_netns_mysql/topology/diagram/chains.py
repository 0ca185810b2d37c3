"""A network as lines of text: each link is in one line, and neighbours in a line are linked."""

from __future__ import annotations

from collections.abc import Iterable

from pytest_netns_mysql.endpoint import GLOBAL
from pytest_netns_mysql.topology.diagram.graph import Edge

Chain = tuple[str, ...]


def chains(edges: Iterable[Edge]) -> list[Chain]:
    """Return the nodes of each line, from left to right.

    At each node the first link continues in the second, the third in the fourth, and so on: two neighbours stand to
    the left and the right of the node that joins them. A line that begins at ``global`` is reversed, so that ``global``
    is at the end.
    """
    links = list(edges)
    continues = _pairs(links)
    seen: set[int] = set()
    return [_chain(number, links, continues, seen) for number in range(len(links)) if number not in seen]


def _pairs(links: list[Edge]) -> dict[tuple[int, str], int]:
    """Return the link in which each link continues, by number and node; a chain ends where there is none."""
    waiting: dict[str, int] = {}
    found: dict[tuple[int, str], int] = {}
    for number, link in enumerate(links):
        for node in (link.start.node, link.end.node):
            if node in waiting:
                other = waiting.pop(node)
                found[number, node], found[other, node] = other, number
            else:
                waiting[node] = number
    return found


def _chain(number: int, links: list[Edge], continues: dict[tuple[int, str], int], seen: set[int]) -> Chain:
    seen.add(number)
    link = links[number]
    before = _walk(number, link.start.node, links, continues, seen)
    after = _walk(number, link.end.node, links, continues, seen)
    chain = (*reversed(before), link.start.node, link.end.node, *after)
    return chain[::-1] if chain[0] == GLOBAL else chain


def _walk(
    number: int, node: str, links: list[Edge], continues: dict[tuple[int, str], int], seen: set[int]
) -> list[str]:
    """Return the nodes after ``node``, on the way that comes from the link ``number``."""
    found: list[str] = []
    while True:
        following = continues.get((number, node))
        if following is None or following in seen:
            return found
        seen.add(following)
        number, node = following, links[following].across(node).node
        found.append(node)
