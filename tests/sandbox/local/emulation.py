"""The emulator's own process: serves it on the socket that it was handed, until its parent is gone. Run by its path, as a program."""

from __future__ import annotations

import asyncio
import sys
from typing import Any


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


def _app() -> Any:
    from ministack.app import app

    return app


if __name__ == "__main__":
    sys.path += sys.argv[2:]
    asyncio.run(_serve(sys.argv[1]))
