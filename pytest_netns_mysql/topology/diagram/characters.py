"""Text in drawings: the width, and lines of at most a width."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterator

# Widths are those of a bold DejaVu Sans, the widest sans-serif that is likely to be used.
_NARROW = "fijlrtI.,:;'|!()[]/\\- "
_BROAD = "mwMW@%&"


def cells(text: str) -> int:
    """Return how many columns of a terminal the text takes. Wide East Asian characters take two."""
    return sum(_cells(char) for char in text)


def _cells(char: str) -> int:
    if unicodedata.combining(char):
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1


def span(text: str, size: float) -> float:
    """Return the largest width of the text in a bold sans-serif, in the unit of ``size``, the font's size."""
    return sum(_part(char) for char in text) * size


def _part(char: str) -> float:
    if _cells(char) != 1:
        return 1.1 * _cells(char)
    if char in _BROAD:
        return 1.1
    return 0.5 if char in _NARROW else 0.86 if char.isupper() or not char.isascii() else 0.72


def padded(text: str, width: int) -> str:
    """Return the text padded with spaces, to a width in columns."""
    return text + " " * (width - cells(text))


def clipped(text: str, width: int) -> str:
    """Return the text in at most ``width`` columns. A long text loses its middle, since names differ at their ends."""
    if cells(text) <= width:
        return text
    half = (width - 1) // 2
    return f"{_start(text, width - 1 - half)}…{_start(text[::-1], half)[::-1]}"


def wrapped(text: str, width: float, measure: Callable[[str], float] = cells) -> list[str]:
    """Return the text in lines of at most ``width``. Longer words are cut; white space becomes a single space.

    Args:
        text: The text.
        width: In the unit of ``measure``.
        measure: Returns the width of a text, by default in columns of a terminal.
    """
    lines: list[str] = []
    line = ""
    for word in text.split():
        if line and measure(f"{line} {word}") > width:
            lines.append(line)
            line = ""
        *full, line = _pieces(f"{line} {word}" if line else word, width, measure)
        lines += full
    return [*lines, line] if line else lines


def _pieces(text: str, width: float, measure: Callable[[str], float]) -> Iterator[str]:
    """Yield the parts of a text, each as long as fits into ``width``, and at least one character."""
    start, total = 0, 0.0
    for number, char in enumerate(text):
        total += measure(char)
        if total > width and number > start:
            yield text[start:number]
            start, total = number, measure(char)
    yield text[start:]


def _start(text: str, width: int) -> str:
    found = 0
    for number, char in enumerate(text):
        found += _cells(char)
        if found > width:
            return text[:number]
    return text
