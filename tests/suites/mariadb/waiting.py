import json
import os
import pathlib
import time

import pytest

from pytest_netns_mysql import factories

second = factories.mysqld(bind_address="192.0.2.2/red", options={"port": 3307})


@pytest.mark.netns("red")
def test_it(netns_mysqld, netns_mysql, second, request):
    state = [os.getpid(), netns_mysqld.pid, second.pid], os.stat("/proc/thread-self/ns/net").st_ino
    draft = pathlib.Path(request.config.rootpath, "draft")
    draft.write_text(json.dumps(state))
    draft.rename(draft.with_name("state"))
    time.sleep(600)
