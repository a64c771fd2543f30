"""Build a pack: the tailored report of a place, as one page."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from cmhs_metrics.benchmarking.place_names import as_names
from cmhs_metrics.benchmarking.place_names import listed as given
from cmhs_metrics.errors import BadInput, Problem
from cmhs_metrics.packs.charts import Charts
from cmhs_metrics.packs.contents import contents
from cmhs_metrics.packs.downloads import file_name, to_csv
from cmhs_metrics.packs.figures import compare
from cmhs_metrics.packs.notes import source_text
from cmhs_metrics.packs.page import charts_of, page, page_parts, rendered
from cmhs_metrics.packs.sections import NotShown
from cmhs_metrics.packs.setting import Setting
from cmhs_metrics.packs.sheets import notes_of, sheets
from cmhs_metrics.places import boundaries_of
from cmhs_metrics.synthetic import synthetic_providers
from cmhs_metrics.version import __version__
from cmhs_metrics.workbooks import write_workbook

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from cmhs_metrics.benchmarking.one_metric import Average
    from cmhs_metrics.packs.contents import Contents
    from cmhs_metrics.packs.figures import Figures
    from cmhs_metrics.packs.findings import Finding
    from cmhs_metrics.tables.aggregation import OverTime

SAMPLE_FOCUS = ("Synthetic ICB 07",)
SAMPLE_PEERS = ("Synthetic ICB 03", "Synthetic ICB 12", "Synthetic ICB 20")


@dataclass(frozen=True)
class Pack:
    """A pack: a page, and the findings that stand in it.

    Parameters
    ----------
    title : str
        The title.
    html : str
        The page.
    findings : list of Finding
        Every sentence with its figures, in the order of the page.
    not_shown : list of NotShown
        What could not be shown, and why.
    made_from : tuple, optional
        The figures, what is said of them, and the setting of the page.
    """

    title: str
    html: str
    findings: list[Finding]
    not_shown: list[NotShown]
    made_from: tuple[Figures, Contents, Setting] | None = field(default=None, repr=False, compare=False)

    def save(self, path: str | Path) -> Path:
        """Write the page to a file.

        Parameters
        ----------
        path : str or Path
            The file; one that is there is written over.

        Returns
        -------
        Path
            The file.
        """
        file = Path(path)
        file.write_text(self.html, encoding="utf-8", newline="\n")
        return file

    def to_xlsx(self, path: str | Path) -> Path:
        """Write the figures of the page as an accessible workbook.

        Parameters
        ----------
        path : str or Path
            The file, ending in .xlsx.

        Returns
        -------
        Path
            The file: the front page, the sentences, every figure, profiles and types of team, and what could not be
            shown, each on a sheet of its own. A suppressed value is "[c]" there.

        Raises
        ------
        BadInput
            When the name of the file does not end in .xlsx.
        ImportError
            When openpyxl is not installed, which comes with the extra `pack`.
        """
        file = Path(path)
        comparison, made, setting = self._made()
        about = [source_text(setting), *([f"Written on {setting.date}."] if setting.date else [])]
        write_workbook(file, sheets(comparison, made), title=self.title, about=about, notes=notes_of(comparison, made))
        return file

    def save_charts(self, folder: str | Path) -> list[Path]:
        """Write each chart of the page as SVG and as PNG, of the size of a slide, to be pasted elsewhere.

        Parameters
        ----------
        folder : str or Path
            The folder, which is made where it is not there.

        Returns
        -------
        list of Path
            The files, and last `alternative-texts.csv`: for each chart the sentence that the page says of it, which
            the files hold too, and the whole alternative text.

        Raises
        ------
        ImportError
            When matplotlib is not installed, which comes with the extra `pack`.
        """
        from cmhs_metrics import plots

        comparison, made, setting = self._made()
        into = Path(folder)
        into.mkdir(parents=True, exist_ok=True)
        files, told = [], []
        for chart in charts_of(page_parts(comparison, made, Charts(comparison, setting.source))):
            ax = chart.draw()
            text = plots.alternative_text(ax)
            said = chart.sentence or text
            for ending, name in (("svg", "Description"), ("png", "Description")):
                files.append(into / f"{Path(file_name([chart.name])).stem.removeprefix('cmhs-')}.{ending}")
                plots.save(ax, files[-1], metadata={name: said})
            told.append((files[-2].name, files[-1].name, chart.label, said, text))
        columns = ["svg", "png", "chart", "alternative_text", "in_full"]
        files.append(into / "alternative-texts.csv")
        files[-1].write_text(to_csv(pd.DataFrame(told, columns=columns)), encoding="utf-8-sig", newline="")
        return files

    def _made(self) -> tuple[Figures, Contents, Setting]:
        if self.made_from is None:
            raise ValueError("a pack as `pack` gives it is needed")
        return self.made_from

    def __repr__(self) -> str:
        size = f"{len(self.html.encode()) / 1e6:.1f} MB"
        return f"Pack({self.title!r}: {len(self.findings)} findings, {size}; .save(path) writes the page)"

    def _repr_html_(self) -> str:
        # In a frame of its own the page's styles stay in it, and nothing of it reaches the notebook.
        return rendered("frame.html", title=self.title, html=self.html)


def pack(
    data: Any = None,
    populations: Any = None,
    *,
    focus: Any = (),
    peers: Any = (),
    by: str | None = None,
    place: str | None = None,
    basis: str | Sequence[str] | None = None,
    period: Any = None,
    over_time: OverTime | None = None,
    average: Average = "pooled",
    confidence: float = 0.95,
    targets: Mapping[str, float] | None = None,
    improvement: Mapping[str, str] | None = None,
    title: str | None = None,
    source: str | None = None,
    date: str | None = None,
    charts: bool = True,
    templates: str | Path | None = None,
    output: str | Path | None = None,
) -> Pack:
    """Build the tailored benchmarking pack of a place as one page.

    Parameters
    ----------
    data : any frame that narwhals knows, optional
        The measures, a row for each team (or organisation) and period; see `aggregate`. The bundled sample of synthetic
        providers unless given, and the page says so.
        Rows that name a `staff_group` (or `discipline`) or a care `cluster` hold the WTE or the caseload of that part,
        and are no rows of teams, unless all are.
    populations : table of the same kind, optional
        The people of each place; see `aggregate`. Its columns that are neither places nor populations are left out, and
        the page names them.
    focus : place or sequence of them, optional
        The places that the reader asks about. Without one the page shows all places alike.
    peers : place or sequence of them, optional
        Places with which they are compared besides. A place of the focus is no peer of itself.
    by : str, optional
        The column that names the places: the first of "icb", "organisation" and "region" that holds those asked for,
        unless given. Where a column such as `icb_name` names them, the page does too.
    place : str, optional
        The column of the places to which the populations belong, where these are finer; see `aggregate`. Populations
        that stand in `data` belong to the organisation, unless this says otherwise.
    basis : str or sequence of str, optional
        The populations of the rates: "weighted" and "registered", as in the audit, where they are there.
    period : optional
        The period to show, in any spelling that `parse_periods` reads: the last one of the table unless given. Earlier
        ones make the trends.
    over_time : {"last", "mean"}, optional
        Pool all periods of the table into one, for example twelve months into a year, and how a stock is then made; see
        `aggregate`. There are no trends then.
    average, confidence
        As in `benchmark`.
    targets : mapping of str to float, optional
        The target of a metric, by its name [its unit], for the run charts of a place with ten periods or more.
    improvement : mapping of str to {"high", "low"}, optional
        Which way is good, by the name of the metric; without it nothing is called an improvement or a concern.
    title, source, date : str, optional
        The title of the page, the source of the data, and the date to print. No date is printed unless it is given, so
        that the same input gives the same page.
    charts : bool, default True
        Whether charts are drawn, for which matplotlib is needed. It comes with the extra `pack`, as Jinja2 does, which
        every page needs.
    templates : str or Path, optional
        A folder of Jinja2 templates that take the place of those of the library of the same names (`page.html`,
        `front.html`, `parts.html`, `style.css`).
    output : str or Path, optional
        The file to write the page to.

    Returns
    -------
    Pack
        The page (`html`, `save`), its `findings`, and what was `not_shown`.

    Raises
    ------
    BadInput
        When the tables are not in order (see `aggregate`), a place, column or period is not there, or bounds that are
        equal tell a value that is missing.
    ImportError
        When Jinja2 is not installed, or charts are asked for and matplotlib is not.

    Notes
    -----
    Rows of "Unknown", "Not stated" and the like are of no place: they are in no rank, average or chart, and the page
    says what share of each measure they hold.

    The page is one file without scripts, and loads nothing. Findings are sentences made by rules: what they claim, and
    what they never do, stands in the how-to guide. A suppressed value is in no chart, table, sentence or download.

    References
    ----------
    NHS Benchmarking Network, Community Mental Health Services Audit 2016/17: the tailored report of a local system.

    Examples
    --------
    >>> import pandas as pd
    >>> import cmhs_metrics as cm
    >>> teams = pd.DataFrame({"icb": ["A", "B", "C"], "caseload": [150, 100, 200], "contacts": [1500, 900, 2400]})
    >>> people = pd.DataFrame({"icb": ["A", "B", "C"], "weighted_population": [10_000, 10_000, 10_000]})
    >>> print(cm.pack(teams, people, focus="C", charts=False).findings[0])
    Caseload, C: 2,000 patients per 100,000 weighted population, 1st of 3 ICBs (the highest), 33% above their pooled
    average (1,500). The difference is more than chance: 95% interval 1,732 to 2,297.
    """
    sample = data is None
    problems: list[Problem] = []
    asked = [as_names(given(name, each, problems)) for name, each in (("focus", focus), ("peers", peers))]
    if problems:
        raise BadInput("pack", problems)
    if sample:
        if populations is not None:
            raise BadInput("pack", [Problem("populations", None, None, "to come with data")])
        data = synthetic_providers()
        if not any(asked) and by is None:
            asked, by = [list(SAMPLE_FOCUS), list(SAMPLE_PEERS)], "icb"
    comparison = compare(
        data, populations, focus=asked[0], peers=asked[1], by=by, place=place, basis=basis, period=period,
        over_time=over_time, average=average, confidence=confidence, targets=targets, improvement=improvement,
    )  # fmt: skip
    made = contents(comparison)
    # What a reader of the data has to know, such as that a large share of England is in no ICB.
    made.not_shown.extend(NotShown("A note on the data", note) for note in getattr(data, "attrs", {}).get("notes", ()))
    named = " and ".join(comparison.short_name(each) for each in comparison.focus[:2]) if len(asked[0]) < 3 else ""
    heading = title or f"Community mental health services{f': {named}' if named else ''}"
    setting = Setting(
        heading, "synthetic providers" if sample else source, date, sample, charts, __version__,
        boundaries="" if sample else _boundaries(comparison.rows["place"].unique()), templates=templates,
    )  # fmt: skip
    result = Pack(heading, page(comparison, made, setting), made.findings, made.not_shown, (comparison, made, setting))
    if output is not None:
        result.save(output)
    return result


def _boundaries(names: Iterable[object]) -> str:
    """Whose boundaries the places have, in words; empty where they are no places of the NHS with dates."""
    start, end = boundaries_of(names, "pack") or ("", "")
    return " ".join(filter(None, [start and f"of {start}", end and f"to {end}"]))
