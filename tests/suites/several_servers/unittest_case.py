import unittest

import pytest


@pytest.mark.netns("red")
class TestIt(unittest.TestCase):
    def test_it(self): ...
