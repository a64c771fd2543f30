"""The command line: ``python -m cmhs_metrics``."""

from __future__ import annotations

import argparse
import codecs
import os
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cmhs_metrics.errors import BadInput, Problem
from cmhs_metrics.version import __version__

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import pandas as pd

    from cmhs_metrics.returns import Return

DONE, NOT_WRITTEN, BAD_INPUT = 0, 1, 2
"""The exit codes: all went well; the output could not be written; the input or the command is bad."""

_PLAIN = {
    "−": "-",
    "–": "-",
    "—": "-",
    "‑": "-",
    "£": "GBP ",
    "×": "x",
    "÷": "/",
    "…": "...",
    "’": "'",
    "‘": "'",
    "√": "root ",
}


def _plainly(error: UnicodeError) -> tuple[str, int]:
    """Write for a console that lacks a character another one that it has."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    return "".join(_PLAIN.get(each, "?") for each in error.object[error.start : error.end]), error.end


codecs.register_error("cmhs_metrics_plainly", _plainly)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line.

    `arguments`: the words after the command; those of the process unless given. Gives 0 when all went well (also when
    whoever reads stops early), 1 when the output cannot be written, 2 when the input is bad.
    """
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="cmhs_metrics_plainly")
    words = list(sys.argv[1:] if arguments is None else arguments)
    # A table that is called "pack" is given as ./pack.
    run, options = (
        (_pack, _pack_parser().parse_args(words[1:])) if words[:1] == ["pack"] else (_run, _parser().parse_args(words))
    )
    try:
        text = run(options)
    except (BadInput, ImportError) as error:
        _tell(error)
        return BAD_INPUT
    except OSError as error:
        _tell(error)
        return NOT_WRITTEN if error.filename in (None, str(options.output)) else BAD_INPUT
    try:
        print(text, flush=True)
    except BrokenPipeError:
        # Whoever reads has seen enough. What Python flushes at its end goes nowhere.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except OSError as error:
        _tell(error)
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return NOT_WRITTEN
    return DONE


def _tell(error: Exception) -> None:
    from cmhs_metrics.report import printable

    print(printable("\n\n".join([str(error), *getattr(error, "__notes__", ())])), file=sys.stderr)


@contextmanager
def _asking(read: Return | None) -> Iterator[None]:
    """Say beside what is refused what was strange in the file: often it is the reason, with its line."""
    from cmhs_metrics import report

    try:
        yield
    except BadInput as error:
        if read is not None and read.questions:
            error.add_note(report.questions_report(read))
        raise


def _progress(text: str) -> None:
    """Say on a terminal what lasts; a file or a pipe is spared it."""
    if sys.stderr.isatty():
        print(text, file=sys.stderr, flush=True)


def _run(options: argparse.Namespace) -> str:
    from cmhs_metrics import own_table, report

    if options.table is None:
        _refuse_options_of_a_table(options)
        return report.audit_report()
    _refuse_to_write_over(options.output, options.table, options.populations)
    read = own_table.read_table(options.table, rename=options.rename, sheet=options.sheet, exclude=options.exclude)
    table, place = read.table, options.place
    if options.populations is not None:
        table, place = own_table.read_populations(options.populations, table, place)
    with _asking(read):
        result, notes = own_table.table_with_totals(table, place, options.over_time)
    if options.output is not None:
        _write(options.output, result, notes, read)
        notes.append(f"Written to {options.output}: {len(result):,} rows, {len(result.columns)} columns.")
    if options.json:
        return report.result_json(result, notes, read)
    parts = [report.table_report(result, notes), report.questions_report(read)]
    return "\n\n".join(part for part in parts if part)


def _refuse_options_of_a_table(options: argparse.Namespace) -> None:
    given = [
        f"--{name}"
        for name in ("output", "place", "over_time", "populations", "sheet", "rename", "exclude", "json")
        if getattr(options, name)
    ]
    if given:
        problems = [Problem(name.replace("_", "-"), None, None, "a table, TABLE.csv, before it") for name in given]
        raise BadInput("the command", problems)


def _refuse_to_write_over(output: Path | None, *inputs: str | None) -> None:
    if output is not None and output.suffix.casefold() not in (".csv", ".xlsx", ".html", ".htm"):
        raise BadInput("the command", [Problem("--output", None, str(output), "a name that ends in .csv or .xlsx")])
    if output is None or not output.exists():
        return
    for each in inputs:
        if each is not None and Path(each).exists() and output.samefile(each):
            raise BadInput(
                "the command", [Problem("--output", None, str(output), "another file than the one it reads")]
            )


def _write(output: Path, result: pd.DataFrame, notes: Sequence[str], read: Return) -> None:
    if output.suffix.casefold() == ".xlsx":
        from cmhs_metrics.workbooks import Page, write_workbook

        about = [f"Made by cmhs_metrics {__version__} from {Path(read.name).name}."]
        page = Page(
            "Metrics", "Metrics of each row, and totals", result, "A row for each row of the return; then totals."
        )
        write_workbook(
            output, [page], title="Community mental health metrics", about=about, notes=[*notes, *read.questions]
        )
        return
    from cmhs_metrics.packs.downloads import safe_cell

    safe: Any = result.rename(columns=lambda name: safe_cell(str(name)))
    for name in safe.select_dtypes(exclude="number"):
        safe[name] = safe[name].map(safe_cell)
    safe.to_csv(output, index=False, encoding="utf-8")


def _pack(options: argparse.Namespace) -> str:
    from cmhs_metrics import own_table, packs, report

    _refuse_to_write_over(options.output, options.table, options.populations)
    read = None
    if options.table is not None:
        read = own_table.read_table(options.table, rename=options.rename, sheet=options.sheet, exclude=options.exclude)
    _progress("Building the pack: up to a minute for 42 places and several months.")
    with _asking(read):
        made = packs.pack(
            None if read is None else read.table,
            None if options.populations is None else own_table.read_people(options.populations),
            focus=options.focus, peers=options.peers, by=options.by, place=options.place, period=options.period,
            over_time=options.over_time, average=options.average, title=options.title, source=options.source,
            date=options.date, output=options.output,
        )  # fmt: skip
    sample = " Made of synthetic providers, for no table was given." if read is None else ""
    said = (
        f"Written to {options.output}: {len(made.findings):,} findings, {len(made.html.encode()) / 1e6:.1f} MB.{sample}"
    )
    return "\n\n".join(part for part in (said, report.questions_report(read) if read else "") if part)


def _reading(parser: argparse.ArgumentParser) -> None:
    """The options of how a return is read, which both commands have."""
    parser.add_argument("table", nargs="?", metavar="TABLE.csv", help="a return: CSV, .xlsx, .xls or .ods")
    parser.add_argument(
        "--populations",
        metavar="POPULATIONS.csv",
        help="the people of each place: such a file, or NHS England's allocations",
    )
    parser.add_argument(
        "--rename", nargs="+", action="extend", default=[], metavar="HEADING=NAME",
        help="what a heading means, for example 'Seen=contacts'",
    )  # fmt: skip
    parser.add_argument("--sheet", metavar="SHEET", help="the sheet of a workbook that has several tables")
    parser.add_argument(
        "--exclude", nargs="+", action="extend", default=[], metavar="LABEL",
        help="leave out the rows with this label, for example 'Total'",
    )  # fmt: skip


def _pack_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m cmhs_metrics pack",
        description=(
            "The tailored benchmarking pack of a place as one page: charts, tables and plain-English findings, with "
            "the data behind every chart. Without a table, of synthetic providers."
        ),
    )
    _reading(parser)
    parser.add_argument(
        "--focus", nargs="+", action="extend", default=[], metavar="PLACE", help="the places asked about"
    )
    parser.add_argument(
        "--peers", nargs="+", action="extend", default=[], metavar="PLACE", help="places to compare with"
    )
    parser.add_argument(
        "--by",
        metavar="COLUMN",
        help="the column of the places (default: icb, organisation or region, as they are named)",
    )
    parser.add_argument(
        "--place", metavar="COLUMN", help="the column whose people the populations are, if finer than --by"
    )
    parser.add_argument("--period", metavar="PERIOD", help="the period to show (default: the last)")
    parser.add_argument(
        "--over-time",
        choices=["last", "mean"],
        help="pool the periods of the table into one: of a caseload take the last, or the mean",
    )
    parser.add_argument(
        "--average", choices=["pooled", "mean of places", "median of places"], default="pooled",
        help="what places are compared with (default: pooled)",
    )  # fmt: skip
    parser.add_argument("--title", help="the title of the page")
    parser.add_argument("--source", help="the source of the data, for the captions")
    parser.add_argument("--date", help="the date to print on the page (default: none)")
    parser.add_argument(
        "--output",
        "-o",
        type=Path,
        default=Path("pack.html"),
        metavar="PACK.html",
        help="the page (default: pack.html)",
    )
    return parser


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m cmhs_metrics",
        description=(
            "The measures by which community mental health services are planned and compared. Without a table: the "
            "national audit's 2016/17 cost and activity profile by team type, published beside recomputed. With one: "
            "every metric that its columns allow, by organisation and team type, with totals."
        ),
        epilog=(
            "The table has a row for each organisation, team type and period. Its headings may be the standard names "
            "(organisation, team_type, period, total_cost, caseload, contacts …) or the words of the field ('Trust', "
            "'Total spend (£000)', 'DNAs'); what was understood is said. The tailored pack of a place: python -m "
            "cmhs_metrics pack --help. Exit codes: 0 done, 1 the output cannot be written, 2 the input is bad."
        ),
    )
    _reading(parser)
    parser.add_argument(
        "--output", "-o", type=Path, metavar="RESULT.csv", help="write rows, totals and metrics there (.csv or .xlsx)"
    )
    parser.add_argument("--json", action="store_true", help="print the result as JSON, for another program")
    parser.add_argument(
        "--place", metavar="COLUMN", help="the column whose people the population columns are (default: organisation)"
    )
    parser.add_argument(
        "--over-time",
        choices=["last", "mean"],
        help="add up the periods of the table: of a caseload take the last, or the mean (needed for a year of months)",
    )
    parser.add_argument("--version", action="version", version=f"cmhs_metrics {__version__}")
    return parser


if __name__ == "__main__":
    sys.exit(main())
