import json
import os
import pathlib

import pytest


@pytest.fixture(autouse=True)
def _facts(request, worker_id):
    yield
    facts = {"ssh": os.environ.get("SSH_CONNECTION", "").split()[2:3]}
    with pathlib.Path(request.config.rootpath, f"facts-{worker_id}").open("a") as file:
        file.write(json.dumps([request.node.name, facts]) + "\n")


@pytest.mark.parametrize("number", range(4))
@pytest.mark.netns("office")
def test_origin(netns_mysql, number):
    with netns_mysql.cursor() as cursor:
        cursor.execute("SELECT USER()")
        assert cursor.fetchone() == ("office_user@203.0.113.2",)


@pytest.mark.netns("office")
def test_refused(netns_connect):
    netns_connect("office", user="nobody", password="wrong")


def test_plain():
    assert os.environ.get("PYTEST_NETNS_MYSQL_WORKER") is None
