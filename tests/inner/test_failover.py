"""What a test promoted: the next one finds source and replica as before."""

from __future__ import annotations

from collections.abc import Callable

import pytest

pytestmark = pytest.mark.slow
Suite = Callable[..., pytest.RunResult]

SUITE = """
    import pytest
    from pytest_netns_mysql import factories

    pytestmark = pytest.mark.netns(topology="replication")

    replica = factories.replica("netns_mysqld", bind_address="198.51.100.2/replica")

    def is_as_before(netns_mysqld, replica):
        netns_mysqld.execute("CREATE SCHEMA written_now")
        replica.wait_until_caught_up()
        assert replica.execute("SHOW SCHEMAS LIKE 'written_%'") == [("written_now",)]
        assert (replica.source, replica.writable, replica.is_promoted) == (netns_mysqld, netns_mysqld, False)

    def test_before(netns_mysqld, replica):
        is_as_before(netns_mysqld, replica)

    def test_a_failover(netns_mysqld, replica, netns_account):
        netns_mysqld.kill()
        replica.promote()
        netns_account("app", schema="written_meanwhile", server=replica)

    def test_after_a_failover(netns_mysqld, replica):
        is_as_before(netns_mysqld, replica)

    def test_a_switch(netns_mysqld, replica, netns_account):
        replica.promote()
        netns_account("app", schema="written_meanwhile", server=replica)

    def test_after_a_switch(netns_mysqld, replica):
        is_as_before(netns_mysqld, replica)

    def test_by_hand(netns_mysqld, replica, netns_account):
        netns_mysqld.kill()
        replica.execute("STOP REPLICA")
        replica.execute("RESET REPLICA ALL")
        netns_account("app", schema="written_meanwhile", server=replica)

    def test_after_it_was_done_by_hand(netns_mysqld, replica):
        is_as_before(netns_mysqld, replica)

    @pytest.fixture(scope="module")
    def promoted(replica):
        replica.promote()
        replica.execute("CREATE SCHEMA written_for_all")

    @pytest.mark.parametrize("number", [1, 2])
    def test_of_a_wider_fixture(promoted, replica, netns_account, number):
        assert replica.is_promoted
        assert replica.execute("SHOW SCHEMAS LIKE 'written_%'") == [("written_for_all",)]
        netns_account("app", schema="written_meanwhile", server=replica)
"""

FAILS = """
    import pytest
    from pytest_netns_mysql import factories

    pytestmark = pytest.mark.netns(topology="replication")

    replica = factories.replica("netns_mysqld", bind_address="198.51.100.2/replica")

    def test_it_promotes(netns_mysqld, replica):
        replica.promote()

    def test_the_next_one(netns_mysqld, replica):
        assert replica.writable is netns_mysqld
"""


def test_the_next_test_finds_source_and_replica(suite: Suite, as_written: tuple[str, str]) -> None:
    result = suite(SUITE, "-rA", *as_written)
    result.assert_outcomes(passed=9)
    result.stdout.fnmatch_lines(
        [
            "*Captured left on mysqld: the server is replaced teardown*",
            "the server does not run: it ended with exit code -9 (SIGKILL)",
            "*Captured left on replica: the server is replaced teardown*",
            "the replica was promoted, and takes writes of its own",
            "*Captured left on mysqld: the server is replaced teardown*",
            "the server does not run: it ended with exit code -9 (SIGKILL)",
        ]
    )


def test_a_test_that_promotes_a_shared_replica_fails_where_leftovers_do(
    suite: Suite, as_written: tuple[str, str]
) -> None:
    result = suite(FAILS, *as_written, "--netns-leftovers=fail")
    result.assert_outcomes(passed=2, errors=1)
    result.stdout.fnmatch_lines(["*tried: replica: the replica was promoted, and takes writes of its own"])
