"""What the short form leaves out: an image, which takes long to make."""

from tests.support.stress import IS_LONG

collect_ignore = [] if IS_LONG else ["test_container_untouched.py"]
