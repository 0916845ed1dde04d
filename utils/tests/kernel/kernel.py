"""Run cells in a real kernel and look at every message they send."""

import contextlib
import math
import queue
import time

from jupyter_client.manager import start_new_kernel

from ..conftest import ROOT


class Kernel:
    """`kernel.run(code)` -> list of (message type, content); the working folder is the course's `notebooks`."""

    def __init__(self, client, manager):
        self.client, self.manager = client, manager

    def run(self, code, stop_after=None, timeout=120):
        """Run one cell; `stop_after` seconds after its first live figure moved, press the stop button once."""
        asked = self.client.execute(code, stop_on_error=False)   # or ipykernel 6 may drop a cell after a failed one
        messages, due = [], None
        end = time.monotonic() + timeout
        while time.monotonic() < end:
            if due and time.monotonic() > due:
                self.manager.interrupt_kernel()
                due = math.inf
            with contextlib.suppress(queue.Empty):
                message = self.client.get_iopub_msg(timeout=0.1)
                if message["parent_header"].get("msg_id") != asked:
                    continue
                kind, content = message["msg_type"], message["content"]
                if kind == "status" and content["execution_state"] == "idle":
                    return messages
                if kind not in ("status", "execute_input"):
                    messages.append((kind, content))
                    if stop_after is not None and kind == "update_display_data" and due is None:
                        due = time.monotonic() + stop_after
        raise AssertionError(f"the cell did not end within {timeout} s")


def text(messages, stream="stdout"):
    """What the cell printed."""
    return "".join(c["text"] for kind, c in messages if kind == "stream" and c["name"] == stream)


def errors(messages):
    """The messages of the errors that it raised."""
    return [content["evalue"] for kind, content in messages if kind == "error"]


def ends(messages):
    """The last line that each training of a cell left in its figure."""
    return list({content["transient"]["display_id"]: content["data"]["text/plain"]
                 for kind, content in messages if kind == "update_display_data"}.values())


@contextlib.contextmanager
def kernel():
    manager, client = start_new_kernel(cwd=str(ROOT / "notebooks"))
    try:
        k = Kernel(client, manager)
        k.run(f"import sys; sys.path.insert(0, {str(ROOT)!r})")
        yield k
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)
