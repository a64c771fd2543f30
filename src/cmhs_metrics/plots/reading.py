"""What a picture takes out of a tidy result, with nothing of a suppressed value left in it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from cmhs_metrics.benchmarking.place_names import NOT_PLACES, as_names, is_no_place
from cmhs_metrics.catalogue import CATALOGUE, Metric
from cmhs_metrics.errors import BadInput, Problem, lacking, nearest, refuse
from cmhs_metrics.plots.text import clean
from cmhs_metrics.presentation import (
    KNOWN,
    NOT_KNOWN,
    SUPPRESSED,
    amount,
    keys_of,
    listed,
    numbers,
    statuses,
    truths,
    unit_beside,
    unit_in_words,
)

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

_NUMBERS = ("lower", "upper", "rank", "places", "average", "peer_average")


@dataclass(frozen=True)
class Measured:
    """What is measured: how it is labelled, written and cited."""

    label: str
    unit: str
    proportion: bool = False
    basis: str | None = None
    source: str = ""

    def write(self, value: float, *, sign: bool = False) -> str:
        """A value as people read it."""
        return amount(value, self.unit, proportion=self.proportion, sign=sign)

    @property
    def words(self) -> str:
        """The unit with the population that it stands on."""
        return unit_in_words("proportion" if self.proportion else unit_beside(self.label, self.unit), self.basis)

    def caption(self, source: str | None) -> str:
        """Where definition and data come from, and the population."""
        basis = f"Population basis: {unit_in_words('', self.basis)}." if self.basis else ""
        defined = f"Definition: {self.source}." if self.source else ""
        return " ".join(each for each in (basis, data_source(source), defined) if each)


def data_source(source: str | None) -> str:
    """The sentence that names the source of the data."""
    return f"Data: {clean(source).rstrip('.')}." if source else "Source of the data not given."


def metric_name(metric: Any) -> str | None:
    """The name of a metric that is asked for: by its name, its function or its entry in the catalogue."""
    if metric is None or isinstance(metric, str):
        return metric
    name = getattr(metric, "__name__", None) or (metric.name if isinstance(metric, Metric) else None)
    if not isinstance(name, str):
        raise BadInput("the picture", [Problem("metric", None, metric, "the name of a metric")])
    return name


def measured(metric: Any = None, unit: str = "", label: str = "", basis: str | None = None) -> Measured:
    """What is measured, from the catalogue where it is a metric."""
    name = metric_name(metric)
    if name is None:
        return Measured(label, unit, unit.startswith("proportion"), basis)
    entry: Metric | None = CATALOGUE.get(name)
    if entry is None:
        hint = nearest(name, CATALOGUE) or "cm.list_metrics() has them all"
        raise BadInput("the picture", [Problem("metric", None, name, f"the name of a metric; {hint}")])
    return Measured(entry.label, entry.printed_unit, entry.proportion, basis, str(entry.source))


@dataclass(frozen=True)
class Compared:
    """The places of one metric: `name`, `value`, bounds, `rank`, `status`, `focus` and `peer`."""

    rows: pd.DataFrame
    measured: Measured
    average: float
    average_kind: str
    aside: str = ""
    interval: str = "interval"
    """What the intervals are called: with their level, where the result says it."""

    @property
    def known(self) -> pd.DataFrame:
        """The places whose value is known."""
        return self.rows[self.rows["status"] == KNOWN]

    def absent(self) -> str:
        """A sentence for the suppressed places, for those that are not known, and for what is no place."""
        return " ".join(each for each in (absent(self.rows), self.aside) if each)

    def told(self, rows: pd.DataFrame) -> list[dict[str, str]]:
        """What is said of each of some places, for whoever points at it."""
        known, write = self.known["value"], self.measured.write
        said = []
        for row in rows.to_dict("records"):
            words = {"place": row["name"], "value": write(row["value"]) if row["status"] == KNOWN else row["status"]}
            if row["status"] == KNOWN:
                words["rank"] = f"{int((known > row['value']).sum()) + 1} of {len(known)}, highest first"
            if row["status"] == KNOWN and pd.notna(row["lower"]) and pd.notna(row["upper"]):
                words["interval"] = f"{write(row['lower'])} to {write(row['upper'])}"
            said.append(words)
        return said

    def focus_sentences(self, *, most: int = 8) -> str:
        """What is known of the places that the reader asks about."""
        focus = self.rows[self.rows["focus"]]
        values = self.known["value"]
        told = []
        for row in focus.head(most).to_dict("records"):
            if row["status"] == KNOWN:
                place = f"{int((values > row['value']).sum()) + 1} of {len(values)}, highest first"
                told.append(f"{row['name']}: {self.measured.write(row['value'])} ({place}).")
        more = f"And {len(focus) - most} more focus places." if len(focus) > most else ""
        return " ".join([*told, *([more] if more else [])])


def absent(rows: pd.DataFrame) -> str:
    """A sentence for the suppressed rows of a table, and one for those that are not known."""
    said = []
    for status, words in ((SUPPRESSED, "Suppressed"), (NOT_KNOWN, "Not known")):
        names = rows.loc[rows["status"] == status, "name"].tolist()
        if names:
            said.append(f"{words}: {listed(names)}.")
    return " ".join(said)


def places_only(table: pd.DataFrame, suppressed: Collection[Any] = ()) -> tuple[pd.DataFrame, str, Collection[Any]]:
    """The rows of places, a sentence for those that stand for none, and which of the places are suppressed."""
    names = as_names(table["place"])
    aside = ~truths(table, "is_place").to_numpy() if "is_place" in table else np.array(is_no_place(names, NOT_PLACES))
    if not aside.any():
        return table, "", suppressed
    left_out = [name for name, out in zip(names, aside, strict=True) if out]
    said = f"No place, and not shown: {listed(list(dict.fromkeys(left_out)))}."
    return table[~aside].reset_index(drop=True), said, [each for each in keys_of(suppressed) if each not in left_out]


def compared(
    result: Any,
    metric: Any = None,
    basis: str | None = None,
    *,
    names: Mapping[Any, str] | None = None,
    suppressed: Collection[Any] = (),
) -> Compared:
    """The rows of one metric in the result of `benchmark`, or of a table with the columns `place` and `value`.

    Raises
    ------
    BadInput
        When the table is not in order, or holds several metrics or bases and none is asked for.
    """
    table = in_pandas(result, "place", "value")
    wanted = metric_name(metric)
    for column, asked in (("metric", wanted), ("basis", basis)):
        table = one_of(table, column, asked)
    table, aside, suppressed = places_only(table, suppressed)
    if table.empty:
        raise BadInput("the picture", [Problem(None, None, "no rows", "a row for each place")])
    repeated = table.loc[table["place"].duplicated(), "place"].unique()
    if len(repeated):
        problems = [Problem("place", None, each, "one row for each place") for each in repeated]
        raise BadInput("the picture", problems)
    rows = shown_only(table, "value", key="place", suppressed=suppressed)
    rows["name"] = names_of(table["place"], names)
    for mark in ("focus", "peer"):
        rows[mark] = truths(table, mark) if mark in table else False
    first = table.iloc[0]
    told = {each: str(first[each]) for each in ("metric", "basis", "unit", "label") if pd.notna(first.get(each))}
    held_basis = told.get("basis", basis)
    name = told.get("metric")
    if name in CATALOGUE or ("metric" not in table and wanted is not None):
        what = measured(name or wanted, basis=held_basis)
    else:
        what = measured(None, told.get("unit", ""), told.get("label") or name or "Value", held_basis)
    average = float(first["average"]) if "average" in table and pd.notna(first["average"]) else np.nan
    if (rows["status"] == SUPPRESSED).any():
        # It may have been made with the value, which people and counts that are public would then give back.
        average = np.nan
    level = getattr(result, "attrs", {}).get("confidence")
    called = f"{level * 100:.3g}% interval" if level else "interval"
    kind = str(first.get("average_kind", "average"))
    return Compared(rows.reset_index(drop=True), what, average, kind, aside, called)


def shown_only(
    table: pd.DataFrame, value: str = "value", *, key: str | None = None, suppressed: Collection[Any] = ()
) -> pd.DataFrame:
    """The numbers of the rows that may be shown, and the `status` of each.

    Of a row that is suppressed or not known nothing is kept: not its bounds, not its rank.
    """
    status = statuses(table, value, key=key, suppressed=suppressed)
    known = (status == KNOWN).to_numpy()
    held = {name: numbers(table, name).to_numpy() if name in table else np.nan for name in _NUMBERS}
    shown = {name: np.where(known, each, np.nan) for name, each in held.items()}
    return pd.DataFrame({"value": numbers(table, value).where(known), "status": status, **shown}, index=table.index)


def hidden_cells(suppressed: Any, table: pd.DataFrame, subject: str) -> pd.DataFrame:
    """Which cells of a table are suppressed, in its shape and in the order of its rows and columns.

    Raises
    ------
    BadInput
        When the shape is another, labels are not those of the table, or a cell is missing.
    """
    if suppressed is None:
        return pd.DataFrame(False, index=table.index, columns=table.columns)
    try:
        held = suppressed.to_frame(table.columns[0]) if isinstance(suppressed, pd.Series) else pd.DataFrame(suppressed)
    except (TypeError, ValueError):
        expected = "a table of True and False, in the shape of the values"
        raise BadInput(subject, [Problem("suppressed", None, suppressed, expected)]) from None
    if held.shape != table.shape:
        raise BadInput(subject, [Problem("suppressed", None, held.shape, f"the shape of the values, {table.shape}")])
    problems = []
    for axis, rows in ((0, "rows"), (1, "columns")):
        own, given = table.axes[axis], held.axes[axis]
        if isinstance(given, pd.RangeIndex) or given.equals(own):
            continue
        if own.is_unique and given.is_unique and set(given) == set(own):
            held = held.reindex(index=own) if rows == "rows" else held.reindex(columns=own)
        else:
            found = next((each for each in given if each not in own), given[0])
            problems.append(Problem("suppressed", None, found, f"the {rows} of the values"))
    if held.isna().to_numpy().any():
        problems.append(Problem("suppressed", None, None, "True or False in every cell"))
    refuse(subject, problems)
    return pd.DataFrame(held.to_numpy().astype(bool), index=table.index, columns=table.columns)


def names_of(keys: pd.Series[Any], names: Mapping[Any, str] | None) -> list[str]:
    """How places are called in the picture."""
    given = {str(key): name for key, name in (names or {}).items()}
    return [clean(given.get(str(key), key)) for key in keys]


def in_pandas(table: Any, *columns: str, argument: str = "result") -> pd.DataFrame:
    """The table of an argument, of any library, in pandas, with the columns that a picture needs."""
    if not isinstance(table, pd.DataFrame):
        import narwhals as nw

        try:
            frame: Any = nw.from_native(table)
        except TypeError:
            expected = "a tidy table, such as benchmark gives"
            raise BadInput("the picture", [Problem(argument, None, type(table).__name__, expected)]) from None
        frame = frame.collect() if isinstance(frame, nw.LazyFrame) else frame
        table = frame.to_pandas()
    refuse("the picture", lacking(argument, table, columns))
    held: pd.DataFrame = table
    return held.reset_index(drop=True) if columns else held


def one_of(table: pd.DataFrame, column: str, asked: Any) -> pd.DataFrame:
    """The rows of one metric or basis: the one that is asked for, or the only one."""
    if column not in table:
        return table
    held = table[column].dropna().unique().tolist()
    if asked is not None:
        if asked not in held:
            hint = nearest(str(asked), map(str, held)) or f"one of {', '.join(map(repr, held))}"
            raise BadInput("the picture", [Problem(column, None, asked, f"one that is in the table; {hint}")])
        return pd.DataFrame(table[table[column] == asked]).reset_index(drop=True)
    if len(held) > 1:
        expected = f"one of {', '.join(map(repr, held))}, asked for by name: {column}="
        raise BadInput("the picture", [Problem(column, None, None, expected)])
    return table
