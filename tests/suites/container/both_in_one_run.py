import pytest


@pytest.mark.netns("red")
def test_origin(netns_mysql):
    with netns_mysql.cursor() as cursor:
        cursor.execute("SELECT USER()")
        assert cursor.fetchone() == ("red_user@192.0.2.2",)


@pytest.mark.netns_mysqld(local=True)
def test_here(netns_mysqld):
    assert netns_mysqld.command[0].startswith("/")


@pytest.mark.netns_mysqld(min="99.1")
def test_later(netns_mysqld):
    pass


@pytest.mark.netns_mysqld(flavor=["mariadb"])
def test_others(netns_mysqld):
    pass


def test_unmarked():
    pass
