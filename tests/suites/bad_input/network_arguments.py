from typing import Any

import pytest

from pytest_netns_mysql import NetnsError, SettingError, UnknownNamespaceError


def test_it(netns):
    names: list[Any] = [5, [], None, {}]
    for name in names:
        with pytest.raises(UnknownNamespaceError):
            netns.link(name)
        with pytest.raises(NetnsError), netns.partition(name):
            pass
    with pytest.raises(NetnsError, match="namespace red has no link to 5"):
        netns.link("red", to=5)
    for argv in (5, [5], [], None, ["a\0"], {"a": 1}, ""):
        with pytest.raises(SettingError, match="it takes a program with its arguments, as a list of texts"):
            netns["red"].run(argv)
    assert netns["red"].run("exit 3", shell=True).returncode == 3
