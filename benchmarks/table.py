"""A line of the table: what was measured, its spread, and how it compares with the same line of an earlier table."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

HEAD = (
    "| what | against | wall, ours | wall, the other | result | aim | CPU, ours | CPU, the other | CPU, ratio |\n"
    "|---|---|---|---|---|---|---|---|---|"
)
_COMPARED = "| what | against | then | now | |\n|---|---|---|---|---|"
_NONE = "-"


@dataclass(frozen=True)
class Spread:
    """The quartiles of what several runs say; half of the runs are between ``low`` and ``high``."""

    low: float
    median: float
    high: float

    @classmethod
    def of(cls, values: Sequence[float]) -> Spread:
        """Return the quartiles of one value or more."""
        if len(values) == 1:
            return cls(values[0], values[0], values[0])
        return cls(*statistics.quantiles(values, n=4, method="inclusive"))

    def as_time(self, sign: str = "") -> str:
        """Return text such as ``1.49 s (1.45 to 1.55)``; the values are seconds. ``sign`` is ``+`` for differences."""
        units = (("s", 1.0), ("ms", 1e3), ("us", 1e6))
        unit, factor = next((each for each in units if abs(self.median) * each[1] >= 1), units[-1])
        digits = 0 if abs(self.median) * factor >= 100 else 1 if abs(self.median) * factor >= 10 else 2
        low, median, high = (f"{value * factor:{sign}.{digits}f}" for value in (self.low, self.median, self.high))
        return f"{median} {unit} ({low} to {high})"

    def as_ratio(self) -> str:
        """Return text such as ``0.18 (0.17 to 0.19)``."""
        return f"{self.median:.2f} ({self.low:.2f} to {self.high:.2f})"


@dataclass(frozen=True)
class Line:
    """One line of the table. The values of a pair are those of two runs that were made one after the other.

    Attributes:
        key: The name of the line, the same in all tables.
        what: What was measured.
        against: What it is compared with.
        kind: What the result is: ``ratio``, ours by the other; ``more``, ours less the other, in seconds; ``faster``,
            the other by ours.
        ours: Wall time, seconds.
        other: Wall time of the other, seconds.
        result: The result of each pair.
        ratio: The ratio of each pair, which compares with that of another machine.
        aim: What the result should be at most, or for ``faster`` at least; None if there is no aim.
        ours_cpu: User and system seconds; None where they cannot be known.
        other_cpu: The same of the other.
        ratio_cpu: The ratio of each pair.
        note: Text to stand below the table.
    """

    key: str
    what: str
    against: str
    kind: str
    ours: Spread
    other: Spread
    result: Spread
    ratio: Spread
    aim: float | None = None
    ours_cpu: Spread | None = None
    other_cpu: Spread | None = None
    ratio_cpu: Spread | None = None
    note: str = ""

    def as_markdown(self) -> str:
        """Return the line of the table."""
        ours, other = (each.as_time() if each else _NONE for each in (self.ours_cpu, self.other_cpu))
        cpu = [ours, other, self.ratio_cpu.as_ratio() if self.ratio_cpu else _NONE]
        cells = [self.what, self.against, self.ours.as_time(), self.other.as_time(), self._result, self._aim, *cpu]
        return f"| {' | '.join(cells)} |"

    @property
    def is_met(self) -> bool:
        """True if the median meets the aim, or if there is no aim."""
        if self.aim is None:
            return True
        return self.result.median >= self.aim if self.kind == "faster" else self.result.median <= self.aim

    @property
    def _result(self) -> str:
        if self.kind == "more":
            return self.result.as_time("+")
        return self.result.as_ratio() + (" times faster" if self.kind == "faster" else "")

    @property
    def _aim(self) -> str:
        if self.aim is None:
            return _NONE
        aim = f"{self.aim:g}" if self.kind != "more" else _short_time(self.aim)
        return f"{'>=' if self.kind == 'faster' else '<='} {aim}, {'met' if self.is_met else '**missed**'}"

    def compared(self, then: Line, *, same_machine: bool) -> str:
        """Return a line that compares this line with an earlier one of the same key.

        Differences in seconds are compared on the same machine only, elsewhere the ratios. The line says worse or
        better only where the spreads have nothing in common.
        """
        if same_machine and self.kind == "more":
            earlier, now, texts = then.result, self.result, [then._result, self._result]
        else:
            earlier, now, texts = then.ratio, self.ratio, [then.ratio.as_ratio(), self.ratio.as_ratio()]
        verdict = "**worse**" if now.low > earlier.high else "better" if now.high < earlier.low else ""
        return f"| {self.what} | {self.against} | {' | '.join(texts)} | {verdict} |"

    def as_dict(self) -> dict[str, Any]:
        """Return the line as JSON can hold it."""
        return asdict(self)

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Line:
        """Return the line of such a dict."""
        spreads = {key: Spread(**value) for key, value in data.items() if isinstance(value, dict)}
        return cls(**{**data, **spreads})


def markdown(lines: Sequence[Line]) -> str:
    """Return the table, with the notes of its lines below."""
    notes = [f"\n{line.note}" for line in lines if line.note]
    return "\n".join([HEAD, *(line.as_markdown() for line in lines), *notes]) + "\n"


def comparison(lines: Sequence[Line], earlier: Sequence[Line], *, same_machine: bool) -> str:
    """Return a table of what changed; all ratios are ours by the other, so that less is better."""
    then = {line.key: line for line in earlier}
    compared = [line.compared(then[line.key], same_machine=same_machine) for line in lines if line.key in then]
    return "\n".join([_COMPARED, *compared]) + "\n"


def _short_time(seconds: float) -> str:
    return f"{seconds * 1e3:g} ms" if seconds >= 1e-3 else f"{seconds * 1e6:g} us"
