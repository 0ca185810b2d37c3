"""The memory in which a session shows what it does."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from pytest_netns_mysql.live import board as boards
from pytest_netns_mysql.live.board import Board
from pytest_netns_mysql.live.sessions import sessions


@pytest.fixture
def board() -> Iterator[Board]:
    """A board that shows a fact."""
    board = Board()
    board.show({"pid": 1})
    yield board
    board.close()


def shown(board: Board) -> dict[str, Any] | None:
    return boards.read(board._descriptor)


def test_a_board_shows_the_running_test_until_it_ends(board: Board) -> None:
    assert shown(board) == {"pid": 1, "test": None, "accounts": []}
    board.start_test("test_it.py::test_ü[red]", "red")
    found = shown(board)
    assert found is not None
    assert {name: found["test"][name] for name in ("id", "namespace")} == {
        "id": "test_it.py::test_ü[red]",
        "namespace": "red",
    }
    board.end_test()
    assert shown(board) == {"pid": 1, "test": None, "accounts": []}


def test_a_test_on_the_hosts_network_has_no_namespace(board: Board) -> None:
    board.start_test("test_it.py::test_plain", "")
    found = shown(board)
    assert found is not None
    assert found["test"]["namespace"] is None


def test_accounts_are_those_of_the_running_test_alone(board: Board) -> None:
    accounts = [{"user": "red_user", "password": "secret"}]
    board.start_test("first", "red")
    board.show_accounts(accounts)
    assert shown(board) == {"pid": 1, "test": {**_test(board), "id": "first"}, "accounts": accounts}
    board.start_test("second", "red")
    assert shown(board) == {"pid": 1, "test": {**_test(board), "id": "second"}, "accounts": []}
    board.show_accounts([dict(account) for account in accounts])
    assert shown(board) == {"pid": 1, "test": {**_test(board), "id": "second"}, "accounts": accounts}


def _test(board: Board) -> dict[str, Any]:
    found = shown(board)
    assert found is not None
    test: dict[str, Any] = found["test"]
    return test


def test_a_long_id_is_cut_and_a_long_list_of_accounts_is_left_out(board: Board) -> None:
    board.start_test("x" * 10_000, "red")
    board.show_accounts([{"user": "y" * 50_000}])
    found = shown(board)
    assert found is not None
    assert found["test"]["id"].startswith("xxx")
    assert len(found["test"]["id"]) < 4096
    assert (found["pid"], found["accounts"]) == (1, [])


def test_large_facts_get_a_larger_memory(board: Board) -> None:
    board.start_test("a", "red")
    board.show({"pid": 2, "text": "z" * 500_000})
    found = shown(board)
    assert found is not None
    assert len(found["text"]) == 500_000
    assert found["test"]["id"] == "a"


def test_a_file_behind_a_descriptor_that_a_test_closed_is_not_touched(board: Board, tmp_path: Path) -> None:
    file = tmp_path / "of the test"
    descriptor = os.open(file, os.O_RDWR | os.O_CREAT)
    os.dup2(descriptor, board._descriptor)
    replaced = board._descriptor
    board.start_test("a", "red")
    board.end_test()
    board.show({"pid": 3})
    assert file.read_bytes() == b""
    assert (shown(board) or {})["pid"] == 3
    os.close(descriptor)
    os.close(replaced)


def test_a_session_of_another_version_is_left_out(board: Board) -> None:
    board.show({"pid": os.getpid(), "servers": [{"unknown": 1}]})
    assert os.getpid() not in [session.pid for session in sessions()]


def test_other_files_show_nothing(tmp_path: Path) -> None:
    for text in (b"", b"x" * 20_000, b"\0" * 16_384 + b"[1]\0"):
        file = tmp_path / "other"
        file.write_bytes(text)
        with file.open("rb") as opened:
            assert boards.read(opened.fileno()) is None
