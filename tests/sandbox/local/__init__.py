"""AWS on this machine: an emulator behind the real functions, wired by the same template.yaml that is deployed."""

from tests.sandbox.local.stack import FunctionError, LocalStack

__all__ = ["FunctionError", "LocalStack"]
