"""The table of data quality as a page for people: what is broken first, in a table that screen readers can read."""

from __future__ import annotations

from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import narwhals as nw

from cmhs_metrics.mhsds.quality import RULES, quality
from cmhs_metrics.mhsds.records.extract import ExtractLike, as_extract
from cmhs_metrics.signatures import checked

if TYPE_CHECKING:
    import os


_STYLE = (
    "body{font-family:sans-serif;line-height:1.5;max-width:75rem;margin:2rem auto;padding:0 1rem}"
    "table{border-collapse:collapse;width:100%}caption{text-align:left;font-weight:bold;padding:.5rem 0}"
    "th,td{text-align:left;vertical-align:top;padding:.35rem .6rem;border-bottom:1px solid #768692}"
    ".n{text-align:right;font-variant-numeric:tabular-nums}.scroll{overflow-x:auto}"
)
_HEADINGS = ("Table and column", "Rule", "Rows", "Of", "Share", "What the measures do", "Expected")
_NUMBERS = range(2, 5)


class Line(NamedTuple):
    """A row of the table of quality."""

    table: str
    column: str
    rule: str
    rows: int
    of: int
    what_happens: str

    @property
    def share(self) -> str:
        """How many of the rows, as people read it."""
        if not self.rows:
            return "0%"
        share = 100 * self.rows / self.of
        return f"{share:.1f}%" if share >= 0.1 else "under 0.1%"


class QualityReport:
    """What is wrong in an extract, as `quality_report` makes it: shown in a notebook, or written as a page.

    Parameters
    ----------
    lines : sequence of Line
        The rows of `quality`.
    title : str
        What the page is called.

    Attributes
    ----------
    broken, told, kept : tuple of Line
        The rules that rows break; those that rows meet which are right as they are, or are read right; those that every
        row keeps. The first two with the greatest shares first.
    """

    def __init__(self, lines: list[Line], title: str) -> None:
        self.title = title
        ordered = sorted(lines, key=lambda line: -line.rows / max(line.of, 1))
        self.broken = tuple(line for line in ordered if line.rows and RULES[line.rule].refused)
        self.told = tuple(line for line in ordered if line.rows and not RULES[line.rule].refused)
        self.kept = tuple(line for line in lines if not line.rows)

    def __repr__(self) -> str:
        return f"QualityReport: {self.summary}"

    @property
    def summary(self) -> str:
        """How many rules are broken, in a sentence."""
        checks = len(self.broken) + len(self.told) + len(self.kept)
        return (
            f"Of {checks} checks of columns, {len(self.broken)} are broken by some rows, {len(self.told)} more tell of "
            f"rows that are read right, and {len(self.kept)} are kept by every row."
        )

    def _repr_html_(self) -> str:
        parts = [f"<p>{escape(self.summary)}</p>"]
        for lines, caption in (
            (self.broken, "Broken: the greatest share first"),
            (self.told, "To know: right as it is, or read right"),
        ):
            if lines:
                parts.append(_table(lines, caption))
        if self.kept:
            names = "".join(f"<li>{escape(f'{each.table}.{each.column}: {each.rule}')}</li>" for each in self.kept)
            parts.append(f"<details><summary>Kept by every row ({len(self.kept)})</summary><ul>{names}</ul></details>")
        return "".join(parts)

    def to_html(self, path: str | os.PathLike[str]) -> Path:
        """Write the page to a file.

        Parameters
        ----------
        path : path
            Where; what is there is written over.

        Returns
        -------
        pathlib.Path
            The file.
        """
        title, file = escape(self.title), Path(path)
        page = (
            f'<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8"><title>{title}</title>'
            f'<meta name="viewport" content="width=device-width, initial-scale=1"><style>{_STYLE}</style></head>'
            f"<body><main><h1>{title}</h1>{self._repr_html_()}</main></body></html>\n"
        )
        file.write_text(page, encoding="utf-8")
        return file


def _table(lines: tuple[Line, ...], caption: str) -> str:
    def row(line: Line) -> str:
        cells = (line.rule, f"{line.rows:,}", f"{line.of:,}", line.share, line.what_happens, RULES[line.rule].expected)
        written = "".join(f"<td{_kind(place)}>{escape(cell)}</td>" for place, cell in enumerate(cells, start=1))
        return f'<tr><th scope="row">{escape(f"{line.table}.{line.column}")}</th>{written}</tr>'

    head = "".join(f'<th scope="col"{_kind(place)}>{name}</th>' for place, name in enumerate(_HEADINGS))
    return (
        f'<div class="scroll" role="region" tabindex="0" aria-label="{escape(caption)}">'
        f"<table><caption>{escape(caption)}</caption><thead><tr>{head}</tr></thead>"
        f"<tbody>{''.join(map(row, lines))}</tbody></table></div>"
    )


def _kind(place: int) -> str:
    return ' class="n"' if place in _NUMBERS else ""


@checked
def quality_report(extract: ExtractLike, *, title: str = "Data quality of an extract") -> QualityReport:
    """Tell people what is wrong in an extract: the table of `quality` as a page.

    Parameters
    ----------
    extract : Extract
        The extract; where its tables are lazy, the one query of `quality` is run.
    title : str, default "Data quality of an extract"
        What the page is called.

    Returns
    -------
    QualityReport
        Shown as tables in a notebook; `to_html` writes a page of its own, without scripts, that needs nothing else.
        Counts of rows are as they are, and may be small: the page is for use inside the organisation.

    Examples
    --------
    >>> from cmhs_metrics import mhsds
    >>> report = quality_report(mhsds.synthesise(contacts=300, dirty=0.01))
    >>> report.broken[0].rows > 0
    True
    >>> report.to_html("quality.html").name
    'quality.html'
    """
    frame: Any = nw.from_native(quality(as_extract(extract)))
    rows = (frame.collect() if isinstance(frame, nw.LazyFrame) else frame).iter_rows(named=True)
    return QualityReport([Line(**row) for row in rows], title)
