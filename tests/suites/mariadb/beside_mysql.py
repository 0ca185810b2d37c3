import pytest


@pytest.mark.netns("red")
def test_origin(netns_mysql, netns_mysqld):
    with netns_mysql.cursor() as cursor:
        cursor.execute("SELECT USER(), @@version LIKE '%MariaDB%'")
        assert cursor.fetchone() == ("red_user@192.0.2.2", netns_mysqld.version[0] >= 10)


@pytest.mark.netns_mysqld(flavor="mysql")
def test_of_mysql(netns_mysqlx):
    pass
