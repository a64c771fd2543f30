"""The command line: ``python -m cmhs_metrics``."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from cmhs_metrics import __version__
from cmhs_metrics.errors import BadInput

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
    options = _parser().parse_args(arguments)
    try:
        text = _run(options)
    except (BadInput, OSError) as error:
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
            "Money is in pounds, counts are counts."
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
