import errno
import os

from pytest_netns_mysql.kernel.namespaces import syscalls


def refuse():
    raise OSError(errno.EMFILE, f"inotify_init1: {os.strerror(errno.EMFILE)}")


syscalls.inotify_init = refuse
