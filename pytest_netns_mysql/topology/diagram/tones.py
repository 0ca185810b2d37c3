"""The colours of pictures. A namespace that has the name of a colour gets a muted tone of that colour."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from pytest_netns_mysql.endpoint import GLOBAL

INK = "#1f2937"
QUIET = "#5b6472"
PAPER = "#fbfcfe"
FRAME = "#d5dbe5"
LINE = "#64748b"
BRIDGE = "#33727f"
SERVER = "#b45309"
SERVER_PAPER = "#fff4e5"
CARD = "#ffffff"

_GLOBAL = "#475569"
# White text is legible on each tone: the contrast is at least 4.5 to 1, as WCAG demands.
_NAMED = {
    "amber": "#a16207",
    "aqua": "#0e7490",
    "beige": "#806a3c",
    "black": "#18181b",
    "blue": "#2563ae",
    "brown": "#7c4a2d",
    "coral": "#c2553a",
    "crimson": "#b01e3c",
    "cyan": "#0e7490",
    "gold": "#946c00",
    "gray": "#6b7280",
    "green": "#2f7d4f",
    "grey": "#6b7280",
    "indigo": "#4546a8",
    "lime": "#567d12",
    "magenta": "#a8328f",
    "maroon": "#7b2433",
    "navy": "#243b73",
    "olive": "#6b6b1e",
    "orange": "#b45a0c",
    "pink": "#b8457a",
    "purple": "#7447a8",
    "red": "#b83a3a",
    "salmon": "#b8574a",
    "silver": "#6f7783",
    "teal": "#1f7672",
    "turquoise": "#167a78",
    "violet": "#7b4bb3",
    "white": "#6e7582",
    "yellow": "#927008",
}
_PALETTE = (
    "#2f6f8f",
    "#8a5a2b",
    "#5a6fae",
    "#4d7c4a",
    "#9a4f6f",
    "#5f6b3a",
    "#7a5aa0",
    "#a05a3c",
    "#2c7a7b",
    "#6d6078",
)


def tones(namespaces: Iterable[str]) -> Mapping[str, str]:
    """Return the colour for the head of each namespace's box."""
    found: dict[str, str] = {}
    others = 0
    for name in namespaces:
        if name == GLOBAL:
            found[name] = _GLOBAL
        elif name.lower() in _NAMED:
            found[name] = _NAMED[name.lower()]
        else:
            found[name] = _PALETTE[others % len(_PALETTE)]
            others += 1
    return found
