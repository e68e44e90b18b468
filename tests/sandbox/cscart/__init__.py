"""A CS-Cart shop to test against: its API as documented and as unkind as observed."""

from tests.sandbox.cscart.app import CsCartSandbox

__all__ = ["CsCartSandbox"]
