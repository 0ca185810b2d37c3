from pytest_netns_mysql import factories

server = factories.mysqld(
    bind_address="192.0.2.1",
    admin_address="::ffff:192.0.2.2/red",
    mysqlx_bind_address=["::ffff:192.0.2.2/red", "::ffff:192.0.2.1"],
    options={"port": 3310, "admin_port": 33100, "mysqlx_port": 33101},
)
of_ipv4 = factories.mysqld(
    bind_address="192.0.2.1", mysqlx_bind_address="0.0.0.0", options={"port": 3311, "mysqlx_port": 33111}
)


def test_admin_address(server, netns_account, netns_connect):
    boss = netns_account("boss", host="198.51.100.2", grants="SERVICE_CONNECTION_ADMIN ON *.*", server=server)
    with netns_connect("blue", server=server, account=boss, endpoint=server.endpoint("red", "admin")) as connection:  # noqa: SIM117
        with connection.cursor() as cursor:
            cursor.execute("SELECT USER()")
            assert cursor.fetchone() == ("boss@198.51.100.2",)


def test_mysqlx_bind_address(server, of_ipv4, netns_connect):
    for one in (server, of_ipv4):
        session = netns_connect("red", server=one, driver="mysqlx")
        assert session.sql("SELECT USER()").execute().fetch_one()[0] == "red_user@192.0.2.2"
