"""The code blocks of the docs that need the packages of the ecosystem, whose fence says so: ``python ecosystem``.

The fence may name what pytest runs the block with: ``python ecosystem asyncio`` is for pytest-asyncio.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.support.suites import Suite

DOCS = Path(__file__).parents[2] / "docs"
BLOCK = re.compile(r"^```python ecosystem([^\n]*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
ARGUMENTS = {
    "asyncio": ("-p", "pytest_asyncio.plugin", "-o", "asyncio_default_fixture_loop_scope=function"),
}


def blocks() -> list[object]:
    return [
        pytest.param(words.split(), text, id=f"{page.name}-{number}")
        for page in sorted(DOCS.rglob("*.md"))
        for number, (words, text) in enumerate(BLOCK.findall(page.read_text()), 1)
    ]


@pytest.mark.parametrize(("words", "text"), blocks())
def test_a_block_is_a_suite_that_passes(suite: Suite, words: list[str], text: str) -> None:
    arguments = [argument for word in words for argument in ARGUMENTS[word]]
    result = suite(text, "-p", "netns_mysql", *arguments)
    assert result.ret == 0
    assert result.parseoutcomes().keys() == {"passed"}
