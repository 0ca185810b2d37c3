import os

import pytest

pytestmark = pytest.mark.netns("red")
HERE = os.getcwd()


@pytest.fixture
def caplog(netns, caplog):
    """A fixture of the project with the name of one of pytest's."""
    assert netns.here.name == "red"
    yield caplog
    assert netns.here.name == "red"


@pytest.fixture
def last(tmp_path, monkeypatch, netns):
    yield
    assert netns.here.name == "red"
    assert os.getcwd() == str(tmp_path)


def test_fixtures_of_pytest(netns, last, tmp_path, monkeypatch, capfd, caplog, recwarn):
    monkeypatch.chdir(tmp_path)
    netns["red"].run(["sh", "-c", "pwd; ls /run/netns > names"], check=True)
    assert capfd.readouterr().out == f"{tmp_path}\n"
    assert "red" in (tmp_path / "names").read_text().split()


def test_the_directory_is_as_before(netns):
    assert os.getcwd() == HERE


class TestSetup:
    def setup_method(self):
        self.at_setup = os.readlink("/proc/thread-self/ns/net")

    def teardown_method(self):
        assert os.readlink("/proc/thread-self/ns/net") == self.at_setup

    def test_setup_methods(self, netns):
        assert netns.here.name == "red"
        assert os.readlink("/proc/thread-self/ns/net") == self.at_setup
