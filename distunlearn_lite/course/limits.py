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


class _Call(threading.Thread):
    """A call in a thread of its own, and what came of it."""

    def __init__(self, call: Callable[[], Any]) -> None:
        super().__init__(daemon=True)
        self.call, self.context = call, contextvars.copy_context()
        self.value: Any = None
        self.error: BaseException | None = None
        self.running, self.stopped = True, False
        self.cutting, self.over = threading.Lock(), threading.Event()

    def run(self) -> None:
        # Python looks for a due exception after calls and where it jumps back. There is neither
        # between the end of the call and the note that it is over. The last one may be due by then
        # and is taken in here, so that the thread's own end meets none.
        try:
            self.value = self.context.run(self.call)
            self.running = False
        except OutOfTime:
            self.running, self.stopped = False, True
        except BaseException as error:
            self.running, self.error = False, error
        try:
            with self.cutting:
                pass
            for _ in (1, 2):
                pass
        except OutOfTime:
            pass
        self.over.set()

    def cut(self) -> None:
        until = time.monotonic() + GRACE
        while not self.over.is_set() and time.monotonic() < until:
            with self.cutting:
                if self.running:
                    ctypes.pythonapi.PyThreadState_SetAsyncExc(
                        ctypes.c_ulong(self.ident or 0), ctypes.py_object(OutOfTime)
                    )
            self.over.wait(0.0005)


def within(seconds: float, call: Callable[[], Any]) -> Any:
    """The value of a call, or TimeoutError; what the call raises is raised here.

    The call runs in a thread of its own, so that nothing meant for it can hit the caller, and an
    interrupt by the user ends both. Python code is cut off, even a loop that catches every
    exception. One call of compiled code, such as `time.sleep` or a product of large matrices,
    cannot be cut: it is left behind, and ends when it returns.
    """
    worker = _Call(call)
    worker.start()
    try:
        worker.over.wait(seconds)  # not `join`, which takes a thread for ended when interrupted
    finally:
        worker.cut()
    if not worker.over.is_set():
        raise TimeoutError(
            f"it does not end within {seconds:g} seconds and cannot be stopped: restart the kernel"
        )
    worker.join()
    if worker.stopped:
        raise TimeoutError(f"it was stopped after {seconds:g} seconds")
    error, worker.error = worker.error, None
    if error:
        try:
            raise error
        finally:
            del error  # or it would hold its own frame, and the thread, until garbage is collected
    return worker.value
