import json
import pathlib


def test_the_seed_is_there(netns_mysqld):
    pathlib.Path("seen").write_text(json.dumps([[netns_mysqld.pid, 0]]))
    assert netns_mysqld.execute("SELECT name FROM shop.article") == [("bolt",)]
