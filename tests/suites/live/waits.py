import pathlib
import time

import pytest

HERE = pathlib.Path(__file__).parent


def wait(name):
    (HERE / f"{name}.ready").touch()
    while not (HERE / "stop").exists():
        time.sleep(0.02)


@pytest.mark.netns("red")
def test_with_a_server(netns_mysql, netns_account):
    netns_account("app", password='it\'s "secret" #1', host="%")
    wait("with")
    with netns_mysql.cursor() as cursor:
        cursor.execute("SHOW TABLES")
        assert cursor.fetchall() in ([], [("made_in_the_shell",)])


@pytest.mark.netns("blue")
def test_without_a_server(netns):
    wait("without")
