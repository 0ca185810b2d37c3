import pytest

pytestmark = pytest.mark.netns_leftovers("keep")
KEPT = []


def test_it_makes_the_server_read_only(netns_mysqld, netns_mysql):
    netns_mysqld.execute("SET GLOBAL read_only = ON")


def test_it_is_still(netns_mysqld):
    assert netns_mysqld.execute("SELECT @@GLOBAL.read_only") == [(1,)]
    netns_mysqld.execute("SET GLOBAL read_only = OFF")


def test_it_locks(netns_mysqld, netns_mysql):
    netns_mysqld.execute("CREATE TABLE global_schema.t (a INT)")
    KEPT.append(netns_mysqld.connect())
    KEPT[0].cmd_query("LOCK TABLES global_schema.t READ")


def test_last(netns_mysqld):
    assert netns_mysqld.execute("SHOW SCHEMAS LIKE 'global_schema'")
