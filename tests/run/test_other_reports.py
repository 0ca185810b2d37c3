"""What other reports show of netns tests: JUnit's file, pytest-html, the summary of GitHub Actions."""

from __future__ import annotations

import base64
import html
import json
import re
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest

from tests.support.suites import Suite


def properties(file: Path) -> dict[str, dict[str, str]]:
    """Return the properties of each test in JUnit's file."""
    return {
        case.attrib["name"]: {one.attrib["name"]: one.attrib["value"] for one in case.iter("property")}
        for case in ElementTree.parse(file).iter("testcase")
    }


@pytest.mark.as_user
@pytest.mark.oldest_python
@pytest.mark.parametrize("workers", [(), ("-n", "1")], ids=["one process", "xdist"])
def test_junit_has_properties_of_netns_tests(suite: Suite, pytester: pytest.Pytester, workers: tuple[str, ...]) -> None:
    suite("reportfiles/outcomes", "--junit-xml=junit.xml", *workers)
    found = properties(pytester.path / "junit.xml")
    passed = found["test_passes[blue]"]
    assert passed.pop("netns.server").startswith("mysqld: MySQL ")
    assert passed == {
        "netns.namespace": "blue",
        "netns.topology": "red-blue",
        "netns.origin": "198.51.100.2",
    }
    assert found["test_fails"]["netns.namespace"] == "red"
    assert found["test_fails"]["netns.origin"] == "198.51.100.2"
    assert "nobody, from 198.51.100.2 (namespace blue)" in found["test_fails"]["netns.explanation"]
    assert found["test_elsewhere[isolated]"]["netns.topology"] == "isolated"
    assert found["test_of_another_kind"] == {}


def test_junit_keeps_the_properties_of_others(suite: Suite, pytester: pytest.Pytester) -> None:
    text = """
        import pytest

        @pytest.mark.netns("red")
        def test_it(netns, record_property):
            record_property("answer", 42)
    """
    suite(text, "--junit-xml=junit.xml", "-o", "junit_family=xunit1").assert_outcomes(passed=1)
    found = properties(pytester.path / "junit.xml")["test_it"]
    assert (found["answer"], found["netns.namespace"]) == ("42", "red")


@pytest.mark.oldest_python
def test_pytest_html_shows_the_report_beside_the_test(suite: Suite, pytester: pytest.Pytester) -> None:
    suite(
        "reportfiles/outcomes",
        "-p",
        "pytest_metadata.plugin",
        "-p",
        "pytest_html.plugin",
        "--html=page.html",
        "--self-contained-html",
    )
    (data,) = re.findall(r'data-jsonblob="([^"]*)"', (pytester.path / "page.html").read_text())
    results = json.loads(html.unescape(data))["tests"]
    (failed,) = results["test_inner.py::test_fails"]
    kinds = [extra["format_type"] for extra in failed["extras"]]
    assert kinds == ["html", "json", "text"]
    assert 'class="netns-report"' in failed["extras"][0]["content"]
    _, _, text = failed["extras"][2]["content"].partition(";base64,")
    assert "nobody, from 198.51.100.2 (namespace blue)" in base64.b64decode(text).decode()
    (other,) = results["test_inner.py::test_of_another_kind"]
    assert other["extras"] == []


@pytest.fixture
def summary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file of the summary of a step, which has something already."""
    file = tmp_path / "summary.md"
    file.write_text("before\n")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(file))
    return file


@pytest.mark.parametrize("workers", [(), ("-n", "1")], ids=["one process", "xdist"])
def test_github_shows_the_failures(suite: Suite, summary: Path, workers: tuple[str, ...]) -> None:
    result = suite("reportfiles/outcomes", *workers)
    result.stdout.no_fnmatch_line("netns report*")
    text = summary.read_text()
    assert text.startswith("before\n## :x: 2 of 6 netns tests failed\n")
    assert "### <code>test&#95;inner.py::test&#95;fails</code>" in text
    assert "```mermaid" in text


@pytest.mark.parametrize("workers", [(), ("-n", "1")], ids=["one process", "xdist"])
def test_a_run_without_netns_tests_adds_nothing(suite: Suite, summary: Path, workers: tuple[str, ...]) -> None:
    suite("reportfiles/plain", *workers).assert_outcomes(passed=1)
    assert summary.read_text() == "before\n"


def test_a_summary_that_cannot_be_written_fails_no_run(suite: Suite, summary: Path) -> None:
    summary.unlink()
    summary.mkdir()
    result = suite("reportfiles/outcomes", "-k", "skips")
    result.assert_outcomes(skipped=1)
    result.stdout.fnmatch_lines([f"netns report: {summary} could not be written: Is a directory"])


def test_a_summary_without_room_is_a_line_in_the_terminal(suite: Suite, summary: Path) -> None:
    summary.write_text("x" * (1024 * 1024 - 100))
    result = suite("reportfiles/outcomes", "-k", "skips")
    result.assert_outcomes(skipped=1)
    result.stdout.fnmatch_lines(
        [f"netns report: {summary} could not be written: the outcome of the run does not fit into 100 bytes"]
    )
    assert summary.stat().st_size == 1024 * 1024 - 100
