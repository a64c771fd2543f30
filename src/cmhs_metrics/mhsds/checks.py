"""What a column of an extract can be, and how its engine is called in messages."""

from __future__ import annotations

from typing import Any

import narwhals as nw

from cmhs_metrics.mhsds.columns import Kind
from cmhs_metrics.mhsds.engines import POLARS

EXPECTED = {
    Kind.ID: "text or whole numbers",
    Kind.NUMBER: "whole numbers",
    Kind.DATE: "dates, or their text as 2025-03-31",
    Kind.CODE: "text",
}


def can_be(kind: Kind, dtype: Any) -> bool:
    """Whether a column of a type can hold that."""
    if dtype in (nw.Unknown, nw.Object):
        return True
    is_text = dtype in (nw.String, nw.Categorical, nw.Enum)
    if kind is Kind.DATE:
        return bool(dtype == nw.String or dtype in (nw.Date, nw.Datetime))
    if kind is Kind.NUMBER:
        return bool(dtype.is_numeric())
    return bool(is_text or dtype.is_numeric())


def engine_name(engine: tuple[nw.Implementation, bool]) -> str:
    """The name of an engine, and whether its tables are lazy."""
    kind, lazy = engine
    return f"{kind.name.capitalize()}{', lazy' if lazy and kind is POLARS else ''}"
