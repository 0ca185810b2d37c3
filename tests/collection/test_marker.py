"""The netns marker: where a test runs, and the errors for wrong arguments."""

from __future__ import annotations

import pytest

from tests.support.suites import Suite, source

pytestmark = [pytest.mark.as_user, pytest.mark.oldest_python]


def test_a_test_runs_where_its_nearest_marker_says(suite: Suite) -> None:
    result = suite("marker/nearest_marker")
    result.assert_outcomes(passed=5)


def test_a_module_is_marked_by_pytestmark(suite: Suite) -> None:
    result = suite("marker/module")
    result.assert_outcomes(passed=1)


def test_several_names_run_the_test_once_in_each(suite: Suite) -> None:
    result = suite(
        "marker/several_names",
        "-v",
    )
    result.assert_outcomes(passed=6)
    result.stdout.fnmatch_lines_random(["*::test_everywhere?red-1? PASSED*", "*::test_everywhere?blue-2? PASSED*"])


@pytest.mark.parametrize("mode", ["auto", "rootless"])
def test_a_marker_on_one_parameter_does_not_mark_the_others(suite: Suite, mode: str) -> None:
    result = suite(
        "marker/one_parameter",
        f"--netns-mode={mode}",
    )
    result.assert_outcomes(passed=3)


def test_a_plugin_may_add_the_marker_after_collection(suite: Suite) -> None:
    result = suite("marker/added_late", "-n", "1", "--dist=loadgroup", conftest="marker/adding")
    result.assert_outcomes(passed=2)


@pytest.mark.parametrize("mode", ["auto", "rootless"])
def test_fixtures_of_pytest_serve_a_test_in_a_namespace(suite: Suite, mode: str) -> None:
    result = suite("marker/fixtures_of_pytest", f"--netns-mode={mode}")
    result.assert_outcomes(passed=3)


def test_several_names_on_a_class_run_each_method_in_each(suite: Suite) -> None:
    result = suite("marker/class_in_several")
    result.assert_outcomes(passed=4)


def test_a_unittest_case_runs_in_its_namespace(suite: Suite) -> None:
    result = suite("marker/unittest_case")
    result.assert_outcomes(passed=1)


@pytest.mark.parametrize("workers", ["0", "2"])
def test_several_names_on_a_unittest_case_are_refused(suite: Suite, workers: str) -> None:
    """It fails before anything is set up for it, and the other tests run."""
    result = suite(
        "marker/unittest_in_several",
        "-n",
        workers,
        "--netns-mode=auto",
    )
    result.assert_outcomes(errors=1, passed=1)
    result.stdout.fnmatch_lines(
        [
            "a test that cannot be parametrized, such as a unittest.TestCase's, cannot run in each of red, blue",
            "  where: @pytest.mark.netns of test_inner.py::Case::test_it",
            "  do: name one namespace",
        ]
    )


def test_an_unknown_name_is_a_collection_error_that_lists_the_known_ones(suite: Suite) -> None:
    result = suite("import pytest\n@pytest.mark.netns('rad')\ndef test_it(): pass\n")
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(
        [
            "*ERROR collecting test_inner.py*",
            "there is no namespace 'rad'",
            "  where: @pytest.mark.netns of test_inner.py::test_it",
            "  tried: topology red-blue (preset red-blue) has red, blue, global",
            "  do: write 'red'",
        ]
    )


def test_an_unknown_name_on_a_unittest_case_is_refused_too(suite: Suite) -> None:
    result = suite("marker/unittest_unknown")
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["there is no namespace 'green'", "*has red, blue, global"])


@pytest.mark.parametrize(
    ("marker", "told"),
    [
        ("netns(1)", "netns() takes namespace names, got 1"),
        ("netns(name='red')", "netns() takes names and topology=, got name="),
        ("netns('red', 'red')", "netns() has red twice"),
        ("netns(['red', 'blue'])", "netns() takes namespace names, got ['red', 'blue']"),
    ],
)
def test_other_arguments_are_collection_errors(suite: Suite, marker: str, told: str) -> None:
    result = suite(f"import pytest\n@pytest.mark.{marker}\ndef test_it(): pass\n")
    result.assert_outcomes(errors=1)
    assert told in result.stdout.lines
    result.stdout.fnmatch_lines(["  where: @pytest.mark.netns of test_inner.py::test_it", "  do: *name*"])


def test_function_scoped_fixtures_run_in_the_namespace_and_wider_ones_outside(
    suite: Suite, is_root: bool, as_written: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RESTING", "host" if is_root else "sandbox")
    result = suite(
        "marker/fixtures",
        *([] if is_root else ["--netns-other-tests=allow", *as_written]),
    )
    result.assert_outcomes(passed=2)


def test_an_async_test_and_its_fixtures_run_in_the_namespace(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(source("marker/async_fixtures"))
    result = pytester.runpytest_subprocess(
        "-p", "pytest_asyncio.plugin", "-o", "asyncio_default_fixture_loop_scope=function", "-Werror"
    )
    result.assert_outcomes(passed=1)


def test_the_marker_is_registered(suite: Suite) -> None:
    result = suite("", "--markers")
    result.stdout.fnmatch_lines(
        ["@pytest.mark.netns(?names, topology=None): run the test once in each of these network namespaces*"]
    )


def test_a_marked_test_needs_no_fixture_and_sees_what_ip_netns_shows(suite: Suite) -> None:
    result = suite("marker/ip_netns")
    result.assert_outcomes(passed=1)
