import pytest

from pytest_netns_mysql.run.printing import print_line


@pytest.mark.parametrize("number", range(3))
def test_it(request, number):
    print("what a test prints stays where it is")
    print_line(request.config, f"netns-mysql: line {number}")
