"""Refused connections of engines and of asyncio are explained in the words of their fixtures."""

from __future__ import annotations

from tests.support.suites import Suite, parts_of_failure


def test_remedies_name_the_fixture_that_connected(suite: Suite) -> None:
    result = suite("drivers/refused", "-p", "netns_mysql", "--color=no")
    result.assert_outcomes(failed=2)
    engine = parts_of_failure(result, "test_engine")["because"]
    assert engine[1] == 'do: netns_engine("red", ..., connect_args=netns_mysqld.tls.issue("app").options)'
    connect = parts_of_failure(result, "test_connect")["because"]
    assert connect[1] == "do: remove ssl_disabled=True from the call of netns_connect_async"
