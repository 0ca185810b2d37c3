"""What servers, accounts, errors and names put into reports is shown letter by letter, and is never markup."""

from __future__ import annotations

import json
import random
from dataclasses import fields, is_dataclass, replace
from html.parser import HTMLParser
from typing import Any

from markdown_it import MarkdownIt

from pytest_netns_mysql.report import jsonfile, markdown, terminal
from pytest_netns_mysql.report.htmlpage import page, part
from pytest_netns_mysql.report.reportdata import RunReport, Section
from tests.support import reportdata
from tests.support.stress import check, scaled

AREA = "Hostile input"
TEXTS = [
    *(
        "<script>alert(1)</script>",
        "</script><script>x",
        "</style><x>",
        "</title></svg><img src=x onerror=y>",
        "<!--",
        "-->",
    ),
    *(
        '"onload="x',
        "' onclick='x",
        "javascript:alert(1)",
        "](javascript:x)",
        "[a](http://x.y)",
        "<http://x>",
        "]]>",
        "<a@b.c>",
    ),
    *(
        "|a|b|",
        "a\nb",
        "a\r\nb",
        "\r",
        "\n\n# head",
        "\n\n    code <b>",
        "    code",
        "\tcode",
        "```\nx\n```",
        "~~~",
        "&lt;&#60;",
    ),
    *(
        "$x$",
        "{{7*7}}",
        "{% raw %}",
        "\x1b[31m",
        "\x1b]8;;http://x\x07",
        "\x9b31m",
        "\u202eabc",
        "\u2066",
        "\u2028x",
        "\x85",
        "\0",
    ),
    *(
        "\ud800",
        "\ufffe",
        "😀",
        "@user",
        "#12",
        "www.x.y",
        "http://x.y",
        "x@y.z",
        "***",
        "---",
        "===",
        "- a",
        "1. a",
        "1) a",
        "+ a",
    ),
    *(
        "> q",
        "%s {0}",
        " ",
        "   ",
        " a ",
        "</pre></details>\n\n<b>",
        "<details>",
        "\\",
        "\\\\`",
        "a" * 3000,
        "`",
        "``",
        "*a*",
        "__a__",
    ),
    *("[^1]", "\n[x]: http://y\n", "<?php ?>", "<![CDATA[", "a\n\nb\n \n    c"),
]
AS_THEY_ARE = ("outcome", "kind", "phase", "topologies", "colours")  # which only this plugin writes
EMPTY = (
    "area",
    "base",
    "br",
    "circle",
    "col",
    "hr",
    "img",
    "input",
    "line",
    "link",
    "meta",
    "path",
    "rect",
    "source",
    "wbr",
)
OF_MARKDOWN = {
    *("blockquote", "code", "details", "h2", "h3", "li", "p", "pre", "strong", "summary", "table", "tbody", "td"),
    *("th", "thead", "tr", "ul"),
}


class Markup(HTMLParser):
    """The elements of a text.

    Attributes:
        found: Each element, attribute, and value of an attribute that leads elsewhere.
        broken: End tags of elements that are not open, comments, declarations and the like.
    """

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: set[tuple[str, ...]] = set()
        self.broken: list[str] = []
        self._open: list[str] = []
        self.feed(text)
        self.close()
        self.broken += self._open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Keep an element and its attributes."""
        self.found.add((tag,))
        for name, value in attrs:
            leads_on = name in ("href", "src", "style") and not str(value).startswith("#")
            self.found.add((tag, name, str(value)) if leads_on else (tag, name))
        if tag not in EMPTY:
            self._open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Keep an element that is closed at once."""
        self.handle_starttag(tag, attrs)
        self.handle_endtag(tag)

    def handle_endtag(self, tag: str) -> None:
        """Close the innermost element."""
        if self._open[-1:] == [tag]:
            self._open.pop()
        elif tag not in EMPTY:
            self.broken.append(f"</{tag}>")

    def handle_comment(self, data: str) -> None:
        """Keep a comment, which no report has."""
        self.broken.append(f"<!--{data}")

    def handle_pi(self, data: str) -> None:
        """Keep a processing instruction, which no report has."""
        self.broken.append(f"<?{data}")


def hostile(value: Any, dice: random.Random) -> Any:
    """Return a part of a report with other texts in it."""
    if isinstance(value, str):
        return "".join(dice.choices(TEXTS, k=dice.choice((1, 1, 2))))
    if isinstance(value, Section):  # whose text alone has lines of its own in Markdown
        return Section(hostile(value.title, dice), "\n\n    ".join(dice.choices(TEXTS, k=3)))
    if isinstance(value, tuple):
        return tuple(hostile(each, dice) for each in value)
    if isinstance(value, dict):
        return {hostile(name, dice): hostile(each, dice) for name, each in value.items()}
    if is_dataclass(value) and not isinstance(value, type):
        names = [field.name for field in fields(value) if field.name not in AS_THEY_ARE]
        return replace(value, **{name: hostile(getattr(value, name), dice) for name in names})
    return value


def is_shown(text: str) -> bool:
    """Return True for text without characters that a terminal or an editor obeys."""
    return all(char.isprintable() or char in "\n\t" for char in text)


def faults_of(run: RunReport, known: set[tuple[str, ...]]) -> list[str]:
    """Return what is wrong with the reports of a run in any format."""
    faults = []
    parts = [("the page", page(run)), *(("a part of a page", part(test, {})) for test in run.tests)]
    for name, text in parts:
        markup = Markup(text)
        faults += [f"{name} has {sorted(found)[:3]}" for found in [markup.found - known] if found]
        faults += [f"{name} is broken: {markup.broken[:3]}"] * bool(markup.broken)
        faults += [f"{name} has control characters"] * (not is_shown(text))
    written, _, _ = markdown.write(run).partition("<details><summary>The topology")
    markup = Markup(MarkdownIt("commonmark").enable(["table", "strikethrough"]).render(written))
    tags = {tag for tag, *_ in markup.found}
    attributes = {found for found in markup.found if len(found) > 1}
    faults += [f"the Markdown has {sorted(tags - OF_MARKDOWN)} {sorted(attributes)}"] * bool(
        tags - OF_MARKDOWN or attributes
    )
    faults += [f"the Markdown is broken: {markup.broken[:3]}"] * bool(markup.broken)
    faults += ["the Markdown has control characters"] * (not is_shown(written))
    rows = [line for line in written.splitlines() if line.startswith("| :x:")]
    faults += [f"the Markdown's table has a row {row[:80]}" for row in rows if row.count("|") != 5]
    for test in run.tests:
        faults += [f"the terminal gets {line[:80]!r}" for line in terminal.lines(test) if not line.isprintable()]
    text = jsonfile.dump(run)
    if jsonfile.as_plain_data(jsonfile.load(text)) != json.loads(text) or not text.encode():
        faults.append("the JSON is read as something else")
    return faults


def test_texts_in_reports() -> None:
    sections = (Section("notes", "first\n\nsecond"), Section("more", "text"))
    whole = reportdata.run()
    whole = replace(
        whole,
        remarks=("one", "two"),
        tests=tuple(replace(test, sections=sections, changes=("one",)) for test in whole.tests[:3]),
    )
    known = Markup(page(whole)).found.union(*(Markup(part(test, {})).found for test in whole.tests))
    faults, count = [], scaled(4, 1000)
    for number in range(count):
        faults += [f"number {number}: {fault!a}" for fault in faults_of(hostile(whole, random.Random(number)), known)]
    check(AREA, "texts in reports of each format are shown letter by letter", count, faults)
