"""Doctests that ask for our fixtures, or for the project's own that are built on them.

>>> from places import HOST, network
>>> network() == HOST
True
"""

import places  # noqa: F401 - the doctests use it


def origin():
    """Come from the sandbox's own namespace, and from others.

    >>> places.origin(getfixture("netns_mysql"))
    '127.0.0.1'
    >>> netns_connect = getfixture("netns_connect")
    >>> places.origin(netns_connect("red")), places.origin(netns_connect("blue"))
    ('192.0.2.2', '198.51.100.2')
    """


def block():
    """Enter a namespace for some lines.

    >>> netns = getfixture('netns')
    >>> with netns["red"]:
    ...     netns.here.name
    'red'
    >>> netns.here.name
    'global'
    """


def of_the_project():
    """Use a fixture of conftest.py.

    >>> getfixture("address_in_blue")
    '198.51.100.2'
    """


def marked():
    """Stand where conftest.py has it.

    >>> places.network() == places.named("red")
    True
    """


def plain():
    """Keep the host's network.

    >>> places.network() == places.HOST
    True
    """
