import pytest


@pytest.fixture(scope="session")
def django_db_modify_db_settings(netns_mysqld):
    netns_mysqld.execute("CREATE USER shop@'%'")
    netns_mysqld.execute("GRANT ALL ON *.* TO shop@'%'")


@pytest.mark.netns("red")
@pytest.mark.django_db
def test_red(): ...


@pytest.mark.django_db
def test_without_marker(): ...


def test_by_fixture(transactional_db): ...


def test_plain(): ...
