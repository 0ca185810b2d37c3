def test_dynamic(request):
    assert request.getfixturevalue("netns")["red"].address == "192.0.2.2"


def test_after():
    pass
