"""What an error shows: each part on a line of its own, in one order."""

from __future__ import annotations

import pickle

import pytest

from pytest_netns_mysql import errors
from pytest_netns_mysql.errors import NetnsError, ServerStartError, TopologyError, UnknownNamespaceError, in_short

CLASSES = sorted(
    (one for one in vars(errors).values() if isinstance(one, type) and issubclass(one, NetnsError)),
    key=lambda one: one.__name__,
)


def test_every_part_has_its_line_in_the_order_what_where_tried_do() -> None:
    error = NetnsError(
        "there is no server", where="netns_mysqld", tried=["PATH", "the cache"], remedies=["fetch one", "name one"]
    )
    assert str(error) == (
        "there is no server\n  where: netns_mysqld\n  tried: PATH\n  tried: the cache\n  do: fetch one\n  do: name one"
    )


def test_what_alone_is_one_line() -> None:
    assert str(NetnsError("there is no server")) == "there is no server"


def test_an_empty_place_is_shown_since_only_none_is_absent() -> None:
    assert str(NetnsError("what", where="")) == "what\n  where: "


@pytest.mark.parametrize("kind", CLASSES, ids=lambda kind: kind.__name__)
def test_every_class_keeps_its_parts_and_says_what_it_is_for(kind: type[NetnsError]) -> None:
    error = kind("what", where="where", tried=["tried"], remedies=["do"])
    assert (error.what, error.where, error.tried, error.remedies) == ("what", "where", ("tried",), ("do",))
    assert str(error) == "what\n  where: where\n  tried: tried\n  do: do"
    assert "__doc__" in vars(kind)


def test_the_parts_do_not_change_with_the_lists_they_came_from() -> None:
    tried = ["PATH"]
    error = NetnsError("what", tried=tried)
    tried.append("the cache")
    assert error.tried == ("PATH",)


def test_an_unknown_namespace_is_a_lookup_error_that_reads_as_text_not_as_a_key() -> None:
    error = UnknownNamespaceError("there is no namespace 'rad'")
    assert isinstance(error, LookupError)
    assert str(error) == "there is no namespace 'rad'"


def test_a_server_that_did_not_start_brings_its_command_its_log_and_the_codes() -> None:
    error = ServerStartError("mysqld ended", command=["mysqld", "--port=1"], log="the log", codes=["MY-010262"])
    assert (error.command, error.log, error.codes) == (("mysqld", "--port=1"), "the log", ("MY-010262",))
    assert str(error) == "mysqld ended"


@pytest.mark.parametrize("kind", CLASSES, ids=lambda kind: kind.__name__)
def test_an_error_survives_the_way_between_processes(kind: type[NetnsError]) -> None:
    error = pickle.loads(pickle.dumps(kind("what", where="where", remedies=["do"])))
    assert type(error) is kind
    assert str(error) == "what\n  where: where\n  do: do"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b[31mred", r"\x1b[31mred"),
        ("red\n  do: rm", r"red\n  do: rm"),
        ("a\0b\r\t", r"a\x00b\r\t"),
        ("\u202egpj.exe", r"\u202egpj.exe"),
        ("\udcff", r"\udcff"),
        ("grün, 鍵", "grün, 鍵"),
    ],
)
def test_control_characters_are_escaped_in_every_part(text: str, shown: str) -> None:
    error = NetnsError(text, where=text, tried=[text], remedies=[text])
    assert str(error) == f"{shown}\n  where: {shown}\n  tried: {shown}\n  do: {shown}"


def test_a_long_part_is_cut_in_its_middle_and_tells_its_length() -> None:
    text = str(NetnsError("a" * 1000 + "b" * 100_000 + "c" * 1000))
    assert text == f"{'a' * 750} … {'c' * 750} (102,000 characters)"


def test_long_lists_end_with_how_many_there_are_more() -> None:
    error = NetnsError("what", tried=["t" * 90] * 1000, remedies=["r" * 90] * 1000)
    lines = str(error).splitlines()
    assert len(str(error)) < 10_000
    assert [line for line in lines if "more" in line] == ["  tried: and 956 more", "  do: and 987 more"]


def test_of_many_faults_the_first_twenty_are_shown() -> None:
    error = TopologyError._of_several([TopologyError(f"fault {n}") for n in range(20_000)], where="shop.toml")
    lines = str(error).splitlines()
    assert lines[:3] == ["the topology has 20000 faults", "  where: shop.toml", "  1. fault 0"]
    assert lines[-2:] == ["  20. fault 19", "  and 19,980 more"]


def test_of_long_faults_fewer_are_shown() -> None:
    error = TopologyError._of_several([TopologyError("x" * 50_000, where="y" * 50_000)] * 30, where="z" * 50_000)
    assert len(str(error)) < 10_000
    assert str(error).endswith(" more")


class _Unprintable:
    def __repr__(self) -> str:
        raise ZeroDivisionError


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("red", "'red'"),
        (5, "5"),
        (["red"], "['red']"),
        ({1: [2]}, "{1: [2]}"),
    ],
)
def test_a_value_in_short(value: object, shown: str) -> None:
    assert in_short(value) == shown


def test_a_value_that_cannot_be_printed_is_still_named() -> None:
    nested: list[object] = []
    for _ in range(5000):
        nested = [nested]
    assert in_short(nested) == "[[[[...]]]]"
    assert "_Unprintable" in in_short(_Unprintable())
    assert "int" in in_short(10**6000)
    assert len(in_short("x" * 10**6)) <= 300
