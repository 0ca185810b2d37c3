import socket

import pytest

ADDRESSES = {"red": "192.0.2.2", "blue": "198.51.100.2"}
SCOPES = "session", "package", "module", "class"


def make(scope):
    @pytest.fixture(scope=scope, name=f"{scope}_connects")
    def connects(netns, netns_mysqld):
        assert netns.here is None
        with pytest.raises(Exception, match="from outside of all namespaces") as error:
            socket.create_connection((ADDRESSES["red"], 3306), timeout=10)
        return str(error.value)

    return connects


session_connects, package_connects, module_connects, class_connects = map(make, SCOPES)


@pytest.fixture(scope="module")
def allowed(netns, netns_mysqld):
    with netns["blue"]:
        made = socket.socket()
        socket.create_connection((ADDRESSES["red"], 3306), timeout=10).close()
    with made:
        assert netns.here is None
        made.settimeout(10)
        made.connect((ADDRESSES["blue"], 3306))  # a socket belongs to the namespace that it was created in
        assert made.getsockname()[0] == ADDRESSES["blue"]
    listening = socket.create_server(("127.0.0.1", 0))
    with listening, socket.create_connection(listening.getsockname(), timeout=10):
        return True


@pytest.mark.netns("red")
@pytest.mark.parametrize("scope", SCOPES)
def test_refused(request, scope):
    first, *rest = request.getfixturevalue(f"{scope}_connects").splitlines()
    what, _, place = first.partition(": it runs ")
    assert what == (
        f"the {scope}-scoped fixture {scope}_connects connects to 192.0.2.2, an address of namespace red, from outside "
        "of all namespaces"
    )
    assert place in ("on the host's network", "in a network without a way to any other")
    assert rest == [
        '  do: connect inside `with netns["red"]:`',
        '  do: or with netns_mysqld.connect(namespace="red", ...)',
        "  do: or make the fixture function-scoped: then it runs in the test's namespace",
    ]


@pytest.mark.netns("red")
def test_allowed(allowed):
    assert allowed
    socket.create_connection((ADDRESSES["red"], 3306), timeout=10).close()
    assert not hasattr(socket.socket.connect, "__wrapped__")
