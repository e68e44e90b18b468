"""What a deployed stack says of itself, for commands that run outside of it."""

from collections.abc import Collection
from typing import Any

from ..errors import ConfigurationError, StateUnavailable
from .aws import answering, connect


def outputs(stack: str, names: Collection[str], client: Any = None) -> list[str]:
    """In the order of the names. Raises ConfigurationError when the stack does not tell."""
    try:
        with answering():
            found = (client or connect("cloudformation")).describe_stacks(StackName=stack)["Stacks"][0]
    except StateUnavailable as error:
        raise ConfigurationError(
            [f"the stack {stack} cannot be asked ({error.data['code']}): is the shell signed in, and in its region?"]
        ) from error
    told = {item["OutputKey"]: item["OutputValue"] for item in found.get("Outputs", [])}
    if missing := [name for name in names if name not in told]:
        raise ConfigurationError([f"the stack {stack} has no output {name}: deploy it anew" for name in missing])
    return [told[name] for name in names]


def region() -> str:
    """The one that the shell is set to. Raises ConfigurationError where it is set to none."""
    try:
        with answering():
            return str(connect("dynamodb").meta.region_name)
    except StateUnavailable as error:
        raise ConfigurationError(["no AWS region: set AWS_DEFAULT_REGION"]) from error
