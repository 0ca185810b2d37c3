"""Where clients stand: in a run of several networks, and on MariaDB."""

from __future__ import annotations

from tests.support.suites import Suite


def test_each_network_has_a_global_of_its_own(suite: Suite) -> None:
    """Only the first network's is the sandbox's own; none has a name in /run/netns."""
    result = suite(
        "client_places/two_globals",
        "--netns-topology=red-blue,dual-stack",
    )
    result.assert_outcomes(passed=2)


def test_mariadb(suite: Suite) -> None:
    result = suite(
        "client_places/mariadb",
        "--netns-mysqld=mariadb",
    )
    result.assert_outcomes(passed=3 + 4 + 4 + 1)
