import socket
import threading


def interfaces():
    return {name for _, name in socket.if_nameindex()} - {"lo"}


def test_it(netns):
    with netns["red"]:
        with netns["blue"]:
            assert interfaces() == {"vpeer-blue"}
            with netns["red"]:
                assert interfaces() == {"vpeer-red"}
            assert interfaces() == {"vpeer-blue"}
        assert interfaces() == {"vpeer-red"}
        seen = []

        def elsewhere():
            with netns["blue"]:
                seen.append(interfaces())
            seen.append(interfaces())

        thread = threading.Thread(target=elsewhere)
        thread.start()
        thread.join()
        assert seen == [{"vpeer-blue"}, {"vpeer-red"}]
        assert interfaces() == {"vpeer-red"}
    assert interfaces() == {"veth-red", "veth-blue"}
