"""Write the public names of the package, with their signatures, to surface.txt; `--check` compares, with a diff.

What the text has is public, see docs/reference/compatibility.md: a line that goes away or changes may break the suites
of users.
"""

from __future__ import annotations

import argparse
import dataclasses
import difflib
import enum
import importlib
import inspect
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pytest_netns_mysql import cli, hookspecs, plugin
from pytest_netns_mysql.run.pytestoptions import MARKERS
from pytest_netns_mysql.settingtable import TABLE

FILE = Path(__file__).with_name("surface.txt")
PACKAGES = (
    "pytest_netns_mysql",
    *(f"pytest_netns_mysql.{name}" for name in ("django", "factories", "peewee", "topology", "tortoise")),
)
PACKAGE = PACKAGES[0]
ACCEPT = "python tests/public/surface.py, if the change is meant; say in changelog.d what users have to do"


def lines() -> Iterator[str]:
    """Yield the lines of the text."""
    yield "# The public names, by tests/public/surface.py. docs/reference/compatibility.md says what they promise."
    for package in PACKAGES:
        module = importlib.import_module(package)
        for name in module.__all__:
            yield ""
            yield from of_name(f"{package}.{name}", getattr(module, name))
    yield from section("fixtures", sorted(of_fixtures()))
    yield from section("hooks", [f"{name}{signature(hook)}" for name, hook in vars(hookspecs).items() if is_own(hook)])
    yield from section("markers", [line.partition(":")[0] for line in MARKERS])
    settings = [f"{one.option} | {one.variable} | {one.ini} = {values(one)} (default {one.default!r})" for one in TABLE]
    yield from section("settings", settings)
    yield from section("commands", of_commands())


def section(title: str, texts: list[str]) -> Iterator[str]:
    """Yield a title and the lines below it."""
    yield from ["", f"[{title}]", *texts]


def of_name(name: str, value: Any) -> Iterator[str]:
    """Yield the lines of an exported name: a class with its members, or a function."""
    if not inspect.isclass(value):
        yield f"{name}{signature(value)}"
        return
    bases = [base.__name__ for base in value.__bases__ if base is not object]
    yield f"class {name}({', '.join(bases)})"
    if dataclasses.is_dataclass(value):  # fixtures return the others: how they are made is not public
        yield f"    {name.rpartition('.')[2]}{signature(value)}"
    members = {*attributes(value), *(each for each in dir(value) if is_public(value, each))}
    for exported in [base for base in value.__mro__[1:] if base.__name__ in importlib.import_module(PACKAGE).__all__]:
        members -= {*attributes(exported), *(each for each in members if hasattr(exported, each))} - {*vars(value)}
    for member in sorted(members):
        yield f"    {of_member(value, member)}"


def of_member(kind: type, name: str) -> str:
    """Return the line of a member: a method with its signature, or an attribute with its type."""
    member = inspect.getattr_static(kind, name, None)
    if isinstance(member, property):
        return f"{name}: {annotation(member.fget, 'return')}"
    if isinstance(member, classmethod | staticmethod):
        return f"{type(member).__name__} {name}{signature(member.__func__)}"
    if inspect.isfunction(member):
        return f"{name}{signature(member)}"
    if isinstance(member, enum.Enum):
        return f"{name} = {member.value!r}"
    if hasattr(member, "func"):  # a cached property
        return f"{name}: {annotation(member.func, 'return')}"
    return f"{name}: {field_type(kind, name)}"


def field_type(kind: type, name: str) -> str:
    """Return the annotated type of an attribute; '?' where a class says nothing of it."""
    for each in kind.__mro__:
        found = inspect.get_annotations(each).get(name)
        if found is not None:
            return found if isinstance(found, str) else inspect.formatannotation(found)
    source = "".join(inspect.getsource(each) for each in kind.__mro__ if each.__module__.startswith(PACKAGE))
    written = re.search(rf"^ +self\.{name}: (.+?) = ", source, re.MULTILINE)
    if written is not None:
        return written[1]
    argument = re.search(rf"^ +self\.{name} = {name}$", source, re.MULTILINE)
    return annotation(kind.__init__, name) if argument is not None else "?"  # type: ignore[misc]


def annotation(function: Any, name: str) -> str:
    """Return an annotation of a function as text."""
    found = getattr(function, "__annotations__", {}).get(name, "?")
    return found if isinstance(found, str) else inspect.formatannotation(found)


def signature(function: Any) -> str:
    """Return the signature as it is written; a default that is no constant is only said to be there."""
    found = inspect.signature(function)
    parameters: list[str] = []
    for parameter in found.parameters.values():
        constant = parameter.default is None or isinstance(parameter.default, str | int | float | tuple)
        written = parameter.replace(default=parameter.empty, annotation=parameter.empty)
        text = f"{written}: {parameter.annotation}" if parameter.annotation is not parameter.empty else str(written)
        if parameter.default is not parameter.empty:
            text += f" = {parameter.default!r}" if constant else " = ..."
        if parameter.kind is parameter.KEYWORD_ONLY and not any(each.startswith("*") for each in parameters):
            parameters.append("*")
        parameters.append(text)
    return f"({', '.join(parameters)}) -> {'?' if found.return_annotation is found.empty else found.return_annotation}"


def attributes(kind: type) -> list[str]:
    """Return the names in the part ``Attributes:`` of the docstring of a class and of its bases."""
    found = []
    for each in kind.__mro__:
        if each.__module__.startswith(PACKAGE):
            _, _, text = inspect.cleandoc(each.__doc__ or "").partition("Attributes:\n")
            found += re.findall(r"^    (\w+): ", text, re.MULTILINE)
    return found


def is_public(kind: type, name: str) -> bool:
    """Return True for a member that a class of this package defines, and not one of a driver or of Python."""
    if name.startswith("_") and name not in ("__enter__", "__exit__", "__getitem__", "__call__", "__iter__", "__len__"):
        return False
    owner = next((each for each in kind.__mro__ if name in vars(each)), None)
    return owner is not None and owner.__module__.startswith(PACKAGE)


def is_own(value: object) -> bool:
    """Return True for a function of the hook specifications."""
    return inspect.isfunction(value) and value.__module__ == hookspecs.__name__


def of_fixtures() -> Iterator[str]:
    """Yield each fixture with its scope and the type of its value."""
    for module in map(importlib.import_module, plugin.pytest_plugins):
        for name, value in vars(module).items():
            function = getattr(value, "_fixture_function", None) or getattr(value, "__wrapped__", None)
            if not name.startswith("_") and function is not None and hasattr(function, "netns_own_fixture"):
                made = annotation(function, "return").removeprefix("Iterator[").removesuffix("]")
                yield f"{name}: {made} (scope {scope(value)})"


def scope(fixture: Any) -> str:
    """Return the scope of a fixture, as pytest 8 and 9 keep it."""
    marker = getattr(fixture, "_fixture_function_marker", None) or fixture._pytestfixturefunction
    return str(marker.scope)


def values(setting: Any) -> str:
    """Return the values that a setting takes."""
    return " | ".join(setting.choices) or str(setting.metavar)


def of_commands() -> list[str]:
    """Return a line for each command and each of its arguments."""
    parser = cli.parser_of()
    found = []
    for name in cli.all_modules():
        found.append(f"netns-mysql {name}")
        for action in cli.arguments_of(parser, name):
            words = ", ".join(action.option_strings) or str(action.metavar or action.dest)
            choices = f" {{{','.join(map(str, action.choices))}}}" if action.choices is not None else ""
            found.append(f"    {words}{choices}")
    return found


def difference() -> str:
    """Return what differs between the file and the package, as a unified diff; '' if nothing does."""
    old = FILE.read_text().splitlines() if FILE.exists() else []
    return "\n".join(difflib.unified_diff(old, list(lines()), "surface.txt", "the package", lineterm="", n=1))


def main() -> int:
    """Write or compare the file; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="compare only, and print a diff")
    if not parser.parse_args().check:
        FILE.write_text("\n".join(lines()) + "\n")
        return 0
    changes = difference()
    if changes:
        sys.stderr.write(f"{changes}\n\naccept this by {ACCEPT}\n")
    return 1 if changes else 0


if __name__ == "__main__":
    sys.exit(main())
