"""Explained logins against real ones: random sets of accounts, and random origins."""

from __future__ import annotations

import pytest

from tests.support.stress import scaled
from tests.support.suites import Suite

pytestmark = pytest.mark.slow

TOPOLOGY = """\
[namespaces]
red = ["192.0.2.2/24", "192.0.2.130/24", "2001:db8:1::2/64"]
blue = ["198.51.100.2/24", "2001:db8:2::2/64"]

[hosts]
"red.test" = ["192.0.2.2"]
"blue.db.test" = ["198.51.100.2"]
"red6.test" = ["2001:db8:1::2"]

[mysqld]
bind_address = "*"
"""


@pytest.mark.scaled
@pytest.mark.parametrize(("server", "examples"), [("auto", scaled(25, 1000)), ("mariadb", scaled(15, 600))])
def test_each_login_ends_as_it_was_explained(
    suite: Suite, pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, server: str, examples: int
) -> None:
    monkeypatch.setenv("EXAMPLES", str(examples))  # sets of accounts, each with 24 logins, with names and without
    pytester.path.joinpath("names.toml").write_text(TOPOLOGY)
    options = f"--netns-mysqld={server}", "--netns-topology=names.toml"
    suite("access/random_accounts", *options, rawlogin="access/rawlogin").assert_outcomes(passed=2)
