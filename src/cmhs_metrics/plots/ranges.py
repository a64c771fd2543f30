"""Dot and range: where one place stands among its peers, on one metric or several."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from cmhs_metrics.errors import BadInput, Problem, nearest
from cmhs_metrics.plots.colours import FOCUS, INK, PAPER
from cmhs_metrics.plots.figures import Sheet, picture
from cmhs_metrics.plots.interactive import add_tooltips
from cmhs_metrics.plots.reading import Compared, compared, data_source, in_pandas, names_of, places_only
from cmhs_metrics.plots.text import LINE, SIZE, shorten, width
from cmhs_metrics.presentation import KNOWN, amount, keys_of, unit_in_words

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    import pandas as pd
    from matplotlib.axes import Axes

__all__ = ["dot_and_range"]

RANGE, MIDDLE = "#cfe3f5", "#7fc4ee"
"""From the least to the most of the peers, and the middle half of them."""


class _Row(NamedTuple):
    label: str
    unit: str
    status: str
    value: float
    peers: np.ndarray[Any, np.dtype[np.float64]]
    hidden: int
    places: Compared


@picture
def dot_and_range(
    result: Any,
    place: Any,
    *,
    peers: Collection[Any] = (),
    names: Mapping[Any, str] | None = None,
    suppressed: Collection[Any] = (),
    source: str | None = None,
    title: str | None = None,
    interactive: bool = False,
    ax: Axes | None = None,
) -> Axes:
    """Draw where a place stands among its peers, a row for each metric.

    Parameters
    ----------
    result : table
        The result of `benchmark`, of one metric or several.
    place : label
        The place.
    peers : collection, optional
        The places that it is held against; those marked as peers in the result unless given, and all others where
        none is.
    names : mapping of place to str, optional
        How places are called in the picture.
    suppressed : collection, optional
        Places whose missing value is suppressed.
    source, title, interactive, ax
        As in `ranked_bars`.

    Returns
    -------
    matplotlib.axes.Axes
        The picture. Each row has its own scale, from the least to the most of the peers and the place; the numbers at
        the ends say which. Peers whose value is suppressed or not known have no part in the range.

    Raises
    ------
    BadInput
        When the place, a peer or a suppressed place is not there, or there are more metrics than can be read.

    Examples
    --------
    >>> import cmhs_metrics as cm
    >>> teams = cm.synthetic_providers()
    >>> metrics = ["dna_rate", "contacts_per_patient", "cost_per_contact"]
    >>> result = cm.benchmark(teams, metrics, by="organisation", place="organisation")
    >>> ax = dot_and_range(result, "Synthetic Trust 07")
    >>> [text.get_text() for text in ax.texts if text.get_gid() == "metric"]
    ['DNA rate', 'Contacts per patient per year', 'Cost per contact']
    """
    table = in_pandas(result, "place", "value", "metric")
    table, aside, suppressed = places_only(table, suppressed)
    chosen, secret = keys_of(peers), keys_of(suppressed)
    _check(table, place, chosen, secret)
    name = names_of(table.loc[table["place"].astype(str) == str(place), "place"], names)[0]
    rows = _rows(table, place, chosen, secret)
    others = max((len(row.peers) for row in rows), default=0)
    sheet = Sheet(ax, title or f"{name} and its peers", "Each row on its own scale, from the least to the most")
    sheet.key = [
        (Line2D([], [], color=FOCUS, marker="D", linestyle="", markersize=10), shorten(name, 0.3 * sheet.width)),
        (Patch(facecolor=RANGE), "range of the peers"),
        (Patch(facecolor=MIDDLE), "middle half of the peers"),
        (Line2D([], [], color=INK, linewidth=2.5), "median of the peers"),
    ]
    bases = list(dict.fromkeys(row.places.measured.basis for row in rows if row.places.measured.basis))
    people = f"Population basis: {', '.join(unit_in_words('', basis) for basis in bases)}." if bases else ""
    hidden = " ".join(each for each in (_hidden_sentence(rows), aside) if each)
    caption = " ".join(each for each in (hidden, people, data_source(source), _definitions(rows)) if each)
    sheet.say(hidden, " ".join(each for each in (people, data_source(source), _definitions(rows)) if each), most=4)
    if sheet.in_page:
        sheet.make_room(len(rows) * SIZE * LINE * 2 + 1)
    if len(rows) * SIZE * LINE * 2 > sheet.height():
        fit = int(sheet.height() // (SIZE * LINE * 2))
        problem = Problem("result", None, f"{len(rows)} metrics", f"{fit} or fewer to be read on one picture")
        raise BadInput("dot_and_range", [problem])
    room = sheet.width * 0.4
    right = max(width(_shown(row), bold=True) for row in rows) + 16
    ends = max(width(row.places.measured.write(each)) for row in rows for each in _ends(row)) + 22
    label = max(max(width(shorten(row.label, room), bold=True), width(shorten(row.unit, room))) for row in rows)
    sheet.place(left=label + ends + 4, right=right + ends)
    _draw(sheet, rows, room, ends)
    parts = [f"Dot and range chart: {' '.join(sheet.title)}, {len(rows)} metric{'' if len(rows) == 1 else 's'}."]
    parts[0] += f" {name} is held against {others} peer{'' if others == 1 else 's'}."
    parts += [_sentence(row) for row in rows]
    return sheet.finish(" ".join([*parts, caption]))


def _check(table: pd.DataFrame, place: Any, peers: list[str], suppressed: list[str]) -> None:
    held = set(table["place"].astype(str))
    asked = [("place", place), *(("peers", each) for each in peers), *(("suppressed", each) for each in suppressed)]
    problems = [
        Problem(argument, None, each, f"a place of the result; {nearest(str(each), held)}".rstrip("; "))
        for argument, each in asked
        if str(each) not in held
    ]
    if problems:
        raise BadInput("dot_and_range", problems)


def _rows(table: pd.DataFrame, place: Any, chosen: list[str], suppressed: list[str]) -> list[_Row]:
    keys = [name for name in ("metric", "basis") if name in table]
    rows = []
    for _, part in table.groupby(keys, sort=False, dropna=False):
        held = set(part["place"].astype(str))
        places = compared(part, suppressed=[each for each in suppressed if each in held])
        keyed = places.rows.assign(key=part["place"].astype(str).to_numpy())
        own = keyed[keyed["key"] == str(place)]
        others = keyed[keyed["key"] != str(place)]
        if chosen:
            others = others[others["key"].isin(chosen)]
        elif others["peer"].any():
            others = others[others["peer"]]
        known = others.loc[others["status"] == KNOWN, "value"].to_numpy(dtype=np.float64)
        status = str(own["status"].iloc[0]) if len(own) else "not known"
        value = float(own["value"].iloc[0]) if len(own) else np.nan
        what = places.measured
        rows.append(_Row(what.label, what.words, status, value, known, len(others) - len(known), places))
    return rows


def _ends(row: _Row) -> tuple[float, float]:
    held = [*row.peers, *([row.value] if row.status == KNOWN else [])]
    return (min(held), max(held)) if held else (np.nan, np.nan)


def _shown(row: _Row) -> str:
    what = row.places.measured
    return amount(row.value, what.unit, proportion=what.proportion) if row.status == KNOWN else row.status


def _draw(sheet: Sheet, rows: list[_Row], room: float, ends: float) -> None:
    ax = sheet.ax
    ax.set_xlim(-0.01, 1.01)
    ax.set_ylim(len(rows) - 0.5, -0.5)
    ax.xaxis.set_ticks([])
    ax.yaxis.set_ticks([])
    for side in ("left", "bottom"):
        ax.spines[side].set_visible(False)
    for at, row in enumerate(rows):
        low, high = _ends(row)
        what = row.places.measured

        def scaled(values: Any, low: float = low, high: float = high) -> Any:
            return (np.asarray(values) - low) / (high - low) if high > low else np.full(np.shape(values), 0.5)

        _aside(ax, at, shorten(row.label, room), -ends, "right", lift=SIZE * 0.65, gid="metric", weight="bold")
        _aside(ax, at, shorten(row.unit, room), -ends, "right", lift=-SIZE * 0.65, gid="unit-of-row")
        strong = "bold" if row.status == KNOWN else "normal"
        _aside(ax, at, _shown(row), ends + 2, "left", gid="value", weight=strong, over=True)
        if len(row.peers):
            least, lower, middle, upper, most = scaled(np.percentile(row.peers, [0, 25, 50, 75, 100]))
            looks: dict[str, Any] = {"height": 0.42, "edgecolor": INK, "linewidth": 0.6}
            add_tooltips(
                ax.barh([at], [most - least], left=least, color=RANGE, **looks),
                [_told(row, "range of the peers", 0, 100)],
            )
            middle_half = ax.barh([at], [upper - lower], left=lower, color=MIDDLE, zorder=2, **looks)
            add_tooltips(middle_half, [_told(row, "middle half of the peers", 25, 75)])
            ax.plot([middle, middle], [at - 0.26, at + 0.26], color=INK, linewidth=2.5, zorder=3)
            _aside(ax, at, what.write(low), -8, "right")
            _aside(ax, at, what.write(high), 8, "left", over=True)
        if row.status == KNOWN:
            (dot,) = ax.plot(
                [float(scaled(row.value))], [at], color=FOCUS, marker="D", markersize=13, markeredgecolor=PAPER,
                markeredgewidth=1.5, linestyle="", zorder=5, gid="dot", clip_on=False,
            )  # fmt: skip
            add_tooltips(dot, [{"metric": row.label, "value": _shown(row)}])


def _told(row: _Row, words: str, *ends: float) -> dict[str, str]:
    low, high = (row.places.measured.write(float(each)) for each in np.percentile(row.peers, ends))
    return {"metric": row.label, words: f"{low} to {high}"}


def _aside(
    ax: Axes, at: int, text: str, shift: float, align: str, *, lift: float = 0.0, gid: str = "end", over: bool = False,
    weight: str = "normal",
) -> None:  # fmt: skip
    ax.annotate(
        text, (1.0 if over else 0.0, at), xycoords=ax.get_yaxis_transform(), xytext=(shift, lift),
        textcoords="offset points", ha=align, va="center", fontsize=SIZE, fontweight=weight, color=INK,
        parse_math=False, annotation_clip=False, gid=gid,
    )  # fmt: skip


def _sentence(row: _Row) -> str:
    write = row.places.measured.write
    label = f"{row.label}, in {row.unit}" if row.unit else row.label
    if not len(row.peers):
        return f"{label}: {_shown(row)}; it is known of no peer."
    spread = (
        f"peers {write(float(row.peers.min()))} to {write(float(row.peers.max()))}, median "
        f"{write(float(np.median(row.peers)))}"
    )
    return f"{label}: {_shown(row)}; {spread}."


def _hidden_sentence(rows: list[_Row]) -> str:
    told = [f"{row.label} ({row.hidden})" for row in rows if row.hidden]
    return f"Peers without a value that can be shown: {', '.join(told)}." if told else ""


def _definitions(rows: list[_Row]) -> str:
    sources = list(dict.fromkeys(row.places.measured.source.rpartition("): ")[0] for row in rows))
    named = [f"{each})" for each in sources if each]
    return f"Definitions: {'; '.join(named)}." if named else ""
