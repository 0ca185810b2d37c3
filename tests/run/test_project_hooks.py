"""The hooks that projects implement: they change topologies and servers, and add to reports."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from tests.support.suites import Suite

EXAMPLE = Path(__file__).parents[2] / "examples" / "hooks"
OFFICE, PROJECT = ((EXAMPLE / f"{name}.py").read_text() for name in ("office", "netns_project"))


@pytest.mark.oldest_python
@pytest.mark.as_user
@pytest.mark.parametrize("workers", [(), ("-n", "1")], ids=["one process", "xdist"])
def test_hooks_change_topologies_and_servers_and_add_to_reports(
    suite: Suite, pytester: pytest.Pytester, workers: tuple[str, ...]
) -> None:
    result = suite(OFFICE, "--netns-report=r.html,r.json,r.md", "--color=no", *workers, conftest=PROJECT)
    result.assert_outcomes(passed=3, failed=1)
    title = "threads after test_inner.py::test_that_fails"
    result.stdout.re_match_lines([f"-+ netns: {title} -+", r"mysqld: Threads_connected \d+"])
    (test,) = [test for test in json.loads(Path("r.json").read_text())["tests"] if test["outcome"] == "failed"]
    (section,) = test["sections"]
    assert section["title"] == title
    assert section["text"].startswith("mysqld: Threads_connected ")
    assert f"<h4>{title}</h4>" in Path("r.html").read_text()
    assert "<details><summary>threads after " in Path("r.md").read_text()


def test_the_header_names_what_may_change_the_run(suite: Suite) -> None:
    result = suite(OFFICE, "-k", "office", conftest=PROJECT)
    result.stdout.fnmatch_lines(
        [
            "netns: pytest_netns_topology of conftest.py may change topologies",
            "netns: pytest_netns_server_spec of conftest.py may change servers",
        ]
    )


def test_each_implementation_gets_what_the_one_before_it_returned(suite: Suite) -> None:
    suite("project_hooks/plain", conftest="project_hooks/nineteen").assert_outcomes(passed=2)


@pytest.mark.parametrize("start", ["auto", "early"])
def test_a_server_that_starts_before_conftests_are_read_is_the_changed_one(
    suite: Suite, pytester: pytest.Pytester, start: str
) -> None:
    """The second run knows from the first that it needs a server; it does not know yet what the conftest changes."""
    suite.write("project_hooks/plain", conftest="project_hooks/nineteen")
    command = (sys.executable, "-mpytest", "-p", "no:asyncio", "-Werror", f"--netns-start={start}", "-k", "own")
    for _ in range(2):
        pytester.run(*command).assert_outcomes(passed=1, deselected=1)


def test_a_hook_may_choose_the_server(suite: Suite) -> None:
    conftest = """
        from dataclasses import replace

        def pytest_netns_server_spec(spec):
            return replace(spec, mysqld="mariadb")
    """
    text = """
        import pytest

        @pytest.mark.netns_mysqld(flavor="mariadb")
        def test_it(netns_mysqld):
            assert netns_mysqld._spec.kind.flavor == "mariadb"

        @pytest.mark.netns_mysqld(flavor="mysql")
        def test_not_applicable(netns_mysqld): ...
    """
    suite(text, conftest=conftest).assert_outcomes(passed=1, skipped=1)


def test_a_wrong_hook_for_a_server_of_one_test_is_an_error_before_the_server_starts(suite: Suite) -> None:
    conftest = """
        def pytest_netns_server_spec(fixture, spec):
            return None if fixture == "netns_mysqld" else fixture
    """
    text = """
        import pytest
        from pytest_netns_mysql import HookError

        def test_it(netns_start_mysqld):
            with pytest.raises(HookError, match="of conftest.py returned 'netns_start_mysqld', expected a ServerSpec"):
                netns_start_mysqld(bind_address="192.0.2.2/red")
    """
    suite(text, conftest=conftest).assert_outcomes(passed=1)


def test_hooks_of_a_project_that_loads_the_plugin_itself(suite: Suite) -> None:
    conftest = """
        pytest_plugins = ["pytest_netns_mysql.plugin"]

        def pytest_netns_server_spec(spec):
            return spec.changed({"max_connections": 19})
    """
    suite("project_hooks/plain", "-p", "no:netns_mysql", conftest=conftest).assert_outcomes(passed=2)


WRONG = {
    "server": (
        "def pytest_netns_server_spec(spec): return [spec.name]",
        "the hook pytest_netns_server_spec of conftest.py returned ['mysqld'], expected a ServerSpec or None",
        "do: return spec.changed({...}) or dataclasses.replace(spec, ...), or None for no change",
    ),
    "option": (
        "def pytest_netns_server_spec(spec): return spec.changed({'port': 'no'})",
        "*port = 'no'*",
        "where: *conftest.py, line 1, the hook pytest_netns_server_spec of conftest.py",
    ),
    "kind of value": (
        "import dataclasses\n"
        "def pytest_netns_server_spec(spec): return dataclasses.replace(spec, bind_address=5)",
        "ServerSpec(bind_address=5): it takes addr/ns as text: one, a comma list, or a list",
        "where: *conftest.py, line 2, the hook pytest_netns_server_spec of conftest.py",
    ),
    "name": (
        "import dataclasses\n"
        "def pytest_netns_server_spec(spec): return dataclasses.replace(spec, name='other')",
        "the hook pytest_netns_server_spec of conftest.py returned a ServerSpec with name = 'other', expected 'mysqld'",
        "do: leave name as it is: dataclasses.replace(spec, ...) keeps it",
    ),
    "exception": (
        "def pytest_netns_server_spec(spec): return 1 / 0",
        "the hook pytest_netns_server_spec of conftest.py failed: ZeroDivisionError: division by zero",
        "where: *conftest.py, line 1",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("conftest", "what", "detail"), WRONG.values(), ids=WRONG)
def test_a_wrong_hook_is_an_error_of_the_collection_that_names_it(
    suite: Suite, conftest: str, what: str, detail: str
) -> None:
    result = suite("def test_it(netns_mysqld): ...", conftest=conftest)
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines([f"*{what.replace('[', '[[]')}", f"*{detail}"])


WRONG_TOPOLOGY = {
    "topology": (
        "def pytest_netns_topology(topology): return 5",
        "the hook pytest_netns_topology of conftest.py returned 5, expected a Topology or None",
        "do: return dataclasses.replace(topology, ...), load(...) or from_mapping(...), or None for no change",
    ),
    "topology that breaks a rule": (
        "from pytest_netns_mysql import from_mapping\n"
        "def pytest_netns_topology(): return from_mapping({'namespaces': {'red': '192.0.2.300/24'}})",
        "*192.0.2.300*",
        "where: *by the hook pytest_netns_topology of conftest.py*",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("conftest", "what", "detail"), WRONG_TOPOLOGY.values(), ids=WRONG_TOPOLOGY)
def test_a_wrong_topology_stops_the_run(suite: Suite, conftest: str, what: str, detail: str) -> None:
    result = suite("def test_it(netns_mysqld): ...", "--netns-start=late", conftest=conftest)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([f"ERROR: {what}", f"*{detail}"])


def test_a_wrong_section_is_shown_in_its_place(suite: Suite) -> None:
    result = suite(
        "def test_it(netns): assert 0",
        conftest="def pytest_netns_report_sections(): return {'title': 'text'}",
    )
    result.assert_outcomes(failed=1)
    what = "the hook pytest_netns_report_sections of conftest.py returned {'title': 'text'}, expected a list of"
    result.stdout.fnmatch_lines(["*netns: error in pytest_netns_report_sections*", f"{what} (title, text), or None"])


@pytest.mark.parametrize("outcome", ["skip", "fail"])
def test_an_outcome_in_a_hook_of_the_report_ends_no_run(suite: Suite, outcome: str) -> None:
    result = suite(
        "def test_it(netns): assert 0",
        conftest=f"import pytest\ndef pytest_netns_report_sections(): pytest.{outcome}('not here')",
    )
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*netns: error in pytest_netns_report_sections*", "not here"])


def test_a_conftest_that_is_read_during_the_collection_is_refused(suite: Suite, pytester: pytest.Pytester) -> None:
    folder = pytester.mkpydir("below")
    (folder / "conftest.py").write_text("def pytest_netns_server_spec(): ...")
    (folder / "test_below.py").write_text("def test_it(netns_mysqld): ...")
    result = suite("def test_it(): ...")
    result.assert_outcomes(errors=1)
    conftest = "below/conftest.py comes too late: pytest reads this conftest.py while it collects"
    result.stdout.fnmatch_lines(
        [
            f"*the hook pytest_netns_server_spec of {conftest}",
            "*do: move the hook to the conftest.py beside the ini file, or to a plugin that -p or pytest_plugins loads",
        ]
    )


def test_a_conftest_adds_sections_to_the_tests_below_its_folder(suite: Suite, pytester: pytest.Pytester) -> None:
    folder = pytester.mkpydir("below")
    (folder / "conftest.py").write_text("def pytest_netns_report_sections(item): return [(item.name, 'a text')]")
    (folder / "test_below.py").write_text("def test_below(netns): assert 0")
    result = suite("def test_above(netns): assert 0")
    result.assert_outcomes(failed=2)
    assert [line.strip(" -") for line in result.outlines if "- netns: " in line] == ["netns: test_below"]
