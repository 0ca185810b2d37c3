import importlib.util

real = importlib.util.find_spec


def find_spec(name, package=None):
    return None if name == "jinja2" else real(name, package)


importlib.util.find_spec = find_spec
