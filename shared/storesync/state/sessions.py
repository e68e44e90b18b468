"""botocore's session, for clients that are made by any thread and quickly."""

import threading
from typing import Any

import botocore.session
from botocore.loaders import Loader

SERVICES = ("cloudformation", "dynamodb", "sqs", "ssm")


class _Models(Loader):  # type: ignore[misc]
    """Knows which services we use. botocore lists the models of all four hundred, twice for each client, only to say that one exists."""

    def list_available_services(self, type_name: str) -> list[str]:
        return list(SERVICES)


class Session(botocore.session.Session):  # type: ignore[misc]
    """botocore's is not for several threads at a time; its clients are."""

    def __init__(self) -> None:
        super().__init__()
        self._one = threading.Lock()
        self.register_component("data_loader", _Models())

    def create_client(self, *given: Any, **named: Any) -> Any:
        with self._one:
            return super().create_client(*given, **named)
