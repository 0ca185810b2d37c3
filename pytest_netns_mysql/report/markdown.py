"""The report of a run as Markdown, as GitHub shows it: the failures, and the topologies as Mermaid diagrams."""

from __future__ import annotations

from collections.abc import Iterable

from pytest_netns_mysql.markdowntext import as_markdown
from pytest_netns_mysql.report.pagetexts import headline, lasting, outside, why, with_outcome
from pytest_netns_mysql.report.reportdata import RunReport, TestReport

# In characters.
_LONGEST_TEXT = 600
_LONGEST_NAME = 300
_MOST_LINES = 50  # of a section of the project
_SIGNS = {"failed": ":x:", "skipped": ":fast_forward:", "passed": ":white_check_mark:"}


def write(run: RunReport, longest: int | None = None) -> str:
    """Return the Markdown of a run.

    Args:
        run: The report.
        longest: How long the text may be, in bytes of UTF-8; what does not fit is left out, and a line says so.
            None means that everything is written.

    Raises:
        ValueError: If not even the outcome of the run fits.
    """
    failed = [test for test in run.tests if test.outcome == "failed"]
    text = _Text(longest)
    if not text.add(_head(run)):
        raise ValueError(f"the outcome of the run does not fit into {longest} bytes")
    text.add_all(["| | test | namespace | why |\n|---|---|---|---|\n", *map(_row, failed)] if failed else [], "tests")
    text.add_all([_section(test) for test in failed], "failures")
    text.add_all([_diagram(name, mermaid) for name, (_, mermaid) in run.topologies.items()], "topologies")
    return str(text)


class _Text:
    """A text that grows while it is short enough.

    A block is added whole or not at all, so that no block is cut in its middle.
    """

    _NOTE = 100  # bytes that are kept free for the line that says what is left out

    def __init__(self, longest: int | None) -> None:
        self._left = None if longest is None else longest - self._NOTE
        self._blocks: list[str] = []
        self._is_full = False

    def add(self, block: str) -> bool:
        """Add a block if it fits; return True if it does."""
        size = len(block.encode())
        if self._left is not None:
            if size > self._left:
                return False
            self._left -= size
        self._blocks.append(block)
        return True

    def add_all(self, blocks: Iterable[str], what: str) -> None:
        """Add blocks until one does not fit; nothing is added after a line that says what is left out."""
        if self._is_full:
            return
        waiting = list(blocks)
        if waiting:
            waiting[-1] += "\n"
        for number, block in enumerate(waiting):
            if not self.add(block):
                self._blocks.append(f"\n_{len(waiting) - number} more {what} do not fit here._\n")
                self._is_full = True
                return

    def __str__(self) -> str:
        return "".join(self._blocks)


def _head(run: RunReport) -> str:
    sign = _SIGNS["failed" if with_outcome(run, "failed") else "passed" if with_outcome(run, "passed") else "skipped"]
    versions = ", ".join(f"{_text(name)} {_text(version)}" for name, version in run.versions.items())
    remarks = "".join(f"> {_text(remark)}\n\n" for remark in run.remarks)
    return f"## {sign} {headline(run)}\n\nIn {lasting(run.duration)}; {versions}.\n\n{remarks}"


def _row(test: TestReport) -> str:
    cells = (_SIGNS[test.outcome], _code(test.nodeid), _code(test.place.namespace), _text(why(test)))
    return f"| {' | '.join(cells)} |\n"


def _section(test: TestReport) -> str:
    place = test.place
    where = (
        f"in {_code(place.namespace)} ({_text(', '.join(outside(place.addresses)))}), topology {_text(place.topology)}"
    )
    where += "".join(f", {_text(server)}" for server in place.servers)
    lines = [f"### {_code(test.nodeid)}\n\n"]
    if test.explanation is not None:
        lines.append(f"**{_text(test.explanation.what)}**\n\n")
        lines += [f"- {_text(line)}\n" for line in test.explanation.details]
        if test.explanation.remedies:
            lines.append("\nWhat would have made it succeed:\n\n")
            lines += [f"- {_text(line)}\n" for line in test.explanation.remedies]
        lines.append("\n")
    phase = "" if test.phase == "call" else f" in {_text(test.phase)}"
    lines.append(f"Failed{phase} after {lasting(test.duration)}, {where}.\n\n")
    if test.error:
        lines.append(f"<pre>{_text(test.error)}</pre>\n\n")
    for section in test.sections:
        # An empty line would end the HTML.
        shown = "\n".join(_text(line) or "&#32;" for line in section.text.splitlines()[:_MOST_LINES])
        lines.append(f"<details><summary>{_text(section.title)}</summary><pre>{shown}</pre></details>\n\n")
    return "".join(lines)


def _diagram(name: str, mermaid: str) -> str:
    return f"<details><summary>The topology {_text(name)}</summary>\n\n```mermaid\n{mermaid}\n```\n\n</details>\n\n"


def _text(text: str, longest: int = _LONGEST_TEXT) -> str:
    """Return a text as Markdown that shows it letter by letter in one line, shortened if it is long."""
    short = text if len(text) <= longest else f"{text[: longest - 1]}…"
    return as_markdown(short)


def _code(text: str) -> str:
    return f"<code>{_text(text, _LONGEST_NAME)}</code>"
