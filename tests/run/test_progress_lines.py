"""Lines about what takes long: each is on a line of its own, whatever pytest writes around it."""

from __future__ import annotations

import pytest

from tests.support.suites import Suite

FORMS = {"plain": [], "quiet": ["-q"], "workers": ["-n", "2"]}


@pytest.mark.as_user
@pytest.mark.parametrize("form", FORMS)
def test_each_line_is_shown_and_begins_a_line(suite: Suite, form: str) -> None:
    result = suite("progress_lines/telling", *FORMS[form])
    result.assert_outcomes(passed=3)
    shown = [line for line in result.outlines if "netns-mysql: " in line]
    assert sorted(shown) == [f"netns-mysql: line {number}" for number in range(3)]
    assert not any("what a test prints" in line for line in result.outlines)


def test_without_a_terminal_reporter_a_line_goes_past_the_capturing(suite: Suite, pytester: pytest.Pytester) -> None:
    suite.write("progress_lines/telling")
    result = pytester.runpytest_subprocess("-p", "no:terminal")
    assert result.ret == 0
    shown = [line for line in result.stderr.lines if "netns-mysql: " in line]
    assert shown == [f"netns-mysql: line {number}" for number in range(3)]
