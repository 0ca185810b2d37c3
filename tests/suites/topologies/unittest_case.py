import unittest

import pytest


class TestIt(unittest.TestCase):
    @pytest.mark.netns("red")
    def test_it(self):
        pass
