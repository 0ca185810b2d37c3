from collections.abc import Iterator

import pytest
from django.db import connection

from pytest_netns_mysql import MySQLServer
from pytest_netns_mysql.django import bound


@pytest.fixture(scope="session")
def django_db_modify_db_settings(netns_mysqld: MySQLServer) -> Iterator[None]:
    netns_mysqld.execute("CREATE USER shop@'192.0.2.%'")
    netns_mysqld.execute("GRANT ALL ON `test\\_shop`.* TO shop@'192.0.2.%'")
    with bound(netns_mysqld, {"default": "red"}):
        yield


@pytest.mark.netns("blue")
@pytest.mark.django_db
def test_the_default_database_is_bound_to_red():
    with connection.cursor() as cursor:
        cursor.execute("SELECT USER(), CURRENT_USER()")
        assert cursor.fetchone() == ("shop@192.0.2.2", "shop@192.0.2.%")
