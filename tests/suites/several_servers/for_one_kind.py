import pytest

pytestmark = pytest.mark.netns_mysqld(min="8.0")


@pytest.mark.netns_mysqld(min="99")
def test_later(netns_mysqld): ...


@pytest.mark.netns_mysqld(flavor=["mariadb"])
def test_others(netns_mysqld): ...


@pytest.mark.netns_mysqld(min="8.0.22", flavor=("mariadb", "mysql"), local=True)
@pytest.mark.netns_mysqld(min=None, flavor=None)
def test_these(netns_mysqld): ...
