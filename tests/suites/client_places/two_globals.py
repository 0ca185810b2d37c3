import os
import subprocess

import pytest


@pytest.mark.netns("red")
def test_places(netns, netns_argv, tmp_path):
    program = tmp_path / "program"
    program.write_text("#!/bin/sh\nstat -Lc %i /proc/self/ns/net\n")
    program.chmod(0o755)
    for name in ("global", "red", "blue"):
        argv = netns_argv(str(program), namespace=name)
        for place in (netns["blue"], netns["global"], netns["red"]):
            with place:
                printed = subprocess.run(argv, check=True, capture_output=True, text=True).stdout
            assert int(printed) == os.fstat(netns[name]._descriptor).st_ino
    assert "global" not in os.listdir("/run/netns")
