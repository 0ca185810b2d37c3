import json
import os
import pathlib
import time

import pytest

from pytest_netns_mysql import factories

source = factories.source(bind_address="192.0.2.2/red", options={"port": 3307})
replica = factories.replica(source, bind_address="198.51.100.2/blue", options={"port": 3308})
group = factories.group(["red"], options={"port": 3309})


def put(path, data):
    draft = path.with_suffix(".draft")
    draft.write_text(json.dumps(data))
    draft.rename(path)


@pytest.mark.parametrize("number", range(2))
@pytest.mark.netns("red")
def test_it(netns, netns_mysqld, netns_mysql, source, replica, group, number, request):
    rows = pathlib.Path("/proc/self/mountinfo").read_text()
    places = [os.stat(f"/proc/thread-self/ns/{kind}").st_ino for kind in ("net", "mnt")]
    with netns["global"]:
        places.append(os.stat("/proc/thread-self/ns/net").st_ino)
    put(
        pathlib.Path(request.config.rootpath, f"state{number}"),
        {
            "pids": [os.getpid(), *(one.pid for one in (netns_mysqld, source, replica, group["red"]))],
            "namespaces": places,
            "tmpfs": rows.count(" /run rw"),
        },
    )
    time.sleep(60)
