"""The summary of run charts: what the latest point of each says, and what its limits promise."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Any

import narwhals as nw
import numpy as np
import pandas as pd

from cmhs_metrics.errors import BadInput, Problem, lacking, refuse
from cmhs_metrics.numeric.frames import frame_of, given_back, in_pandas
from cmhs_metrics.presentation import amount
from cmhs_metrics.run_charts.icons import ASSURANCE, VARIATION, icon_of
from cmhs_metrics.run_charts.options import COLUMNS, SIGNALS
from cmhs_metrics.run_charts.points import numbered, require_columns
from cmhs_metrics.signatures import checked
from cmhs_metrics.trends.periods import ordinals_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

_RULES = {
    ("outside_limits", 1): "it is above the upper limit",
    ("outside_limits", -1): "it is below the lower limit",
    ("run", 1): "it is in a run of points above the centre",
    ("run", -1): "it is in a run of points below the centre",
    ("trend", 1): "it is in a trend of rising points",
    ("trend", -1): "it is in a trend of falling points",
    ("two_of_three", 1): "it is one of two in three points near the upper limit",
    ("two_of_three", -1): "it is one of two in three points near the lower limit",
}
_PROMISED = {
    "pass": "the limits lie wholly on the good side of the target",
    "fail": "the limits lie wholly on the wrong side of the target",
    "hit or miss": "the target lies within the limits",
}
MOST = 200
"""So many rows are shown in a notebook; the rest are counted."""


class RunChartSummary(pd.DataFrame):
    """The summary of run charts: a pandas table like any other, shown in a notebook with its icons.

    What is computed from it, such as a selection of its rows, is a plain `pandas.DataFrame`.
    """

    def _repr_html_(self) -> str | None:
        if not {"variation", "assurance", "latest", "centre"} <= set(self.columns):
            return pd.DataFrame(self)._repr_html_()  # type: ignore[operator,no-any-return]
        keys = list(self.columns[: list(self.columns).index("period_of_latest")])
        heads = [*keys, "Latest", "Centre", "Limits", "Target", "Variation", "Assurance"]
        head = "".join(f'<th scope="col">{escape(str(each))}</th>' for each in heads)
        rows = pd.DataFrame(self).head(MOST).to_dict("records")
        body = "".join(_row(row, keys) for row in rows)
        more = len(self) - MOST
        if more > 0:
            body += f'<tr><td colspan="{len(heads)}">… and {more:,} more</td></tr>'
        return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


@checked
def run_chart_summary(chart: Any, *, by: str | Sequence[str] = (), period: str = "period") -> Any:
    """Say of each run chart what its latest point is, and what its limits promise.

    Parameters
    ----------
    chart : pandas.DataFrame, polars.DataFrame, pyarrow.Table or another eager table
        What `run_chart` gave, of one group or of many.
    by : str or sequence of str, optional
        The columns that name a group, as they were given to `run_chart`: the indicator and the place, for example.
    period : str, default "period"
        The column of the periods.

    Returns
    -------
    RunChartSummary, or the kind of table that came in
        A row for each group, in the order in which they first stand, with

        - `period_of_latest`, `latest`: the latest known point [the unit of what is plotted];
        - `centre`, `lower`, `upper`, `points`, `trial`, `target`: the limits and the target there, as in `run_chart`;
        - `variation`: "common cause"; or "improvement", "concern" or neither of these, with "high" or "low", such as
          "concern high" or "low"; missing without limits. It speaks of the latest point;
        - `variation_reason`: by which rules, in words;
        - `assurance`: "pass", "fail" or "hit or miss", of the limits and the target at the latest point; missing where
          there is no verdict;
        - `assurance_reason`: why, in words, and whether the latest point meets the target.

        `variation` and `assurance` have icons, which a notebook shows: `plots.variation_icon`, `plots.assurance_icon`.

    Raises
    ------
    BadInput
        When the table is not a run chart's, or two rows of a group have the same period: a column is missing in `by`.
    TypeError
        When the table is a query that has not been run.

    References
    ----------
    NHS England, Making data count: strengthening your decisions.

    Examples
    --------
    >>> import pandas as pd
    >>> from cmhs_metrics.run_charts import run_chart
    >>> months = [str(each) for each in pd.period_range("2023-04", periods=14, freq="M")]
    >>> waits = pd.DataFrame({"period": months, "waits": [50.0, 52, 49, 51, 50, 52, 49, 51, 50, 52, 49, 51, 50, 70]})
    >>> summary = run_chart_summary(run_chart(waits, "waits", improvement="low", target=40, baseline=12))
    >>> print(summary.loc[0, ["latest", "variation", "variation_reason", "assurance"]].to_string())
    latest                                     70.0
    variation                          concern high
    variation_reason    it is above the upper limit
    assurance                                  fail
    """
    keys = [by] if isinstance(by, str) else list(by)
    frame, group, ordinals = read_chart(chart, keys, period, "run_chart_summary")
    known = ~frame.get_column("special_cause").is_null().to_numpy().astype(bool)
    # The latest known point of each group stands last; where none is known, the latest row.
    order = np.lexsort((ordinals, known, group))
    ends = np.append(np.diff(group[order]) != 0, True)
    latest = in_pandas(frame[order[ends].tolist()], "run_chart_summary").reset_index(drop=True)
    made = RunChartSummary(_summarised(latest, keys, period))
    return made if isinstance(chart, pd.DataFrame) else given_back(pd.DataFrame(made), chart)


def read_chart(
    chart: Any, keys: list[str], period: str, subject: str
) -> tuple[nw.DataFrame[Any], NDArray[Any], NDArray[Any]]:
    """What `run_chart` gave, as a table in memory, with the number of each row's group and of its period."""
    frame = frame_of(chart, subject, "chart")
    if not isinstance(frame, nw.DataFrame):
        raise TypeError(f"{subject}: collect the {type(chart).__name__} first, it is a query")
    refuse(subject, lacking("chart", frame.columns, COLUMNS, of="run_chart"))
    require_columns(frame.schema, keys, period, {}, subject)
    if len(frame) == 0:
        raise BadInput(subject, [Problem(None, None, None, "at least one row")])
    group, groups = numbered(frame, keys)
    which, distinct = numbered(frame, [period])
    problems: list[Problem] = []
    ordinals = ordinals_of([label for (label,) in distinct], problems, period)[2]
    if problems:
        raise BadInput(subject, problems)
    ordinals = ordinals[which]
    order = np.lexsort((ordinals, group))
    again = np.flatnonzero((np.diff(group[order]) == 0) & (np.diff(ordinals[order]) == 0))
    if len(again):
        at = int(order[again[0]])
        row = ", ".join(f"{name}={key}" for name, key in zip(keys, groups[group[at]], strict=True)) or None
        expected = "a period once in its group: name in by= what tells the groups apart"
        raise BadInput(subject, [Problem(period, row, str(distinct[which[at]][0]), expected)])
    return frame, group, ordinals


def _summarised(latest: pd.DataFrame, keys: list[str], period: str) -> pd.DataFrame:
    records = latest.to_dict("records")
    made = latest[[*keys, period, "plotted", "centre", "lower", "upper", "points", "trial", "target"]]
    made = made.rename(columns={period: "period_of_latest", "plotted": "latest"})
    words = {
        "variation": [_variation(row) for row in records],
        "variation_reason": [_reason(row) for row in records],
        "assurance": [None if pd.isna(row["assurance"]) else row["assurance"] for row in records],
        "assurance_reason": [_promise(row) for row in records],
    }
    return made.assign(**{name: pd.Series(each, dtype=object, index=made.index) for name, each in words.items()})


def signals(row: dict[Any, Any]) -> list[tuple[str, int]]:
    """The rules by which a point is special, and their sides; of rules that disagree those that are shown."""
    found = [(rule, int(row[rule])) for rule in SIGNALS if row[rule]]
    if not found:
        return []
    good = {"high": 1, "low": -1}.get(row["improvement"], 0)
    shown = good if any(side == good for _, side in found) else found[0][1]
    return [each for each in found if each[1] == shown]


def _variation(row: dict[Any, Any]) -> str | None:
    if pd.isna(row["special_cause"]) or pd.isna(row["lower"]):
        return None
    found = signals(row)
    if not found:
        return "common cause"
    side = "high" if found[0][1] > 0 else "low"
    return side if row["special_cause"] in ("high", "low") else f"{row['special_cause']} {side}"


def _reason(row: dict[Any, Any]) -> str:
    if pd.isna(row["special_cause"]):
        return "no point is known"
    if pd.isna(row["lower"]):
        return f"no limits: {int(row['points'])} points, and no two of them follow each other"
    found = [_RULES[each] for each in signals(row)]
    said = " and ".join(found) if found else "it is within the limits, and in no run or trend"
    return f"{said}; trial limits, on {int(row['points'])} points" if row["trial"] else said


def _promise(row: dict[Any, Any]) -> str:
    if pd.isna(row["target"]):
        return "no target"
    if pd.isna(row["plotted"]):
        return "no point is known"
    good = {"high": 1, "low": -1}.get(row["improvement"], 0)
    if not good:
        return "no direction of good"
    met = (row["plotted"] - row["target"]) * good >= 0
    latest = "the latest point meets it" if met else "the latest point does not meet it"
    if not pd.isna(row["assurance"]):
        return f"{_PROMISED[row['assurance']]}; {latest}"
    why = f"trial limits, on {int(row['points'])} points" if row["trial"] else "no limits"
    return f"no verdict: {why}; {latest}"


def _row(row: dict[Any, Any], keys: list[str]) -> str:
    def write(value: Any) -> str:
        return "" if pd.isna(value) else amount(float(value))

    limits = "" if pd.isna(row["lower"]) else f"{write(row['lower'])} to {write(row['upper'])}"
    cells = [f"{write(row['latest'])} ({escape(str(row['period_of_latest']))})", write(row["centre"])]
    cells += [limits + (" (trial)" if row["trial"] else ""), write(row["target"])]
    for name, icons in (("variation", VARIATION), ("assurance", ASSURANCE)):
        cells.append(f"{icon_of(row[name], icons, name).svg()} {escape(str(row[f'{name}_reason']))}")
    heads = "".join(f'<th scope="row" style="text-align:left">{escape(str(row[key]))}</th>' for key in keys)
    return f"<tr>{heads}{''.join(f'<td>{each}</td>' for each in cells)}</tr>"
