"""What `benchmark` gives: a table of places, which a notebook shows as people read it."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Any

import pandas as pd

from cmhs_metrics.presentation import KNOWN, SUPPRESSED, amount, statuses, unit_beside, unit_in_words

if TYPE_CHECKING:
    from collections.abc import Iterator

MOST = 60
"""So many places of a metric are shown in a notebook; the rest are counted."""
_NEEDED = frozenset({"metric", "label", "unit", "place", "value", "lower", "upper", "rank", "places", "focus"})


class Comparison(pd.DataFrame):
    """The places of a benchmark: a pandas table like any other, shown in a notebook in words and units.

    What is computed from it, such as a selection of its rows, is a plain `pandas.DataFrame`. In a notebook a suppressed
    value is shown as "suppressed", whatever its columns hold.
    """

    def _repr_html_(self) -> str | None:
        if not set(self.columns) >= _NEEDED or self.empty:
            return pd.DataFrame(self)._repr_html_()  # type: ignore[operator,no-any-return]
        keys = ["metric", *(["basis"] if "basis" in self else [])]
        plain = pd.DataFrame(self).reset_index(drop=True)
        return "".join(_table(rows) for _, rows in plain.groupby(keys, sort=False, dropna=False))


def _table(rows: pd.DataFrame) -> str:
    first = rows.iloc[0]
    basis = first.get("basis")
    proportion = str(first["unit"]).startswith("proportion")
    unit = unit_in_words(
        unit_beside(str(first["label"]), str(first["unit"])), None if basis is None or pd.isna(basis) else str(basis)
    )
    heads = ["Place", "Value", "Interval", "Rank", "Against the average", "More than chance", "Outside the funnel"]
    shown = rows.assign(status=statuses(rows), is_place=rows.get("is_place", True))
    told = bool((shown["status"] == SUPPRESSED).any())
    if told:
        # Average, differences and ranks may have been made with a value that is not to be known.
        known = shown["value"].where((shown["status"] == KNOWN) & shown["is_place"].astype(bool))
        shown = shown.assign(
            rank=known.rank(ascending=False, method="min"), places=int(known.count()), difference_percent=None,
            more_than_chance=None, outside_funnel=None,
        )  # fmt: skip
    body = "".join(_row(row, str(first["unit"]), proportion=proportion) for row in _shown(shown))
    more = len(rows) - MOST
    if more > 0:
        body += f'<tr><td colspan="{len(heads)}" style="text-align:left">… and {more:,} more places</td></tr>'
    average = ""
    if "average" in rows and pd.notna(first["average"]) and not told:
        kind = str(first.get("average_kind", "average"))
        of = f" ({first['average_of']})" if pd.notna(first.get("average_of")) else ""
        average = f"; {kind}{of} {amount(float(first['average']), str(first['unit']), proportion=proportion)}"
    said = f"{unit}{average}".removeprefix("; ")
    caption = f"<b>{escape(str(first['label']))}</b>{f' ({escape(said)})' if said else ''}"
    head = "".join(f'<th scope="col">{name}</th>' for name in heads)
    return f"<table><caption>{caption}</caption><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def _shown(rows: pd.DataFrame) -> Iterator[dict[Any, Any]]:
    """The places by rank; those without a value last, by name."""
    order = rows["value"].where(rows["status"] == KNOWN)
    # What is no place has a value, and no rank among the places.
    order = order.where(rows["is_place"].astype(bool))
    ranked = rows.assign(order=-order).sort_values(["order", "place"], na_position="last")
    focus = ranked["focus"].astype("boolean").fillna(False).astype(bool)
    # The focus is shown also where it stands below the places that there is room for.
    kept = pd.concat([ranked[focus], ranked[~focus]]).head(MOST)
    yield from kept.sort_values(["order", "place"], na_position="last").to_dict("records")


def _row(row: dict[Any, Any], unit: str, *, proportion: bool) -> str:
    place = escape(str(row["place"]))
    name = f"<b>{place}</b> (focus)" if row["focus"] is True else place if row["is_place"] else f"{place} (no place)"
    if row["status"] != KNOWN:
        cells = [row["status"], "", "", "", "", ""]
    else:

        def write(value: float, *, sign: bool = False) -> str:
            return amount(float(value), unit, proportion=proportion, sign=sign)

        bounds = f"{write(row['lower'])} to {write(row['upper'])}" if pd.notna(row["lower"]) else ""
        rank = f"{int(row['rank'])} of {int(row['places'])}" if pd.notna(row["rank"]) else ""
        percent = row.get("difference_percent")
        against = "" if percent is None or pd.isna(percent) else f"{amount(percent / 100, proportion=True, sign=True)}"
        verdicts = [row.get(name) for name in ("more_than_chance", "outside_funnel")]
        said = ["" if each is None or pd.isna(each) else "yes" if each else "no" for each in verdicts]
        cells = [write(row["value"]), bounds, rank, against, *said]
    return (
        f'<tr><th scope="row" style="text-align:left">{name}</th>{"".join(f"<td>{each}</td>" for each in cells)}</tr>'
    )
