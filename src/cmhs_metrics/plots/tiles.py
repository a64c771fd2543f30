"""Tile map: a tile for each place, roughly where it lies, and all of one size, for people and not acres are counted."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from matplotlib.patches import Patch, Rectangle

from cmhs_metrics.errors import BadInput, Problem, nearest, refuse
from cmhs_metrics.places import places as places_on
from cmhs_metrics.plots.colours import INK, MUTED, PAPER, SHADES, text_on
from cmhs_metrics.plots.figures import Sheet, picture
from cmhs_metrics.plots.interactive import add_tooltips
from cmhs_metrics.plots.reading import Compared, compared, in_pandas, metric_name, places_only
from cmhs_metrics.plots.text import LINE, SIZE, bare, shorten, width, wrap
from cmhs_metrics.presentation import KNOWN, NOT_KNOWN, SUPPRESSED, numbers
from cmhs_metrics.signatures import checked

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from matplotlib.axes import Axes

__all__ = ["icb_tiles", "tile_map"]

WIDEST = 116.0
"""Of a tile [point]."""
NAMED = 3.1 * SIZE * LINE
"""So high is a tile that has room for a name in two lines and its value [point]."""
_HATCH = {SUPPRESSED: "xx", NOT_KNOWN: ".."}


@checked
def icb_tiles(date: str = "2022-07") -> pd.DataFrame:
    """The positions of the integrated care boards (ICBs) on the map: 42 since July 2022, 36 since April 2026.

    Parameters
    ----------
    date : str, default "2022-07"
        The day whose ICBs are wanted; "2026-04" is its first.

    Returns
    -------
    pandas.DataFrame
        A row for each ICB: `place` (its code), `name`, `column` from the west and `row` from the north, from 0 on.

    Notes
    -----
    The layout is this library's own, made from where the ICBs lie to one another; it is no official map. To change it,
    change the table and hand it to `tile_map`.

    References
    ----------
    NHS England, ICB place-based allocations 2025/26 (codes and names); of the ICBs of 2026, see `places.places`.

    Examples
    --------
    >>> tiles = icb_tiles()
    >>> len(tiles), tiles.set_index("place").loc["QUE", "name"]
    (42, 'NHS Cambridgeshire and Peterborough ICB')
    >>> len(icb_tiles("2026-04"))
    36
    """
    return _tiles_on(date).copy()


@cache
def _tiles_on(date: str) -> pd.DataFrame:
    tables = []
    for name in ("icb_tiles.csv", "icb_tiles_2026.csv"):
        with files("cmhs_metrics.plots").joinpath(name).open(encoding="utf-8") as file:
            tables.append(pd.read_csv(file))
    there = pd.concat(tables, ignore_index=True)
    return there[there["place"].isin(places_on("icb", date)["code"])].reset_index(drop=True)


def _tiles_of(keys: list[str]) -> pd.DataFrame:
    """The tiles of the ICBs of the day of which most of the places are, of the older where that leaves it open."""
    return max((_tiles_on(day) for day in ("2022-07", "2026-04")), key=lambda tiles: tiles["place"].isin(keys).sum())


@picture
def tile_map(
    result: Any,
    metric: Any = None,
    *,
    positions: pd.DataFrame | None = None,
    basis: str | None = None,
    names: Mapping[Any, str] | None = None,
    suppressed: Collection[Any] = (),
    source: str | None = None,
    title: str | None = None,
    interactive: bool = False,
    ax: Axes | None = None,
) -> Axes:
    """Draw the places of a benchmark as a map of tiles, the darker the higher.

    Parameters
    ----------
    result : table
        The result of `benchmark`, or a table with the columns `place` and `value` [its unit].
    metric, basis : str, optional
        Which metric, and on which population, where the result has several.
    positions : pandas.DataFrame, optional
        Where the tiles stand: `place`, `column` and `row`, whole numbers, and where wanted `label`, what the tile
        shows in place of the name. Unless given, those of the 42 ICBs of 2022, or of the 36 of 2026 where these are the
        places; see `icb_tiles`.
    names : mapping of place to str, optional
        How places are called in the alternative text; the `name` of the positions unless given.
    suppressed : collection, optional
        Places whose missing value is suppressed.
    source, title, interactive, ax
        As in `ranked_bars`.

    Returns
    -------
    matplotlib.axes.Axes
        The picture: up to five shades with about as many places each, numbered from the lowest in the key and in the
        tiles; the name of each place, or its code on axes without room for names; its value; and a heavy frame around
        the focus places. A place that is suppressed or not known is white and hatched, and says
        so.

    Raises
    ------
    BadInput
        When a place has no position, or two have the same.

    Examples
    --------
    >>> import pandas as pd
    >>> ax = tile_map(pd.DataFrame({"place": ["QUE", "QMM"], "value": [1712.0, 1555.0]}))
    >>> len(ax.patches)
    42
    """
    keys = _place_keys(result, metric, basis)
    where = _positions(_tiles_of(keys) if positions is None else positions)
    called = dict(zip(where["place"], where["name"], strict=True)) | {str(k): v for k, v in (names or {}).items()}
    unknown = [each for each in keys if each not in set(where["place"])]
    if unknown:
        expected = "a place with a position (positions= gives it one, or leave the row out)"
        problems = [
            Problem("place", None, each, "; ".join(part for part in (expected, nearest(each, where["place"])) if part))
            for each in unknown
        ]
        raise BadInput("tile_map", problems)
    places = compared(result, metric, basis, names=called, suppressed=suppressed)
    held = places.rows.assign(key=keys).set_index("key")
    absent = [each for each in where["place"] if each not in held.index]
    rows = pd.concat([held, _not_there(absent, called)]).loc[where["place"]].reset_index(drop=True)
    places = Compared(rows, places.measured, places.average, places.average_kind, places.aside)
    classes = _classes(rows["value"].to_numpy(dtype=np.float64))
    sheet = Sheet(ax, title or places.measured.label, places.measured.words)
    sheet.key = _key(rows, classes, places)
    sheet.say(places.absent(), places.measured.caption(source), most=4)
    columns, deep = int(where["column"].max()) + 1, int(where["row"].max()) + 1
    sheet.make_room(deep * NAMED)
    box = sheet.place()
    wide = min(WIDEST, box.width / columns)
    left = (box.width / wide - columns) / 2
    sheet.ax.set_axis_off()
    sheet.ax.set(xticks=[], yticks=[])
    sheet.ax.set_xlim(-left, columns + left)
    sheet.ax.set_ylim(deep, 0)
    high = box.height / deep
    least = width("QQQQ", bold=True)
    if high < 2.1 * SIZE or wide < least:
        found = f"{columns} columns and {deep} rows"
        fit = f"no more than {int(box.width // least)} columns and {int(box.height // (2.1 * SIZE))} rows here"
        raise BadInput("tile_map", [Problem("positions", None, found, fit)])
    named = rows.rename(columns={"name": "name_of"})
    for at, (spot, row) in enumerate(zip(where.itertuples(), named.itertuples(), strict=True)):
        shown = _tile(sheet.ax, spot, row, int(classes[at]), places, wide, named=high >= NAMED - 0.5)
        sheet.note_cut([str(row.name_of)], [shown])
    add_tooltips([each for each in sheet.ax.patches if str(each.get_gid()).startswith("tile-")], places.told(rows))
    return sheet.finish(_text(places, sheet, source))


def _place_keys(result: Any, metric: Any, basis: str | None) -> list[str]:
    table = in_pandas(result, "place", "value")
    for column, asked in (("metric", metric_name(metric)), ("basis", basis)):
        if asked is not None and column in table:
            table = table[table[column] == asked]
    return [str(each) for each in places_only(table)[0]["place"]]


def _positions(positions: pd.DataFrame) -> pd.DataFrame:
    table = in_pandas(positions, "place", "column", "row", argument="positions")
    problems = []
    for name in ("column", "row"):
        values = numbers(table, name)
        wrong = values.isna() | (values < 0) | (values != values.round())
        problems += [
            Problem(name, f"place={table['place'][at]}", float(values[at]), "a whole number from 0 on")
            for at in table.index[wrong.to_numpy()]
        ]
    for columns in (["place"], ["column", "row"]):
        again = table.duplicated(columns)
        problems += [
            Problem(" and ".join(columns), f"place={table['place'][at]}", None, "a tile of its own")
            for at in table.index[again.to_numpy()]
        ]
    refuse("the positions", problems)
    table = table.assign(place=table["place"].astype(str))
    table["name"] = table["name"] if "name" in table else table["place"]
    table["label"] = table["label"].astype(str) if "label" in table else ""
    return table


def _not_there(absent: list[str], called: Mapping[str, str]) -> pd.DataFrame:
    rows = pd.DataFrame({"name": [str(called.get(each, each)) for each in absent], "status": NOT_KNOWN}, index=absent)
    return rows.assign(value=np.nan, focus=False, peer=False)


def _classes(values: Any) -> Any:
    """The shade of each value: about as many places in each, and like values in one."""
    known = values[~np.isnan(values)]
    if not len(known):
        return np.zeros(len(values), dtype=np.int64)
    count = min(len(SHADES), len(np.unique(known)))
    edges = np.unique(np.quantile(known, np.linspace(0, 1, count + 1)[1:-1]))
    found = np.searchsorted(edges, np.nan_to_num(values), side="right")
    # With fewer classes the shades are further apart.
    return np.round(found * (len(SHADES) - 1) / max(len(edges), 1)).astype(np.int64)


def _key(rows: pd.DataFrame, classes: Any, places: Compared) -> list[tuple[Any, str]]:
    known = (rows["status"] == KNOWN).to_numpy()
    key: list[tuple[Any, str]] = []
    for shade in np.unique(classes[known]):
        held = rows.loc[known & (classes == shade), "value"]
        low, high = places.measured.write(float(held.min())), places.measured.write(float(held.max()))
        label = f"({shade + 1}) {low if low == high else f'{low} to {high}'}"
        key.append((Patch(facecolor=SHADES[shade], edgecolor=INK, linewidth=0.6), label))
    for status, hatch in _HATCH.items():
        if (rows["status"] == status).any():
            key.append((Patch(facecolor=PAPER, edgecolor=MUTED, hatch=hatch), status))
    if rows["focus"].any():
        key.append((Patch(facecolor=PAPER, edgecolor=INK, linewidth=3), "focus places"))
    return key


def _tile(ax: Axes, spot: Any, row: Any, shade: int, places: Compared, wide: float, *, named: bool) -> str:
    """Draw a tile; what its name became."""
    known = row.status == KNOWN
    fill = SHADES[shade] if known else PAPER
    gap = 0.015
    ax.add_patch(
        Rectangle(
            (spot.column + gap, spot.row + gap), 1 - 2 * gap, 1 - 2 * gap, facecolor=fill,
            edgecolor=INK if known else MUTED, hatch=None if known else _HATCH[row.status],
            linewidth=0.6, gid=f"tile-{spot.place}",
        )
    )  # fmt: skip
    if row.focus:
        frame = Rectangle(
            (spot.column + gap, spot.row + gap), 1 - 2 * gap, 1 - 2 * gap, fill=False, edgecolor=INK, linewidth=4,
            zorder=4, gid=f"focus-{spot.place}",
        )  # fmt: skip
        ax.add_patch(frame)
    text = f"{places.measured.write(row.value)}  ({shade + 1})" if known else row.status
    if width(text) > wide:
        text = places.measured.write(row.value) if known and width(places.measured.write(row.value)) <= wide else ""
    label, room = str(spot.label) or (bare(str(row.name_of)) if named else str(spot.place)), wide * 0.96
    lines = wrap(label.replace(" and ", " & "), room, most=2) if named else [label]
    lines = [shorten(each, room, bold=not named) for each in lines]
    behind = None if known else {"facecolor": PAPER, "edgecolor": "none", "pad": 0.5}
    for words, lift, weight in (
        ("\n".join(lines), 0.36 if named else 0.29, "normal" if named else "bold"),
        (text, 0.82 if named else 0.72, "normal"),
    ):
        ax.text(
            spot.column + 0.5, spot.row + lift, words, ha="center", va="center", fontsize=SIZE, fontweight=weight,
            color=text_on(fill), parse_math=False, bbox=behind if words else None, zorder=3, linespacing=1.05,
        )  # fmt: skip
    return " ".join(lines)


def _text(places: Compared, sheet: Sheet, source: str | None) -> str:
    known, write = places.known, places.measured.write
    unit = f", in {places.measured.words}" if places.measured.words else ""
    parts = [f"Tile map: {' '.join(sheet.title)}{unit}, {len(places.rows)} places, darker where higher."]
    if len(known):
        order = known.sort_values(["value", "name"], ascending=[False, True])
        ends = [("Highest", order.head(3)), ("Lowest", order.tail(3)[::-1])] if len(known) > 5 else [("Values", order)]
        for word, part in ends:
            told = ", ".join(f"{each['name']} {write(each['value'])}" for each in part.to_dict("records"))
            parts.append(f"{word}: {told}.")
    return " ".join([*parts, places.focus_sentences(), places.absent(), places.measured.caption(source)])
