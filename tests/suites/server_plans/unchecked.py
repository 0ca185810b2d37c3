import pytest

from pytest_netns_mysql import ServerStartError, factories

server = factories.mysqld(bind_address="192.0.2.2/green", check_endpoints=False)


def test_it(request):
    with pytest.raises(ServerStartError, match="Unknown network namespace 'green'"):
        request.getfixturevalue("server")


def test_the_plugin_stays_in_order(netns_mysqld):
    assert netns_mysqld.execute("SELECT 1") == [(1,)]
