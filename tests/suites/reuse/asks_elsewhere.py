import json
import os

import pytest


@pytest.mark.netns("red", topology="dual-stack")
def test_it(netns_mysqld, pytestconfig):
    (pytestconfig.rootpath / "seen").write_text(json.dumps([[netns_mysqld.pid, os.getppid()]]))
