"""The figures behind a chart as a file within the page, safe to open in a spreadsheet."""

from __future__ import annotations

import csv
import io
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from collections.abc import Iterable

    from cmhs_metrics.packs.figures import Figures

FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠", "|", "%")
"""How text may begin that a spreadsheet reads as a formula; the wide forms are those of East Asian keyboards."""


_PLAIN = " !$()*+,-./:;=?@[]_~"
"""What stands for itself in the address of a download, beside letters and digits."""

COLUMNS = [
    "metric", "label", "unit", "basis", "team_type", "period", "place", "name", "status", "value", "lower", "upper",
    "rank", "places", "rank_best", "rank_worst", "quartile", "average", "average_lower", "average_upper",
    "average_kind", "difference", "difference_percent", "more_than_chance", "outlier", "peer_average",
    "peer_average_lower", "peer_average_upper", "focus", "peer",
]  # fmt: skip
"""Of the downloads, in order."""


def safe_cell(cell: Any) -> Any:
    """A cell that a spreadsheet does not read as a formula.

    Parameters
    ----------
    cell : object
        A number, a truth value, text, or nothing.

    Returns
    -------
    object
        Text that begins like a formula, spaces aside, with an apostrophe before it; anything else as it is. Nothing is
        an empty cell.

    References
    ----------
    OWASP: CSV Injection.

    Examples
    --------
    >>> safe_cell("=1+1"), safe_cell("North"), safe_cell(-2.5)
    ("'=1+1", 'North', -2.5)
    """
    if cell is None or cell is pd.NA or (isinstance(cell, float) and math.isnan(cell)):
        return ""
    if isinstance(cell, str):
        begins = cell.startswith(FORMULA_STARTS) or cell.lstrip().startswith(FORMULA_STARTS)
        return f"'{cell}" if begins else cell
    return cell


def to_csv(table: pd.DataFrame) -> str:
    """A table as CSV: every number as it is, every text safe.

    Parameters
    ----------
    table : pandas.DataFrame
        The table; its index is left out.

    Returns
    -------
    str
        Lines that end in CR LF, as the standard has it; text is quoted where it must be.
    """
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\r\n")
    writer.writerow([safe_cell(str(name)) for name in table.columns])
    columns = [_safe_column(table.iloc[:, at]) for at in range(table.shape[1])]
    writer.writerows(zip(*columns, strict=True))
    return file.getvalue()


def _safe_column(column: pd.Series[Any]) -> list[Any]:
    """The cells of a column, each text looked at once: numbers are Python's own, whole ones without a decimal point."""
    cells = column.tolist()
    plain = isinstance(column.dtype, np.dtype)
    if plain and column.dtype.kind in "biu":
        return cells
    if plain and column.dtype.kind == "f":
        return ["" if cell != cell else int(cell) if cell.is_integer() and abs(cell) < 1e15 else cell for cell in cells]
    known: dict[Any, Any] = {}
    for cell in cells:
        if isinstance(cell, str) and cell not in known:
            known[cell] = safe_cell(cell)
    return [known[cell] if isinstance(cell, str) else safe_cell(_plain(cell)) for cell in cells]


def _plain(cell: Any) -> Any:
    value = cell.item() if hasattr(cell, "item") else cell
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return int(value)
    return value


def data_uri(table: pd.DataFrame) -> str:
    """A table as the address of a download within the page.

    Parameters
    ----------
    table : pandas.DataFrame
        The table.

    Returns
    -------
    str
        CSV in UTF-8, with the mark by which spreadsheets know it.
    """
    return f"data:text/csv;charset=utf-8,{quote(to_csv(table).encode('utf-8-sig'), safe=_PLAIN)}"


def file_name(parts: Iterable[str]) -> str:
    """The name under which a download is saved: letters, digits and hyphens.

    Examples
    --------
    >>> file_name(["dna_rate", "16+", "2016/17"])
    'cmhs-dna-rate-16-2016-17.csv'
    """
    words = "-".join(parts).casefold()
    plain = "".join(each if each.isascii() and each.isalnum() else "-" for each in words)
    return f"cmhs-{'-'.join(word for word in plain.split('-') if word)}.csv"


@dataclass(frozen=True)
class Link:
    """A link in the page that saves a table as a file."""

    name: str
    text: str
    uri: str


def link(rows: pd.DataFrame, name: str, text: str) -> Link:
    """A download within the page."""
    return Link(name, text, data_uri(rows))


def download(rows: pd.DataFrame, comparison: Figures) -> pd.DataFrame:
    """The figures of a metric as a file holds them: no bounds of what is hidden are among them."""
    named = rows.assign(name=[comparison.name(place) for place in rows["place"]])
    return named[[name for name in COLUMNS if name in named and (name != "period" or comparison.period is not None)]]
