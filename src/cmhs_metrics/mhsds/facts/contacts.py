"""Contacts: the latest submission of each; what is direct, face to face or missed; a referral's first and second."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import narwhals as nw

from cmhs_metrics.mhsds.facts.referrals import REFERRAL
from cmhs_metrics.mhsds.records.codes import ATTENDED, DID_NOT_ATTEND, DIRECT, FACE_TO_FACE, INDIRECT_BEFORE_VERSION_5
from cmhs_metrics.mhsds.records.dates import NEVER, Span, year_days, year_of
from cmhs_metrics.mhsds.records.engine import Count
from cmhs_metrics.mhsds.records.latest import latest, ordered

if TYPE_CHECKING:
    from collections.abc import Container, Sequence

    from cmhs_metrics.mhsds.records.extract import Extract, Frame

FLOWS = ("contacts", "face_to_face_contacts", "did_not_attends")
ITEM = ("Person_ID", "UniqCareContID")
EACH_MONTH = ("Person_ID", "UniqMonthID", "UniqCareContID")
"""What names a contact where one that was submitted in two months counts twice."""

ORDER = ("UniqMonthID", "RecordNumber", "CareContDate", "AttendStatus", "ConsMechanismMH", "UniqServReqID")
"""What the rows of a contact are ordered by, the first thing first."""


def _cells(extract: Extract, later: Sequence[str] = ()) -> Frame:
    """Every row of the table of contacts."""
    return extract.rows("contacts", [*dict.fromkeys([*ITEM, *ORDER])], older=True, later=later)


def _order(extract: Extract) -> list[str]:
    return [name for name in ORDER if extract.has("contacts", name)]


def _what_they_are(before_v5: str) -> list[nw.Expr]:
    """What each row says of its contact, as `latest_contacts` has it."""
    status, mechanism = nw.col("AttendStatus").fill_null(""), nw.col("ConsMechanismMH").fill_null("")
    attended = status.is_in(list(ATTENDED))
    direct = mechanism.is_in(list(DIRECT))
    if before_v5 == "publication":
        other = (mechanism != "") & ~mechanism.is_in(list(INDIRECT_BEFORE_VERSION_5))
        direct = nw.when(nw.col("ConsMechanismMH older")).then(other).otherwise(direct)
    return [
        nw.col("CareContDate").fill_null(NEVER).alias("date"),
        flag(attended & direct).alias("direct"),
        flag(attended & (mechanism == FACE_TO_FACE)).alias("face_to_face"),
        flag(status.is_in(list(DID_NOT_ATTEND))).alias("missed"),
    ]


def latest_contacts(
    extract: Extract, persons: Frame | None = None, *, before_v5: str = "publication", item: Sequence[str] = ITEM
) -> Frame:
    """Latest submission of each contact, with what it is.

    The row of the greatest UniqMonthID; of several, of the greatest RecordNumber, then the latest date, then the
    greatest codes of attendance and mechanism, then the greatest UniqServReqID. Attended is 5 or 6; direct, attended
    and face to face (01), by telephone (02), talk type (04) or video (11); before version 5 as `before_v5` says.

    `persons`: the `Person_ID` whose contacts are wanted; all, if not given. `before_v5`: which attended contacts are
    direct before version 5: all but e-mail and text, or the same as since. Gives `Person_ID`, `UniqServReqID`,
    `UniqCareContID`, `UniqMonthID`, `date` as a day number, NEVER where it is missing; `direct`, `face_to_face` and
    `missed`, 1 or 0.
    """
    rows = _cells(extract)
    if persons is not None:
        rows = rows.join(persons, on="Person_ID", how="semi")
    last = latest(extract, rows, item, _order(extract), once=persons is None)
    return last.select(*ITEM, "UniqServReqID", "UniqMonthID", *_what_they_are(before_v5))


@dataclass(frozen=True)
class Wanted:
    """What is wanted of the contacts of referrals.

    Parameters
    ----------
    spans : sequence of Span
        The periods.
    flows : sequence of str
        The counts wanted of each.
    order : bool
        Whether the first and second contact since receipt are.
    access : bool
        Whether the counts of the twelve months to the end of each are, in all and of the financial year of the end.
    days : bool
        Whether the days of the direct contacts are, as `within_spells` takes them.
    before_v5 : str
        As in `latest_contacts`.
    item : tuple of str
        What names a contact.
    """

    spans: Sequence[Span] = ()
    flows: Sequence[str] = ()
    order: bool = True
    access: bool = False
    days: bool = False
    before_v5: str = "publication"
    item: tuple[str, ...] = ITEM


COUNTED = {"contacts": "direct", "face_to_face_contacts": "face_to_face", "did_not_attends": "missed"}


def contact_days(extract: Extract, wanted: Wanted) -> Frame:
    """The day of each direct contact of a referral."""
    rows = latest_contacts(extract, before_v5=wanted.before_v5, item=wanted.item)
    rows = rows.filter(~nw.col("UniqServReqID").is_null(), nw.col("direct") == 1, nw.col("date") < NEVER)
    return rows.select(*REFERRAL, nw.col("date").alias("day"))


def _counts(wanted: Wanted, held: Container[str]) -> list[Count]:
    counts = []
    for number, span in enumerate(wanted.spans):
        counts += [Count(f"{name}_{number}", COUNTED[name], span.first, span.last) for name in wanted.flows]
        if wanted.access:
            since = span.year_before + 1
            counts.append(Count(f"access_{number}", "direct", since, span.last))
            # Submitted in the financial year of the end, or in the one before; some come a year late.
            for name, year in (("this", year_of(span)), ("last", year_of(span) - 1)):
                if (hospital := f"linked_{year}") in held:
                    count = Count(f"access_{name}_{number}", "direct", since, span.last, year_days(year), hospital)
                    counts.append(count)
    return counts


def with_contacts(extract: Extract, referrals: Frame, wanted: Wanted) -> Frame:
    """Referrals with their first and second direct contact, and their contacts in some periods.

    `wanted`: what is wanted. A contact dated before the referral was received is neither first nor second. Gives the
    referrals; with `first` and `second` as day numbers, NEVER where there is none, and the counts of each period:
    `contacts_0` …, `access_0` …, and `access_this_0` …, `access_last_0` … for referrals in hospital in that year.
    """
    counts, made = _counts(wanted, referrals.collect_schema().names()), _what_they_are(wanted.before_v5)
    cells = _cells(extract, ("UniqCareContID", "UniqServReqID") if extract.engine.cleans_later else ())
    cells, order = ordered(extract, cells, _order(extract))
    found = extract.engine.with_contacts(
        referrals, cells, lambda rows: rows.with_columns(*made), wanted.item, order, REFERRAL, counts,
        first=wanted.order, days=wanted.days,
    )  # fmt: skip
    missing = [*((name, NEVER) for name in ("first", "second") if wanted.order), *((each.name, 0) for each in counts)]
    filled = [nw.col(name).fill_null(value) for name, value in missing]
    return found.with_columns(*filled) if filled else found


def flag(condition: nw.Expr) -> nw.Expr:
    """1 where a condition holds, else 0."""
    return nw.when(condition).then(nw.lit(1)).otherwise(nw.lit(0)).cast(nw.Int32)
