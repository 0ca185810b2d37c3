import pytest

from pytest_netns_mysql import factories

other = factories.mysqld(mysqld="mariadb", options={"port": 3308}, scope="function")


@pytest.fixture
def get(request):
    return lambda name: request.getfixturevalue(name)
