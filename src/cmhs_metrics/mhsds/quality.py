"""Data quality: how many rows of an extract break each rule, and what the measures do with them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import narwhals as nw

from cmhs_metrics.errors import BadInput, Problem
from cmhs_metrics.mhsds.codes import ATTENDANCE, CLUSTERS, MECHANISMS
from cmhs_metrics.mhsds.columns import TABLES, Kind
from cmhs_metrics.mhsds.dates import EPOCH, last_day_of_month
from cmhs_metrics.team_types import TeamType

if TYPE_CHECKING:
    from cmhs_metrics.mhsds.extract import Extract

    Frame = Any

_FIRST_DAY = -EPOCH.toordinal() + 693_596
"""1 January 1900, as a day number."""
_TEAM_CODES = sorted({code for team in TeamType for code in team.mhsds_codes})


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
    """

    name: str
    what_happens: str
    expected: str


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
        "stays open, or is closed at the end of its last month with lapsed='closed'",
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
)
"""Every rule by name."""


class Check(NamedTuple):
    """A rule for a column: the name of the table in the data set, the column, and the rule."""

    table: str
    column: str
    rule: str


@dataclass(frozen=True, slots=True)
class _Count:
    """One row of counts: a number for each check, and how many rows were looked at."""

    frame: Frame
    checks: dict[str, Check]


def quality(extract: Extract) -> Any:
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
    counts = [
        count
        for count in (*_of_every_row(extract), *_of_repeats(extract), *_of_text(extract), *_of_latest_rows(extract))
        if count.checks
    ]
    long, named = [], {}
    for number, count in enumerate(counts):
        keys = {key: f"{number:02}{place:02}" for place, key in enumerate(count.checks)}
        named |= {keys[key]: check for key, check in count.checks.items()}
        values = [nw.col(key).fill_null(0).cast(nw.Int64).alias(short) for key, short in keys.items()]
        wide = count.frame.select(*values, nw.col("of").fill_null(0).cast(nw.Int64))
        long.append(wide.unpivot(list(keys.values()), index="of", variable_name="key", value_name="rows"))
    # In the order of the tables, and of the rules within each.
    order = {name: place for place, name in enumerate(table.name for table in TABLES.values())}
    ranked = sorted(named, key=lambda key: (order[named[key].table], list(RULES).index(named[key].rule), key))
    place = _by_key({key: number for number, key in enumerate(ranked)})
    table = nw.concat(long, how="vertical").with_columns(place.alias("place")).sort("place")
    return extract.leave(
        table.select(
            _by_key({key: check.table for key, check in named.items()}).alias("table"),
            _by_key({key: check.column for key, check in named.items()}).alias("column"),
            _by_key({key: check.rule for key, check in named.items()}).alias("rule"),
            "rows",
            "of",
            _by_key({key: RULES[check.rule].what_happens for key, check in named.items()}).alias("what_happens"),
        )
    )


def refuse_broken(extract: Extract) -> None:
    """Refuse an extract with a row that breaks a rule.

    Parameters
    ----------
    extract : Extract
        The extract; where its tables are lazy, the one query of `quality` is run.

    Raises
    ------
    BadInput
        With a problem for each rule and column that is broken: how many rows of how many, and what was expected.
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
        if row["rows"]
    ]
    if problems:
        raise BadInput("the extract", problems)


def _by_key(values: dict[str, Any]) -> nw.Expr:
    """A value for each key, the same on every engine."""
    keys: dict[Any, list[str]] = {}
    for key, value in values.items():
        keys.setdefault(value, []).append(key)
    return nw.coalesce(*(nw.when(nw.col("key").is_in(those)).then(nw.lit(value)) for value, those in keys.items()))


def _counted(frame: Frame, checks: dict[Check, nw.Expr]) -> _Count:
    """Count where each check fails; what is null does not fail."""
    named = {f"check{place}": check for place, check in enumerate(checks)}
    sums = [
        nw.when(fails).then(nw.lit(1)).otherwise(nw.lit(0)).sum().alias(key)
        for key, fails in zip(named, checks.values(), strict=True)
    ]
    return _Count(frame.select(*sums, nw.len().alias("of")) if checks else frame, named)


# Every row


def _of_every_row(extract: Extract) -> list[_Count]:
    counts = []
    for name in extract.tables:
        table = TABLES[name]
        checks = {
            Check(table.name, column, "id missing"): nw.col(column).is_null()
            for column in table.item
            if extract.has(name, column)
        }
        dates = [each.name for each in table.columns if each.kind is Kind.DATE and extract.has(name, each.name)]
        last = last_day_of_month(nw.col("UniqMonthID")) if extract.has(name, "UniqMonthID") else None
        for column in dates:
            early = nw.col(column) < _FIRST_DAY
            fails = early if last is None else early | (nw.col(column) > last)
            checks[Check(table.name, column, "date out of range")] = fails
        columns = [*(check.column for check in checks), "UniqMonthID"]
        counts.append(_counted(extract.read(name, list(dict.fromkeys(columns))), checks))
    return counts


def _of_repeats(extract: Extract) -> list[_Count]:
    """Rows beyond the first of one id in one month."""
    counts = []
    for name in ("referrals", "contacts", "hospital_spells", "clusters"):
        table = TABLES[name]
        if not extract.has(name, *table.item, "UniqMonthID"):
            continue
        keys = [*table.item, "UniqMonthID"]
        rows = extract.read(name, keys).filter(*(~nw.col(column).is_null() for column in keys))
        grouped = rows.group_by(keys).agg(nw.len().alias("times"))
        beyond = (nw.col("times").sum() - nw.len()).alias("repeated")
        key = {"repeated": Check(table.name, table.item[-1], "duplicate id")}
        counts.append(_Count(grouped.select(beyond, nw.col("times").sum().alias("of")), key))
    return counts


def _of_text(extract: Extract) -> list[_Count]:
    """Cells of text that read as no date: those that are there, less those that read as one."""
    counts = []
    for name in extract.tables:
        raw, table = extract.raw(name), TABLES[name]
        schema = raw.collect_schema()
        dates = [
            each.name for each in table.columns if each.kind is Kind.DATE and schema.get(each.name) == nw.String
        ]
        if not dates:
            continue
        there = [
            nw.when(nw.col(date).str.strip_chars() != "").then(nw.lit(1)).otherwise(nw.lit(0)).sum().alias(f"{date} there")
            for date in dates
        ]
        read = extract.read(name, dates).select(
            *((~nw.col(date).is_null()).cast(nw.Int64).sum().alias(date) for date in dates), nw.len().alias("of")
        )
        given = raw.select(*there)
        if isinstance(given, nw.DataFrame) and not isinstance(read, nw.LazyFrame):
            given = nw.from_dict(given.to_dict(as_series=False), backend=read.implementation)
        elif isinstance(given, nw.DataFrame):
            given = given.lazy()
        both = read.join(given, how="cross")
        less = [(nw.col(f"{date} there") - nw.col(date)).alias(f"{date} wrong") for date in dates]
        keys = {f"{date} wrong": Check(table.name, date, "text that is no date") for date in dates}
        counts.append(_Count(both.select(*less, "of"), keys))
    return counts
