import json
import os

import pytest


@pytest.mark.netns("red")
def test_it(netns_mysqld, pytestconfig):
    (pytestconfig.rootpath / "seen").write_text(json.dumps([[netns_mysqld.pid, os.getppid()]]))
    assert netns_mysqld.execute("SELECT @@general_log") == [(1,)]
