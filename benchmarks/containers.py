"""The origin test by testcontainers' MySqlContainer, on an image that this machine has."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from benchmarks.workshop import MissingError, Sample, UnableError, Workshop, clean_environment, run

IMAGE = "netns-mysql"

_TEST = f"""\
import mysql.connector
import pytest
from testcontainers.mysql import MySqlContainer


@pytest.fixture(scope="session")
def server():
    with MySqlContainer("{IMAGE}") as container:
        yield container


def test_the_server_sees_where_we_come_from(server):
    connection = mysql.connector.connect(
        host=server.get_container_host_ip(),
        port=int(server.get_exposed_port(3306)),
        user=server.username,
        password=server.password,
        database=server.dbname,
    )
    with connection, connection.cursor() as cursor:
        cursor.execute("SELECT USER()")
        assert cursor.fetchone()[0].startswith("test@")
"""


def in_a_container(workshop: Workshop) -> Callable[[], Sample]:
    """Return one run of it; raise MissingError where there is no engine or no image."""
    _require(workshop, "no Docker answers: start one", "docker", "info")
    _require(workshop, f"no image {IMAGE}: `netns-mysql image` makes it", "docker", "image", "inspect", IMAGE)
    suite = workshop.suite("containers", _TEST)
    # Ryuk is a container of another image, which ends what a killed run leaves; a run that ends by itself needs it not.
    return partial(workshop.pytest, "containers", suite, TESTCONTAINERS_RYUK_DISABLED="true")


def _require(workshop: Workshop, otherwise: str, *command: str) -> None:
    try:
        run(command, workshop.work, clean_environment(), timeout=30.0)
    except (UnableError, FileNotFoundError) as error:
        raise MissingError(otherwise) from error
