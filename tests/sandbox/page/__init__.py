"""The sandbox's own page: both shops side by side, for people who want to see a change arrive."""

from tests.sandbox.page.serving import Page

__all__ = ["Page"]
