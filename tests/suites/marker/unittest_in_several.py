import unittest

import pytest


@pytest.mark.netns("red", "blue")
class Case(unittest.TestCase):
    def test_it(self):
        pass


def test_other():
    pass
