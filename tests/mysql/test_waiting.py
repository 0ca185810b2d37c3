"""Waiting for a condition."""

from __future__ import annotations

import pytest
from freezegun import freeze_time

from pytest_netns_mysql.errors import NetnsError
from pytest_netns_mysql.mysql.waiting import becomes_true, wait_until


def test_a_condition_is_asked_until_it_holds() -> None:
    answers = iter([False, False, True, False])
    assert becomes_true(lambda: next(answers), timeout=60, pause=0)
    assert list(answers) == [False]


def test_a_condition_is_asked_once_even_without_time() -> None:
    assert becomes_true(lambda: True, timeout=0)


def test_a_condition_that_never_holds_is_false_in_the_end() -> None:
    assert not becomes_true(lambda: False, timeout=0.01, pause=0)


def test_wait_until_raises_the_error_of_the_caller() -> None:
    with pytest.raises(NetnsError, match="too slow"):
        wait_until(lambda: False, timeout=0, error=lambda: NetnsError("too slow"), pause=0)


def test_an_error_of_the_condition_ends_the_wait() -> None:
    def fails() -> bool:
        raise ValueError("broken")

    with pytest.raises(ValueError, match="broken"):
        wait_until(fails, timeout=60, error=lambda: NetnsError("too slow"))


def test_a_wait_ends_also_in_a_test_that_has_frozen_the_clock() -> None:
    calls: list[None] = []

    def never() -> bool:
        calls.append(None)
        assert len(calls) < 1000, "the wait does not end"
        return False

    with freeze_time("2001-02-03"):
        assert not becomes_true(never, timeout=0.02, pause=0.001)
