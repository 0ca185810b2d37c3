import pytest

from pytest_netns_mysql import factories

by_need = factories.mysqld(bind_address="192.0.2.2/red", options={"port": 3307}, mysqld="mariadb")
by_name = factories.mysqld(bind_address="192.0.2.2/red", options={"port": 3308}, mysqld="mariadb")


@pytest.fixture
def ask(request):
    return request.getfixturevalue
