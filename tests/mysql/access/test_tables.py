"""A matrix of logins as text, as Markdown, as plain data; and an explanation as a few lines."""

from __future__ import annotations

import json
import textwrap

import pytest

from pytest_netns_mysql import AccessMatrix, Candidate, Endpoint, HiddenAccount, LoginExplanation, Origin
from pytest_netns_mysql.mysql.access.columns import Column

RED = Column("red", "red", Endpoint("192.0.2.2", "red"), Origin("192.0.2.2", "red_1.test"))
LONE = Column("lone", "lone", None, Origin(""))
ALLOWED = LoginExplanation(
    user="app",
    origin=RED.origin,
    namespace="red",
    endpoint="192.0.2.2/red",
    account="'app'@'192.0.2.2'",
    allowed=True,
    error=None,
    reason="192.0.2.2 is the client's address",
    requires=("TLS", "the TLS cipher AES"),
    remedies=(),
    candidates=(
        Candidate("'app'@'192.0.2.2'", "app", "192.0.2.2", True, "192.0.2.2 is the client's address"),
        Candidate("'app'@'%'", "app", "%", True, "% matches every host, but an account before it matches, too"),
    ),
    authenticated_as="'app'@'192.0.2.2'",
    has_password=True,
    limits=("at most 2 connections at a time",),
    hidden=(HiddenAccount("'app'@'%'", ("SELECT, INSERT, UPDATE, DELETE, CREATE, DROP ON `shop`.*",)),),
)
CUT_OFF = LoginExplanation(
    user="app",
    origin=Origin(""),
    namespace="lone",
    endpoint="the server",
    account=None,
    allowed=False,
    error=2003,
    reason="the server has no mysql endpoint in lone",
    requires=(),
    remedies=("add an address of lone to bind_address",),
    candidates=(),
    summary="cannot reach the server",
)
MATRIX = AccessMatrix(["app"], [RED, LONE], {("app", "red"): ALLOWED, ("app", "lone"): CUT_OFF})


def test_an_explanation_is_a_few_lines() -> None:
    assert str(ALLOWED) == textwrap.dedent("""\
        'app' from red (192.0.2.2, red_1.test) to 192.0.2.2/red: allowed as 'app'@'192.0.2.2'
          why: 192.0.2.2 is the client's address
          requires: TLS, the TLS cipher AES
          limits: at most 2 connections at a time
          hidden: 'app'@'%', which alone has SELECT, INSERT, UPDATE, DELETE and 2 more ON `shop`.*
          account: 'app'@'192.0.2.2': 192.0.2.2 is the client's address
          account: 'app'@'%': % matches every host, but an account before it matches, too""")
    assert str(CUT_OFF) == textwrap.dedent("""\
        'app' from lone to the server: refused with error 2003
          why: the server has no mysql endpoint in lone
          do: add an address of lone to bind_address""")


def test_a_matrix_as_text() -> None:
    head, row, empty, note = MATRIX.as_text().splitlines()
    assert head == "user  red (192.0.2.2, red_1.test)                      lone"
    assert row == "app   'app'@'192.0.2.2', with TLS, the TLS cipher AES  2003 cannot reach the server"
    assert empty == ""
    assert note == (
        "app from red: 'app'@'192.0.2.2' hides 'app'@'%', which alone has SELECT, INSERT, UPDATE, DELETE and 2 more "
        "ON `shop`.*"
    )


def test_a_matrix_as_markdown() -> None:
    head, line, row, empty, note = MATRIX.as_markdown().splitlines()
    assert head == "| user | red (192.0.2.2, red&#95;1.test) | lone |"
    assert line == "| --- | --- | --- |"
    assert row == "| app | 'app'@'192.0.2.2', with TLS, the TLS cipher AES | 2003 cannot reach the server |"
    assert empty == ""
    assert note.startswith("- app from red: 'app'@'192.0.2.2' hides 'app'@'%', which alone has SELECT, INSERT")
    assert note.endswith("ON &#96;shop&#96;.&#42;")


def test_a_matrix_as_plain_data() -> None:
    data = json.loads(json.dumps(MATRIX.as_dict()))
    assert data["columns"] == [
        {
            "label": "red",
            "namespace": "red",
            "endpoint": "192.0.2.2/red",
            "address": "192.0.2.2",
            "name": "red_1.test",
        },
        {"label": "lone", "namespace": "lone", "endpoint": None, "address": "", "name": None},
    ]
    red = data["users"]["app"]["red"]
    assert (red["account"], red["allowed"], red["error"]) == ("'app'@'192.0.2.2'", True, None)
    assert red["candidates"][1]["reason"].startswith("% matches every host")
    assert data["users"]["app"]["lone"]["error"] == 2003


def test_a_matrix_is_a_mapping_of_users_and_namespaces() -> None:
    assert MATRIX["app", "red"] is ALLOWED
    assert dict(MATRIX) == {("app", "red"): ALLOWED, ("app", "lone"): CUT_OFF}
    for place in (("App", "red"), ("app", "blue")):
        with pytest.raises(KeyError):
            MATRIX[place]


def test_a_namespace_with_two_families_has_two_columns() -> None:
    columns = [Column(f"red IPv{family}", "red", None, Origin("")) for family in (6, 4)]
    cells = {("app", "red IPv6"): ALLOWED, ("app", "red IPv4"): CUT_OFF}
    matrix = AccessMatrix(["app"], columns, cells)
    assert matrix["app", "red"] is matrix["app", "red IPv6"] is ALLOWED
    assert matrix["app", "red IPv4"] is CUT_OFF
