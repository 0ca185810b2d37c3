"""The HTML page in a headless Chromium: it can be read, on a screen of each width and with each colour scheme."""

from __future__ import annotations

import base64
import os
from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from pytest_netns_mysql.report.htmlpage import page
from tests.conftest import IN_CI
from tests.support import reportdata
from tests.support.chromium import Page, chromium, program

pytestmark = pytest.mark.root  # .ci/tools installs Chromium for root

WIDE, PHONE = 1200, 375
# How many colours a picture has, of each 7th pixel.
COUNT_COLOURS = """(async () => {
  const picture = new Image();
  picture.src = "data:image/png;base64,%s";
  await picture.decode();
  const canvas = new OffscreenCanvas(picture.width, picture.height);
  const context = canvas.getContext("2d");
  context.drawImage(picture, 0, 0);
  const pixels = new Uint32Array(context.getImageData(0, 0, picture.width, picture.height).data.buffer);
  return new Set(pixels.filter((_, index) => index %% 7 === 0)).size;
})()"""
# The texts whose contrast to what is behind them is below 4.5 to 1, the least that WCAG 2 allows, with the contrast.
LOW_CONTRASTS = """(() => {
  const parse = (text) => { const [r, g, b, a = 1] = text.match(/[\\d.]+/g).map(Number); return {r, g, b, a}; };
  const over = (top, below) => ({
    r: top.r * top.a + below.r * (1 - top.a), g: top.g * top.a + below.g * (1 - top.a),
    b: top.b * top.a + below.b * (1 - top.a), a: 1});
  const linear = (part) => { const s = part / 255; return s <= .04045 ? s / 12.92 : ((s + .055) / 1.055) ** 2.4; };
  const luminance = (c) => .2126 * linear(c.r) + .7152 * linear(c.g) + .0722 * linear(c.b);
  const behind = (element) => {
    const layers = [];
    for (let one = element; one; one = one.parentElement) { layers.push(parse(getComputedStyle(one).backgroundColor)); }
    return layers.reverse().reduce((below, top) => over(top, below), {r: 255, g: 255, b: 255, a: 1});
  };
  const found = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement;
    const text = walker.currentNode.textContent.trim();
    if (!text || element.closest("svg, script") || !element.checkVisibility()) { continue; }
    const ground = behind(element);
    const [lighter, darker] = [luminance(ground), luminance(over(parse(getComputedStyle(element).color), ground))]
      .sort((a, b) => b - a);
    const contrast = (lighter + .05) / (darker + .05);
    if (contrast < 4.5) { found.push([text, element.className, contrast.toFixed(2)]); }
  }
  return found;
})()"""
BEYOND_THE_WINDOW = "document.documentElement.scrollWidth - window.innerWidth"


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    """A headless Chromium."""
    path = program()
    if path is None:
        assert not IN_CI, "there is no Chromium: .ci/tools installs it"
        pytest.skip("there is no Chromium: apt-get install chromium")
    assert os.geteuid() == 0
    with chromium(path, tmp_path_factory.mktemp("profile")) as page_of_browser:
        yield page_of_browser


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page of a run with long names and texts."""
    path = tmp_path_factory.mktemp("page") / "report.html"
    long = replace(
        reportdata.denied(reportdata.BEGAN + 5),
        nodeid=f"tests/test_{'long' * 30}.py::test_{'longer' * 40}[{'parameter' * 20}]",
        error="word" * 100,
        traceback="x" * 500,
        log={"netns_mysqld": ("y" * 500,)},
        files={"a very long description of a file " * 3: "/tmp/" + "folder/" * 60},
    )
    path.write_text(page(replace(reportdata.run(*reportdata.run().tests, long), remarks=("It was interrupted.",))))
    return path


@pytest.fixture(autouse=True)
def _clean(browser: Page) -> Iterator[None]:
    """Fail a test during which the browser complained, or something else than the file was asked for."""
    browser.messages.clear()
    browser.requests.clear()
    yield
    assert browser.messages == []
    assert [address for address in browser.requests if not address.startswith(("file:", "data:"))] == []
    assert {Path(address).name for address in browser.requests if address.startswith("file:")} <= {"report.html"}


def colours(browser: Page, picture: bytes) -> Any:
    return browser.evaluate(COUNT_COLOURS % base64.b64encode(picture).decode())


@pytest.mark.parametrize("width", [WIDE, PHONE])
def test_both_colour_schemes_show_something_and_differ(browser: Page, file: Path, width: int) -> None:
    pictures = []
    for dark in (False, True):
        browser.show(file, width=width, dark=dark)
        pictures.append(browser.screenshot())
        assert browser.evaluate(BEYOND_THE_WINDOW) == 0
    # On another page: that of the report loads no picture.
    blank = file.parent / "blank" / "report.html"
    blank.parent.mkdir(exist_ok=True)
    blank.write_text("<!doctype html>")
    browser.show(blank, width=width)
    light, dark_colours = (colours(browser, picture) for picture in pictures)
    assert light > 100
    assert dark_colours > 100
    assert pictures[0] != pictures[1]


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("width", [WIDE, PHONE])
def test_texts_have_enough_contrast(browser: Page, file: Path, width: int, dark: bool) -> None:
    browser.show(file, width=width, dark=dark)
    browser.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
    assert browser.evaluate(LOW_CONTRASTS) == []


@pytest.mark.parametrize("width", [320, PHONE, 800, WIDE, 1800])
def test_nothing_is_wider_than_the_window(browser: Page, file: Path, width: int) -> None:
    browser.show(file, width=width)
    browser.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
    assert browser.evaluate(BEYOND_THE_WINDOW) == 0


def test_failed_tests_are_shown_and_those_that_passed_are_closed(browser: Page, file: Path) -> None:
    browser.show(file, width=WIDE)
    tops = "[...document.querySelectorAll('main > section')].map((one) => one.id)"
    assert browser.evaluate(tops) == ["summary", "topologies", "failed", "skipped", "passed"]
    visible = "[...document.querySelectorAll('%s')].map((one) => one.checkVisibility())"
    assert set(browser.evaluate(visible % ".failed h4")) == {True}
    assert set(browser.evaluate(visible % ".passed h4")) == {False}


def test_the_button_changes_the_colours(browser: Page, file: Path) -> None:
    browser.show(file, width=WIDE)
    ground = "getComputedStyle(document.body).backgroundColor"
    texts, grounds = [], []
    for _ in range(4):
        texts.append(browser.evaluate("document.getElementById('theme').textContent"))
        grounds.append(browser.evaluate(ground))
        browser.evaluate("document.getElementById('theme').click()")
    assert texts == ["Theme: system", "Theme: light", "Theme: dark", "Theme: system"]
    assert grounds[0] == grounds[1] == grounds[3] != grounds[2]
    browser.evaluate("localStorage.clear()")


def test_a_link_opens_the_test_that_it_leads_to(browser: Page, file: Path) -> None:
    browser.show(file, width=WIDE)
    browser.evaluate("location.hash = '#test-4'")
    opened = "new Promise((done) => setTimeout(() => done(document.getElementById('test-4').open), 50))"
    assert browser.evaluate(opened) is True


def test_without_scripts_the_page_can_be_read(browser: Page, file: Path) -> None:
    browser.show(file, width=WIDE, scripts=False)
    assert browser.evaluate("document.getElementById('theme').checkVisibility()") is False
    assert browser.evaluate("document.querySelector('.why .what').checkVisibility()") is True
    browser.evaluate("document.querySelector('.passed > summary').click()")
    assert browser.evaluate("document.querySelector('details.passed').open") is True


def test_landmarks_and_tables_have_names(browser: Page, file: Path) -> None:
    browser.show(file, width=WIDE)
    assert browser.evaluate("document.documentElement.lang") == "en"
    for landmark in ("header", "nav", "main", "footer"):
        assert browser.evaluate(f"document.querySelectorAll('body {landmark}').length") == 1, landmark
    unnamed = "[...document.querySelectorAll('table')].filter((one) => !one.caption || !one.querySelector('th[scope]'))"
    assert browser.evaluate(f"{unnamed}.length") == 0
    ids = browser.evaluate("[...document.querySelectorAll('[id]')].map((one) => one.id)")
    assert len(ids) == len(set(ids))
    levels = browser.evaluate("[...document.querySelectorAll('h1, h2, h3, h4')].map((one) => Number(one.tagName[1]))")
    assert all(after - before <= 1 for before, after in pairwise(levels))


def test_a_print_has_all_tests(browser: Page, file: Path) -> None:
    browser.show(file, width=WIDE)
    assert len(browser.pdf()) > 50_000
