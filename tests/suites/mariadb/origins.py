import pytest

from pytest_netns_mysql import factories

everywhere = factories.mysqld(bind_address="*", options={"port": 3307})
ipv4 = factories.mysqld(bind_address="0.0.0.0", options={"port": 3308})
named = factories.mysqld(bind_address="localhost", options={"port": 3309})
nowhere = factories.mysqld(options={"skip_networking": True})


def user(connection):
    with connection.cursor() as cursor:
        cursor.execute("SELECT USER()")
        return cursor.fetchone()[0]


def test_its_accounts(netns_mysqld):
    accounts = netns_mysqld.execute("SELECT User, Host FROM mysql.global_priv ORDER BY User")
    assert accounts == [("mariadb.sys", "localhost"), ("root", "localhost")]
    assert ("test",) not in netns_mysqld.execute("SHOW SCHEMAS")
    assert "[Warning]" not in netns_mysqld.error_log


@pytest.mark.netns("red", "blue", "global")
def test_each_namespace(netns_mysql, request):
    name = request.node.callspec.id
    host = {"red": "192.0.2.2", "blue": "198.51.100.2", "global": "127.0.0.1"}[name]
    assert user(netns_mysql) == f"{name}_user@{host}"


def test_from_one_to_another(netns_connect):
    assert user(netns_connect("red", endpoint="blue")) == "red_user@192.0.2.2"
    assert user(netns_connect("global", endpoint="red")) == "global_user@192.0.2.1"


def test_drivers(netns_connect, netns_account):
    app = netns_account("app", host="192.0.2.2", password="secret", grants="SELECT ON *.*")
    for driver in (None, "pymysql"):
        assert user(netns_connect("red", account=app, driver=driver)) == "app@192.0.2.2"
    with netns_connect("red", account=app, charset="latin1").cursor() as cursor:
        cursor.execute("SELECT @@collation_connection")
        assert cursor.fetchone() == ("latin1_swedish_ci",)


def test_wildcards_and_names(everywhere, ipv4, named, netns_connect):
    for server in (everywhere, ipv4):
        assert user(netns_connect("blue", server=server)) == "blue_user@198.51.100.2"
    for server in (everywhere, ipv4, named):
        assert user(netns_connect("global", server=server)).startswith("global_user@")


def test_by_the_private_socket_alone(nowhere):
    assert nowhere.endpoints == ()
    assert user(nowhere.connect()) == "root@localhost"


def test_again_and_again(netns_mysqld, netns_connect):
    for number in (20, 21):
        netns_connect("red")  # left open
        netns_mysqld.restart(max_connections=number)
        assert netns_mysqld.execute("SELECT @@max_connections") == [(number,)]
    netns_mysqld.restart(bind_address="198.51.100.2/blue", drop_capabilities="CAP_SYS_ADMIN")
    assert user(netns_connect("red")) == "red_user@192.0.2.2"
    netns_mysqld.kill()
    netns_mysqld.restart()
    assert user(netns_connect("blue")) == "blue_user@198.51.100.2"


def test_after_a_restart_that_failed(netns_mysqld, netns_connect):
    with pytest.raises(Exception, match="unknown variable 'nonsense=1'"):
        netns_mysqld.restart(nonsense=1)
    netns_mysqld.restart()
    assert user(netns_connect("red")) == "red_user@192.0.2.2"


def test_client_programs(netns, netns_argv, netns_account):
    import subprocess

    app = netns_account("app", host="192.0.2.2", password="p #'x")
    for program in ("mysql", "mariadb"):
        argv = netns_argv(program, "--skip-column-names", "--execute=SELECT USER()", namespace="red", account=app)
        assert subprocess.run(argv, check=True, capture_output=True, text=True).stdout == "app@192.0.2.2\n"
    netns["blue"].run(netns_argv("mysqladmin", "ping", namespace="blue"), check=True)


def test_one_moment(netns_mysqld):
    netns_mysqld.execute("CREATE SCHEMA shop")
    netns_mysqld.execute("CREATE TABLE shop.item (id INT)")
    netns_mysqld.execute("CREATE TABLE shop.price (id INT) ENGINE=Aria")
    netns_mysqld.execute("INSERT INTO shop.item VALUES (1)")
    netns_mysqld.execute("INSERT INTO shop.price VALUES (1)")
    netns_mysqld.execute("CREATE USER early@localhost")
    moment = netns_mysqld.snapshot()
    netns_mysqld.execute("DROP SCHEMA shop")
    netns_mysqld.execute("DROP USER early@localhost")
    netns_mysqld.execute("SET GLOBAL max_connections = 33")
    netns_mysqld.restore(moment)
    assert netns_mysqld.execute("SELECT * FROM shop.item JOIN shop.price USING (id)") == [(1,)]
    assert netns_mysqld.execute("SELECT Host FROM mysql.global_priv WHERE User = 'early'") == [("localhost",)]
    assert netns_mysqld.execute("SELECT @@max_connections") == [(151,)]
