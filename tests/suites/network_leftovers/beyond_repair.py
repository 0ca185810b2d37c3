import pytest


@pytest.fixture(scope="session")
def ruled(netns):
    from pyroute2.nftables.main import NFTables

    with netns["red"], NFTables(nfgen_family=2) as nft:
        nft.table("add", name="wider")


@pytest.fixture(scope="session")
def shop(netns_mysqld):
    netns_mysqld.execute("CREATE SCHEMA shop")


PIDS = []


def test_beyond_repair(netns, ruled, shop, netns_mysqld):
    from pyroute2.nftables.main import NFTables

    PIDS.append(netns_mysqld.pid)
    with netns["red"], NFTables(nfgen_family=2) as nft:
        nft.table("del", name="wider")


def test_all_is_there_again(netns, ruled, shop, netns_mysqld, netns_connect):
    from pyroute2.nftables.main import NFTables

    assert netns_mysqld.pid not in PIDS
    assert ("shop",) in netns_mysqld.execute("SHOW SCHEMAS")
    netns_connect("red", endpoint="blue")
    with netns["red"], NFTables(nfgen_family=2) as nft:
        nft.table("del", name="wider")
        nft.table("add", name="wider")


@pytest.mark.netns("blue")
def test_and_a_marker_alone_has_it(netns_mysql):
    with netns_mysql.cursor() as cursor:
        cursor.execute("SELECT USER()")
        assert cursor.fetchone() == ("blue_user@198.51.100.2",)
