from urllib.request import urlopen

import pytest


@pytest.mark.netns("red", "blue")
def test_the_page_is_served_from_the_tests_namespace(netns, live_server):
    with urlopen(f"{live_server}/origin") as page:
        assert page.read().decode() == f"shop@{netns.here.address}"
