"""The short look after a test: what the counts of statements prove, and what they must not miss."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_netns_mysql.mysql.dialects.questions import Questions
from tests.support.suites import Suite

OWN, OTHER = ("red_user", "192.0.2.2"), ("root", "localhost")


def counts(total: int, own: int, ids: int = 10_000, session: str = "7", **by_user: int) -> Questions:
    hosts = dict([OWN, OTHER])
    return Questions(total, ids, session, own, {(user, hosts[user]): number for user, number in by_user.items()})


BEFORE = counts(100, 20, red_user=30, root=50)


@pytest.mark.parametrize(
    ("now", "is_proof"),
    [
        (counts(100, 20, red_user=30, root=50), True),
        (counts(115, 25, ids=10_020, red_user=40, root=60), True),
        (counts(105, 25, ids=10_020, root=60, red_user=30), True),
        (counts(116, 25, ids=10_020, red_user=40, root=60), False),  # a statement of somebody else
        (counts(116, 25, ids=10_020, red_user=41, root=60, session="8"), False),  # another session of the plugin
        (counts(116, 25, ids=9_000, red_user=41, root=60), False),  # another server
        (counts(110, 35, ids=10_020, red_user=25, root=60), False),  # the counts of an account were reset
        (counts(110, 5, ids=10_020, red_user=55, root=60), False),  # the counts of the session were reset
        (counts(110, 25, ids=10_150, red_user=35, root=60), False),  # the total may have been reset
        (counts(110, 25, ids=10_109, red_user=35, root=60), True),
    ],
)
def test_only_a_complete_account_of_all_statements_is_a_proof(now: Questions, *, is_proof: bool) -> None:
    assert now.only_ran(BEFORE, {OWN}) is is_proof


def test_a_server_that_does_not_count_proves_nothing() -> None:
    assert Questions.of([(b"all", b"Questions", b"", b"5"), (b"all", b"Queries", b"", b"5")]) is None
    assert Questions.of([]) is None


@given(st.lists(st.sampled_from(["own", "account", "other", "reset account", "reset session", "nested"])))
def test_a_statement_of_somebody_else_is_never_missed(events: list[str]) -> None:
    total, ids, own, account = BEFORE.total, BEFORE.ids, BEFORE.own, BEFORE.by_account[OWN]
    for event in events:
        ids += 1
        total += event in ("own", "account", "other")
        own = 0 if event == "reset session" else own + (event == "own")
        account = 0 if event == "reset account" else account + (event == "account")
    now = Questions(total, ids, BEFORE.session, own, {OWN: account})
    if now.only_ran(BEFORE, {OWN}):
        assert "other" not in events


@pytest.mark.slow
def test_nothing_that_counters_could_miss_reaches_the_next_test(suite: Suite) -> None:
    suite("leftovers/beyond_counters", looks="leftovers/looks").assert_outcomes(passed=102)


@pytest.mark.slow
def test_the_next_test_finds_its_account_and_its_schema_as_new(suite: Suite) -> None:
    suite("leftovers/own_schema").assert_outcomes(passed=70)


@pytest.mark.slow
def test_a_kept_account_is_seen_by_nobody_but_the_next_test(suite: Suite) -> None:
    suite("leftovers/takeover").assert_outcomes(passed=32, skipped=2)
