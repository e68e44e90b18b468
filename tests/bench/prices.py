"""What AWS asks, and what each of our functions is charged for a start. Nothing is free here: what is given away each month is not taken off.

Frankfurt (eu-central-1), arm64, on demand, in dollars, looked up in November 2026. Of the list the halving of the tables' requests
(November 2024) and the charge for cold starts of zipped functions (August 2025) are the youngest changes that count here. The tables' prices
are those of Virginia (0.625 and 0.125 a million) and the 22 % that Frankfurt is above them.
"""

from collections import Counter
from pathlib import Path
from typing import Any

from tests.sandbox.local.template import load

PRICES = {
    "lambda_second_gb": 0.0000133334, "lambda_request": 0.2e-6, "api_request": 1.2e-6, "sqs_request": 0.5e-6, "table_write": 0.7625e-6,
    "table_read": 0.1525e-6, "log_gb": 0.63, "scheduler": 1.2e-6, "kms_request": 3e-6, "metric_month": 0.30, "trace": 5e-6,
}  # fmt: skip
CALL_SECONDS = 0.06  # a call to a shop: a round trip of 50 ms and its own work
CONNECT_SECONDS = 0.1  # the first call of a start to each shop: one round trip each for TCP and TLS
TABLE_SECONDS, SSM_SECONDS = 0.004, 0.01
FULL_PROCESSOR_MB = 1769  # with less memory a function has as much less of a processor
COLD_PROCESSOR = {"SyncWorker": 0.45, "ProductPull": 0.45, "OrderPull": 0.45, "OrderWebhook": 0.2}  # imports and clients, of a whole one
COLD_SHARE = 0.01  # of the starts of a function that is busy; AWS says less
COLD_DECRYPTED = 2  # secrets
ROOT = Path(__file__).parents[2]

Bill = Counter[str]


def memory(function: str) -> int:
    template = load(ROOT / "template.yaml")
    found: Any = template["Resources"][function]["Properties"].get("MemorySize", template["Globals"]["Function"]["MemorySize"])
    return int(template["Parameters"][found["Ref"]]["Default"] if isinstance(found, dict) else found)


def seconds(function: str, what: str, waited: float = 0.0, processor: float = 0.0) -> Bill:
    """`waited`: seconds in all, `processor` in seconds of a whole one."""
    size = memory(function)
    taken = waited + processor * max(1.0, FULL_PROCESSOR_MB / size)
    return Bill({f"{function}, GB-seconds: {what}": taken * size / 1024 * PRICES["lambda_second_gb"]})


def started(function: str, times: float, cold: float) -> Bill:
    """Requests, and what those among them cost that find no container."""
    bill = Bill({f"{function}, requests": times * PRICES["lambda_request"], "KMS": cold * COLD_DECRYPTED * PRICES["kms_request"]})
    return bill + seconds(function, "cold starts", processor=cold * COLD_PROCESSOR[function])


def units(counted: Counter[tuple[str, str]]) -> Bill:
    """`counted`: units of the tables by "read" or "written" and the kind of item."""
    prices = {"read": PRICES["table_read"], "written": PRICES["table_write"]}
    return Bill({f"tables, {way}: {kind}": number * prices[way] for (way, kind), number in counted.items() if number})
