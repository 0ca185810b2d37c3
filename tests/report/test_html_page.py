"""The HTML page of a run: what it shows, in which order, and that nothing in a test's texts becomes HTML."""

from __future__ import annotations

import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest

from pytest_netns_mysql.report.htmlpage import page, part
from pytest_netns_mysql.report.reportdata import ERROR_EXPLAINS_ITSELF, Event, Explanation, Statement
from tests.support import reportdata

pytestmark = pytest.mark.oldest_python

HOSTILE = "</pre></style><script>alert('x')</script><img src=x onerror=alert(1)>\"'&{{ 7 * 7 }}\x1b[31m\x00"


class Outline(HTMLParser):
    """The structure of a page.

    Attributes:
        headings: The texts of the headings, with their level.
        open: Whether each test is open, by its id.
        tags: Each start tag, with its attributes.
    """

    def __init__(self, text: str) -> None:
        super().__init__()
        self.headings: list[tuple[int, str]] = []
        self.open: dict[str, bool] = {}
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self._level = 0
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Keep a tag; a heading begins."""
        attributes = dict(attrs)
        self.tags.append((tag, attributes))
        if re.fullmatch("h[1-6]", tag):
            self._level = int(tag[1])
            self.headings.append((self._level, ""))
        if tag == "details" and "id" in attributes:
            self.open[str(attributes["id"])] = "open" in attributes

    def handle_endtag(self, tag: str) -> None:
        """End a heading."""
        if re.fullmatch("h[1-6]", tag):
            self._level = 0

    def handle_data(self, data: str) -> None:
        """Keep the text of a heading."""
        if self._level:
            self.headings[-1] = self._level, f"{self.headings[-1][1]}{data}"


def headings(text: str, level: int) -> list[str]:
    return [" ".join(title.split()) for at, title in Outline(text).headings if at == level]


def test_failed_tests_come_first_and_are_open() -> None:
    text = page(reportdata.run(reportdata.passed(), reportdata.denied(), reportdata.skipped()))
    assert headings(text, 1) == ["1 of 3 netns tests failed"]
    assert headings(text, 2) == ["Summary", "Topology", "Failed 1", "Skipped 1", "Passed 1"]
    assert headings(text, 3) == [
        test.nodeid for test in (reportdata.denied(), reportdata.skipped(), reportdata.passed())
    ]
    assert list(Outline(text).open.items()) == [("test-1", True), ("test-2", False), ("test-0", False)]


def test_the_parts_of_a_failed_test_are_in_their_order() -> None:
    assert headings(page(reportdata.run(reportdata.denied())), 4) == [
        "Where it ran",
        "Why it failed",
        "Attempts to connect",
        "Server log",
        "Last statements",
        "Who is connected",
        "Namespaces",
        "Faults",
        "Timeline",
        "Files",
    ]


def test_a_part_without_anything_to_say_is_one_line() -> None:
    test = reportdata.denied()
    bare = replace(
        reportdata.passed(), outcome="failed", connections=(), place=replace(test.place, servers=())
    )  # fmt: skip
    text = page(reportdata.run(bare))
    lines = re.findall(r'<section class="part empty">\s*<h4>(.*?)</h4>\s*<div class="body">(.*?)</div>', text)
    assert lines == [
        ("Why it failed", "No rule of the server or of the network explains this failure."),
        ("Attempts to connect", "None."),
        ("Server log", "The servers logged nothing during this test."),
        ("Last statements", "None."),
        ("Who is connected", "Nobody."),
        ("Namespaces", "No namespace was read."),
        ("Faults", "None in force, none healed."),
        ("Timeline", "Nothing was recorded."),
        ("Files", "None were kept."),
    ]


def test_an_error_that_explains_itself_is_shown_whole() -> None:
    test = replace(reportdata.denied(), explanation=Explanation(ERROR_EXPLAINS_ITSELF), traceback="first\n  do: this")
    text = page(reportdata.run(test))
    assert (
        '<details class="traceback" open><summary>Traceback</summary><pre tabindex="0">first\n  do: this</pre>' in text
    )
    assert '<div class="body">The error itself says what is wrong, and what to do.</div>' in text
    assert '<details class="traceback"><summary>' in page(reportdata.run(reportdata.denied()))


def test_texts_of_a_test_never_become_html() -> None:
    test = reportdata.denied()
    hostile = replace(
        test,
        nodeid=f"test_it.py::test_it[{HOSTILE}]",
        error=HOSTILE,
        traceback=HOSTILE,
        explanation=Explanation(HOSTILE, (HOSTILE,), (HOSTILE,)),
        place=replace(test.place, namespace=HOSTILE, servers=(HOSTILE,), addresses=(HOSTILE,), source=HOSTILE),
        log={HOSTILE: (HOSTILE,)},
        statements=(Statement(None, HOSTILE, HOSTILE, HOSTILE, HOSTILE),),
        clients=tuple(replace(one, user=HOSTILE, state=HOSTILE, namespace=HOSTILE) for one in test.clients),
        connections=tuple(replace(one, user=HOSTILE, error=HOSTILE, driver=HOSTILE) for one in test.connections),
        namespaces=tuple(replace(one, name=HOSTILE, routes=(HOSTILE,)) for one in test.namespaces),
        timeline=(Event(test.began, "step", HOSTILE, HOSTILE), Event(test.began, HOSTILE, "of an unknown kind")),
        files={HOSTILE: HOSTILE},
    )
    run = replace(reportdata.run(hostile), remarks=(HOSTILE,), versions={HOSTILE: HOSTILE})
    plain = {tag for tag, _ in Outline(page(reportdata.run())).tags}
    for text in (page(run), part(hostile, {})):
        outline = Outline(text)
        assert {tag for tag, _ in outline.tags} <= plain
        assert not [name for _, attributes in outline.tags for name in attributes if name.startswith("on")]
        assert "{{ 7 * 7 }}" in text
        assert r"\x1b[31m\x00" in text
        assert "\x00" not in text


def test_the_page_needs_no_other_file() -> None:
    text = page(reportdata.run())
    for tag, attributes in Outline(text).tags:
        assert not {"src", "srcset", "data", "action"} & set(attributes), tag
        assert str(attributes.get("href", "#")).startswith(("#", "data:,")), attributes
        assert "style" not in attributes  # the Content Security Policy of the page refuses such styles
    assert "url(" not in text
    assert "@import" not in text
    assert "default-src 'none'" in text


def test_a_run_without_netns_tests_says_so() -> None:
    run = replace(reportdata.run(reportdata.passed()), tests=(), topologies={}, versions={})
    text = page(run)
    assert headings(text, 1) == ["No netns test ran"]
    assert "A test is a netns test if it has the marker" in text


def test_a_namespace_has_the_colour_of_the_drawing() -> None:
    run = replace(reportdata.run(reportdata.denied()), colours={"red-blue": {"blue": "#123456"}})
    assert '<span class="ns tone-123456">blue</span>' in page(run)
    assert ".tone-123456{background:#123456}" in page(run)


def test_remarks_and_versions_are_shown() -> None:
    text = page(replace(reportdata.run(), remarks=("The run was interrupted: Ctrl-C.",)))
    assert '<p class="remark">The run was interrupted: Ctrl-C.</p>' in text
    assert "<dt>netns_mysqld</dt><dd>MySQL 9.7.4</dd>" in text


def test_a_part_of_another_page_has_no_page_around_it() -> None:
    text = part(reportdata.denied(), {})
    assert text.startswith('<div class="netns-report"><style>')
    assert "<html" not in text
    assert headings(text, 4)[:2] == ["Where it ran", "Why it failed"]
