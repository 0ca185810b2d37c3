"""The least versions of dependencies: what is declared is what CI installs and tests."""

from __future__ import annotations

import re
import sys
from itertools import chain
from pathlib import Path

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

ROOT = Path(__file__).parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())


def declared() -> dict[str, tuple[int, ...]]:
    """Return the least version of each dependency of the package, of its extras and of its tests."""
    extras = PROJECT["project"]["optional-dependencies"]
    lines = [*PROJECT["project"]["dependencies"], *PROJECT["dependency-groups"]["test"], *chain(*extras.values())]
    least: dict[str, tuple[int, ...]] = {}
    for line in lines:
        name, _, version = line.partition(";")[0].strip().partition(">=")
        assert re.fullmatch(r"[0-9.]+", version), line
        numbers = tuple(map(int, version.split(".")))
        assert least.setdefault(name, numbers) == numbers, f"{name} has two least versions"
    return least


def test_ci_installs_the_least_version_of_every_dependency() -> None:
    pinned = {}
    for line in (ROOT / ".ci" / "lowest.txt").read_text().splitlines():
        if not line.startswith("#"):
            name, _, version = line.partition("==")
            pinned[name] = tuple(map(int, version.split(".")))
    least = declared()
    assert pinned.keys() == least.keys()
    for name, numbers in least.items():
        assert pinned[name][: len(numbers)] == numbers, name
        assert not any(pinned[name][len(numbers) :]), name


def test_pytest_refuses_what_is_older_than_declared() -> None:
    minimum = PROJECT["tool"]["pytest"]["ini_options"]["minversion"]
    assert tuple(map(int, minimum.split("."))) == declared()["pytest"]


def test_the_lowest_versions_of_what_extras_need_are_installed_with_the_tests() -> None:
    """The tests install groups by tox, and no extra; testcontainers brings the first two."""
    groups = PROJECT["dependency-groups"]
    group = {
        re.split(r"[>;]", line)[0].lower() for line in [*groups["test"], *groups["ecosystem"]] if isinstance(line, str)
    }
    extras = {
        re.split(r"[>;]", line)[0].lower()
        for lines in PROJECT["project"]["optional-dependencies"].values()
        for line in lines
    }
    assert extras - group <= {"docker", "requests"}


def test_the_pythons_are_those_of_the_classifiers_everywhere() -> None:
    prefix = "Programming Language :: Python :: 3."
    minors = [each.removeprefix(prefix) for each in PROJECT["project"]["classifiers"] if each.startswith(prefix)]
    assert PROJECT["project"]["requires-python"] == f">=3.{minors[0]}"
    assert f"py{{{','.join(f'3{minor}' for minor in minors)}}}" in (ROOT / "tox.ini").read_text()
    page = (ROOT / "docs" / "reference" / "compatibility.md").read_text()
    assert f"| Python | {', '.join(f'3.{minor}' for minor in minors)} |" in page
    assert f"| pytest | {'.'.join(map(str, declared()['pytest']))} and newer |" in page
