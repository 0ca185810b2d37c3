"""Where hooks of other plugins run before, between and after netns tests, whatever the tests do."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.support.suites import InnerRun, Suite

pytestmark = pytest.mark.as_user

MODES = pytest.mark.parametrize("mode", ["auto", "rootless"])


class Noted:
    """Runs suites whose hooks note where they run, and checks that no hook ran in a namespace of a test."""

    def __init__(self, suite: Suite, file: Path, monkeypatch: pytest.MonkeyPatch, *, is_root: bool) -> None:
        self._suite = suite
        self._file = file
        self._is_root = is_root
        monkeypatch.setenv("PLACES", str(file))

    def __call__(self, name: str, mode: str, *arguments: str, **files: str) -> InnerRun:
        """Run a suite in a mode of the sandbox."""
        options = f"--netns-mode={mode}", "-Wdefault", *arguments
        result = self._suite(f"between_tests/{name}", *options, conftest="between_tests/noting", **files)
        places = json.loads(self._file.read_text())
        (_, home), *others = ((hook, there) for hook, there in places)
        assert len(others) > 10
        elsewhere = [(hook, there) for hook, there in others if there != home]
        if self._is_root and mode == "auto":
            assert elsewhere == []
        else:
            # Only at the first netns test is the process moved to where it then stands between all tests.
            resting = elsewhere[0][1]
            assert elsewhere == [(hook, resting) for hook, _ in elsewhere]
            assert others[-len(elsewhere) :] == elsewhere
            assert resting[2:] == home[2:]
        return result


@pytest.fixture
def noted(suite: Suite, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, is_root: bool) -> Noted:
    """A runner of suites that checks where hooks ran."""
    return Noted(suite, tmp_path / "places.json", monkeypatch, is_root=is_root)


@MODES
def test_hooks_between_tests_of_the_same_namespace_run_outside_of_it(noted: Noted, mode: str) -> None:
    noted("ordinary", mode).assert_outcomes(passed=7)


@MODES
def test_hooks_run_outside_after_a_failure_in_every_phase(noted: Noted, mode: str) -> None:
    noted("failing", mode).assert_outcomes(passed=3, failed=1, errors=2, skipped=1, warnings=1)


def test_a_test_that_leaves_its_network_namespace_moves_no_other_test_and_no_hook(noted: Noted) -> None:
    noted("moves_itself", "rootless", "-k", "not leave_mounts").assert_outcomes(passed=5, deselected=3)


@pytest.mark.root
def test_a_test_that_leaves_both_namespaces_moves_no_other_test_and_no_hook(noted: Noted) -> None:
    noted("moves_itself", "auto").assert_outcomes(passed=8)


@MODES
def test_an_interrupted_test_is_torn_down_in_its_namespace_and_hooks_run_outside(noted: Noted, mode: str) -> None:
    result = noted("interrupted", mode, "-s")
    assert result.ret == pytest.ExitCode.INTERRUPTED
    assert result.outlines.count("torn down in red") + result.stdout.str().count(".torn down in red") == 2


@MODES
def test_a_test_that_is_run_again_runs_in_its_namespace_each_time(noted: Noted, mode: str) -> None:
    noted("flaky", mode, "-p", "rerunning", rerunning="between_tests/rerunning").assert_outcomes(passed=1)


@pytest.mark.parametrize(
    ("mode", "arguments"),
    [pytest.param("auto", (), marks=pytest.mark.root), ("rootless", ("-k", "not host"))],
)
def test_a_hook_that_moves_the_thread_moves_no_test(suite: Suite, mode: str, arguments: tuple[str, ...]) -> None:
    options = f"--netns-mode={mode}", *arguments
    result = suite("between_tests/alternating", *options, conftest="between_tests/wandering")
    assert result.parseoutcomes().get("passed") == (3 if arguments else 5)
    assert result.ret == 0


def test_the_capabilities_of_the_process_are_not_asked_for_each_test(suite: Suite) -> None:
    suite("between_tests/counted", "-p", "no:randomly").assert_outcomes(passed=101)
