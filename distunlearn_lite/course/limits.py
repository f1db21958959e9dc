"""A call that has so many seconds and no more."""

from __future__ import annotations

import contextvars
import ctypes
import threading
import time
from collections.abc import Callable
from functools import partial
from typing import Any

GRACE = 1.0  # seconds in which a call that is cut off may end


class OutOfTime(SystemExit):
    """Raised inside a call that takes too long.

    Not an Exception, which an answer may catch; and of the kind that a thread ends by silently.
    Making one takes a moment without running Python code. In it the next one becomes due, so that
    an answer that catches one meets the next outside of its `try`.
    """

    __init__ = staticmethod(partial(time.sleep, 0.002))


def _cut(worker: threading.Thread) -> None:
    until = time.monotonic() + GRACE
    while worker.is_alive() and time.monotonic() < until:
        ctypes.pythonapi.PyThreadState_SetAsyncExc(
            ctypes.c_ulong(worker.ident or 0), ctypes.py_object(OutOfTime)
        )
        worker.join(0.0005)


def within(seconds: float, call: Callable[[], Any]) -> Any:
    """The value of a call, or TimeoutError; what the call raises is raised here.

    The call runs in a thread of its own, so that nothing meant for it can hit the caller, and an
    interrupt by the user ends both. Python code is cut off, even a loop that catches every
    exception. One call of compiled code, such as `time.sleep` or a product of large matrices,
    cannot be cut: it is left behind, and ends when it returns.
    """
    kept: list[tuple[Any, BaseException | None]] = []

    def work() -> None:
        try:
            kept.append((call(), None))
        except BaseException as error:
            kept.append((None, error))

    context = contextvars.copy_context()
    worker = threading.Thread(target=context.run, args=(work,), daemon=True)
    worker.start()
    try:
        worker.join(seconds)
    finally:
        _cut(worker)
    if worker.is_alive():
        raise TimeoutError(
            f"it does not end within {seconds:g} seconds and cannot be stopped: restart the kernel"
        )
    if not kept or isinstance(kept[0][1], OutOfTime):
        raise TimeoutError(f"it was stopped after {seconds:g} seconds")
    value, error = kept[0]
    if error:
        raise error
    return value
