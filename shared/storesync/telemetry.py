"""The operational log and the metrics: the only place that makes Powertools objects, and no earlier than they are used."""

import functools
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from aws_lambda_powertools import Logger, Metrics

Handler = Callable[[dict[str, Any], Any], Any]


_invocation: dict[str, str] = {}


@functools.cache
def logger() -> "Logger":
    """Constant messages with keys as fields. No payloads, no personal data, no secrets. Made when the first line is written: it costs 0.1 s."""
    from aws_lambda_powertools import Logger

    made = Logger()
    made.append_keys(**_invocation)
    return made


@functools.cache
def metrics() -> "Metrics":
    from aws_lambda_powertools import Metrics

    return Metrics()


def measure(values: Mapping[str, float]) -> None:
    """Send metrics now: counts, or seconds for what is named a lag."""
    for name, value in values.items():
        metrics().add_metric(name, "Seconds" if name.endswith("Lag") else "Count", value)
    if values:
        metrics().flush_metrics()


def observed(handler: Handler) -> Handler:
    """Give every log line of a Lambda handler its request's id, and log what it raises."""

    @functools.wraps(handler)
    def observing(event: dict[str, Any], context: Any) -> Any:
        _invocation.update(function_request_id=context.aws_request_id, function_name=context.function_name)
        if logger.cache_info().currsize:
            logger().append_keys(**_invocation)
        try:
            return handler(event, context)
        except Exception as error:
            logger().exception("handler failed", error=type(error).__name__)
            raise

    return observing
