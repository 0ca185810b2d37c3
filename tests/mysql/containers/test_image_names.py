"""The names of images: what no engine would take as one is refused before an engine is asked."""

from __future__ import annotations

from pathlib import Path

import pytest

from pytest_netns_mysql import ContainerError
from pytest_netns_mysql.cli import main
from pytest_netns_mysql.mysql.containers import kind
from pytest_netns_mysql.mysql.containers.reference import check_reference

HEX = "0123456789abcdef" * 4
NAMES = [
    *(
        "mysql",
        "mysql:8.4",
        "percona/percona-server:8.0",
        "registry.example:5000/shop/my__sql-9.x/db:v1_2.3-x",
        HEX[:12],
    ),
    *(
        "localhost/netns-mysql:latest",
        f"mysql@sha256:{HEX}",
        f"mysql:8.4@sha256:{HEX}",
        "[::1]:5000/mysql",
        f"sha256:{HEX}",
    ),
]
OTHERS = [
    *(
        "--privileged",
        "-x",
        "x;y",
        "a b",
        "",
        " ",
        "\n",
        "mysql:8.4\n",
        " mysql",
        "MySQL:8.4",
        "mysql:",
        ":8.4",
        "mysql:-x",
    ),
    *(
        "mysql:8.4 --privileged",
        "mysql:--privileged",
        f"mysql@sha256:{HEX[:8]}",
        "mysql@",
        "mysql@sha256:x",
        "a@b@c",
        "a:b:c/d:e:f",
    ),
    *(
        "../containers/json",
        "../../x",
        "..",
        ".",
        "./x",
        "/x",
        "//x",
        "x//y",
        "x/",
        "x/../y",
        "http://x",
        "x?y",
        "x#y",
        "x%2e%2e",
    ),
    *(
        "$(touch ran)",
        "`x`",
        "x\0",
        "\ud800",
        "é",
        "mysql٣",
        "\x1b[31m",
        "x" * 256,
        f"mysql:{'x' * 129}",
        "-/x",
        "x/-y",
        "x_-y",
    ),
]


@pytest.mark.parametrize("name", NAMES)
def test_a_name_is_taken(name: str) -> None:
    check_reference(name, "here")


@pytest.mark.parametrize("name", OTHERS)
def test_another_text_reaches_no_engine(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The engine of this test would be told as missing."""
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/nobody.sock")
    with pytest.raises(ContainerError) as error:
        kind.find(f"docker://{name}", cache=tmp_path, environment={}, initdb=None, progress=lambda _: None)
    assert error.value.what.startswith(f"{name!r} cannot be the name of an image: it takes lower-case letters, digits")
    assert error.value.where == f"netns_mysqld = docker://{name}"
    assert error.value.remedies[0].startswith("correct the name: docker://mysql:8.4")


def test_netns_mysql_image_refuses_it_before_it_fetches_anything(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    assert main(["image", "Shop;x", f"--cache={tmp_path}"]) == 1
    assert capsys.readouterr().err.startswith("netns-mysql: 'Shop;x' cannot be the name of an image")
    assert not [*tmp_path.iterdir()]
