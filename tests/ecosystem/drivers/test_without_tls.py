"""Asyncio drivers on a server without TLS, such as this plugin's MariaDB."""

from __future__ import annotations

from tests.support.suites import Suite


def test_asyncio_drivers_do_without_tls(suite: Suite) -> None:
    result = suite("drivers/without_tls", "-p", "netns_mysql", "--netns-mysqld=mariadb")
    result.assert_outcomes(passed=4)
