"""Write the pages made from the code: settings, presets, commands, hooks, the format of reports; `--check` compares.

`--stress FILE` first takes in what `make stress` counted, and `--stress-part FILE` what a part of its tests counted.
"""

from __future__ import annotations

import argparse
import dataclasses
import inspect
import json
import re
import sys
import textwrap
from collections.abc import Callable, Iterable
from functools import cached_property
from itertools import takewhile
from operator import attrgetter
from pathlib import Path

import introductions
import stresspage

import pytest_netns_mysql
from pytest_netns_mysql import cli, hookspecs
from pytest_netns_mysql.report import jsonfile, reportdata
from pytest_netns_mysql.settings import TABLE
from pytest_netns_mysql.topology.diagram import draw
from pytest_netns_mysql.topology.file.load import load, preset_text, presets

DOCS = Path(__file__).parent
REPORT_CLASSES = (
    *(reportdata.RunReport, reportdata.TestReport, reportdata.Place, reportdata.Explanation, reportdata.Connection),
    *(reportdata.Statement, reportdata.Client, reportdata.NamespaceState, reportdata.FaultState, reportdata.Event),
    reportdata.Section,
)
JSON_TYPES = {
    r"\bstr\b": "string",
    r"\b(float)\b": "number",
    r"\bint\b": "integer",
    r"\bbool\b": "boolean",
    r"\bNone\b": "null",
    r" \| ": " or ",
    r"tuple\[(\w+), \.\.\.\]": r"array of \1",
    r"tuple\[(\w+), \1\]": r"array of two \1s",
    r"dict\[string, (.*)\]": r"object of \1",
    r"dict\[string, (\w+)\]": r"object of \1",
    r"\bobject of array": "object of arrays",
    r"\bobject of object": "object of objects",
    r"\bof (string|number|integer)$": r"of \1s",
}
CACHE = "~/.cache/pytest-netns-mysql"
"""The default of netns_cache, which the table of settings leaves empty: it depends on the user."""
CODE = (
    r"`[^`]*`|(?<![\w-])(?:--)?netns[_-][\w.:-]*\w|CAP_\w+|MYSQL_\S*\w|FILE::NAME|\$\w+|~/\S*\w|bin/mysqld"
    r"|docker://\S*\w|external:\S*\w|/docker-\S*\w|\.(?:html|json|md)\b"
)
"""What is code in a help; text in backquotes is marked already."""


def settings_page() -> str:
    """Return the page of settings, from the table that makes the command line too."""
    lines = [introductions.SETTINGS, "", "| setting | meaning |", "|---|---|"]
    for setting in TABLE:
        what = re.split(r"[.:] ", setting.help)[0].removesuffix(".")
        lines.append(f"| [`{setting.ini}`](#{setting.ini}) | {_with_code(what)} |")
    for setting in TABLE:
        values = ", ".join(f"`{value}`" for value in setting.choices or [setting.metavar]).replace("|", r"\|")
        value = CACHE if setting.name == "cache" else setting.default
        default = f"`{value}`" if value else "none"
        meaning = textwrap.fill(_with_code(setting.help, setting.choices), 120, break_on_hyphens=False)
        lines += ["", f"## {setting.ini}", "", meaning, ""]
        lines += ["| command line | environment | values | default |", "|---|---|---|---|"]
        lines += [f"| `{setting.option}` | `{setting.variable}` | {values} | {default} |"]
        lines += ["", f"See {introductions.SEE_ALSO[setting.name]}."] if setting.name in introductions.SEE_ALSO else []
    return "\n".join(lines) + "\n"


def _with_code(text: str, values: Iterable[str] = ()) -> str:
    """Return a help with names, paths, and the values that it explains, marked as code."""
    pattern = "|".join([CODE, *(rf"\b{value}(?=: )" for value in values)])
    return re.sub(pattern, lambda found: found[0] if found[0][0] == "`" else f"`{found[0]}`", text)


def presets_page() -> str:
    """Return the page of presets: what each is for, its drawing twice, and its file."""
    lines = [introductions.PRESETS, "", "| preset | what it is |", "|---|---|"]
    lines += [f"| [`{name}`](#{name}) | {_as_sentence(load(name).description)} |" for name in presets()]
    for name in presets():
        topology = load(name)
        lines += ["", f"## {name}", "", _as_sentence(topology.description)]
        lines += ["", f"![{name}](presets/{name}.svg)", "", "```text", draw(topology, "text"), "```"]
        lines += ["", "```toml", preset_text(name).rstrip(), "```"]
    return "\n".join(lines) + "\n"


def _as_sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}."


def report_format_page() -> str:
    """Return the page of the keys of a report, from the docstrings of its classes."""
    lines = [introductions.REPORT_FORMAT]
    names = {kind.__name__ for kind in REPORT_CLASSES}
    for kind in REPORT_CLASSES:
        described = attributes(kind)
        what, _, _ = (kind.__doc__ or "").partition("\n")
        lines += ["", f"## {kind.__name__}", "", what, "", "| key | type | meaning |", "|---|---|---|"]
        for field in dataclasses.fields(kind):
            meaning = re.sub(r"\bNone\b", "null", described[field.name]).replace("''", '`""`').replace("|", r"\|")
            lines.append(f"| `{field.name}` | {json_type(str(field.type), names)} | {meaning} |")
    return "\n".join(lines) + "\n"


def json_type(annotation: str, names: set[str]) -> str:
    """Return what a type is called in JSON; a class of a report is a link to its section."""
    for pattern, words in JSON_TYPES.items():
        annotation = re.sub(pattern, words, annotation)
    return re.sub(r"\w+", lambda word: f"[{word[0]}](#{word[0].lower()})" if word[0] in names else word[0], annotation)


def attributes(kind: type) -> dict[str, str]:
    """Return what the docstring of a class says of each of its attributes."""
    _, _, text = inspect.cleandoc(kind.__doc__ or "").partition("Attributes:\n")
    return dict(entries(text))


def commands_page() -> str:
    """Return the page of the command line: each command with its arguments and examples."""
    parser = cli.parser_of()
    choices = {setting.name: setting.choices for setting in TABLE}
    lines = [
        introductions.COMMANDS,
        "",
        "| command | what it does |",
        "|---|---|",
        *(f"| [`{name}`](#{name}) | {text} |" for name, text in cli.COMMANDS.items()),
        "| `--version` | Print the versions of this package, Python, pytest and the server that tests would use. |",
        "",
        introductions.EXIT_CODES,
    ]
    for name, module in cli.all_modules().items():
        lines += ["", f"## {name}", "", module.DESCRIPTION, "", "| argument | meaning |", "|---|---|"]
        for action in cli.arguments_of(parser, name):
            lines.append(f"| `{_argument(action)}` | {_with_code(action.help or '', choices.get(action.dest, ()))} |")
        if getattr(module, "TAKES_COMMAND", False):
            lines.append("| `-- CMD...` | The command to run in the session. Default: `$SHELL`. |")
        if lines[-1] == "|---|---|":
            del lines[-3:]
        lines += ["", "```sh", *(line[2:] for line in module.EXAMPLES.splitlines()), "```"]
    return "\n".join(lines) + "\n"


def hooks_page() -> str:
    """Return the page of hooks: the docstrings of the specifications, and the example."""
    introduction, _, _ = inspect.cleandoc(hookspecs.__doc__ or "").rpartition("\n\n")
    example = DOCS.parent / "examples" / "hooks"
    lines = ["# Hooks", "", as_markdown(introduction)]
    for name, hook in [(name, value) for name, value in vars(hookspecs).items() if inspect.isfunction(value)]:
        text, _, sections = inspect.cleandoc(hook.__doc__ or "").partition("\n\nArgs:\n")
        arguments, _, errors = sections.partition("\nRaises:\n")
        lines += ["", f"## {name}", "", "```py", f"def {name}{_signature(hook)}", "```", "", as_markdown(text), ""]
        lines += ["| argument | meaning |", "|---|---|"]
        lines += [f"| `{argument}` | {meaning} |" for argument, meaning in entries(arguments)]
        lines += ["", "| error | meaning |", "|---|---|"] if errors else []
        lines += [f"| `{error}` | {meaning} |" for error, meaning in entries(errors)]
    lines += [
        "",
        "## An example",
        "",
        "[examples/hooks](../../examples/hooks) has a plugin with all three hooks, and tests of what they change:",
    ]
    lines += ["", "```py", (example / "netns_project.py").read_text().rstrip(), "```"]
    return "\n".join(lines) + "\n"


API = {
    "Servers": "MySQLServer Endpoint Snapshot ServerSpec Authority Certificate",
    "Networks": "Network Namespace NetworkFault Packet Packets",
    "Accounts and connections": (
        "Account AccountFactory ConnectFactory AsyncConnectFactory EngineFactory AsyncEngineFactory ArgvFactory "
        "StartFactory NamespaceConnection NamespacePool NamespaceXClient"
    ),
    "Logins": "LoginExplanation Origin Candidate HiddenAccount AccessMatrix",
    "Replication and proxies": "Replica Channel ReplicaStatus Group Member Proxy",
    "Topologies": "Topology topology.Namespace Link Bridge Mysqld load from_mapping dump",
    "Reports": "TestReport",
}
"""The names that the package exports, but for its errors and warnings, by what they are for."""


def api_page() -> str:
    """Return the page of classes and functions, which Sphinx fills in from their docstrings."""
    lines = [
        "# Python API",
        "",
        "This page describes the classes and functions that `pytest_netns_mysql` exports.",
        "Fixtures and factories return objects of these classes.",
    ]
    errors = [name for name in pytest_netns_mysql.__all__ if name.endswith(("Error", "Warning"))]
    for title, names in {**API, "Errors and warnings": " ".join(errors)}.items():
        lines += ["", f"## {title}"]
        for name in names.split():
            kind = "class" if name.rpartition(".")[2][0].isupper() else "function"
            kind = "exception" if name in errors else kind
            lines += ["", "```{eval-rst}", f".. auto{kind}:: pytest_netns_mysql.{name}"]
            lines += _member_options(attrgetter(name)(pytest_netns_mysql)) if kind == "class" else []
            lines += ["```"]
    return "\n".join(lines) + "\n"


def _member_options(kind: type) -> list[str]:
    """Return the options with which autodoc shows the members of a class, and those from bases that are internal."""
    called = ["   :special-members: __call__"] if "__call__" in vars(kind) else []
    exported = {getattr(pytest_netns_mysql, name) for name in pytest_netns_mysql.__all__}
    bases = kind.__mro__[1:]
    internal = list(takewhile(lambda base: base not in exported and base.__module__.startswith("pytest_netns_"), bases))
    inherited = {name for base in internal for name, value in vars(base).items() if _is_described(value)}
    if all(name.startswith("_") or name in vars(kind) for name in inherited):
        return ["   :members:", *called]
    first_hidden = bases[len(internal)]  # a builtin, or a class that is on the page itself
    return ["   :members:", f"   :inherited-members: {first_hidden.__name__}", *called]


def _is_described(member: object) -> bool:
    return inspect.isroutine(member) or isinstance(member, property | cached_property)


def _signature(function: Callable[..., object]) -> str:
    return str(inspect.signature(function)).replace("'", "")


def as_markdown(text: str) -> str:
    """Return the text of a docstring as Markdown."""
    return text.replace("``", "`")


def entries(text: str) -> list[tuple[str, str]]:
    """Return the names in a part of a docstring, each with its meaning in one line."""
    found = re.findall(r"^    (\w+): (.*(?:\n     +.*)*)", text, re.MULTILINE)
    return [(name, as_markdown(" ".join(meaning.split()))) for name, meaning in found]


def _argument(action: argparse.Action) -> str:
    words = ", ".join(action.option_strings)
    value = action.metavar or ("|".join(map(str, action.choices)) if action.choices is not None else "")
    if action.option_strings and action.nargs == "?":
        value = f"[{value}]"
    return " ".join(filter(None, [words, str(value) if action.nargs != 0 else ""])).replace("|", "\\|")


def pages() -> dict[str, str]:
    """Return the text of every generated file, by its name below docs."""
    drawings = {f"reference/presets/{name}.svg": draw(load(name), "svg").rstrip("\n") + "\n" for name in presets()}
    return {
        "reference/settings.md": settings_page(),
        "reference/presets.md": presets_page(),
        "reference/report-format.md": report_format_page(),
        "reference/report.schema.json": json.dumps(jsonfile.schema(), indent=2) + "\n",
        "reference/commands.md": commands_page(),
        "reference/api.md": api_page(),
        "reference/hooks.md": hooks_page(),
        "explanation/stress.md": stresspage.page(),
        **drawings,
    }


def main() -> int:
    """Write or compare the pages; return the exit code."""
    if sys.argv[1:2] in (["--stress"], ["--stress-part"]):
        stresspage.merge(Path(sys.argv[2]), is_whole=sys.argv[1] == "--stress")
    made = pages()
    stale = [name for name, text in made.items() if not (DOCS / name).exists() or (DOCS / name).read_text() != text]
    drawn = [f"reference/presets/{file.name}" for file in DOCS.glob("reference/presets/*")]
    stale += [name for name in drawn if name not in made]
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
