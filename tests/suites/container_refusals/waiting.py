import json
import os
import pathlib
import time

import pytest

from pytest_netns_mysql import factories

other = factories.mysqld(options={"port": 3310})


@pytest.mark.parametrize("number", range(2))
@pytest.mark.netns("red")
def test_it(netns_mysql, netns_mysqld, other, number, request):
    file = pathlib.Path(request.config.rootpath, f"state{number}")
    file.with_suffix(".draft").write_text(json.dumps([os.getpid(), netns_mysqld.pid, other.pid]))
    file.with_suffix(".draft").rename(file)
    time.sleep(60)
