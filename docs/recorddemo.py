"""Run the demo and draw what it prints as a terminal: ``python docs/recorddemo.py`` writes ``demo.svg``."""

from __future__ import annotations

import io
import re
import subprocess
import sys
from pathlib import Path

from rich.console import Console
from rich.text import Text

DOCS = Path(__file__).parent
COMMAND = ("pytest", "examples/demo", "-c", "examples/demo/pytest.ini", "--color=yes", "-p", "no:cacheprovider")


def main() -> None:
    """Write the drawing."""
    result = subprocess.run(
        [sys.executable, "-m", *COMMAND], cwd=DOCS.parent, capture_output=True, text=True, check=True
    )
    scenes = result.stdout[result.stdout.index("\x1b[1m\n1.") :]  # before them pytest names the server
    terminal = Console(record=True, width=108, file=io.StringIO(), force_terminal=True)
    terminal.print(Text.from_ansi("$ make demo\n" + scenes.rstrip()))
    drawing = terminal.export_svg(title="make demo", unique_id="demo")
    # The reader's own font will do: the page asks no other server for one.
    drawing = re.sub(r" *@font-face \{.*?\}\n", "", drawing, flags=re.DOTALL)
    (DOCS / "demo.svg").write_text(drawing + "\n")


if __name__ == "__main__":
    main()
