"""The command line, as a user runs it: in a process of its own."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from pytest_netns_mysql.topology import load_all
from pytest_netns_mysql.topology.diagram import FORMATS, draw
from pytest_netns_mysql.topology.file.load import load


def netns_mysql(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "pytest_netns_mysql.cli", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, env={**os.environ, **environment})


def test_show_draws_the_default_topology_and_a_file(tmp_path: Path) -> None:
    assert netns_mysql("show").stdout == draw(load("red-blue")) + "\n"
    file = tmp_path / "shop.toml"
    file.write_text('[namespaces]\nshop = "203.0.113.2/24"\n')
    assert "shop    vpeer-shop 203.0.113.2/24, default via 203.0.113.1" in netns_mysql("show", str(file)).stdout


@pytest.mark.parametrize("kind", FORMATS)
def test_show_draws_in_every_format(kind: str) -> None:
    assert netns_mysql("show", "cluster", "--format", kind).stdout == draw(load("cluster"), kind) + "\n"


def test_show_draws_several_one_below_the_other(tmp_path: Path) -> None:
    file = tmp_path / "several.toml"
    file.write_text('[topology.here.namespaces]\nred = "192.0.2.2/24"\n[topology.there.namespaces]\nblue = {}\n')
    here, there = load_all(str(file))
    assert netns_mysql("show", str(file)).stdout == f"{draw(here)}\n\n{draw(there)}\n"
    assert netns_mysql("show", f"{file}::there", "--format", "svg").stdout == draw(there, "svg") + "\n"
    result = netns_mysql("show", str(file), "--format", "svg")
    assert result.returncode == 1
    assert result.stderr == (
        f"netns-mysql: --format svg draws one topology, and {file} names 2\n"
        "  where: netns-mysql show\n"
        "  do: name one topology; FILE::NAME names one of several in a file\n"
    )


def test_run_takes_one_topology(tmp_path: Path) -> None:
    result = netns_mysql("run", "--topology", "red-blue,nat", "--", "true")
    assert result.returncode == 1
    assert result.stderr.startswith(
        "netns-mysql: only one topology can be used here, and 'red-blue,nat' has 2: red-blue, nat\n"
    )
    assert netns_mysql("run", "--topology", "nat", "--netns", "db", "--", "hostname", "-I").stdout == "172.17.0.2 \n"


def test_a_topology_file_in_the_working_directory_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "netns-topology.toml").write_text('[namespaces]\nshop = "203.0.113.2/24"\n')
    monkeypatch.chdir(tmp_path)
    assert netns_mysql("show").stdout.startswith("topology netns-topology (")
    assert netns_mysql("run", "--netns", "shop", "--", "hostname", "-I").stdout == "203.0.113.2 \n"


def test_show_of_an_unknown_topology_lists_the_presets() -> None:
    result = netns_mysql("show", "red-blu")
    assert result.returncode == 1
    assert result.stderr.startswith("netns-mysql: there is no topology 'red-blu'\n  tried: presets: bridge, ")
    assert result.stderr.endswith("  do: write red-blue\n")


def test_run_shows_what_the_manual_shows() -> None:
    names = netns_mysql("run", "--", "ip", "netns", "list").stdout.splitlines()
    assert {line.split()[0] for line in names} == {"red", "blue"}
    route = netns_mysql("run", "--netns", "red", "--", "ip", "route").stdout.splitlines()
    assert [line.split() for line in route] == [
        ["default", "via", "192.0.2.1", "dev", "vpeer-red"],
        ["192.0.2.0/24", "dev", "vpeer-red", "proto", "kernel", "scope", "link", "src", "192.0.2.2"],
    ]


def test_run_keeps_its_network_for_as_long_as_the_command_lasts() -> None:
    script = "sleep 0.5; ip route; ip -o link show vpeer-red"
    result = netns_mysql("run", "--netns", "red", "--", "sh", "-c", script)
    assert result.stdout.startswith("default via 192.0.2.1 dev vpeer-red")
    assert "LOWER_UP" in result.stdout


def test_run_has_the_commands_exit_code_and_environment() -> None:
    assert netns_mysql("run", "--", "sh", "-c", "exit 42").returncode == 42
    assert netns_mysql("run", "--", "sh", "-c", "echo $SHOP", SHOP="open").stdout == "open\n"
    assert netns_mysql("run", "sh", "-c", "echo no dashes").stdout == "no dashes\n"


def test_run_serves_clients_in_every_namespace() -> None:
    script = 'mysql --user=red_user -e "SELECT USER(), @@bind_address" --skip-column-names --batch red_schema'
    result = netns_mysql("run", "--mysqld", "--netns", "red", "--", "sh", "-c", script)
    assert result.stdout.split() == ["red_user@192.0.2.2", "127.0.0.1,192.0.2.2/red,198.51.100.2/blue"], result.stderr
    assert "mysqld listens on 127.0.0.1, 192.0.2.2/red, 198.51.100.2/blue; accounts without password: " in result.stderr


def test_run_takes_the_manuals_own_client_option() -> None:
    script = "mysql --network-namespace=blue --host=198.51.100.2 --user=blue_user -Nse 'SELECT USER()'"
    result = netns_mysql("run", "--mysqld", "--", "sh", "-c", script)
    assert result.stdout == "blue_user@198.51.100.2\n", result.stderr


def test_the_server_of_run_ends_with_the_command() -> None:
    script = "pgrep -x mysqld -P $$"
    with subprocess.Popen(
        [sys.executable, "-m", "pytest_netns_mysql.cli", "run", "--mysqld", "--", "sh", "-c", f"{script}; sleep 60"],
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        server = int(process.stdout.readline())
        assert Path(f"/proc/{server}").exists()
        process.send_signal(signal.SIGKILL)
    deadline = time.monotonic() + 3
    while Path(f"/proc/{server}").exists() and ") Z " not in Path(f"/proc/{server}/stat").read_text():
        assert time.monotonic() < deadline
        time.sleep(0.02)


@pytest.mark.parametrize(
    ("arguments", "code", "told"),
    [
        (["run"], 2, "run needs a command: netns-mysql run --netns red -- ip address"),
        (["run", "--", "no-such-program"], 127, "no-such-program: No such file or directory"),
        (["run", "--", "/proc"], 126, "/proc: Permission denied"),
        (["run", "--netns", "green", "--", "true"], 1, "there is no namespace 'green'"),
        (["run", "--mysqld", "/no/such", "--", "true"], 1, "/no/such does not exist"),
        (["run", "--mode", "sudo", "--", "true"], 1, "netns_mode = 'sudo': it must be one of auto, direct, rootless"),
    ],
)
def test_wrong_arguments_of_run_are_errors(arguments: list[str], code: int, told: str) -> None:
    result = netns_mysql(*arguments)
    assert result.returncode == code
    assert result.stderr.startswith(f"netns-mysql: {told}")


def test_doctor_probes_everything_and_leaves_nothing(is_root: bool) -> None:
    result = netns_mysql("doctor")
    assert result.returncode == 0, result.stdout
    ours, own = (text.splitlines() for text in result.stdout.split("\n\n"))
    states = {line.split()[1]: line.split()[0] for line in ours[:-1] if line[0] != " "}
    kernel = ["kernel", "way", *([] if is_root else ["limits"]), "sandbox", "network", "nat", "tbf", "netem", "ip"]
    assert list(states) == [*kernel, "mysqld", "cache"]
    assert set(states.values()) <= {"ok", "note"}
    assert "topology red-blue built: global, red, blue" in result.stdout
    assert ours[-1] == "netns tests can run here"
    assert own[0] == 'for a server of your own, outside of pytest (the manual, "Host System Prerequisites"):'
    assert [line.split()[1] for line in own[1:] if line[0] != " "] == ["kernel", "mysqld", "mysql", "mysqlxtest"]


def test_doctor_names_missing_prerequisites_and_remedies(tmp_path: Path) -> None:
    nowhere = {"PATH": str(tmp_path), "DOCKER_HOST": f"unix://{tmp_path}/docker.sock"}
    result = netns_mysql("doctor", "--cache", "/proc/nowhere", **nowhere)
    assert result.returncode == 1
    lines = result.stdout.splitlines()
    assert any(line.startswith("missing  cache") and line.endswith("cannot be written") for line in lines)
    assert lines[lines.index("") - 1] == "netns tests cannot run here: mysqld, cache"
    assert any("do: install MySQL 8.0.22 or newer" in line for line in lines)
    assert any(line.strip() == "do: install iproute2" for line in lines) == (not Path("/usr/sbin/ip").exists())


def test_doctor_reports_a_missing_server_if_fetching_is_off(tmp_path: Path) -> None:
    result = netns_mysql("doctor", "--cache", str(tmp_path), NETNS_FETCH="never", NETNS_MYSQLD="mariadb")
    assert result.returncode == 1, result.stdout
    assert (
        "missing  mysqld     MariaDB is not on this machine, and netns_fetch = never: it is not fetched from the "
        "machine's package sources\n"
        + " " * 20
        + "do: run `netns-mysql fetch mariadb`, which fetches it into the cache, once\n"
    ) in result.stdout
    assert not (tmp_path / "servers").exists()


def test_fetch_prints_the_path_last() -> None:
    result = netns_mysql("fetch")
    assert result.returncode == 0, result.stderr
    mysqld = result.stdout.splitlines()[-1]
    line = subprocess.run([mysqld, "--version"], capture_output=True, text=True, check=True).stdout
    assert "Ver " in line


def test_fetch_fetches_known_products_only() -> None:
    result = netns_mysql("fetch", "router")
    assert result.returncode == 0, result.stderr
    assert result.stdout.splitlines()[-1].endswith("/bin/mysqlrouter")
    result = netns_mysql("fetch", "proxysql")
    assert result.returncode == 2
    assert "invalid choice: 'proxysql' (choose from" in result.stderr


def test_the_products_are_those_that_can_be_fetched() -> None:
    from pytest_netns_mysql.commands import fetch
    from pytest_netns_mysql.mysql.fetch.products import PRODUCTS

    assert tuple(PRODUCTS) == fetch.PRODUCTS
