"""The types of the package, as type checkers see them from outside."""

from __future__ import annotations

import importlib
import json
import os
import subprocess
import sys
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from tests.public.surface import PACKAGE, PACKAGES

pytestmark = pytest.mark.lint_tools
ROOT = Path(__file__).parent.parent


def pyright(*arguments: str, cwd: Path = ROOT) -> dict[str, Any]:
    """Run pyright in the environment of this interpreter, and return its report."""
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    environment = {**os.environ, "PATH": path, "PYTHONPATH": str(ROOT), "PYRIGHT_PYTHON_IGNORE_WARNINGS": "1"}
    command = [sys.executable, "-m", "pyright", "--outputjson", *arguments]
    result = subprocess.run(command, capture_output=True, text=True, check=False, cwd=cwd, env=environment)
    assert result.stdout.startswith("{"), result.stderr
    found: dict[str, Any] = json.loads(result.stdout)
    return found


@cache
def completeness() -> dict[str, Any]:
    """Return what pyright says of the package's types: of those in all modules, as none begins with an underscore."""
    found: dict[str, Any] = pyright("--verifytypes", PACKAGE, "--ignoreexternal")["typeCompleteness"]
    return found


def names_of_api() -> Iterator[str]:
    """Yield what the public modules export, by the names of the modules that define it, and the bases of classes."""
    for package in PACKAGES:
        module = importlib.import_module(package)
        for name in module.__all__:
            value = getattr(module, name)
            for each in getattr(value, "__mro__", [value]):
                if each.__module__.startswith(PACKAGE):
                    yield f"{each.__module__}.{each.__qualname__}"


def unknown(symbols: Iterable[dict[str, Any]]) -> list[str]:
    """Return those symbols whose types are not known, each with what pyright says of it."""
    return [
        f"{symbol['name']}: {'; '.join(diagnostic['message'] for diagnostic in symbol['diagnostics'])}"
        for symbol in symbols
        if not symbol["isTypeKnown"]
    ]


def test_every_type_of_the_api_is_known() -> None:
    by_name = {symbol["name"]: symbol for symbol in completeness()["symbols"] if symbol["isExported"]}
    exported = set(names_of_api())
    assert exported <= by_name.keys()
    api = [symbol for name, symbol in by_name.items() if name in exported or name.rpartition(".")[0] in exported]
    assert unknown(api) == []
    assert len(api) > 500


def test_every_type_of_the_package_is_known() -> None:
    found = completeness()
    assert unknown(symbol for symbol in found["symbols"] if symbol["isExported"]) == []
    assert found["completenessScore"] == 1
    assert found["exportedSymbolCounts"]["withKnownType"] > 4000


def test_a_suite_with_types_as_users_write_them_is_accepted() -> None:
    """In pyright's strict mode, see the comment in the file; mypy checks the file with all others."""
    found = pyright("tests/typing/suite.py")
    assert [f"{each['range']['start']['line'] + 1}: {each['message']}" for each in found["generalDiagnostics"]] == []
    assert found["summary"]["filesAnalyzed"] == 1


def test_a_wrong_use_is_refused(tmp_path: Path) -> None:
    """Otherwise the test above would prove nothing."""
    (tmp_path / "wrong.py").write_text(
        "from pytest_netns_mysql import ArgvFactory, MySQLServer, Network\n"
        "def test_it(netns: Network, netns_mysqld: MySQLServer, netns_argv: ArgvFactory) -> None:\n"
        '    netns["red"].no_such_attribute\n'
        "    netns_mysqld.endpoint(5)\n"
        '    netns_argv("mysql", namespaces="red")\n'
    )
    found = pyright("wrong.py", cwd=tmp_path)["generalDiagnostics"]
    assert [each["range"]["start"]["line"] + 1 for each in found if each["severity"] == "error"] == [3, 4, 5]
