"""The files of --netns-report: what is in them, and that no end of a run leaves half a file."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import msgspec
import pytest
from pcapng import FileScanner

from pytest_netns_mysql.report import jsonfile
from pytest_netns_mysql.report.reportdata import RunReport, TestReport
from pytest_netns_mysql.run.reportwriting import ReportWriter
from tests.support import reportdata
from tests.support.suites import InnerRun, Suite


def read(folder: Path, name: str = "report.json") -> RunReport:
    return jsonfile.load((folder / name).read_bytes())


def by_name(run: RunReport) -> dict[str, TestReport]:
    return {test.nodeid.partition("::")[2]: test for test in run.tests}


def lines(result: InnerRun) -> list[str]:
    return [line for line in result.outlines if line.startswith("netns report: ")]


@pytest.mark.as_user
@pytest.mark.parametrize("workers", [(), ("-n", "2")], ids=["one process", "xdist"])
def test_a_run_leaves_the_reports_of_its_netns_tests(
    suite: Suite, pytester: pytest.Pytester, workers: tuple[str, ...]
) -> None:
    result = suite("reportfiles/outcomes", "--netns-report=report.json,new/report.html,report.md", *workers)
    result.assert_outcomes(passed=4, failed=2, skipped=1, errors=1)
    assert lines(result) == [
        f"netns report: {pytester.path / name}" for name in ("report.json", "new/report.html", "report.md")
    ]
    run = read(pytester.path)
    tests = by_name(run)
    assert set(tests) == {
        *(
            "test_passes[red]",
            "test_passes[blue]",
            "test_fails",
            "test_skips",
            "test_fails_twice",
            "test_elsewhere[isolated]",
        ),
    }
    assert {name: test.outcome for name, test in tests.items() if test.outcome != "failed"} == {
        "test_passes[red]": "passed",
        "test_passes[blue]": "passed",
        "test_skips": "skipped",
        "test_elsewhere[isolated]": "passed",
    }
    assert tests["test_skips"].error == "Skipped: not today"
    assert [test.phase for test in run.tests if test.nodeid.endswith("test_fails_twice")] == ["call", "teardown"]
    (failed,) = [attempt for attempt in tests["test_fails"].connections if attempt.failed_test]
    assert (failed.namespace, failed.user) == ("blue", "nobody")
    passed = tests["test_passes[blue]"]
    assert (passed.place.namespace, passed.place.topology) == ("blue", "red-blue")
    assert [(attempt.namespace, attempt.error) for attempt in passed.connections] == [("blue", "")]
    assert set(run.topologies) == {"red-blue", "isolated"}
    assert run.colours["red-blue"]["red"] == "#b83a3a"
    assert run.versions["mysqld"].startswith("MySQL ")
    assert all(run.began <= test.began <= run.began + run.duration for test in run.tests)
    assert "<h1>2 of 6 netns tests failed</h1>" in (pytester.path / "new/report.html").read_text()
    assert (pytester.path / "report.md").read_text().startswith("## :x: 2 of 6 netns tests failed\n")


def test_the_packets_of_a_test_that_passed_are_in_its_report(suite: Suite, pytester: pytest.Pytester) -> None:
    suite("reportfiles/outcomes", "--netns-report=report.json", "--netns-capture=all", "-k", "passes and red")
    (test,) = read(pytester.path).tests
    assert Path(test.files["packets"]).suffix == ".pcapng"
    assert Path(test.files["packets"]).is_file()


def test_a_run_without_netns_tests_leaves_an_empty_report(suite: Suite, pytester: pytest.Pytester) -> None:
    suite("reportfiles/plain", "--netns-report=report.json").assert_outcomes(passed=1)
    assert read(pytester.path).tests == ()


@pytest.mark.parametrize("option", ["--collect-only", "--netns-topology", "--fixtures"])
def test_nothing_is_written_where_no_test_is_to_run(suite: Suite, pytester: pytest.Pytester, option: str) -> None:
    assert suite("reportfiles/plain", "--netns-report=report.json", option).ret == 0
    assert not (pytester.path / "report.json").exists()


def test_ctrl_c_leaves_the_report_of_what_ran(
    suite: Suite, pytester: pytest.Pytester, as_written: tuple[str, str]
) -> None:
    result = suite("reportfiles/interrupted", "--netns-report=report.json", *as_written)
    assert result.ret == pytest.ExitCode.INTERRUPTED
    run = read(pytester.path)
    assert [test.error for test in run.tests] == ["ValueError: before Ctrl-C"]
    assert run.remarks == ("The run was interrupted: Ctrl-C.",)


def test_a_worker_that_crashes_is_in_the_report(
    suite: Suite, pytester: pytest.Pytester, as_written: tuple[str, str]
) -> None:
    suite("reportfiles/worker_crash", "--netns-report=report.json", "-n", "1", *as_written)
    run = read(pytester.path)
    assert [test.error for test in run.tests] == ["ValueError: before the crash"]
    assert "worker 'gw0' crashed while running 'test_inner.py::test_crashes'" in run.remarks


def test_a_test_that_is_run_again_is_what_it_is_in_the_end(tmp_path: Path) -> None:
    writer = ReportWriter([tmp_path / "report.json"], None)
    for outcome in ("rerun", "passed"):
        report = pytest.TestReport("test_it", ("test_it.py", 1, "test_it"), {}, "passed", None, "call")
        report.outcome = outcome  # type: ignore[assignment] # as pytest-rerunfailures does
        found = replace(reportdata.passed(), outcome="failed" if outcome == "rerun" else "passed")
        report.netns_report = msgspec.to_builtins(found)  # type: ignore[attr-defined]
        writer.pytest_runtest_logreport(report)
    writer.write()
    run = read(tmp_path)
    assert [test.outcome for test in run.tests] == ["passed"]
    assert run.remarks == ("test_it failed and was run again.",)


def test_tests_that_are_expected_to_fail_say_why(suite: Suite, pytester: pytest.Pytester) -> None:
    text = """
        import pytest

        @pytest.mark.netns("red")
        @pytest.mark.xfail(reason="not yet", strict=False)
        @pytest.mark.parametrize("wrong", [1, 0])
        def test_it(netns, wrong):
            assert not wrong
    """
    suite(text, "--netns-report=report.json").assert_outcomes(xfailed=1, xpassed=1)
    found = [(test.outcome, test.error) for test in read(pytester.path).tests]
    assert found == [("skipped", "expected to fail: not yet"), ("passed", "")]


def test_modules_that_cannot_be_collected_are_in_the_report(suite: Suite, pytester: pytest.Pytester) -> None:
    text = """
        import pytest

        @pytest.mark.netns("green")
        def test_it(netns):
            pass
    """
    suite(text, "--netns-report=report.json", test_other="import nothing_of_this_name")
    assert read(pytester.path).remarks == (
        "test_inner.py could not be collected: there is no namespace 'green'.",
        "test_other.py could not be collected: ModuleNotFoundError: No module named 'nothing_of_this_name'.",
        "The run was interrupted: 2 errors during collection.",
    )


def test_an_internal_error_leaves_the_report_of_what_ran(
    suite: Suite, pytester: pytest.Pytester, as_written: tuple[str, str]
) -> None:
    broken = """
        def pytest_runtest_logstart(nodeid):
            if "interrupted" in nodeid:
                raise RuntimeError("of a plugin")
    """
    suite.write("reportfiles/interrupted", broken=broken)
    result = suite.run("-p", "broken", "--netns-report=report.json", *as_written)
    assert result.ret == pytest.ExitCode.INTERNAL_ERROR
    run = read(pytester.path)
    assert [test.error for test in run.tests] == ["ValueError: before Ctrl-C"]
    assert run.remarks == ("The run ended by an internal error: RuntimeError: of a plugin.",)


def test_a_run_that_stops_early_says_so(suite: Suite, pytester: pytest.Pytester) -> None:
    suite("reportfiles/interrupted", "--netns-report=report.json", "-x", "-k", "test_ends or passes")
    (remark,) = read(pytester.path).remarks
    assert remark == "The run was stopped: stopping after 1 failures."


def test_a_file_that_cannot_be_written_in_the_end_fails_no_run(suite: Suite, pytester: pytest.Pytester) -> None:
    (pytester.path / "reports").mkdir()
    result = suite("reportfiles/unwritable", "--netns-report=reports/report.html,report.json")
    result.assert_outcomes(passed=1)
    assert lines(result) == [
        f"netns report: {pytester.path}/reports/report.html could not be written: File exists",
        f"netns report: {pytester.path}/report.json",
    ]


def test_a_new_report_replaces_the_old_one_and_leaves_nothing_else(suite: Suite, pytester: pytest.Pytester) -> None:
    link, target = pytester.path / "report.json", pytester.path / "elsewhere.json"
    target.write_text("old")
    link.symlink_to(target)
    suite("reportfiles/plain", "--netns-report=report.json").assert_outcomes(passed=1)
    assert read(pytester.path, "elsewhere.json").tests == ()
    assert link.is_symlink()
    assert [file.name for file in pytester.path.iterdir() if file.name.startswith(".")] == []


@pytest.mark.as_user
@pytest.mark.parametrize(
    ("value", "error"),
    [
        (
            "report.txt",
            "netns_report = 'report.txt': the suffix must be .html, .json or .md\n"
            "  where: command line --netns-report\n"
            "  do: write report.html, for example, or report.html,report.json for two files",
        ),
        ("a.json,report", "netns_report = 'a.json,report': report: the suffix must be .html, .json or .md"),
        ("folder.html", "netns_report = 'folder.html': it is a folder"),
        ("file/report.md", "netns_report: {folder}/file/report.md cannot be written\n"),
        ("/proc/report.md", "netns_report: /proc/report.md cannot be written\n"),
    ],
)
def test_a_file_that_cannot_be_is_one_error_before_the_run(
    suite: Suite, pytester: pytest.Pytester, value: str, error: str
) -> None:
    (pytester.path / "folder.html").mkdir()
    (pytester.path / "file").write_text("")
    result = suite("reportfiles/plain", f"--netns-report={value}")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert error.format(folder=pytester.path) in result.stderr.str()
    assert result.stderr.str().count("netns_report") == 1


def test_without_jinja2_the_error_names_the_extra(suite: Suite) -> None:
    files = {"without_jinja2": "reportfiles/without_jinja2"}
    suite.write("reportfiles/plain", **files)
    result = suite.run("-p", "without_jinja2", "--netns-report=report.html")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(
        [
            "*netns_report: */report.html needs Jinja2, which is not installed",
            "  where: command line --netns-report",
            "  do: pip install 'pytest-netns-mysql[[]report[]]'",
        ]
    )
    assert suite.run("-p", "without_jinja2", "--netns-report=report.json").ret == 0


def test_a_path_in_the_ini_file_starts_from_its_folder(suite: Suite, pytester: pytest.Pytester) -> None:
    pytester.makeini("[pytest]\nnetns_report = out/a.json, b.json\n")
    suite.write("reportfiles/plain")
    below = pytester.mkdir("below")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(below)
        suite.run("..").assert_outcomes(passed=1)
    assert read(pytester.path, "out/a.json") == read(pytester.path, "b.json")


def test_the_environment_can_name_the_file(
    suite: Suite, pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NETNS_REPORT", "report.json")
    suite("reportfiles/plain").assert_outcomes(passed=1)
    assert read(pytester.path).tests == ()


def test_a_frozen_clock_changes_no_time_of_a_report(suite: Suite, pytester: pytest.Pytester) -> None:
    result = suite("report/frozen", "--netns-report=report.json", "--netns-capture=failed")
    result.assert_outcomes(failed=1, passed=1)
    run = read(pytester.path)
    test, passed = run.tests
    assert 0 < passed.duration < run.duration
    times = [event.at for event in test.timeline]
    times += [statement.at for statement in test.statements if statement.at is not None]
    assert len(times) == len(test.timeline) + len(test.statements)
    times += [attempt.at for attempt in test.connections] + [fault.began for fault in test.faults]
    times += [fault.ended for fault in test.faults if fault.ended is not None]
    assert len(test.faults) == 2
    assert len(test.connections) >= 2
    assert "SELECT 'in the frozen time'" in [statement.text for statement in test.statements]
    assert [at for at in (*times, test.began) if not run.began <= at <= run.began + run.duration] == []
    (capture,) = (pytester.path / "netns-captures").glob("*.pcapng")
    with capture.open("rb") as stream:
        comment = str(next(iter(FileScanner(stream))).options["opt_comment"])
    moments = [line.split(" s: ") for line in comment.splitlines() if " s: " in line]
    assert [float(at) for at, _ in moments] == sorted(float(at) for at, _ in moments)
    assert [what.partition(":")[0].partition(",")[0] for _, what in moments][:5] == [
        "the test begins",
        "fault",
        "fault healed",
        "fault",
        "call failed",
    ]
    assert test.duration < run.duration
