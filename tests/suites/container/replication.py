import os

from pytest_netns_mysql import factories

IMAGE = os.environ["IMAGE"]

local = factories.source(bind_address="192.0.2.2/red", options={"port": 3307})
contained = factories.source(mysqld=IMAGE, bind_address="192.0.2.2/red", options={"port": 3308})
of_local = factories.replica(local, mysqld=IMAGE, bind_address="198.51.100.2/blue", options={"port": 3309})
of_contained = factories.replica(contained, bind_address="198.51.100.2/blue", options={"port": 3310})
from_global = factories.replica(
    local, mysqld=IMAGE, bind_address="198.51.100.2/blue", network_namespace="", options={"port": 3311}
)


def test_both_ways(local, contained, of_local, of_contained, from_global):
    for source, replica in ((local, of_local), (contained, of_contained)):
        assert replica.channel.origin == "198.51.100.2"
        source.execute("CREATE SCHEMA copied")
        replica.wait_until_caught_up()
        assert replica.execute("SHOW SCHEMAS LIKE 'copied'") == [("copied",)]
    assert from_global.channel.origin == "192.0.2.1"
    assert from_global.status["Network_Namespace"] == "global"
