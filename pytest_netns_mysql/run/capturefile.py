"""A test's capture file: its name, its folder and its comments."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pytest

    from pytest_netns_mysql.kernel.capture.pcapng import Note
    from pytest_netns_mysql.kernel.faultlog import Fault, FaultLog

_LONGEST_NAME = 200  # bytes, of the 255 that file systems allow
_LONGEST_ERROR = 300


def file_name(nodeid: str) -> str:
    """Return the name of the file for a test, such as ``test_shop.py-test_it[red]-1f2e3d4c.pcapng``.

    The digest tells apart the tests whose names differ only in characters that the name of a file does not have.
    """
    digest = hashlib.sha256(nodeid.encode("utf-8", "surrogatepass")).hexdigest()[:8]
    plain = re.sub(r"[^\w.=+,@\[\]-]+", "-", nodeid).encode("utf-8", "ignore")[:_LONGEST_NAME]
    return f"{plain.decode('utf-8', 'ignore').lstrip('-.')}-{digest}.pcapng"


def make_folder(folder: Path) -> None:
    """Create the folder for the files, with a .gitignore as in pytest's own cache."""
    if not folder.is_dir():
        folder.mkdir(parents=True, exist_ok=True)
        (folder / ".gitignore").write_text("# Created by pytest-netns-mysql.\n*\n")


def comment_of(nodeid: str, facts: Iterable[str], began: float, notes: Iterable[Note]) -> str:
    """Return the comment on a test's file: the test, facts about the run, and what happened when.

    Args:
        nodeid: The test.
        facts: Lines about the topology and the servers.
        began: When the test began, in seconds since the epoch.
        notes: What happened.
    """
    return "\n".join([f"test: {nodeid}", *facts, *(f"{note.at - began:+.3f} s: {note.text}" for note in notes)])


def first_line(call: pytest.CallInfo[None]) -> str:
    """Return the error of a phase in one line."""
    if call.excinfo is None:
        return f"{call.when} failed"
    error = call.excinfo.exconly(tryshort=True).partition("\n")[0]
    return f"{call.when} failed: {error[:_LONGEST_ERROR]}"


def notes_of(nodeid: str, began: float, failures: Iterable[tuple[float, str]], faults: FaultLog) -> Sequence[Note]:
    """Return the comments of a test's file: its start, its failures, and the faults of the network.

    Args:
        nodeid: The test.
        began: When it began, in seconds since the epoch.
        failures: When it failed, and the error in one line.
        faults: The faults of its network.
    """
    from pytest_netns_mysql.kernel.capture.pcapng import Note

    notes = [Note(began, f"the test begins: {nodeid}"), *(Note(at, text) for at, text in failures)]
    for fault in (*faults.in_force, *faults.healed):
        notes += _of_fault(fault, began, Note)
    return sorted(notes, key=lambda note: note.at)


def _of_fault(fault: Fault, began: float, note: type[Note]) -> list[Note]:
    if fault.ended is not None and fault.ended < began:
        return []
    since = ", since before the test" if fault.began < began else ""
    notes = [note(max(fault.began, began), f"fault: {fault.what}{since}")]
    if fault.ended is not None:
        by = f", by {fault.healed_by}" if fault.healed_by else ""
        notes.append(note(fault.ended, f"fault healed{by}: {fault.what}"))
    return notes
