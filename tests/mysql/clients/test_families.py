"""Wildcards and IPv4-mapped addresses: a client goes to the family that listens; see the manual, bind_address."""

from __future__ import annotations

import pytest

from tests.support.suites import Suite

pytestmark = pytest.mark.slow

TOPOLOGY = """\
[namespaces]
red = ["2001:db8:1::2/64", "192.0.2.2/24"]
blue = ["2001:db8:3::2/64", "198.51.100.2/24"]
six = "2001:db8:2::2/64"
four = "203.0.113.2/24"

[hosts]
"db.test" = ["192.0.2.1"]

[mysqld]
bind_address = "{bind_address}"
"""


@pytest.mark.parametrize("server", ["auto", "mariadb"])
def test_a_client_goes_to_the_family_that_listens(suite: Suite, pytester: pytest.Pytester, server: str) -> None:
    pytester.path.joinpath("both.toml").write_text(TOPOLOGY.format(bind_address="0.0.0.0"))
    result = suite("families/origins", f"--netns-mysqld={server}", "--netns-topology=both.toml", "-rs")
    result.assert_outcomes(passed=16)


def test_mapped_addresses_of_mysql_alone(suite: Suite, pytester: pytest.Pytester) -> None:
    pytester.path.joinpath("both.toml").write_text(TOPOLOGY.format(bind_address="0.0.0.0"))
    result = suite("families/mysql_only", "--netns-mysqld=auto", "--netns-topology=both.toml")
    result.assert_outcomes(passed=2)
