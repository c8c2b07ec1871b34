"""For processes of a clock that was set back: libfaketime refuses the call that time.sleep makes."""

import threading
import time


def _sleep(seconds: float) -> None:
    threading.Event().wait(seconds)


time.sleep = _sleep
