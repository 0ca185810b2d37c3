"""The origin test by testcontainers' MySqlContainer, on an image that this machine has."""

from __future__ import annotations

from functools import partial

from benchmarks.contenders import Contender
from benchmarks.programs import MissingError, UnableError, clean_environment, run
from benchmarks.workshop import Workshop

IMAGES = ("netns-mysql", "netns-mysql-tests")  # of `netns-mysql image`, and of this project's tests

_TEST = """\
import mysql.connector
import pytest
from testcontainers.community.mysql import MySqlContainer


@pytest.fixture(scope="session")
def server():
    with MySqlContainer("{image}") as container:
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


def in_a_container(workshop: Workshop) -> Contender:
    """Return testcontainers on it; raise MissingError where there is no engine or no image."""
    if not _succeeds(workshop, "docker", "info"):
        raise MissingError("no Docker answers: start one")
    image = next((image for image in IMAGES if _succeeds(workshop, "docker", "image", "inspect", image)), None)
    if image is None:
        raise MissingError(f"no image {IMAGES[0]}: `netns-mysql image` makes it")
    suite = workshop.suite("containers", _TEST.format(image=image))
    # Ryuk is a container of another image, which ends what a killed run leaves; a run that ends by itself needs it not.
    run_once = partial(workshop.pytest, "containers", suite, TESTCONTAINERS_RYUK_DISABLED="true")
    return Contender("testcontainers' MySqlContainer, local image", run_once, counts_cpu=False)


def _succeeds(workshop: Workshop, *command: str) -> bool:
    try:
        run(command, workshop.work, clean_environment(), timeout=30.0)
    except (UnableError, FileNotFoundError):
        return False
    return True
