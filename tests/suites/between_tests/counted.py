import sys

import pytest

OPENED = []


def count(event, arguments):
    if event == "open" and str(arguments[0]).endswith("/status"):
        OPENED.append(arguments[0])


sys.addaudithook(count)


@pytest.mark.netns("red")
@pytest.mark.parametrize("number", range(100))
def test_marked(number):
    pass


def test_seldom_asked():
    assert len(OPENED) < 10
