"""Write what is made from the code: settings.md, presets.md and the drawings; `--check` only compares."""

from __future__ import annotations

import sys
from pathlib import Path

from pytest_netns_mysql.settings import TABLE
from pytest_netns_mysql.topology.diagram import draw
from pytest_netns_mysql.topology.file.load import load, preset_text, presets

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


def presets_page() -> str:
    """Return the page of presets: what each is for, its drawing twice, and its file."""
    lines = [
        "# Presets",
        "",
        "`--netns-topology=NAME` takes one of these; a file of your own may begin as a copy of one.",
    ]
    for name in presets():
        topology = load(name)
        lines += ["", f"## {name}", "", f"{topology.description[:1].upper()}{topology.description[1:]}."]
        lines += ["", f"![{name}](presets/{name}.svg)", "", "```text", draw(topology, "text"), "```"]
        lines += ["", "```toml", preset_text(name).rstrip(), "```"]
    return "\n".join(lines) + "\n"


def pages() -> dict[str, str]:
    """Return the text of every generated file, by its name below docs."""
    drawings = {f"presets/{name}.svg": draw(load(name), "svg").rstrip("\n") + "\n" for name in presets()}
    return {"settings.md": settings_page(), "presets.md": presets_page(), **drawings}


def main() -> int:
    """Write or compare the pages; return the exit code."""
    made = pages()
    stale = [name for name, text in made.items() if not (DOCS / name).exists() or (DOCS / name).read_text() != text]
    stale += [f"presets/{file.name}" for file in DOCS.glob("presets/*") if f"presets/{file.name}" not in made]
    if "--check" in sys.argv[1:]:
        if stale:
            print(f"stale: {', '.join(stale)}; run python docs/generate.py", file=sys.stderr)
        return 1 if stale else 0
    for name in stale:
        if name in made:
            (DOCS / name).parent.mkdir(exist_ok=True)
            (DOCS / name).write_text(made[name])
        else:
            (DOCS / name).unlink()
    return 0


if __name__ == "__main__":
    sys.exit(main())
