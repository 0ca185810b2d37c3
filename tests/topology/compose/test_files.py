"""Several files: overrides, extended services, included files, profiles, and files of variables."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from pytest_netns_mysql.errors import TopologyError
from pytest_netns_mysql.topology import load, load_all
from tests.topology.compose.conftest import Read

pytestmark = pytest.mark.as_user
Write = Callable[[dict[str, str]], None]
BASE = "services: {db: {image: mysql, environment: [MYSQL_USER=shop, MYSQL_PASSWORD=1]}}"


def test_a_folder_is_read_as_docker_compose_reads_it(
    folder: Path, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(
        {
            "docker-compose.yml": BASE,
            "docker-compose.override.yml": "services: {db: {environment: {MYSQL_USER: boss}}, app: {image: app}}",
            "more.yaml": "services: {more: {image: app}}",
        }
    )
    topology = load(str(folder))
    assert (topology.name, [*topology.namespaces]) == ("shop", ["db", "app"])
    assert topology.mysqld.environment == {"MYSQL_USER": "boss", "MYSQL_PASSWORD": "1"}
    monkeypatch.setenv("COMPOSE_FILE", "docker-compose.yml:more.yaml")
    assert [*load(str(folder)).namespaces] == ["db", "more"]


def test_a_file_that_is_named_is_read_alone(folder: Path, write: Write) -> None:
    write({"compose.yaml": BASE, "compose.override.yaml": "services: {app: {image: app}}"})
    assert [*load("compose.yaml", base=folder).namespaces] == ["db"]


def test_files_are_topologies_of_a_matrix(folder: Path, write: Write) -> None:
    write({"old.yaml": BASE, "new.yml": BASE})
    assert [topology.name for topology in load_all("old.yaml,new.yml", base=folder)] == ["old", "new"]


def test_a_project_has_a_name(folder: Path, write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    write({"compose.yaml": f"name: my-shop\n{BASE}"})
    assert load(str(folder)).name == "my-shop"
    assert "my-shop-db-1" in load(str(folder)).hosts
    write({".env": "COMPOSE_PROJECT_NAME=by-file"})
    assert load(str(folder)).name == "by-file"
    monkeypatch.setenv("COMPOSE_PROJECT_NAME", "By Environment!")
    assert load(str(folder)).name == "byenvironment"


def test_a_later_file_is_merged_as_the_specification_says(
    folder: Path, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(
        {
            "compose.yaml": """
                services:
                  db:
                    image: mysql:8.0
                    command: --port=1
                    ports: ["127.0.0.1:1:1", "127.0.0.1:2:2"]
                    volumes: [./a:/docker-entrypoint-initdb.d]
                    networks: [back]
                    extra_hosts: ["a.test:192.0.2.1"]
                  gone: {image: app, networks: [back]}
                networks: {back: }
            """,
            "compose.override.yaml": """
                services:
                  db:
                    image: mysql:8.4
                    command: [mysqld, --port=2]
                    ports: ["127.0.0.1:2:2", "127.0.0.1:3:3"]
                    volumes: [./b:/docker-entrypoint-initdb.d]
                    networks: {back: {aliases: [store]}}
                    extra_hosts: ["b.test:192.0.2.2"]
                  gone: !reset null
            """,
            "b/1.sql": "",
        }
    )
    topology = load(str(folder))
    assert [*topology.namespaces] == ["db"]
    assert topology.publish == {f"127.0.0.1:{port}": f"172.18.0.2:{port}" for port in (1, 2, 3)}
    assert (topology.mysqld.image, topology.mysqld.options) == ("mysql:8.4", {"port": 2})
    assert topology.mysqld.load == ("b",)
    assert {"store", "a.test", "b.test"} <= topology.hosts.keys()


def test_a_later_file_may_replace_what_would_be_merged(folder: Path, write: Write) -> None:
    write(
        {
            "compose.yaml": "services: {db: {image: mysql, ports: ['127.0.0.1:1:1'], mac_address: zz}}",
            "compose.override.yaml": "services: {db: {ports: !override ['127.0.0.1:2:2'], mac_address: !reset ''}}",
        }
    )
    assert load(str(folder)).publish == {"127.0.0.1:2": "172.18.0.2:2"}


def test_a_service_extends_another(read: Read) -> None:
    topology = read(
        """
        services:
          db:
            extends: {file: common/base.yaml, service: server}
            environment: {MYSQL_DATABASE: shop}
          again: {extends: db, image: app, x-netns-mysql: {mysqld: false}}
        """,
        **{
            "common/base.yaml": """
                services:
                  server:
                    extends: root
                    image: mysql:8.4
                    volumes: ["./init:/docker-entrypoint-initdb.d"]
                  root:
                    environment: {MYSQL_ROOT_PASSWORD: root, MYSQL_DATABASE: none}
            """,
            "common/init/1.sql": "",
        },
    )
    assert [*topology.namespaces] == ["db", "again"]
    assert topology.mysqld.environment == {"MYSQL_DATABASE": "shop", "MYSQL_ROOT_PASSWORD": "root"}
    assert topology.mysqld.load == ("common/init",)


def test_a_file_includes_others_with_their_own_variables(read: Read) -> None:
    topology = read(
        """
        include:
          - data/compose.yaml
          - {path: [cache.yaml, more.yaml], env_file: cache.env}
        services: {app: {image: app, networks: [back]}}
        networks: {back: }
        """,
        **{
            "data/compose.yaml": """
                services:
                  db:
                    image: mysql
                    environment: {MYSQL_USER: "${SHOP_USER}", MYSQL_PASSWORD: "${SHOP_PASSWORD:-none}"}
                    volumes: ["./init:/docker-entrypoint-initdb.d"]
                    networks: [back]
                networks: {back: }
            """,
            "data/.env": "SHOP_USER=of_data\n",
            "data/init/1.sql": "",
            "cache.yaml": "services: {cache: {image: redis, extra_hosts: ['${CACHE}:192.0.2.7']}}",
            "more.yaml": "services: {cache: {networks: [back]}}",
            "cache.env": "CACHE=cache.test",
        },
    )
    assert [*topology.namespaces] == ["app", "db", "cache"]
    assert topology.mysqld.environment == {"MYSQL_USER": "of_data", "MYSQL_PASSWORD": "none"}
    assert topology.mysqld.load == ("data/init",)
    assert topology.hosts["cache.test"] == ("192.0.2.7",)


def test_services_of_other_profiles_are_left_out(folder: Path, write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    write(
        {
            "compose.yaml": """
                services: {db: {image: mysql}, a: {image: a, profiles: [x, y]}, b: {image: b, profiles: [z]}}
            """
        }
    )
    topology = load(str(folder))
    assert [*topology.namespaces] == ["db"]
    assert topology.notes[0] == "a was left out: its profile x or y is not in COMPOSE_PROFILES"
    for profiles, names in {"y": ["db", "a"], "x, z": ["db", "a", "b"], "*": ["db", "a", "b"]}.items():
        monkeypatch.setenv("COMPOSE_PROFILES", profiles)
        assert [*load(str(folder)).namespaces] == names
    monkeypatch.delenv("COMPOSE_PROFILES")
    write({".env": "COMPOSE_PROFILES=z"})
    assert [*load(str(folder)).namespaces] == ["db", "b"]


def test_anchors_and_merge_keys_are_followed(read: Read) -> None:
    topology = read(
        """
        x-env: &env {MYSQL_USER: shop, MYSQL_PASSWORD: "1"}
        x-more: &more {MYSQL_USER: other, MYSQL_DATABASE: shop}
        services:
          db: {image: mysql, environment: {<<: [*env, *more], MYSQL_PASSWORD: "2"}}
        """
    )
    assert topology.mysqld.environment == {"MYSQL_DATABASE": "shop", "MYSQL_USER": "shop", "MYSQL_PASSWORD": "2"}


def test_text_stays_as_it_is_written(read: Read) -> None:
    """YAML 1.1 has numbers and switches where Compose has text."""
    topology = read(
        "services: {db: {image: mysql, environment: {MYSQL_PASSWORD: 0123, MYSQL_USER: yes}, ports: [127.0.0.1:22:22]}}"
    )
    assert topology.mysqld.environment == {"MYSQL_USER": "yes", "MYSQL_PASSWORD": "0123"}
    assert topology.publish == {"127.0.0.1:22": "172.18.0.2:22"}


def test_the_environment_of_a_service_comes_before_its_files(read: Read) -> None:
    topology = read(
        """
        services:
          db:
            image: mysql
            environment: {MYSQL_USER: shop}
            env_file: [a.env, {path: b.env, required: false}, {path: c.env, format: raw}]
        """,
        **{"a.env": "MYSQL_USER=a\nMYSQL_PASSWORD=a\n", "c.env": "MYSQL_PASSWORD='$c'\n"},
    )
    assert topology.mysqld.environment == {"MYSQL_USER": "shop", "MYSQL_PASSWORD": "'$c'"}


@pytest.mark.parametrize(
    ("files", "message"),
    [
        (
            {"compose.yaml": "include: [nowhere.yaml]"},
            "the file {folder}/nowhere.yaml to include does not exist\n"
            "  where: {folder}/compose.yaml, line 1: include.path\n"
            "  do: correct the path",
        ),
        (
            {"compose.yaml": "include: [a.yaml]", "a.yaml": "include: [compose.yaml]"},
            "compose files include each other\n"
            "  where: {folder}/a.yaml\n"
            "  tried: {folder}/compose.yaml\n"
            "  tried: {folder}/a.yaml\n"
            "  tried: {folder}/compose.yaml\n"
            "  do: remove one of the includes",
        ),
        (
            {
                "compose.yaml": "include: [a.yaml]\nservices: {db: {image: mysql}}",
                "a.yaml": "services: {db: {image: mariadb}}",
            },
            "services.db is in the included file, too, and differs\n"
            "  where: {folder}/compose.yaml, line 2: services.db\n"
            "  do: rename one of them, or change it in compose.override.yaml",
        ),
        (
            {"compose.yaml": "services:\n  db:\n    extends: {file: compose.yaml, service: dc}\n"},
            "there is no service 'dc' to extend\n"
            "  where: {folder}/compose.yaml, line 3: services.db.extends\n"
            "  tried: db\n"
            "  do: write one of these",
        ),
        (
            {"compose.yaml": "services: {a: {extends: b}, b: {extends: a}}"},
            "the topology has 2 faults\n"
            "  where: {folder}/compose.yaml\n"
            "  1. the service a extends itself\n"
            "    where: {folder}/compose.yaml, line 1: services.a.extends\n"
            "    do: remove it\n"
            "  2. the service b extends itself\n"
            "    where: {folder}/compose.yaml, line 1: services.b.extends\n"
            "    do: remove it",
        ),
        (
            {"compose.yaml": "services: {db: {image: mysql, env_file: x.env}}"},
            "the file of variables {folder}/x.env does not exist\n"
            "  where: {folder}/compose.yaml, line 1: services.db.env_file.path\n"
            "  do: write the file, or correct the path",
        ),
        (
            {"compose.yaml": BASE, ".env": "A=1\n= 2\n"},
            "this is not NAME=value\n  where: {folder}/.env, line 2\n  do: correct that line",
        ),
        (
            {"compose.yaml": BASE, ".env": "A=${B:?no B}\n"},
            "the variable B is required: no B\n  where: {folder}/.env, line 1\n  do: correct that line",
        ),
    ],
)
def test_faults_in_files_are_told_by_file_and_line(
    folder: Path, write: Write, files: dict[str, str], message: str
) -> None:
    write(files)
    with pytest.raises(TopologyError) as error:
        load(str(folder))
    assert str(error.value) == message.replace("{folder}", str(folder))


def test_a_file_has_a_single_topology(folder: Path, write: Write) -> None:
    write({"compose.yaml": BASE})
    with pytest.raises(TopologyError) as error:
        load(f"{folder}/compose.yaml::debug")
    assert str(error.value) == (
        "a compose file has a single topology, and no 'debug'\n"
        f"  where: {folder}/compose.yaml\n"
        "  do: leave out the name\n"
        "  do: choose profiles by the environment variable COMPOSE_PROFILES"
    )
