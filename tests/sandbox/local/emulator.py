"""The AWS emulator as a child process on loopback. It ends with its parent, and keeps what it holds in a folder when it ends in good order."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

from tests.sandbox.local.template import REGION

SERVICES = "dynamodb,sqs,ssm,sts"


class Emulator:
    """`url` is its endpoint. `services`: those to run, separated by commas; the fewer, the faster it starts.

    `more`: a folder of packages that it may use besides its own, such as the translator of templates.
    """

    def __init__(self, folder: Path, services: str = SERVICES, more: Path | None = None) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._socket = socket.create_server(("127.0.0.1", 0), backlog=256)
        self._socket.set_inheritable(True)
        port = self._socket.getsockname()[1]
        self.url = f"http://127.0.0.1:{port}"
        with (folder / "emulator.log").open("ab") as log:
            self._process = subprocess.Popen(
                [
                    sys.executable,
                    "-P",
                    str(Path(__file__).with_name("emulation.py")),
                    str(self._socket.fileno()),
                    *([str(more)] if more else []),
                ],
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
                env=_environment(folder, services, port),
                pass_fds=[self._socket.fileno()],
                start_new_session=True,
            )
        self._socket.close()

    def wait(self, seconds: float = 60.0) -> None:
        """Returns when it answers."""
        until = time.monotonic() + seconds
        while time.monotonic() < until and self._process.poll() is None:
            try:
                with urllib.request.urlopen(f"{self.url}/_ministack/health", timeout=5):
                    return
            except OSError:
                time.sleep(0.05)
        raise RuntimeError("the AWS emulator did not start; its log is emulator.log in the state folder")

    def stop(self) -> None:
        """Lets it write its state, for as long as it takes within reason."""
        assert self._process.stdin
        self._process.stdin.close()
        try:
            self._process.wait(20)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


def _environment(folder: Path, services: str, port: int) -> dict[str, str]:
    mine = {
        "SERVICES": services,
        "IOT_MTLS_ENABLED": "0",
        "SFTP_ENABLED": "0",
        "MINISTACK_HOST": "127.0.0.1",
        "GATEWAY_PORT": str(port),
        "AWS_ENDPOINT_URL": f"http://127.0.0.1:{port}",  # for the functions that it runs
        "MINISTACK_REGION": REGION,
        "PERSIST_STATE": "1",
        "STATE_DIR": str(folder / "aws"),
        "S3_PERSIST": "0",
        "LOG_LEVEL": "WARNING",
    }
    return {name: value for name, value in os.environ.items() if not name.startswith("AWS_")} | mine
