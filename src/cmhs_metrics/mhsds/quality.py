"""Data quality: how many rows of an extract break each rule, and what the measures do with them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import narwhals as nw

from cmhs_metrics.errors import BadInput, Problem
from cmhs_metrics.mhsds.quality_rules import counts
from cmhs_metrics.mhsds.records.codes import ATTENDANCE, MECHANISMS
from cmhs_metrics.mhsds.records.columns import TABLES
from cmhs_metrics.mhsds.records.extract import ExtractLike, as_extract
from cmhs_metrics.signatures import checked

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from cmhs_metrics.mhsds.quality_rules import Check, Count
    from cmhs_metrics.mhsds.records.extract import Extract


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule that rows of an extract should keep.

    Parameters
    ----------
    name : str
        What a row that breaks it has.
    what_happens : str
        What the measures do with such a row.
    expected : str
        What a row should have.
    refused : bool
        Whether `strict=True` refuses such a row; what is only told is right as it is, or is read right.
    """

    name: str
    what_happens: str
    expected: str
    refused: bool = True


def _rules(*rules: Rule) -> dict[str, Rule]:
    return {rule.name: rule for rule in rules}


RULES = _rules(
    Rule("id missing", "left out: it cannot be told which item the row is of", "an id on every row"),
    Rule("duplicate id", "of the rows of one id the latest counts, once", "an id once in a month"),
    Rule("text that is no date", "read as a missing date", "dates, or their text as 2025-03-31"),
    Rule(
        "date out of range",
        "taken at its word: it falls into the period that it names",
        "dates from 1900 to the end of the row's month",
    ),
    Rule("received date missing", "the referral is left out of every measure", "the date of receipt"),
    Rule(
        "discharge before receipt",
        "the referral is never open; its spell ends on the day of receipt",
        "a discharge on or after the date of receipt",
    ),
    Rule(
        "rejection without a date", "taken to be rejected on the day that it was received", "a date where a reason is"
    ),
    Rule("no service type", "in no scope of team types; the type of team is Other", "a service type"),
    Rule("unknown team type", "in no scope of team types; the type of team is Other", "a code of the data set"),
    Rule("age missing", "out of every scope that has a minimum age", "the age at referral"),
    Rule(
        "lapsed",
        "closed with its last month, or stays open with lapsed='open'",
        "a row in the last month for whatever is open",
    ),
    Rule("no person", "taken to live in England; sex and ethnic group are not known", "a row of the person"),
    Rule("date missing", "left out of every measure", "the date of the contact"),
    Rule(
        "before its referral",
        "counts as a contact, but is no first or second one",
        "a date on or after the referral's receipt",
    ),
    Rule("without a referral", "in no group, and so in no measure", "a referral of the extract"),
    Rule("unknown attendance", "taken not to have been attended", f"one of {', '.join(ATTENDANCE)}"),
    Rule("unknown mechanism", "taken not to be a direct contact", f"one of {', '.join(MECHANISMS)}"),
    Rule("unknown cluster", "counted as not clustered, 99", "a care cluster in use"),
    Rule("discharge before start", "counts as an admission", "a discharge on or after the start"),
    Rule(
        "unknown bed",
        "taken to be no acute bed",
        "a bed type to March 2024 (10 to 40), a class of patient since (200 to 213, 300 to 311)",
    ),
    Rule("padded code", "read without the blanks", "a code without blanks around it", refused=False),
    Rule(
        "provider in two spellings",
        "counted as one provider: in capitals, without blanks",
        "one spelling of a provider",
        refused=False,
    ),
    Rule(
        "resident outside England",
        "left out of every scope of England, as nationally",
        "a district of England, or none",
        refused=False,
    ),
    Rule(
        "after a month without rows",
        "what was submitted in that month is not counted",
        "every month from the first to the last",
        refused=False,
    ),
    Rule(
        "received before the first contact month",
        "contacts before the extract are not known: such a referral may wait, or be off the caseload, only for that",
        "an extract that begins before its referrals, for waits, caseload and admissions without prior contact",
        refused=False,
    ),
)
"""Every rule by name."""


@checked
def quality(extract: ExtractLike) -> Any:
    """Count the rows of an extract that break each rule of data quality.

    Nothing is dropped or put right: the table says what the measures do with such rows. Every rule of the tables and
    columns that the extract has is a row of the result, also where nothing breaks it.

    Parameters
    ----------
    extract : Extract
        The extract.

    Returns
    -------
    frame
        Of the extract's engine, lazy where its tables are: `table` and `column` (by their names in the data set),
        `rule`, `rows` (that break it), `of` (rows looked at), `what_happens`. Missing and repeated ids and dates are
        looked for on every row; the rest on the latest row of each referral, contact, cluster and spell.

    References
    ----------
    NHS England, Mental Health Services Data Set, Technical Output Specification: validation rules (the rules here are
    those that the measures turn on).

    Examples
    --------
    >>> from cmhs_metrics import mhsds
    >>> table = quality(mhsds.synthesise(contacts=300, dirty=0.01))
    >>> table.loc[table["rule"] == "unknown attendance", ["table", "column", "rows"]].to_dict("records")
    [{'table': 'MHS201CareContact', 'column': 'AttendStatus', 'rows': ...}]
    """
    extract = as_extract(extract)
    _ = extract.last_month  # which refuses what is no reporting month
    found = counts(extract)
    # In the order of the tables, and of the rules within each.
    tables, rules = [table.name for table in TABLES.values()], list(RULES)
    checks = [check for count in found for check in count.checks]
    ranked = sorted(checks, key=lambda check: (tables.index(check.table), rules.index(check.rule)))
    # One below the other, as many columns each, before each number is given a row of its own: a join for all.
    wide = max(len(count.checks) for count in found)
    starts = [sum(len(count.checks) for count in found[:place]) for place in range(len(found))]
    rows = _together([_padded(count, start, wide) for count, start in zip(found, starts, strict=True)])
    rows = rows.join(extract.numbers(range(wide)), how="cross").filter(nw.col("number") < nw.col("checks"))
    value = nw.col("rows 0")
    for place in range(1, wide):
        value = nw.when(nw.col("number") == place).then(nw.col(f"rows {place}")).otherwise(value)
    index, places = nw.col("start") + nw.col("number"), list(range(len(checks)))
    order = index.replace_strict(
        places, [ranked.index(check) for check in checks], default=nw.lit(0), return_dtype=nw.Int64
    )
    rows = rows.select(order.alias("place"), value.fill_null(0).alias("rows"), nw.col("of").fill_null(0))

    names = {TABLES[table].name: extract.name_of(table) for table in extract.tables}

    def told(name: str, of: Callable[[Check], str]) -> nw.Expr:
        words, nothing = [of(check) for check in ranked], nw.lit("")
        return nw.col("place").replace_strict(places, words, default=nothing, return_dtype=nw.String).alias(name)

    return extract.leave(
        rows.sort("place").select(
            told("table", lambda check: names.get(check.table, check.table)),
            told("column", lambda check: check.column),
            told("rule", lambda check: check.rule),
            "rows",
            "of",
            told("what_happens", lambda check: RULES[check.rule].what_happens),
        )
    )


def _padded(count: Count, start: int, wide: int) -> Any:
    """The numbers of a count in columns of their places, and which of all checks they are."""
    zero, checks = nw.lit(0, nw.Int64), len(count.checks)
    numbers = [value.cast(nw.Int64) for value in count.checks.values()] + [zero] * (wide - checks)
    columns = {"start": nw.lit(start, nw.Int64), "checks": nw.lit(checks, nw.Int64), "of": count.of.cast(nw.Int64)}
    columns |= {f"rows {place}": value for place, value in enumerate(numbers)}
    return count.frame.select(*(value.alias(name) for name, value in columns.items()))


def _together(frames: Sequence[Any]) -> Any:
    """Frames one below the other, by halves: databases plan what was joined so far again at each of many steps."""
    if len(frames) == 1:
        return frames[0]
    half = len(frames) // 2
    return nw.concat([_together(frames[:half]), _together(frames[half:])], how="vertical")


def refuse_broken(extract: Extract) -> None:
    """Refuse an extract with a row that breaks a rule.

    `extract`: the extract; where its tables are lazy, the one query of `quality` is run. Raises `BadInput` with a
    problem for each rule and column that is broken: how many rows of how many, and what was expected.
    """
    frame = nw.from_native(quality(extract))
    if isinstance(frame, nw.LazyFrame):
        frame = frame.collect()
    problems = [
        Problem(
            f"{row['table']}.{row['column']}",
            None,
            f"{row['rule']}: {row['rows']:,} of {row['of']:,} rows",
            RULES[row["rule"]].expected,
        )
        for row in frame.iter_rows(named=True)
        if row["rows"] and RULES[row["rule"]].refused
    ]
    if problems:
        raise BadInput("the extract", problems)
