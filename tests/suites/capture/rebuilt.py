import pytest


@pytest.fixture(scope="session")
def ruled(netns):
    from pyroute2.nftables.main import NFTables

    with netns["red"], NFTables(nfgen_family=2) as nft:
        nft.table("add", name="wider")


def test_it_breaks_the_network(netns, ruled, netns_mysqld):
    from pyroute2.nftables.main import NFTables

    with netns["red"], NFTables(nfgen_family=2) as nft:
        nft.table("del", name="wider")
    raise ValueError("so it is")


def test_the_next_one(netns, netns_connect):
    netns_connect("red", endpoint="blue")
    raise ValueError("so it is")
