"""Write the pages that are made from the code: settings.md and topologies.md; `--check` only compares."""

from __future__ import annotations

import sys
from importlib.resources import files
from pathlib import Path

from pytest_netns_mysql.settings import TABLE
from pytest_netns_mysql.topology import diagram
from pytest_netns_mysql.topology.load import load, presets

DOCS = Path(__file__).parent


def settings_page() -> str:
    """Return the page of settings, from the table that makes the command line too."""
    lines = [
        "# Settings",
        "",
        "Each setting has a name on the command line, in the environment and in the ini file. The nearest wins:",
        "command line, environment, ini file, default. An empty value is a value; leave a setting out for its default.",
        "",
        "| command line | environment | ini file | values | default | meaning |",
        "|---|---|---|---|---|---|",
    ]
    for one in TABLE:
        values = ", ".join(one.choices) or one.metavar.replace("|", r"\|")
        default = f"`{one.default}`" if one.default else "none"
        lines.append(f"| `{one.option}` | `{one.variable}` | `{one.ini}` | {values} | {default} | {one.help} |")
    return "\n".join(lines) + "\n"


def topologies_page() -> str:
    """Return the page of presets: the drawing and the file of each."""
    lines = [
        "# Topologies",
        "",
        "`--netns-topology` takes the name of a preset or a TOML file. `netns-mysql show NAME` draws it.",
    ]
    for name in presets():
        text = (files("pytest_netns_mysql.topology") / "presets" / f"{name}.toml").read_text("utf-8")
        lines += ["", f"## {name}", "", "```text", diagram.text(load(name)), "```", "", "```toml", text.rstrip(), "```"]
    return "\n".join(lines) + "\n"


def main() -> int:
    """Write or compare the pages; return the exit code."""
    pages = {"settings.md": settings_page(), "topologies.md": topologies_page()}
    stale = [name for name, text in pages.items() if not (DOCS / name).exists() or (DOCS / name).read_text() != text]
    if "--check" in sys.argv[1:]:
        if stale:
            print(f"stale: {', '.join(stale)}; run python docs/generate.py", file=sys.stderr)
        return 1 if stale else 0
    for name, text in pages.items():
        (DOCS / name).write_text(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
