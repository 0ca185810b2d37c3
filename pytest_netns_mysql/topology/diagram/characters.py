"""What is seen of a text: its width, and no character that a terminal would obey instead of showing it."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable

# In parts of the size of a bold DejaVu Sans, which is as wide as any sans-serif that a page is likely to be shown in.
_NARROW = "fijlrtI.,:;'|!()[]/\\- "
_BROAD = "mwMW@%&"


def printable(text: str) -> str:
    """Return the text with its control characters and lone surrogates written as escapes, as in a literal."""
    if text.isprintable():
        return text
    return "".join(one if one.isprintable() else one.encode("unicode_escape").decode("ascii") for one in text)


def cells(text: str) -> int:
    """Return how many columns of a terminal the text takes; East Asian wide characters take two."""
    return sum(_cells(one) for one in text)


def _cells(one: str) -> int:
    if unicodedata.combining(one):
        return 0
    return 2 if unicodedata.east_asian_width(one) in "WF" else 1


def span(text: str, size: float) -> float:
    """Return how wide the text may become in a bold sans-serif of a size, in its unit."""
    return sum(_part(one) for one in text) * size


def _part(one: str) -> float:
    if _cells(one) != 1:
        return 1.1 * _cells(one)
    if one in _BROAD:
        return 1.1
    return 0.5 if one in _NARROW else 0.86 if one.isupper() or not one.isascii() else 0.72


def padded(text: str, width: int) -> str:
    """Return the text with spaces behind it, up to a width in columns."""
    return text + " " * (width - cells(text))


def clipped(text: str, width: int) -> str:
    """Return the text in at most ``width`` columns; a long one loses its middle, as names differ at their ends."""
    if cells(text) <= width:
        return text
    half = (width - 1) // 2
    return f"{_start(text, width - 1 - half)}…{_start(text[::-1], half)[::-1]}"


def wrapped(text: str, width: float, measure: Callable[[str], float] = cells) -> list[str]:
    """Return the text in lines of at most ``width``; a word that is longer is cut. White space becomes a space."""
    lines: list[str] = []
    line = ""
    for word in text.split():
        if line and measure(f"{line} {word}") > width:
            lines.append(line)
            line = ""
        line = f"{line} {word}" if line else word
        while measure(line) > width and len(line) > 1:
            fitting = next(end for end in range(len(line) - 1, 0, -1) if end == 1 or measure(line[:end]) <= width)
            lines.append(line[:fitting])
            line = line[fitting:]
    return [*lines, line] if line else lines


def _start(text: str, width: int) -> str:
    found = 0
    for number, one in enumerate(text):
        found += _cells(one)
        if found > width:
            return text[:number]
    return text
