import json
import os
import pathlib
import time

import pytest


@pytest.mark.parametrize("number", range(2))
@pytest.mark.netns("red")
def test_it(netns_mysqld, number):
    places = [os.stat(f"/proc/thread-self/ns/{kind}").st_ino for kind in ("net", "mnt")]
    state = {"pids": [os.getpid(), netns_mysqld.pid], "namespaces": places}
    folder = pathlib.Path(os.environ["STATES"])
    (folder / f"draft{number}").write_text(json.dumps(state))
    (folder / f"draft{number}").rename(folder / f"state{number}")
    time.sleep(60)
