import pytest

from pytest_netns_mysql import ClientError


@pytest.mark.netns("red")
def test_arguments(netns_mysqld, netns_connect, netns_account):
    with pytest.raises(ClientError) as error:
        netns_connect("red", account="app")
    assert str(error.value) == (
        "account must be what netns_account() returned, got 'app'\n  do: pass what netns_account() returned\n"
        "  do: for a user that the server has already: user=..., password=..."
    )
    netns_mysqld.execute("CREATE SCHEMA shop")
    app = netns_account("app", grants="SELECT ON shop.*")  # one grant may stand alone
    netns_connect(account=app, endpoint="192.0.2.2/red", database="shop")  # as str(endpoint) has it
