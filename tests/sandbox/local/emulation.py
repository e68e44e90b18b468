"""The emulator's own process: serves it on the socket that it was handed, until its parent is gone. Run by its path, as a program."""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections import deque
from typing import Any

MOST_SPANS = 20_000


async def _serve(descriptor: str) -> None:
    from hypercorn.asyncio import serve
    from hypercorn.config import Config

    config = Config()
    config.bind = [f"fd://{descriptor}"]
    config.loglevel = "WARNING"
    config.graceful_timeout = 1.0
    ended = asyncio.get_running_loop().run_in_executor(None, sys.stdin.buffer.read)

    async def parent_is_gone() -> None:
        await ended

    await serve(_app(), config, shutdown_trigger=parent_is_gone)


class Watched:
    """Tells at /_busy when it was at work since it was last asked, in milliseconds of the epoch: for those who measure what its share is."""

    def __init__(self, app: Any) -> None:
        self._app, self._spans = app, deque[tuple[float, float]](maxlen=MOST_SPANS)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http" and scope["path"] == "/_busy":
            await self._tell(send)
            return
        begun = time.time()
        try:
            await self._app(scope, receive, send)
        finally:
            if scope["type"] == "http":
                self._spans.append((begun * 1000, time.time() * 1000))

    async def _tell(self, send: Any) -> None:
        body = json.dumps(list(self._spans)).encode()
        self._spans.clear()
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"application/json")]})
        await send({"type": "http.response.body", "body": body})


def _app() -> Any:
    from ministack.app import app

    return Watched(app)


if __name__ == "__main__":
    sys.path += sys.argv[2:]
    asyncio.run(_serve(sys.argv[1]))
