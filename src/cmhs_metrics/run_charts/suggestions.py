"""Where new limits might begin: a suggestion, for someone who knows what happened there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import narwhals as nw
import numpy as np
import pandas as pd

from cmhs_metrics.errors import BadInput, Problem
from cmhs_metrics.numeric.frames import given_back, in_pandas
from cmhs_metrics.run_charts.summary import read_chart
from cmhs_metrics.signatures import checked

if TYPE_CHECKING:
    from collections.abc import Sequence


@checked
def suggest_rebase(
    chart: Any, *, by: str | Sequence[str] = (), period: str = "period", minimum_points: int = 13
) -> Any:
    """Suggest from which periods on limits might be taken anew; nothing is changed.

    A period is suggested where a run on one side of the centre begins that has enough points to rest new limits on,
    after enough points of its phase for those before it. Rebase there only where the change is known and meant to last:
    limits that follow every shift hide it.

    Parameters
    ----------
    chart : pandas.DataFrame, polars.DataFrame, pyarrow.Table or another eager table
        What `run_chart` gave, of one group or of many.
    by : str or sequence of str, optional
        The columns that name a group, as they were given to `run_chart`.
    period : str, default "period"
        The column of the periods.
    minimum_points : int, default 13
        How many points the run must have, and the phase before it.

    Returns
    -------
    The kind of table that came in
        A row for each phase of a group in which there is such a run, at its first one, with the columns of `by` and

        - `rebase`: the period, as `run_chart` takes it;
        - `side`: "high" or "low", where the run lies;
        - `points_before`, `points_in_run`: how many known points;
        - `centre_before`, `mean_of_run`: the centre of the chart, and the mean of what is plotted in the run [the unit
          of what is plotted].

    Raises
    ------
    BadInput
        When the table is not a run chart's, or the number of points is none.
    TypeError
        When the table is a query that has not been run.

    References
    ----------
    NHS England, Making data count: strengthening your decisions, on recalculating limits.

    Examples
    --------
    >>> from cmhs_metrics.run_charts import run_chart
    >>> months = [str(each) for each in pd.period_range("2023-04", periods=28, freq="M")]
    >>> waits = pd.DataFrame({"period": months, "waits": [50.0, 52] * 7 + [40.0, 42] * 7})
    >>> suggest_rebase(run_chart(waits, "waits"))
        rebase side  points_before  points_in_run  centre_before  mean_of_run
    0  2024-06  low             14             14           46.0         41.0
    """
    if isinstance(minimum_points, bool) or not isinstance(minimum_points, int) or minimum_points < 2:
        expected = "a whole number of points, two or more"
        raise BadInput("suggest_rebase", [Problem("minimum_points", None, minimum_points, expected)])
    keys = [by] if isinstance(by, str) else list(by)
    frame, group, ordinals = read_chart(chart, keys, period, "suggest_rebase")
    run, phase = (frame.get_column(name).to_numpy() for name in ("run", "phase"))
    plotted = np.array(frame.get_column("plotted").cast(nw.Float64).fill_null(float("nan")).to_numpy())
    order = np.lexsort((ordinals, group))
    order = order[~np.isnan(plotted[order])]
    own = pd.DataFrame({"group": group[order], "phase": phase[order], "run": run[order], "plotted": plotted[order]})
    changes = own[["group", "phase", "run"]].ne(own[["group", "phase", "run"]].shift()).any(axis=1)
    own["place"] = own.groupby(["group", "phase"]).cumcount()
    runs = own.groupby(changes.cumsum(), sort=False)
    found = runs.agg(
        group=("group", "first"), phase=("phase", "first"), run=("run", "first"),
        points_before=("place", "first"), points_in_run=("plotted", "size"), mean_of_run=("plotted", "mean"),
    )  # fmt: skip
    found["row"] = order[np.flatnonzero(changes)]
    enough = found[["points_before", "points_in_run"]].ge(minimum_points).all(axis=1)
    found = found[enough & found["run"].ne(0)].drop_duplicates(["group", "phase"])
    rows = in_pandas(frame[found["row"].tolist()], "suggest_rebase").reset_index(drop=True)
    made = rows[[*keys, period]].rename(columns={period: "rebase"})
    made["side"] = np.where(found["run"] > 0, "high", "low").astype(object)
    made["points_before"], made["points_in_run"] = found["points_before"].tolist(), found["points_in_run"].tolist()
    made["centre_before"], made["mean_of_run"] = rows["centre"].tolist(), found["mean_of_run"].tolist()
    return given_back(made, chart)
