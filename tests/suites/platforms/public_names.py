"""Import every public name, as test modules do that annotate their tests: run as a module."""

import importlib

for package in ("pytest_netns_mysql", "pytest_netns_mysql.factories", "pytest_netns_mysql.topology"):
    for name in importlib.import_module(package).__all__:
        getattr(importlib.import_module(package), name)
print("all names")
