"""Functions for `preexec_fn`: a process that rights and limits bind, even where the tests are root."""

import ctypes
import os
import resource
from collections.abc import Callable

_PR_CAPBSET_DROP = 24
_CAP_DAC_OVERRIDE, _CAP_DAC_READ_SEARCH = 1, 2


def without_override() -> None:
    """Take root's right to pass over the rights of files, for whatever is executed next."""
    if os.geteuid() == 0:
        libc = ctypes.CDLL(None, use_errno=True)
        for right in (_CAP_DAC_OVERRIDE, _CAP_DAC_READ_SEARCH):
            if libc.prctl(_PR_CAPBSET_DROP, right, 0, 0, 0) != 0:
                raise OSError(ctypes.get_errno(), "prctl")


def files_up_to(size: int) -> Callable[[], None]:
    """No file may grow beyond that many bytes; a write beyond is EFBIG, as a full disk is ENOSPC."""

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))

    return limit
