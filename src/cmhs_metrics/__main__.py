"""The command line: ``python -m cmhs_metrics``."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from cmhs_metrics.errors import BadInput
from cmhs_metrics.version import __version__

if TYPE_CHECKING:
    from collections.abc import Sequence


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line.

    Parameters
    ----------
    arguments : sequence of str, optional
        The words after the command; those of the process unless given.

    Returns
    -------
    int
        0 when all went well, 2 when the input is bad.
    """
    words = list(sys.argv[1:] if arguments is None else arguments)
    # A table that is called "pack" is given as ./pack.
    run, options = (
        (_pack, _pack_parser().parse_args(words[1:])) if words[:1] == ["pack"] else (_run, _parser().parse_args(words))
    )
    try:
        text = run(options)
    except (BadInput, OSError, ImportError) as error:
        print(error, file=sys.stderr)
        return 2
    print(text)
    return 0


def _run(options: argparse.Namespace) -> str:
    from cmhs_metrics import report

    if options.table is None:
        return report.audit_report()
    result, notes = report.table_with_totals(report.read_table(options.table), options.place, options.over_time)
    if options.output is not None:
        result.to_csv(options.output, index=False)
        notes.append(f"Written to {options.output}: {len(result):,} rows, {len(result.columns)} columns.")
    return report.table_report(result, notes)


def _pack(options: argparse.Namespace) -> str:
    from cmhs_metrics import packs, report

    made = packs.pack(
        None if options.table is None else report.read_table(options.table),
        None if options.populations is None else report.read_table(options.populations),
        focus=options.focus, peers=options.peers, by=options.by, place=options.place, period=options.period,
        over_time=options.over_time, average=options.average, title=options.title, source=options.source,
        date=options.date, output=options.output,
    )  # fmt: skip
    sample = " Made of synthetic providers, for no table was given." if options.table is None else ""
    return (
        f"Written to {options.output}: {len(made.findings):,} findings, {len(made.html.encode()) / 1e6:.1f} MB.{sample}"
    )


def _pack_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m cmhs_metrics pack",
        description=(
            "The tailored benchmarking pack of a place as one page: charts, tables and plain-English findings, with "
            "the data behind every chart. Without a table, of synthetic providers."
        ),
    )
    parser.add_argument("table", nargs="?", metavar="TABLE.csv", help="a CSV file of measures")
    parser.add_argument("--populations", metavar="POPULATIONS.csv", help="a CSV file of the people of each place")
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
            "The table has a row for each organisation, team type and period, and columns under their standard names: "
            "organisation, team_type, period, total_cost, caseload, contacts, referrals, wte, registered_population … "
            "Money is in pounds, counts are counts. The tailored pack of a place: python -m cmhs_metrics pack --help."
        ),
    )
    parser.add_argument("table", nargs="?", metavar="TABLE.csv", help="a CSV file of measures")
    parser.add_argument("--output", "-o", type=Path, metavar="RESULT.csv", help="write rows, totals and metrics there")
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
