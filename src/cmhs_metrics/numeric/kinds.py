"""The kinds of value that a formula takes and gives, for type checkers only."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import Any

    import narwhals as nw
    import numpy as np
    import pandas as pd
    import pint
    import polars as pl
    from numpy.typing import NDArray
    from pint.facets.plain import PlainQuantity
    from typing_extensions import TypeVar

    Value = TypeVar(
        "Value",
        float,
        NDArray[Any],
        "pd.Series[Any]",
        pint.Quantity[Any],
        PlainQuantity[Any],
        nw.Expr,
        nw.Series[Any],
        pl.Expr,
        pl.Series,
        default=float,
    )
    """What a formula takes and gives: the kind of value that went in comes out."""

    Number = float | int | np.integer[Any]
    """A plain number, which may stand beside any other kind of value."""

    Column = NDArray[Any] | pd.Series[Any] | nw.Series[Any] | pl.Series
    """Many values: an array or a column."""

    Many = TypeVar("Many", NDArray[Any], "pd.Series[Any]", pint.Quantity[Any], nw.Series[Any], pl.Series)
    """Many values, for metrics that give as many back."""
