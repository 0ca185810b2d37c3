"""The report of a run as Markdown."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pytest_netns_mysql.report.markdown import write
from pytest_netns_mysql.report.reportdata import Explanation, RunReport
from tests.support import reportdata

pytestmark = pytest.mark.oldest_python


def many(count: int) -> RunReport:
    tests = (replace(reportdata.denied(), nodeid=f"test_it.py::test_{number}") for number in range(count))
    return reportdata.run(*tests)


def test_failures_are_explained() -> None:
    text = write(reportdata.run())
    assert text.startswith("## :x: 2 of 8 netns tests failed\n")
    assert "\n**No account of the user 'app' matches a client from 198.51.100.2.**\n" in text
    assert "\nWhat would have made it succeed:\n\n- CREATE USER 'app'@'198.51.100.%' IDENTIFIED BY ...\n" in text
    assert (
        "Failed after 361 ms, in <code>blue</code> (198.51.100.2/24), topology red-blue, netns&#95;mysqld: My" in text
    )
    assert "Failed in setup after 2.4 s" in text
    assert (
        "\n| :x: | <code>tests/access/test&#95;failover.py::test&#95;blue&#95;survives</code> | <code>blue</code> |"
        in text
    )


def test_topologies_are_mermaid_diagrams() -> None:
    text = write(reportdata.run())
    assert "\n```mermaid\n---\ntitle: " in text
    assert text.count("```") == 2


def test_a_run_that_passed_has_no_table() -> None:
    text = write(reportdata.run(reportdata.passed()))
    assert text.startswith("## :white_check_mark: The netns test passed\n")
    assert "| test |" not in text


def test_texts_of_a_test_never_become_markdown() -> None:
    hostile = "# a | b\n- [x](http://evil.example) <b>*_`@user`_*</b> ![i](www.evil.example) $x$ ~~~"
    test = replace(reportdata.denied(), nodeid=hostile, error=hostile, explanation=Explanation(hostile, (hostile,)))
    text = write(reportdata.run(test))
    (row,) = [line for line in text.splitlines() if line.startswith("| :x:")]
    assert row.count("|") == 5
    own, _, _ = text.partition("```mermaid")
    assert [sign for sign in ("http://", "www.", "<b>", "[x]", "@user", "$x$", "~~~", "`") if sign in own] == []


@pytest.mark.parametrize("longest", [300, 2_000, 20_000, 1_048_576])
def test_what_does_not_fit_is_left_out_whole(longest: int) -> None:
    text = write(many(2_000), longest)
    assert len(text.encode()) <= longest
    assert text.endswith(("more tests do not fit here._\n", "more failures do not fit here._\n"))
    assert text.count("```") % 2 == 0


def test_an_outcome_that_does_not_fit_is_an_error() -> None:
    with pytest.raises(ValueError, match="the outcome of the run does not fit into 100 bytes"):
        write(many(1), 100)
