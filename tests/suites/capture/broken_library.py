import pcapng.writer
import pytest


@pytest.fixture(autouse=True)
def broken(monkeypatch):
    def write_block(*_):
        raise ZeroDivisionError("a bug of the library")

    monkeypatch.setattr(pcapng.writer.FileWriter, "write_block", write_block)


@pytest.mark.netns("red")
def test_it(netns):
    raise ValueError("of the test")
