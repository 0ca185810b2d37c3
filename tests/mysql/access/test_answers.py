"""Explained logins against the server's answers: locks, expiry, plugins, TLS, limits, names, proxies."""

from __future__ import annotations

import pytest

from tests.support.suites import Suite

pytestmark = pytest.mark.slow

TOPOLOGY = """\
[namespaces]
red = ["192.0.2.2/24", "2001:db8:1::2/64"]
blue = "198.51.100.2/24"

[hosts]
"red.test" = ["192.0.2.2"]
"blue.db.test" = ["198.51.100.2"]

[mysqld]
bind_address = "*"
"""


@pytest.mark.parametrize(("server", "passed", "skipped"), [("auto", 41, 4), ("mariadb", 37, 8)])
def test_each_login_ends_as_it_was_explained(
    suite: Suite, pytester: pytest.Pytester, server: str, passed: int, skipped: int
) -> None:
    pytester.path.joinpath("names.toml").write_text(TOPOLOGY)
    options = f"--netns-mysqld={server}", "--netns-topology=names.toml"
    result = suite("access/answers", *options, rawlogin="access/rawlogin")
    result.assert_outcomes(passed=passed, skipped=skipped)
