"""The published snapshots of a warehouse, served by this process."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn

from etl import serving
from etl.settings import Settings


@contextmanager
def served(settings: Settings) -> Iterator[str]:
    """Their address, for as long as the block lasts."""
    with socket.socket() as listening:
        listening.bind((serving.HOST, 0))
        server = uvicorn.Server(uvicorn.Config(serving.application(settings), log_level="warning"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
        thread.start()
        while not server.started:
            time.sleep(0.01)
        try:
            yield f"http://{serving.HOST}:{listening.getsockname()[1]}/"
        finally:
            server.should_exit = True
            thread.join()
