def test_a_route(netns, netns_connect):
    netns["red"].run(["ip", "route", "del", "default"], check=True)
    netns_connect("red", endpoint="blue", user="app")


def test_an_interface(netns, netns_connect):
    netns["global"].run(["ip", "link", "set", "veth-red", "down"], check=True)
    netns_connect("red", endpoint="blue", user="app", connection_timeout=1)
