"""The marker netns_leftovers: tests that build on each other, and what is put back when the last of them has ended."""

from __future__ import annotations

import pytest

from tests.support.suites import Suite

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("server", ["auto", "mariadb"])
def test_tests_of_a_class_build_on_each_other(suite: Suite, server: str, as_written: tuple[str, str]) -> None:
    result = suite(
        "keeping_leftovers/kept_in_a_class",
        f"--netns-mysqld={server}",
        "--netns-other-tests=allow",
        "--strict-markers",
        *as_written,
    )
    result.assert_outcomes(passed=11)


def test_leftovers_of_tests_that_build_on_each_other_fail_none_of_them(
    suite: Suite, as_written: tuple[str, str]
) -> None:
    result = suite(
        "keeping_leftovers/kept_in_a_class", "--netns-leftovers=fail", "--netns-other-tests=allow", *as_written
    )
    # test_before and the one behind the class; test_aside is marked.
    result.assert_outcomes(passed=11, errors=2)
    result.stdout.fnmatch_lines_random(
        ["  tried: mysqld: schema before_it is new", "  tried: mysqld: schema stray is new"]
    )


def test_a_module_is_put_back_even_if_its_last_test_is_skipped(suite: Suite) -> None:
    result = suite(
        "def test_nothing(): pass", test_a="keeping_leftovers/kept_in_a_module", test_b="keeping_leftovers/next_module"
    )
    result.assert_outcomes(passed=4, skipped=1)


def test_the_marker_overrides_the_setting(suite: Suite) -> None:
    result = suite("keeping_leftovers/kept_in_the_run", "--netns-leftovers=keep")
    result.assert_outcomes(passed=4, errors=1)
    result.stdout.fnmatch_lines(["  tried: mysqld: schema failed is new"])


def test_a_lock_that_a_kept_test_holds_is_named(suite: Suite) -> None:
    result = suite("keeping_leftovers/in_the_way")
    result.assert_outcomes(passed=4, errors=1)
    result.stdout.fnmatch_lines(
        [
            "LeftoverError: the accounts and schemas of the test could not be dropped",
            "  where: server mysqld",
            "  tried: connection * of 'root'@'localhost' holds SHARED_READ_ONLY on table global_schema.t; "
            "its last statement: LOCK TABLES global_schema.t READ",
        ]
    )


@pytest.mark.parametrize(
    ("arguments", "got"),
    [("'never'", "'never'"), ("", "nothing"), ("'keep', 'fail'", "'keep', 'fail'"), ("what='keep'", "what='keep'")],
    ids=["unknown", "none", "two", "named"],
)
def test_a_wrong_marker_is_an_error_at_collection(suite: Suite, arguments: str, got: str) -> None:
    result = suite(
        f"""
        import pytest

        @pytest.mark.netns_leftovers({arguments})
        class TestIt:
            def test_it(self, netns_mysqld):
                pass
        """
    )
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(
        [
            f"netns_leftovers takes one of reset, fail, keep, got {got}",
            "  where: @pytest.mark.netns_leftovers of test_inner.py::TestIt::test_it",
            "  do: write @pytest.mark.netns_leftovers(...) with one of 'reset', 'fail', 'keep'",
        ]
    )


def test_loadscope_runs_a_class_that_keeps_leftovers_in_one_worker(suite: Suite) -> None:
    suite("keeping_leftovers/grouped", "-n2", "--dist=loadscope").assert_outcomes(passed=12)


def test_loadgroup_runs_a_class_that_keeps_leftovers_in_one_worker(suite: Suite) -> None:
    suite("keeping_leftovers/in_a_group", "-n1", "--dist=loadgroup").assert_outcomes(passed=2)


def test_pytest_shows_the_marker(suite: Suite) -> None:
    result = suite("", "--markers")
    result.stdout.fnmatch_lines(["@pytest.mark.netns_leftovers(mode): *"])
