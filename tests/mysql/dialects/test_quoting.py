"""Quoting of names and values: the server reads back the same text."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_netns_mysql.mysql.clients.account import Account
from pytest_netns_mysql.mysql.dialects.quoting import identifier, literal


@pytest.mark.parametrize(
    ("text", "quoted"),
    [
        ("red_user", "'red_user'"),
        ("", "''"),
        ("192.0.2.%", "'192.0.2.%'"),
        ("it's", "'it''s'"),
        ("\\", "'\\\\'"),
        ("\\'", "'\\\\'''"),
        ("'; DROP USER root; --", "'''; DROP USER root; --'"),
        ('"`', "'\"`'"),
    ],
)
def test_a_literal_is_quoted_as_one_string(text: str, quoted: str) -> None:
    assert literal(text) == quoted


@pytest.mark.parametrize(
    ("text", "quoted", "pattern"),
    [
        ("shop", "`shop`", "`shop`"),
        ("red_schema", "`red_schema`", r"`red\_schema`"),
        ("100%", "`100%`", r"`100\%`"),
        ("a`b", "`a``b`", "`a``b`"),
        ("`; DROP SCHEMA mysql; --", "```; DROP SCHEMA mysql; --`", "```; DROP SCHEMA mysql; --`"),
    ],
)
def test_an_identifier_is_quoted_as_a_name_or_as_a_pattern(text: str, quoted: str, pattern: str) -> None:
    assert identifier(text) == quoted
    assert identifier(text, pattern=True) == pattern


def test_an_account_is_quoted_for_sql() -> None:
    assert str(Account("o'brien", "192.0.2.%")) == "'o''brien'@'192.0.2.%'"


def server_reads(literal: str) -> str:
    """Return the value of a quoted string, as the server reads it."""
    found = re.fullmatch(r"'((?:[^'\\]|''|\\.)*)'", literal, re.DOTALL)
    assert found, literal
    return re.sub(r"''|\\(.)", lambda part: part[1] or "'", found[1], flags=re.DOTALL)


@given(st.one_of(st.text(), st.text("'\\`\"%_ab")))
def test_a_literal_is_read_back_as_the_text(text: str) -> None:
    assert server_reads(literal(text)) == text


@given(st.one_of(st.text(), st.text("`'\\%_ab")))
def test_an_identifier_is_read_back_as_the_name(text: str) -> None:
    found = re.fullmatch(r"`((?:[^`]|``)*)`", identifier(text))
    assert found
    assert found[1].replace("``", "`") == text


@given(st.text("ab_%\\", max_size=6), st.text("abcd_%\\", max_size=6))
def test_a_pattern_matches_its_own_name_and_no_other(text: str, other: str) -> None:
    like = identifier(text, pattern=True).strip("`")
    # The server's wildcards: _ is one character, % any number, and a backslash escapes the next character.
    parts = re.findall(r"\\.|.", like)
    expression = "".join({"_": ".", "%": ".*"}.get(part, re.escape(part[-1])) for part in parts)
    assert re.fullmatch(expression, text)
    assert bool(re.fullmatch(expression, other)) == (text == other)
