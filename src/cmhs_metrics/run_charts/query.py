"""The run chart as one query of an engine."""

from __future__ import annotations

from typing import Any


def query_chart(frame: Any, options: Any, setting: Any) -> Any:
    """The chart of a query."""
    raise TypeError(f"run_chart: an eager table is expected, got a {type(frame).__name__}; collect a lazy one first")
