"""Over compose files of two products: each has its own server."""

import pytest


@pytest.mark.netns("db")
def test_product(netns_mysqld, netns_topology):
    ((version,),) = netns_mysqld.execute("SELECT VERSION()")
    assert ("MariaDB" in version) == (netns_topology.mysqld.image == "mariadb:11.4.7")


@pytest.mark.netns("db")
@pytest.mark.netns_mysqld(flavor="mariadb")
def test_of_mariadb(netns_mysqld): ...
