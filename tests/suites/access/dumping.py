"""A dump by the server's own client program, of the accounts in examples/access/shop.sql, for `netns-mysql access`."""

import json
import os
import subprocess
from pathlib import Path

from pytest_netns_mysql import factories

shop = factories.mysqld(load=os.environ["SHOP"])


def test_dump(shop):
    shop.execute("CREATE USER dumper@'192.0.2.%' IDENTIFIED BY 'd'")
    shop.execute("GRANT ALL ON *.* TO dumper@'192.0.2.%'")
    dump = shop.program(os.environ["PROGRAM"])
    command = [dump, "--no-defaults", "--user=root", f"--socket={shop.socket}", *json.loads(os.environ["ARGUMENTS"])]
    with shop.network["global"]:
        text = subprocess.run(command, check=True, capture_output=True).stdout
    Path(os.environ["DUMP"]).write_bytes(text)
