import pytest

from pytest_netns_mysql import factories

pytestmark = pytest.mark.netns("red")
maria = factories.mysqld(mysqld="mariadb", options={"port": 3307}, scope="function")
replica = factories.replica("netns_mysqld", bind_address="198.51.100.2/blue", mysqld="mariadb")
client = factories.client(maria, namespace="blue")
router = factories.router(maria, namespace="blue", scope="function")


def help_with(request, name):
    return request.getfixturevalue(name)


class TestInAClass:
    def test_by_argument(self, maria):
        pass

    @pytest.fixture
    def own(self, request):
        return help_with(request, "maria")

    def test_by_a_fixture(self, netns_mysqld, own):
        pass


def test_a_replica(replica):
    pass


def test_a_client(client):
    pass


def test_a_router(router):
    pass


def test_by_name(request):
    help_with(request, "maria")


def test_by_a_conftests_name(netns, get):
    get("other")


@pytest.mark.usefixtures("maria")
def test_by_a_marker():
    pass
