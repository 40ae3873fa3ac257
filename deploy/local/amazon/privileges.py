"""Give up root before the first request.

The simulator drops its rights itself, because the interpreter may lie in a home that is closed to the servers' user: that user
could not start it, and cannot import anything from it later. Whatever is needed must be loaded before.
"""

import ctypes
import os
import sys

from deploy.local.folders import ServerUser, server_user

PR_SET_PDEATHSIG, PR_GET_PDEATHSIG = 1, 2  # <linux/prctl.h>


def started_by_root() -> bool:
    """Whether there are rights to give up."""
    return server_user() is not None


def become_ordinary_user() -> None:
    """Run as the servers' user from now on; nothing happens when we are an ordinary user already."""
    user = server_user()
    if user and sys.platform == "linux":
        _keeping_death_signal(user)
    elif user:
        _become(user)


def _become(user: ServerUser) -> None:
    os.setgroups([])
    os.setgid(user.gid)
    os.setuid(user.uid)


def _keeping_death_signal(user: ServerUser) -> None:
    """Linux forgets the signal that ends us with our parent when the user changes: set it again."""
    libc, death_signal = ctypes.CDLL(None), ctypes.c_int()
    libc.prctl(PR_GET_PDEATHSIG, ctypes.byref(death_signal))
    _become(user)
    libc.prctl(PR_SET_PDEATHSIG, death_signal.value)
