"""Names that have changed: the old ones work, with one warning that says so."""

from __future__ import annotations

import subprocess
import sys
import warnings
from pathlib import Path

import pytest

from pytest_netns_mysql import NetnsDeprecationWarning, NetnsWarning
from tests.support.suites import Suite

pytestmark = pytest.mark.oldest_python
SUITE = "import pytest\n@pytest.mark.netns('db')\ndef test_it(netns_topology): assert netns_topology.name == 'nat'\n"
PACKAGE = """
from typing import TYPE_CHECKING
from pytest_netns_mysql.exports import lazy
if TYPE_CHECKING:
    from json import dumps
__getattr__, __dir__ = lazy(globals(), {"encode": "dumps"})
"""
TEXT = "{} is now called netns_topology, and its old name will stop working ({})"


@pytest.fixture
def renamed(suite: Suite) -> Suite:
    """An inner suite over the topology nat, with a plugin that renames settings."""
    suite.write(SUITE, early="deprecations/renamed")
    return suite


@pytest.mark.parametrize("place", ["command line", "environment", "ini file"])
def test_an_earlier_name_of_a_setting_works_and_is_warned_of(
    renamed: Suite, pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    arguments = ["-p", "early", "-Wdefault::pytest_netns_mysql.NetnsDeprecationWarning"]
    where = {
        "command line": "command line --netns-network",
        "environment": "environment variable NETNS_NETWORK",
        "ini file": f"netns_network in {pytester.path / 'tox.ini'}",
    }[place]
    if place == "command line":
        arguments.append("--netns-network=nat")
    if place == "environment":
        monkeypatch.setenv("NETNS_NETWORK", "nat")
    if place == "ini file":
        pytester.makeini("[pytest]\nnetns_network = nat\n")
    result = renamed.run(*arguments, "--strict-config")
    result.assert_outcomes(passed=1, warnings=1)
    result.stdout.fnmatch_lines([f"*NetnsDeprecationWarning: {TEXT.format('netns_network', where)}"])


def test_the_new_name_wins_without_a_warning(renamed: Suite, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NETNS_NETWORK", "red-blue")
    renamed.run("-p", "early", "--netns-topology=nat").assert_outcomes(passed=1)


def test_a_run_with_warnings_as_errors_ends_at_an_earlier_name(renamed: Suite) -> None:
    result = renamed.run("-p", "early", "--netns-network=nat")
    assert result.ret != 0
    assert TEXT.format("netns_network", "command line --netns-network") in result.stdout.str() + result.stderr.str()


def test_an_earlier_name_is_not_in_the_help(renamed: Suite) -> None:
    assert "--netns-network" not in renamed.run("-p", "early", "--help").stdout.str()


def test_an_earlier_name_of_an_export_works_and_warns_once(tmp_path: Path) -> None:
    package = tmp_path / "renaming"
    package.mkdir()
    (package / "__init__.py").write_text(PACKAGE)
    (tmp_path / "using.py").write_text(
        "import warnings\nwarnings.simplefilter('always')\nfrom renaming import encode, dumps\n"
        "from renaming import encode as again\nprint(encode is again is dumps)\n"
    )
    result = subprocess.run(
        [sys.executable, "using.py"],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env={"PYTHONPATH": ":".join(filter(None, sys.path))},
        check=True,
    )
    text = "NetnsDeprecationWarning: renaming.encode is now called dumps, and its old name will stop working"
    assert result.stdout == "True\n"
    assert result.stderr == f"{tmp_path}/using.py:3: {text}\n  from renaming import encode, dumps\n"


def test_the_warning_is_one_of_ours_and_one_of_python() -> None:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        warnings.warn("changed", NetnsDeprecationWarning, stacklevel=1)
    (warning,) = caught
    assert issubclass(warning.category, NetnsWarning)
    assert issubclass(warning.category, DeprecationWarning)
