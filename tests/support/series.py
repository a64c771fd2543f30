"""Series by month, as run charts take them."""

from __future__ import annotations

import numpy as np
import pandas as pd


def months(count: int, start: str = "2016-04") -> list[str]:
    """So many months from one on."""
    return [str(month) for month in pd.period_range(start, periods=count, freq="M")]


def table(values, n=None, start: str = "2016-04") -> pd.DataFrame:
    """A value a month, and what it is counted in where that is said, once or for each month."""
    frame = pd.DataFrame({"period": months(len(values), start), "value": np.asarray(values, dtype=float)})
    return frame if n is None else frame.assign(n=np.broadcast_to(np.asarray(n, dtype=float), len(values)))
