"""The CS-Cart sandbox: a shop that behaves as its contract says, traps included."""

from tests.sandbox.cscart.app import CsCartSandbox

__all__ = ["CsCartSandbox"]
