"""Official files that need no more than their columns: one reader for all of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from cmhs_metrics.errors import BadInput, Problem, nearest
from cmhs_metrics.published.content import content_again, is_not, read_bytes
from cmhs_metrics.published.formats import OTHERS
from cmhs_metrics.published.mhsds_values import as_date, read_cell
from cmhs_metrics.published.reading import Rows, match, read_rows
from cmhs_metrics.published.workbooks import sheets_of, workbooks_in
from cmhs_metrics.signatures import checked

if TYPE_CHECKING:
    from cmhs_metrics.published.content import Source
    from cmhs_metrics.published.formats import Format

_NUMBERS = ("value", "median", "rank", "lower_95", "upper_95", "count", "denominator")
_DATES = ("extract_date", "period_start", "period_end")
_ALL = "ALL"
_SIGNED = ("oversight_framework", "fingertips")
_COUNTS = {"gp_patients": ("value",), "smi_health_checks": ("value",), "fingertips": ("count", "denominator")}
"""The columns of people, which no percentage can be."""
_HEADER_WITHIN = 10


@checked
def read_published(source: Source, kind: str) -> pd.DataFrame:
    """Read one of the further official files, as it is published.

    Parameters
    ----------
    source : str, Path, or open file
        The file as CSV, plain, gzipped or zipped, or a workbook with such a sheet, which needs the extra ``excel``.
    kind : str
        What it is: "gp_patients" (patients registered at a GP practice, by age and sex), "talking_therapies" (NHS
        Talking Therapies, monthly activity and performance), "smi_health_checks" (physical health checks in severe
        mental illness), "out_of_area_placements" (in the form of 2016 to 2023), "oversight_framework" (metrics of
        trusts) or "fingertips" (indicators).

    Returns
    -------
    pandas.DataFrame
        A row for each row of the file: its columns under names of this library where it has any, ``place`` being the
        code of the place; the ``value`` as a number, NaN where none is shown [its unit], and whether it is
        ``suppressed``; of GP patients ``is_total``, whether the row is a total over sexes or ages, which must not be
        added to its parts; of talking therapies the ``unit``, by the name of the measure. Other columns keep their
        published names, as text.

    Raises
    ------
    BadInput
        When it is another file, or not a whole one; when a number or date cannot be read, a count is a percentage, or a
        row stands twice; when
        the parts of GP patients do not add to their total.

    Notes
    -----
    Values are given as published. Of out-of-area placements and talking therapies those of places are rounded, and "*"
    stands for a small number, which is not zero. Out-of-area placements since 2024 are in the form of the MHSDS monthly
    files: use `read_mhsds_monthly`. The columns of the trust, quarter and date in the Oversight Framework's file are
    known from a description only, and are taken under several spellings.

    References
    ----------
    NHS England: Patients Registered at a GP Practice; NHS Talking Therapies, for Anxiety and Depression, monthly;
    Physical Health Checks for people with Severe Mental Illness; Out of Area Placements in Mental Health Services; NHS
    Oversight Framework. Office for Health Improvement and Disparities, Fingertips.

    Examples
    --------
    >>> import io
    >>> file = io.StringIO('''Period,CCG Code,Question,Answer
    ... SMI-Q4-2023-2024,16C,SMIRegister,6500
    ... SMI-Q4-2023-2024,16C,All6PHC,4100
    ... ''')
    >>> read_published(file, "smi_health_checks")[["place", "question", "value"]]
      place     question   value
    0   16C  SMIRegister  6500.0
    1   16C      All6PHC  4100.0
    """
    if kind not in OTHERS:
        known = nearest(str(kind), OTHERS) or f"one of {', '.join(OTHERS)}"
        raise BadInput("read_published", [Problem("kind", None, kind, known)])
    rows = _rows(source, OTHERS[kind])
    cells = rows.cells
    table = pd.DataFrame({str(name): cells[name].str.strip() for name in cells})
    problems: list[Problem] = []
    for name in _DATES:
        if name in table:
            days = {text: as_date(text) for text in table[name].unique()}
            table[name] = pd.to_datetime(table[name].map(days))
            problems += rows.problems(name, table[name].isna(), "a date as 30/06/2024 or 2024-06-30")
    is_count: Any = "value" in _COUNTS.get(kind, ())
    if kind == "talking_therapies":
        starts = [table["measure_name"].str.startswith(start) for start in ("Count", "Percentage")]
        table["unit"] = np.select(starts, ["count", "percent"], "")
        is_count = table["unit"].eq("count").to_numpy()
    for name in (each for each in _NUMBERS if each in table):
        read = {text: _number(text, signed=kind in _SIGNED) for text in table[name].unique()}
        each = [read[text] for text in table[name]]
        if name == "value":
            table["suppressed"] = np.array([cell.hidden for cell in each], dtype=bool)
        table[name] = np.array([cell.value for cell in each], dtype=np.float64)
        problems += rows.problems(name, [not cell.readable for cell in each], "a number, or a mark as * or [c]")
        counts = is_count if name == "value" else name in _COUNTS.get(kind, ())
        shares = np.array([cell.percent for cell in each], dtype=bool) & counts
        problems += rows.problems(name, shares, "a count, and no percentage")
    keys = [name for name in table if name not in (*_NUMBERS, "suppressed")]
    problems += rows.repeated([*_NUMBERS, "suppressed"], table[keys])
    rows.refuse(problems)
    if kind == "gp_patients":
        table["is_total"] = table["sex"].str.upper().eq(_ALL) | table["age_group"].str.upper().eq(_ALL)
        _refuse_parts_beside_total(rows, table)
    if kind == "talking_therapies":
        table["unit"] = table.pop("unit")
    return table


def _number(text: str, *, signed: bool) -> Any:
    negative = signed and text.startswith("-") and len(text) > 1
    cell = read_cell(text[1:] if negative else text)
    return cell._replace(value=-cell.value) if negative else cell


def _refuse_parts_beside_total(rows: Rows, table: pd.DataFrame) -> None:
    """Refuse places whose parts by age and sex do not add to the total that stands beside them."""
    keys = ["extract_date", "place_type", "place"]
    overall = table[table["sex"].str.upper().eq(_ALL) & table["age_group"].str.upper().eq(_ALL)]
    parts = table[~table["is_total"]].groupby(keys)["value"].sum()
    totals = overall.groupby(keys)["value"].sum()
    both = pd.concat([parts, totals], axis=1, keys=["parts", "total"]).dropna()
    wrong = both[both["parts"] != both["total"]]
    problems = [
        Problem("NUMBER_OF_PATIENTS", f"ORG_CODE={key[2]}", row["parts"], f"parts that add to {row['total']:,.0f}")
        for key, row in zip(wrong.index, wrong.to_dict("records"), strict=True)
    ]
    rows.refuse(problems)


def _rows(source: Source, kind: Format) -> Rows:
    name, content = read_bytes(source, kind)
    books = workbooks_in(content) if isinstance(content, bytes) else {}
    if not books:
        return read_rows(content_again(name, content), kind)
    wanted = set(kind.columns.values())
    for held in books.values():
        for sheet in sheets_of(name, held, kind).values():
            for at, header in enumerate(sheet[:_HEADER_WITHIN]):
                if wanted <= {kind.name_of(cell) for cell in header}:
                    titles = [cell.strip() or f"Unnamed: {position}" for position, cell in enumerate(header)]
                    published = match(name, titles, kind)
                    body = [(number, row) for number, row in enumerate(sheet[at + 1 :], at + 2) if any(row)]
                    cells = pd.DataFrame([row for _, row in body], columns=list(published), dtype=str)
                    lines = np.array([number for number, _ in body], dtype=np.int64)
                    return Rows(name, cells, published, lambda lines=lines: lines, {})  # type: ignore[misc]
    raise is_not(kind, name, "a workbook", f"with a sheet that has the columns {', '.join(kind.columns)}")
