import pytest

pytestmark = getattr(pytest.mark, "net" + "ns")("red")


def test_it():
    pass
