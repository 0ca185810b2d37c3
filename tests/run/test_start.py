"""The moment at which mysqld begins to boot, shown by processes and namespaces instead of times."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pytest_netns_mysql import settings
from pytest_netns_mysql.mysql.dialects.options import initial, merge
from pytest_netns_mysql.mysql.kinds.local import find
from pytest_netns_mysql.mysql.mysqld import template
from tests.support.suites import source

pytestmark = pytest.mark.slow
SUITE = source("start/noting")
CONFTEST = source("start/noting_conftest")
# Direct as root, rootless as an ordinary user: CI runs both.
MODES = pytest.mark.parametrize("mode", ["auto"])
Run = Callable[..., pytest.RunResult]
Facts = Callable[..., Any]


@pytest.fixture(scope="module", autouse=True)
def _server_and_template(_same_cache: None) -> None:
    """Fetch the server once before the tests: a run that fetches a server starts it late."""
    cache = settings.resolve(settings.environment).cache
    template.template(find("auto", cache=cache, progress=print), initial(merge()), cache=cache, progress=print)


@pytest.fixture
def run(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run pytest with its cache, in a process of its own, with warnings as errors."""
    monkeypatch.delenv("PYTEST_XDIST_WORKER", raising=False)
    pytester.makeconftest(CONFTEST)
    pytester.makepyfile(test_inner=SUITE)

    def runner(*arguments: str) -> pytest.RunResult:
        for file in pytester.path.glob("facts-*"):
            file.unlink()
        # Not by runpytest_subprocess, which makes each run's arguments different by a --basetemp.
        return pytester.run(sys.executable, "-mpytest", "-p", "no:asyncio", "-Werror", *arguments)

    return runner


@pytest.fixture
def facts(pytester: pytest.Pytester) -> Facts:
    """Return what an inner process noted."""

    def read(process: str = "main") -> Any:
        return json.loads((pytester.path / f"facts-{process}").read_text())

    return read


def servers(noted: dict[str, Any]) -> dict[str, int]:
    return {moment: len(seen["servers"]) for moment, seen in noted.items()}


AFTER_COLLECTION = {"import": 0, "collection": 0, "tests": 1, "plain": 1, "origin": 1}
BEFORE_CONFTESTS = {"import": 1, "collection": 1, "tests": 1, "plain": 1, "origin": 1}
WHEN_ASKED = {"import": 0, "collection": 0, "tests": 0, "plain": 0, "origin": 1}


@MODES
def test_the_server_starts_after_collection_and_in_the_next_run_before_conftests(
    run: Run, facts: Facts, mode: str
) -> None:
    host = [Path("/proc/self/ns", kind).stat().st_ino for kind in ("net", "mnt")]
    for expected in (AFTER_COLLECTION, BEFORE_CONFTESTS, BEFORE_CONFTESTS):
        run(f"--netns-mode={mode}").assert_outcomes(passed=2)
        noted = facts()
        assert servers(noted) == expected
        assert [moment for moment, seen in noted.items() if seen["place"] != host] == ["origin"]
        assert all(seen["threads"] == 1 for seen in noted.values())
        assert len({seen["directory"] for seen in noted.values()}) == 1


@MODES
def test_late_starts_the_server_when_a_test_asks(run: Run, facts: Facts, mode: str) -> None:
    run(f"--netns-mode={mode}").assert_outcomes(passed=2)
    for _ in range(2):
        run(f"--netns-mode={mode}", "--netns-start=late").assert_outcomes(passed=2)
        assert servers(facts()) == WHEN_ASKED


@pytest.mark.as_user
@MODES
def test_early_starts_the_server_even_in_a_first_run(run: Run, facts: Facts, mode: str) -> None:
    run(f"--netns-mode={mode}", "--netns-start=early", "-p", "no:cacheprovider").assert_outcomes(passed=2)
    assert servers(facts()) == BEFORE_CONFTESTS


def test_without_a_cache_the_server_starts_after_collection(run: Run, facts: Facts, pytester: pytest.Pytester) -> None:
    for _ in range(2):
        run("-p", "no:cacheprovider").assert_outcomes(passed=2)
        assert servers(facts()) == AFTER_COLLECTION
    assert not (pytester.path / ".pytest_cache").exists()


def test_the_cache_may_lie_elsewhere(run: Run, facts: Facts, pytester: pytest.Pytester) -> None:
    pytester.makeini("[pytest]\ncache_dir = elsewhere\n")
    for expected in (AFTER_COLLECTION, BEFORE_CONFTESTS):
        run().assert_outcomes(passed=2)
        assert servers(facts()) == expected
    run("--cache-clear").assert_outcomes(passed=2)
    assert servers(facts()) == AFTER_COLLECTION


def test_a_remembered_file_is_known_by_its_path_and_by_its_folder(
    run: Run, facts: Facts, pytester: pytest.Pytester
) -> None:
    pytester.mkdir("below").joinpath("test_other.py").write_text("def test_nothing(): pass\n")
    run().assert_outcomes(passed=3)
    for arguments, at_import in [
        (["test_inner.py::test_origin"], 1),
        ([str(pytester.path / "test_inner.py")], 1),
        (["below", "."], 1),
        (["below"], 0),
        (["below/test_other.py"], 0),
    ]:
        run(*arguments)
        assert servers(facts())["import"] == at_import, arguments


@MODES
def test_a_server_that_no_test_needs_is_ended_and_not_started_early_again(run: Run, facts: Facts, mode: str) -> None:
    run(f"--netns-mode={mode}").assert_outcomes(passed=2)
    for at_import in (1, 0, 0):
        run(f"--netns-mode={mode}", "-k", "plain").assert_outcomes(passed=1, deselected=1)
        assert servers(facts()) == {"import": at_import, "collection": at_import, "tests": 0, "plain": 0}
    run(f"--netns-mode={mode}", "-k", "origin").assert_outcomes(passed=1, deselected=1)
    assert servers(facts())["import"] == 1


def test_a_server_is_started_early_again_once_tests_need_it(run: Run, facts: Facts, pytester: pytest.Pytester) -> None:
    run().assert_outcomes(passed=2)
    without = SUITE.partition("@pytest.mark")[0]
    for text, at_import in [(without, 1), (without, 0), (SUITE, 0), (SUITE, 1)]:
        pytester.makepyfile(test_inner=text)
        assert run().ret == 0
        assert servers(facts())["import"] == at_import


@pytest.mark.parametrize("start", ["auto", "early"])
def test_a_run_without_tests_starts_no_server(run: Run, facts: Facts, start: str) -> None:
    run(f"--netns-start={start}").assert_outcomes(passed=2)
    for arguments in [
        *(["--collect-only"], ["--fixtures"], ["--fixtures-per-test"], ["--markers"], ["--help"], ["--cache-show"]),
        *(["--setup-plan"], ["--netns-topology"], ["--netns-topology", "test_inner.py"]),
    ]:
        assert run(f"--netns-start={start}", *arguments).ret == 0
        assert set(servers(facts()).values()) == {0}, arguments


def test_a_run_with_collection_errors_starts_no_server_and_is_not_remembered(
    run: Run, facts: Facts, pytester: pytest.Pytester
) -> None:
    broken = pytester.path / "test_zoo.py"
    broken.write_text("import no_such_module\n")
    for _ in range(2):
        run().assert_outcomes(errors=1)
        assert set(servers(facts()).values()) == {0}
    broken.unlink()
    run().assert_outcomes(passed=2)
    broken.write_text("import no_such_module\n")
    for _ in range(2):
        run().assert_outcomes(errors=1)
        assert servers(facts())["import"] == 1


@MODES
def test_each_worker_starts_a_server_and_the_controller_none(run: Run, facts: Facts, mode: str) -> None:
    for before in (0, 1):
        run(f"--netns-mode={mode}", "-n", "2").assert_outcomes(passed=2)
        assert set(servers(facts("main")).values()) == {0}
        noted = [facts(f"gw{number}") for number in range(2)]
        assert [servers(one)["import"] for one in noted] == [0, 0]  # until then a worker does not know that it is one
        assert [servers(one)["collection"] for one in noted] == [before, before]
        assert [servers(one)["tests"] for one in noted] == [1, 1]
        assert noted[0]["tests"]["servers"] != noted[1]["tests"]["servers"]


def test_the_variables_of_a_worker_do_not_mislead_a_run_inside_it(
    run: Run, facts: Facts, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTEST_XDIST_WORKER", "gw5")
    for expected in (AFTER_COLLECTION, BEFORE_CONFTESTS):
        run().assert_outcomes(passed=2)
        assert servers(facts("gw5")) == expected


@MODES
def test_an_error_of_an_early_start_is_reported_by_the_test(
    run: Run, facts: Facts, pytester: pytest.Pytester, mode: str
) -> None:
    (pytester.path / "netns-topology.toml").write_text(
        '[namespaces]\nred = "192.0.2.2/24"\n[mysqld]\noptions = { no_such_option = 1 }\n'
    )
    told = []
    for start in ("late", "auto", "auto", "early"):
        result = run(f"--netns-mode={mode}", f"--netns-start={start}")
        result.assert_outcomes(passed=1, errors=1)
        result.stdout.fnmatch_lines(
            ["*ServerStartError: mysqld did not come up: it ended with exit code *", "*unknown variable*"]
        )
        result.stderr.no_fnmatch_line("*?*")
        told.append(next(line for line in result.stdout.lines if "did not come up" in line))
    assert len(set(told)) == 1


def test_a_wrong_setting_is_reported_as_without_an_early_start(run: Run) -> None:
    run("--netns-start=early", "--netns-topology=no-such").stderr.fnmatch_lines(
        ["ERROR: there is no topology 'no-such'"]
    )
    run("--netns-start=early", "--netns-mysqld=/no/such").stderr.fnmatch_lines(["ERROR: /no/such does not exist"])
    run("--netns-start=soon").stderr.fnmatch_lines(
        [
            "ERROR: netns_start = 'soon': it must be one of auto, early, late",
            "  where: command line --netns-start",
            "  do: write one of these, or leave the setting out for auto",
        ]
    )


@pytest.mark.parametrize(
    "override",
    [
        "from pytest_netns_mysql import factories\nnetns_mysqld = factories.mysqld()\n",
        "import pytest\n@pytest.fixture(scope='session')\ndef netns_topology():\n"
        "    from pytest_netns_mysql import load\n    return load('red-blue')\n",
    ],
    ids=["netns_mysqld", "netns_topology"],
)
def test_an_overridden_netns_mysqld_is_not_started_early(
    run: Run, facts: Facts, pytester: pytest.Pytester, override: str
) -> None:
    (pytester.path / "conftest.py").write_text(f"{override}\n{(pytester.path / 'conftest.py').read_text()}")
    for _ in range(2):
        run().assert_outcomes(passed=2)
        assert servers(facts()) == WHEN_ASKED


@MODES
def test_the_server_of_the_first_topology_is_started_early(run: Run, facts: Facts, mode: str) -> None:
    for expected in (AFTER_COLLECTION, BEFORE_CONFTESTS):
        run(f"--netns-mode={mode}", "--netns-topology=isolated,red-blue").assert_outcomes(passed=3)
        assert servers(facts()) == {**expected, "origin": 2}


@MODES
def test_a_server_started_without_x_plugin_is_replaced_if_a_test_needs_it(
    run: Run, facts: Facts, pytester: pytest.Pytester, mode: str
) -> None:
    run(f"--netns-mode={mode}").assert_outcomes(passed=2)
    pytester.makepyfile(
        test_inner=SUITE.replace("netns_mysql", "netns_mysqlx").replace("    with", "    return\n    with")
    )
    for is_kept in (False, True):
        run(f"--netns-mode={mode}").assert_outcomes(passed=2)
        noted = facts()
        assert servers(noted) == BEFORE_CONFTESTS
        assert (noted["import"]["servers"] == noted["origin"]["servers"]) == is_kept


def test_an_error_in_a_conftest_leaves_no_server_behind(run: Run, pytester: pytest.Pytester) -> None:
    """Where pytest is called by a program that goes on, the end of the process would come too late."""
    run().assert_outcomes(passed=2)
    pytester.makeconftest(f"{CONFTEST}\nassert FACTS['import']['servers']\nraise OSError('broken')\n")
    program = """
        import pathlib, pytest
        print(int(pytest.main(["-p", "no:asyncio"])))
        print("left:", pathlib.Path("/proc/thread-self/children").read_text().split())
    """
    (pytester.path / "program.py").write_text("\n".join(line.strip() for line in program.splitlines()))
    result = subprocess.run([sys.executable, "program.py"], cwd=pytester.path, capture_output=True, text=True)
    assert "OSError: broken" in result.stderr + result.stdout
    assert result.stdout.splitlines()[-2:] == ["4", "left: []"]
