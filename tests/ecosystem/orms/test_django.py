"""Django with pytest-django: each connection comes from the namespace of its alias or of its test."""

from __future__ import annotations

import os
import re
import shutil
from pathlib import Path

import pytest

from tests.support.suites import InnerRun, Suite, source

pytestmark = pytest.mark.as_user
_EXAMPLE = Path(__file__).parents[3] / "examples" / "django"
_PLUGINS = "-p", "netns_mysql", "-p", "django"
_SETTINGS = {
    "with_mysqlclient": "import MySQLdb\nfrom settings import *\n",
    "with_pymysql": "import sys\nsys.modules['MySQLdb'] = None\nfrom settings import *\n",
    "with_connector": "from settings import *\nfor _ in DATABASES.values(): _['ENGINE'] = 'mysql.connector.django'\n",
}


@pytest.fixture
def project(pytester: pytest.Pytester, suite: Suite) -> Suite:
    """The runner of inner suites, in a folder with the project of examples/django."""
    shutil.copytree(_EXAMPLE, pytester.path, dirs_exist_ok=True, ignore=shutil.ignore_patterns("__pycache__"))
    (pytester.path / "test_origins.py").unlink()
    return suite


def test_the_example_passes(suite: Suite, pytester: pytest.Pytester) -> None:
    shutil.copytree(_EXAMPLE, pytester.path, dirs_exist_ok=True, ignore=shutil.ignore_patterns("__pycache__"))
    result = suite.run(*_PLUGINS)
    result.assert_outcomes(passed=4)
    # The server is known, and if need be fetched, before the sandbox is entered.
    result.stdout.fnmatch_lines(["netns: auto is *", "*[[]100%]"])


@pytest.mark.parametrize("settings", _SETTINGS)
def test_connections_come_back_from_their_namespace(project: Suite, pytester: pytest.Pytester, settings: str) -> None:
    pytester.makepyfile(**_SETTINGS)
    project("orms/django_reconnects", *_PLUGINS, f"--ds={settings}").assert_outcomes(passed=16)


def test_a_transaction_is_not_continued_from_elsewhere(project: Suite) -> None:
    result = project("orms/django_errors", *_PLUGINS)
    result.assert_outcomes(passed=2, failed=2)
    result.stdout.fnmatch_lines(
        [
            "*OriginError: Django's connection default is from red and has an open transaction, and the code that uses "
            "it stands in blue: the transaction cannot go on from there",
            "*do: use a connection of its own for blue: an alias blue in DATABASES, django_db(databases=[[]...])",
            "*do: or bind the alias to one namespace: databases({'default': 'red'})",
            "*do: of a TestCase: mark the class, not its methods; the class opens the transaction",
        ]
    )
    result.stdout.fnmatch_lines(["*OriginError: Django's connection default is from global*it stands in red:*"])


@pytest.mark.parametrize("mode", ["auto", "rootless"])
def test_the_orders_of_both_plugins_hold(project: Suite, monkeypatch: pytest.MonkeyPatch, mode: str) -> None:
    monkeypatch.setenv("HOST_NETWORK", str(Path("/proc/thread-self/ns/net").stat().st_ino))
    result = project("orms/django_order", *_PLUGINS, f"--netns-mode={mode}", "-v")
    result.assert_outcomes(passed=7)
    plain, netns_tests = ["test_plain_first", "test_plain", "test_database_is_blocked"], ["test_without_database"]
    django = ["test_database", "test_marker_alone", "test_transaction"]
    if mode == "auto" and os.geteuid() == 0:
        assert _order(result) == [*django, plain[0], *netns_tests, *plain[1:]]
    else:
        assert _order(result) == [*plain, *django, *netns_tests]


def _order(result: InnerRun) -> list[str]:
    return [line.split("::")[1].split()[0] for line in result.outlines if "::" in line and "PASSED" in line]


def test_a_fixture_of_the_projects_own_binds_the_databases(project: Suite) -> None:
    project("orms/django_bound", *_PLUGINS).assert_outcomes(passed=1)


def test_an_account_that_the_server_was_loaded_with(project: Suite, pytester: pytest.Pytester) -> None:
    pytester.makefile(
        ".sql",
        accounts="CREATE USER shop@'%.%.%.2', shop@'127.0.0.1';\n"
        + "".join(f"GRANT ALL ON *.* TO shop@'{host}';\n" for host in ("%.%.%.2", "127.0.0.1")),
    )
    conftest = (_EXAMPLE / "conftest.py").read_text() + "from pytest_netns_mysql import factories\n"
    conftest += "netns_mysqld = factories.mysqld(load='accounts.sql')\n"
    result = project("orms/django_seeded", *_PLUGINS, "--netns-leftovers=fail", conftest=conftest)
    result.assert_outcomes(passed=2)


def test_a_live_server_in_the_namespace_of_the_test(project: Suite) -> None:
    conftest = (_EXAMPLE / "conftest.py").read_text() + "\nfrom pytest_netns_mysql.django import live_server\n"
    project("orms/django_live", *_PLUGINS, conftest=conftest).assert_outcomes(passed=2)


def test_the_databases_are_set_up_again_on_a_fresh_server(project: Suite) -> None:
    project("orms/django_fresh", *_PLUGINS).assert_outcomes(passed=3)


def test_several_topologies(project: Suite, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOST_NETWORK", "0")
    result = project(
        "orms/django_order", *_PLUGINS, "--netns-topology=red-blue,isolated", "-k", "test_database and not blocked"
    )
    result.assert_outcomes(passed=2)


def test_databases_of_no_namespace_are_refused(project: Suite, pytester: pytest.Pytester) -> None:
    (pytester.path / "conftest.py").unlink()
    result = project("orms/django_naive", *_PLUGINS)
    result.assert_outcomes(passed=1, errors=3)
    text = (
        "this netns test uses Django's MySQL database default, and nothing says from which namespace: Django connects "
        "before the test, outside of all namespaces, and keeps connections open for later tests"
    )
    assert result.outlines.count(text) == 3
    result.stdout.fnmatch_lines(["  do: write in conftest.py: from pytest_netns_mysql.django import databases"])
    assert "did you mean" not in result.stdout.str()


def test_aliases_that_share_a_dictionary_are_refused(project: Suite, pytester: pytest.Pytester) -> None:
    pytester.makepyfile(shared="from settings import *\nDATABASES['red'] = DATABASES['blue']\n")
    result = project("orms/django_live", *_PLUGINS, "--ds=shared")
    result.assert_outcomes(errors=2)
    result.stdout.fnmatch_lines(["*DATABASES has the same dictionary for 'red' and 'blue'*", "*MYSQL}*"])


def test_the_blocks_of_the_page_are_of_the_example() -> None:
    page = (_EXAMPLE.parents[1] / "docs" / "howto" / "orms.md").read_text()
    blocks = re.findall(r"^```python example\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)
    written = [*(file.read_text() for file in _EXAMPLE.glob("*.py")), source("orms/django_bound")]
    assert len(blocks) == 4
    assert [block for block in blocks if not any(block in text for text in written)] == []
