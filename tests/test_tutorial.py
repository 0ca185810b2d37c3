"""The tutorial: somebody who types what the page says sees what the page shows."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PAGE = (ROOT / "docs" / "tutorial.md").read_text()
GIVEN = ROOT / "examples" / "tutorial"
BLOCK = re.compile(r"^```(\w+)(?: (\w+)=(\S+))?\n(.*?)^```$", re.MULTILINE | re.DOTALL)
MODULES = {"pytest": "pytest", "netns-mysql": "pytest_netns_mysql.cli"}


def run(command: str, folder: Path) -> list[str]:
    program, *words = command.split()
    # No other plugin: their lines are not on the page. The colours of a terminal are not, either.
    arguments = ["-p", "no:asyncio", "-p", "no:cacheprovider"] if program == "pytest" else []
    result = subprocess.run(
        [sys.executable, "-m", MODULES[program], *words, *arguments],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    return (result.stdout + result.stderr).splitlines()


def commands(text: str) -> list[tuple[str, list[str]]]:
    """Return each command of a console block with the lines that it prints."""
    _, *parts = re.split(r"^\$ (.*)\n", text, flags=re.MULTILINE)
    return [(command, shown.splitlines()) for command, shown in zip(parts[::2], parts[1::2], strict=True)]


@pytest.mark.slow
def test_the_reader_sees_what_the_page_shows(tmp_path: Path) -> None:
    for file in GIVEN.iterdir():
        if file.is_file():
            shutil.copy(file, tmp_path)
    printed: list[list[str]] = []
    for kind, action, name, text in BLOCK.findall(PAGE):
        if action == "file":
            (tmp_path / name).write_text(text)
        elif action == "replace":  # the end of a file, from the line that the block begins with
            before, _, _ = (tmp_path / name).read_text().partition(text.partition("\n")[0])
            (tmp_path / name).write_text(before + text)
        elif kind == "console":
            for command, shown in commands(text):
                printed.append(run(command, tmp_path))
                pytest.LineMatcher(printed[-1]).fnmatch_lines([line for line in shown if line != "..."])
    assert len(printed) == 6
    (report,) = [text for _, _, _, text in BLOCK.findall((ROOT / "README.md").read_text()) if "because " in text]
    shown = [line for line in report.splitlines() if not line.startswith(("-----", "ran "))]
    assert [line for line in shown if line not in printed[2]] == []


def test_what_the_page_shows_of_the_application_is_in_its_files() -> None:
    given = "".join(file.read_text() for file in sorted(GIVEN.iterdir()) if file.is_file())
    shown = [text for kind, action, _, text in BLOCK.findall(PAGE) if kind in ("py", "sql") and not action]
    assert len(shown) == 2
    assert [text for text in shown if text not in given] == []
