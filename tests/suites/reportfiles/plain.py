def test_of_another_kind():
    pass
