"""What an error shows: each part on a line of its own, in one order."""

from __future__ import annotations

import pickle

import pytest

from pytest_netns_mysql import errors
from pytest_netns_mysql.errors import NetnsError, ServerStartError, UnknownNamespaceError

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
