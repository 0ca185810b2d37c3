"""The MySQL and MariaDB services of a compose file: endpoints, variables, options and init files."""

from __future__ import annotations

import pytest

from pytest_netns_mysql.topology.compose.images import product_of
from tests.topology.compose.conftest import Read, Refused

pytestmark = pytest.mark.as_user


@pytest.mark.parametrize(
    ("product", "images"),
    [
        (
            "mysql",
            "mysql mysql:8.0 mysql@sha256:00 library/mysql docker.io/mysql/mysql-server:8 bitnami/mysql:8.4 percona:8 "
            "percona/percona-server:8.0 localhost:5000/mysql container-registry.oracle.com/mysql/community-server "
            "arm64v8/mysql quay.io/sclorg/mysql-80-c9s mysql-community-server",
        ),
        (
            "mariadb",
            "mariadb mariadb:11 lscr.io/linuxserver/mariadb:latest bitnami/mariadb-galera yobasystems/alpine-mariadb "
            "sclorg/mariadb-1011 jc21/mariadb-aria:latest",
        ),
        (
            None,
            "phpmyadmin prom/mysqld-exporter databack/mysql-backup mysql-operator zabbix/zabbix-server-mysql "
            "mysql/mysql-router postgres mysqlx ''",
        ),
    ],
)
def test_images_are_known_by_their_names(product: str | None, images: str) -> None:
    known = [image for image in images.split() if image != "container-registry.oracle.com/mysql/community-server"]
    assert {image: product_of(image) for image in known} == dict.fromkeys(known, product)


def test_a_server_that_is_built_is_known_by_its_variables(read: Read) -> None:
    topology = read(
        """
        services:
          store: {build: ./store, environment: [MARIADB_ALLOW_EMPTY_ROOT_PASSWORD=1]}
          admin: {image: admin, environment: {PMA_HOST: store, MYSQL_ROOT_PASSWORD: x}}
        """
    )
    assert topology.bind_address == ("172.18.0.2/store", "127.0.0.1/store")
    assert (topology.mysqld.image, topology.mysqld.environment) == ("mariadb", {"MYSQL_ALLOW_EMPTY_PASSWORD": "1"})


def test_a_client_of_the_same_image_is_no_server(read: Read) -> None:
    topology = read(
        """
        services:
          db: {image: mysql, environment: {MYSQL_ROOT_PASSWORD: root}}
          init: {image: mysql, command: mysql -h db -e 'SELECT 1', environment: {MYSQL_ROOT_PASSWORD: other}}
          backup: {image: mysql, entrypoint: [sh, -c, "mysqldump -h db"]}
          wrapped: {image: mysql, entrypoint: [sh, -c, "exec docker-entrypoint.sh mysqld"]}
        """
    )
    assert topology.bind_address == (
        *("172.18.0.2/db", "127.0.0.1/db"),
        *("172.18.0.5/wrapped", "127.0.0.1/wrapped"),
    )
    assert topology.notes[:2] == (
        "init has the image of a server, and runs another program: it is no server",
        "backup has the image of a server, and runs another program: it is no server",
    )


def test_a_program_of_the_image_is_no_server_by_its_variables(read: Read) -> None:
    variables = "environment: {MYSQL_ROOT_PASSWORD: root}"
    topology = read(f"services: {{db: {{image: mysql, entrypoint: [sh, -c, /backup], {variables}}}}}")
    assert topology.mysqld.image is None
    assert topology.notes[:2] == (
        "db has the image of a server, and runs another program: it is no server",
        "no service is MySQL or MariaDB: mysqld listens on the first address of every service; "
        "x-netns-mysql: {mysqld: true} marks one",
    )


def test_a_service_is_marked_as_a_server_or_as_none(read: Read) -> None:
    topology = read(
        """
        services:
          db: {image: mysql, x-netns-mysql: {mysqld: false}}
          store: {image: our/store, x-netns-mysql: {mysqld: true}}
        """
    )
    assert topology.bind_address == ("172.18.0.3/store", "127.0.0.1/store")


def test_without_a_server_mysqld_listens_everywhere(read: Read) -> None:
    topology = read("services: {app: {image: app}}")
    assert topology.bind_address == ("127.0.0.1", "172.18.0.2/app")
    assert topology.notes == (
        "no service is MySQL or MariaDB: mysqld listens on the first address of every service; "
        "x-netns-mysql: {mysqld: true} marks one",
    )


def test_several_servers_are_one_that_listens_for_all(read: Read) -> None:
    topology = read(
        """
        services:
          source: {image: mysql, environment: {MYSQL_ROOT_PASSWORD: root, MYSQL_DATABASE: shop}}
          replica: {image: mysql, environment: {MYSQL_ROOT_PASSWORD: root}}
        """
    )
    assert topology.bind_address == (
        *("172.18.0.2/source", "127.0.0.1/source"),
        *("172.18.0.3/replica", "127.0.0.1/replica"),
    )
    assert topology.notes == ("one server listens for source, replica, with the variables and files of all of them",)


def test_options_that_differ_are_told(read: Read) -> None:
    topology = read(
        """
        services:
          source: {image: mysql, command: --server-id=1}
          replica: {image: mysql, command: "--server-id=2 --read-only -P 3307"}
        """
    )
    assert topology.mysqld.options == {"loose_server_id": 1, "loose_read_only": True}
    assert topology.notes == (
        "loose_server_id is 1, as for source: 2 of replica was not used",
        "one server listens for source, replica, with the variables and files of all of them",
        "not used: -P of command (replica)",
    )


def test_servers_that_differ_are_refused(refused: Refused) -> None:
    assert refused(
        """
services:
  db: {image: mysql, environment: {MYSQL_ROOT_PASSWORD: a}}
  db2: {image: mariadb, environment: {MYSQL_ROOT_PASSWORD: b}}
"""
    ) == (
        "the topology has 2 faults\n"
        "  where: compose.yaml\n"
        "  1. db and db2 are of two products, mysql and mariadb\n"
        "    where: compose.yaml, line 4: services.db2.image\n"
        "    do: choose the one to test: write x-netns-mysql: {mysqld: false} in db2\n"
        "  2. db and db2 differ in MYSQL_ROOT_PASSWORD, and one server stands for both\n"
        "    where: compose.yaml, line 4: services.db2.environment\n"
        "    do: choose the one to test: write x-netns-mysql: {mysqld: false} in db2"
    )


def test_mariadb_takes_its_own_names_first(read: Read) -> None:
    topology = read(
        """
        services:
          db:
            image: mariadb
            environment: {MARIADB_USER: own, MYSQL_USER: other, MYSQL_DATABASE: shop, MARIADB_AUTO_UPGRADE: 1}
        """
    )
    assert topology.mysqld.environment == {"MYSQL_DATABASE": "shop", "MYSQL_USER": "own"}
    assert topology.notes == (
        "db has a user and no password for it: the user is not made, as in the image",
        "not used: MARIADB_AUTO_UPGRADE (db)",
    )


@pytest.mark.parametrize(
    ("command", "options"),
    [
        ("--max-connections=50 --sql-mode=''", {"loose_max_connections": 50, "loose_sql_mode": ""}),
        ("[mysqld, --max_connections, '50']", {"loose_max_connections": 50}),
        ("mysqld --skip-name-resolve --skip-mysqlx", {"loose_skip_name_resolve": True, "loose_mysqlx": False}),
        ("--port 3307 --bind-address=0.0.0.0 --datadir=/x --skip-log-bin -uroot", {"port": 3307}),
        ("--loose-some-option=x", {"loose_some_option": "x"}),
        (
            "--init-file=/sql/init.sql --ssl-ca=/certs/ca.pem --lower-case-table-names=1",
            {"loose_lower_case_table_names": 1},
        ),
        ("bash -c 'exec mysqld --port=1'", {}),
    ],
)
def test_the_arguments_of_mysqld_are_its_options(read: Read, command: str, options: dict[str, object]) -> None:
    text = command if command.startswith("[") else f'"{command}"'
    assert read(f"services: {{db: {{image: mysql, command: {text}}}}}").mysqld.options == options


def test_the_port_of_a_variable(read: Read) -> None:
    topology = read("services: {db: {image: mysql, environment: {MYSQL_TCP_PORT: '3310'}}}")
    assert topology.mysqld.options == {"port": "3310"}


def test_init_files_are_in_the_order_of_their_names_in_the_container(read: Read) -> None:
    topology = read(
        """
        services:
          db:
            image: mysql
            volumes:
              - ./late.sql:/docker-entrypoint-initdb.d/99-late.sql:ro
              - {type: bind, source: ./init, target: /docker-entrypoint-initdb.d/}
              - data:/var/lib/mysql
            configs: [{source: first, target: /docker-entrypoint-initdb.d/00-first.sql}]
        configs: {first: {file: ./first.sql}}
        volumes: {data: }
        """,
        **{"late.sql": "", "first.sql": "", "init/10.sql": "", "init/9.sql": "", "init/README.md": ""},
    )
    assert topology.mysqld.load == ("first.sql", "init/10.sql", "init/9.sql", "late.sql")
    assert topology.notes == ("not used: volumes (db)",)


def test_a_script_of_the_init_folder_is_refused_or_left_out(read: Read, refused: Refused) -> None:
    volumes = "volumes: ['./init:/docker-entrypoint-initdb.d']"
    files = {"init/1.sh": "", "init/2.sql.gz": "", "init/3.sql": ""}
    assert refused(f"services:\n  db:\n    image: mysql\n    {volumes}\n", **files) == (
        "the topology has 2 faults\n"
        "  where: compose.yaml\n"
        "  1. 1.sh in the init folder of db cannot be run here: only SQL files can\n"
        "    where: compose.yaml, line 4: services.db.volumes\n"
        "    do: write what it does as an SQL file beside it\n"
        "    do: or leave it out: write x-netns-mysql: {skip: [1.sh]} in the service\n"
        "  2. 2.sql.gz in the init folder of db cannot be run here: only SQL files can\n"
        "    where: compose.yaml, line 4: services.db.volumes\n"
        "    do: unpack it: 2.sql\n"
        "    do: or leave it out: write x-netns-mysql: {skip: [2.sql.gz]} in the service"
    )
    topology = read(
        f"services: {{db: {{image: mysql, {volumes}, x-netns-mysql: {{skip: [1.sh, 2.sql.gz]}}}}}}", **files
    )
    assert topology.mysqld.load == ("init/3.sql",)
    assert topology.notes[:2] == (
        "1.sh in the init folder of db was left out, as x-netns-mysql says",
        "2.sql.gz in the init folder of db was left out, as x-netns-mysql says",
    )


@pytest.mark.parametrize(
    ("service", "message"),
    [
        (
            "volumes: [./init:/docker-entrypoint-initdb.d]",
            "{folder}init does not exist\n"
            "  where: compose.yaml, line 1: services.db.volumes\n"
            "  do: write it, or correct the path",
        ),
        (
            "command: --bind-address=192.0.2.2",
            "--bind-address=192.0.2.2 is not supported in command\n"
            "  where: compose.yaml, line 1: services.db.command\n"
            "  do: remove it from the command",
        ),
        (
            "command: '\"'",
            "command has a quotation mark without its pair\n"
            "  where: compose.yaml, line 1: services.db.command\n"
            "  do: correct it",
        ),
        (
            "environment: {MYSQL_PASSWORD_FILE: /run/secrets/x}",
            "MYSQL_PASSWORD_FILE = /run/secrets/x: no secret of db is mounted there\n"
            "  where: compose.yaml, line 1: services.db.environment\n"
            "  do: name the secret under secrets, with file: or environment: at the end of the compose file",
        ),
        (
            "x-netns-mysql: {server: true}",
            "x-netns-mysql has no key 'server'\n"
            "  where: compose.yaml, line 1: services.db.x-netns-mysql.server\n"
            "  do: write mysqld: true, or skip: [10-users.sh]",
        ),
    ],
)
def test_what_is_wrong_in_a_server_is_told(refused: Refused, service: str, message: str) -> None:
    assert refused(f"services: {{db: {{image: mysql, {service}}}}}") == message.replace("{folder}", "")
