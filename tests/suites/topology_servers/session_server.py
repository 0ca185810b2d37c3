from pathlib import Path


def test_options_and_endpoints(netns_mysqld):
    assert netns_mysqld.execute("SELECT @@max_connections, @@log_bin") == [(7, 0)]
    places = {kind: str(netns_mysqld.endpoint("red", kind)) for kind in ("mysql", "admin", "mysqlx")}
    assert places == {"mysql": "red.db.test/red", "admin": "192.0.2.2/red", "mysqlx": "192.0.2.2/red"}
    ports = [netns_mysqld.endpoint("red", kind).port for kind in ("mysql", "admin", "mysqlx")]
    assert ports == [3306, 33062, 33060]


def test_they_listen(netns):
    shown = netns["red"].run(["ss", "-Hltn"], capture_output=True, text=True, check=True).stdout
    assert {line.split()[3] for line in shown.splitlines()} == {"192.0.2.2:3306", "192.0.2.2:33062", "192.0.2.2:33060"}


def test_the_server_alone_has_nobody_to_ask_for_names(netns, netns_mysqld):
    assert Path(f"/proc/{netns_mysqld.pid}/root/etc/resolv.conf").read_text() == ""
    with netns["red"]:
        assert Path("/etc/resolv.conf").read_text() == HERE


def test_an_address_without_a_name_connects_too(netns_connect):
    with netns_connect("global", endpoint="red", host="192.0.2.2").cursor() as cursor:
        cursor.execute("SELECT USER()")
        assert cursor.fetchone() == ("global_user@192.0.2.1",)


HERE = Path("/etc/resolv.conf").read_text()
