import pytest

from pytest_netns_mysql import ServerVersionError


@pytest.mark.parametrize(
    "change",
    [
        {"admin_address": "192.0.2.2/red"},
        {"mysqlx_bind_address": "192.0.2.2"},
        {"check_endpoints": False},
        {"enforce_gtid_consistency": "ON"},
    ],
)
def test_a_restart(netns_mysqld, change):
    with pytest.raises(ServerVersionError, match=r"MariaDB .* has no .*, which .* needs"):
        netns_mysqld.restart(**change)
    assert netns_mysqld.pid is not None


def test_certificates(netns_mysqld):
    with pytest.raises(ServerVersionError, match=r"MariaDB .* has no certificate authority"):
        netns_mysqld.tls  # noqa: B018
