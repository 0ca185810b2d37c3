import unittest

import pytest


@pytest.mark.netns("green")
class Case(unittest.TestCase):
    def test_it(self):
        pass
