import pytest

from pytest_netns_mysql import factories

client = factories.client("by_need", namespace="blue")
in_front = factories.router("by_name", namespace="blue", port=6447)


@pytest.mark.netns("red")
def test_first(netns_mysql):
    pass


@pytest.mark.netns("blue")
def test_a_client_of_another_server(client):
    assert client.is_connected()


@pytest.mark.netns("blue")
def test_by_the_conftests_name(ask):
    assert ask("by_name").version


@pytest.mark.netns("blue")
def test_in_front_of_one_by_name(request):
    assert request.getfixturevalue("in_front").pid
