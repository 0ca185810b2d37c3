from pathlib import Path

import pytest


@pytest.mark.netns("red")
def test_it(netns_mysqld, netns_mysql):
    process = Path("/proc", str(netns_mysqld.pid))
    links = (process / "net/dev").read_text().splitlines()[2:]
    assert [line.split(":")[0].strip() for line in links] == ["lo"]
    status = dict(line.split(":\t", 1) for line in (process / "status").read_text().splitlines())
    assert int(status["CapBnd"], 16) == int(status["CapEff"], 16) == 1 << 21
    assert "0" not in status["Uid"].split()
    assert netns_mysqld.name == "mysqld"
    assert netns_mysqld.version >= (8, 0, 22)
