"""X Protocol in namespaces: sessions of X DevAPI, alone and pooled, that come from where the test says."""

import mysqlx
import pytest

from pytest_netns_mysql import ConnectFactory, ServerStartError, StartFactory

pytestmark = [pytest.mark.netns(topology="endpoints.toml"), pytest.mark.netns_mysqld(flavor="mysql")]


def user(session: mysqlx.Session) -> str:
    (row,) = session.sql("SELECT USER()").execute().fetch_all()
    return str(row["USER()"])


@pytest.mark.netns("red", "blue")
def test_a_session_comes_from_the_tests_namespace(netns_mysqlx: mysqlx.Session) -> None:
    assert user(netns_mysqlx) in ("red_user@192.0.2.2", "blue_user@198.51.100.2")


@pytest.mark.netns("red")
def test_a_collection_in_the_tests_own_schema(netns_mysqlx: mysqlx.Session) -> None:
    shop = netns_mysqlx.get_schema("red_schema").create_collection("shop")
    shop.add(mysqlx.DbDoc('{"name": "Anna", "city": "Uppsala"}')).execute()
    assert [found["name"] for found in shop.find("city = 'Uppsala'").execute().fetch_all()] == ["Anna"]


def test_every_session_of_a_pool_comes_from_the_namespace(netns_connect: ConnectFactory) -> None:
    client = netns_connect("blue", driver="mysqlx", pooling={"max_size": 2})
    for _ in range(5):
        session = client.get_session()
        assert user(session) == "blue_user@198.51.100.2"
        session.close()  # it goes back to the pool, and comes again


@pytest.mark.netns_mysqld(local=True)  # one in a container has no address but in namespaces
def test_an_x_endpoint_that_does_not_come_up_is_an_error(netns_start_mysqld: StartFactory) -> None:
    """Mysqld itself would say so in its log only, and run on without X Protocol."""
    with pytest.raises(ServerStartError) as failure:
        netns_start_mysqld(
            bind_address="127.0.0.1",
            mysqlx_bind_address="192.0.2.2/red",
            drop_capabilities="CAP_SYS_ADMIN",
            options={"port": 3310, "mysqlx_port": 33110},
        )
    assert failure.value.codes == ("MY-011300", "MY-013597")
