"""Paired outcomes: the first and the latest score of DIALOG, ReQoL-10 and goal-based outcomes in a referral."""

from __future__ import annotations

import datetime
from collections import Counter
from typing import TYPE_CHECKING, Any

import narwhals as nw
import pandas as pd

from cmhs_metrics.errors import BadInput, Problem
from cmhs_metrics.mhsds.facts.commissioners import read_icbs
from cmhs_metrics.mhsds.facts.contacts import flag
from cmhs_metrics.mhsds.facts.referrals import REFERRAL
from cmhs_metrics.mhsds.national.concepts import concept
from cmhs_metrics.mhsds.national.counting import BREAKDOWNS, ENGLAND, places, rows_of, with_places
from cmhs_metrics.mhsds.national.known import Known, is_in, there
from cmhs_metrics.mhsds.national.offered import lacking_links, lacking_teams, read_breakdowns, read_month
from cmhs_metrics.mhsds.national.rows import Facts, adult_english
from cmhs_metrics.mhsds.records.dates import NEVER, day_number
from cmhs_metrics.mhsds.records.extract import ExtractLike, as_extract
from cmhs_metrics.outcomes import OUTCOME_TOOLS, first_and_latest_scores
from cmhs_metrics.signatures import checked

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from cmhs_metrics.mhsds.records.extract import Frame

BEGAN = day_number(datetime.date(2019, 4, 1))
ORGANIC = ("08",)
LONG_ENOUGH, CONTACTS_ENOUGH = 180, 2
"""An open referral is asked for after so many days, and any after so many direct contacts."""


TOOLS = tuple(OUTCOME_TOOLS.values())
COUNTS = ("referrals", "paired", "improved", "deteriorated", "unchanged", "below_cut_off", "recovered")


@checked
def paired_outcomes(
    extract: ExtractLike,
    month: str,
    *,
    breakdown: str | Sequence[str] = ENGLAND,
    icb_of: Mapping[str, str] | None = None,
) -> pd.DataFrame:
    """Paired outcomes of community referrals: first and latest valid score, and who changed reliably.

    Parameters
    ----------
    extract : Extract or mapping of str to frame
        The extract, or its tables as `Extract.of` takes them.
    month : str
        The reporting month, as "2024-06".
    breakdown, icb_of
        As in `published`.

    Returns
    -------
    pandas.DataFrame
        A row for each place, status of the referral ("open" or "closed"), tool and item with a score: `breakdown`,
        `place`, `status`, `tool`, `item`, and [referral] `due` (of which a score is asked for, with or without it, the
        same in every row of a place and status), `referrals` (with a valid score), `paired` (with two), and of these
        `improved`, `deteriorated` and `unchanged` by the tool's reliable change; `below_cut_off` at first,
        and `recovered`: of those, reliably improved and at or above the cut-off at last. Where a tool has no cut-off
        the last two are 0.

    Raises
    ------
    BadInput
        When an argument is not in order, or a table or column is missing.

    Notes
    -----
    Asked for are referrals that were submitted in the month, of people of 18 and over, resident in England or nobody
    knows where, received since April 2019, to a core community or early intervention team that did not reject them,
    in no hospital spell, not for an organic reason, with two or more direct contacts; closed in the month, or open
    and 180 days old at its end. An assessment of a referral (MHS606) is of the day on which it was completed, one of an
    activity (MHS607) of its contact's. Of several scores of one day the lowest stands first. Scores out of a tool's
    range, as 8 of DIALOG, are invalid.

    References
    ----------
    NHS England, Mental Health Services Monthly Statistics, published analytical code: outcomes of community services.

    Examples
    --------
    >>> import pandas as pd
    >>> from cmhs_metrics import mhsds
    >>> row = {"Person_ID": "P1", "UniqServReqID": "R1", "OrgIDProv": "RX1", "UniqMonthID": 1491}
    >>> dates = {"ReferralRequestReceivedDate": "2023-06-01", "ServDischDate": "2024-06-20"}
    >>> contact = {"CareContDate": "2023-07-01", "AttendStatus": "5", "ConsMechanismMH": "01"}
    >>> score = {"CodedAssToolType": "1091071000000100"}
    >>> tables = {
    ...     "MHS101Referral": [row | dates | {"AgeServReferRecDate": 40, "PrimReasonReferralMH": "01"}],
    ...     "MHS102ServiceTypeReferredTo": [row | {"ServTeamTypeRefToMH": "A06"}],
    ...     "MHS201CareContact": [row | contact | {"UniqCareContID": id} for id in ("C1", "C2")],
    ...     "MHS606CodedScoreAssessmentRefer": [
    ...         row | score | {"PersScore": "14", "AssToolCompTimestamp": "2023-07-01"},
    ...         row | score | {"PersScore": "27", "AssToolCompTimestamp": "2024-05-01"},
    ...     ],
    ... }
    >>> extract = mhsds.Extract.of({name: pd.DataFrame(rows) for name, rows in tables.items()})
    >>> found = mhsds.paired_outcomes(extract, "2024-06")
    >>> found[["status", "tool", "paired", "improved", "below_cut_off", "recovered"]]
       status      tool  paired  improved  below_cut_off  recovered
    0  closed  ReQoL-10       1         1              1          1
    """
    extract = as_extract(extract)
    problems: list[Problem] = []
    when = read_month(extract, month, problems)
    icb_of = read_icbs(icb_of, problems)
    wanted = read_breakdowns(extract, breakdown, icb_of, problems)
    problems += extract.require(_NEEDS, "paired outcomes")
    scores = {table: columns for table, columns in _SCORES.items() if table in extract.tables}
    problems += extract.require(scores, "paired outcomes")
    if not scores:
        expected = "MHS606CodedScoreAssessmentRefer or MHS607CodedScoreAssessmentAct, without which there are none"
        problems.append(Problem("referral_scores", None, None, expected))
    for name in [*lacking_teams(extract), *lacking_links(extract)]:
        problems.append(Problem("the extract", None, None, f"{name}, without which there are none"))
    if problems or when is None:
        raise BadInput("paired_outcomes", problems)
    known = Known(extract, when)
    try:
        facts = Facts(known, {}, frozenset())
        asked = facts.hold(facts.placed(_asked(facts), 1))
        by_status = with_places(asked).group_by("provider", "sub_icb", "status")
        due_rows = list(rows_of(by_status.agg(nw.len().alias("due"))))
        rows = list(rows_of(with_places(_summed(facts, asked))))
    finally:
        known.let_go()
    totals: dict[tuple[Any, ...], list[int]] = {}
    due: Counter[tuple[str, str, str]] = Counter()
    for row in due_rows:
        for where, place in places(row["provider"], row["sub_icb"], icb_of or {}):
            due[where, place, row["status"]] += int(row["due"])
    for row in rows:
        for where, place in places(row["provider"], row["sub_icb"], icb_of or {}):
            if where in wanted:
                key = (where, place, row["status"], *_item(row["code"]))
                total = totals.setdefault(key, [0] * len(COUNTS))
                totals[key] = [one + int(row[name] or 0) for one, name in zip(total, COUNTS, strict=True)]
    order = sorted(totals, key=lambda key: (BREAKDOWNS.index(key[0]), *key[1:]))
    columns = ["breakdown", "place", "status", "tool", "item", "due", *COUNTS]
    return pd.DataFrame([(*key, due[key[:3]], *totals[key]) for key in order], columns=columns)


_NEEDS = {
    "referrals": (*REFERRAL, "UniqMonthID", "OrgIDProv", "ReferralRequestReceivedDate", "ServDischDate",
                  "AgeServReferRecDate", "PrimReasonReferralMH"),
    "contacts": ("Person_ID", "UniqCareContID", "UniqServReqID", "CareContDate", "AttendStatus", "ConsMechanismMH"),
}  # fmt: skip
_SCORES = {
    "referral_scores": (*REFERRAL, "CodedAssToolType", "PersScore", "AssToolCompTimestamp"),
    "activity_scores": ("Person_ID", "UniqCareContID", "CodedAssToolType", "PersScore"),
}


def _item(code: str) -> tuple[str, int]:
    return next((tool.name, tool.concepts.index(code) + 1) for tool in TOOLS if code in tool.concepts)


def _summed(facts: Facts, asked: Frame) -> Frame:
    """Counts of referrals by provider, sub-ICB, status and concept."""
    pairs: Any = nw.from_native(first_and_latest_scores(_scores(facts), _SERIES))
    rows = asked.join(pairs, on=list(REFERRAL), how="inner")
    paired = ~nw.col("latest").is_null()
    change = (nw.col("latest") - nw.col("first")).fill_null(0.0)
    reliable, cut_off = _of_tools(change)
    below = paired & (nw.col("first") < cut_off)
    improved = paired & (change >= reliable)
    rows = rows.with_columns(
        nw.lit(1).alias("referrals"),
        flag(paired).alias("paired"),
        flag(improved).alias("improved"),
        flag(paired & (change <= reliable * -1)).alias("deteriorated"),
        flag(paired & (change < reliable) & (change > reliable * -1)).alias("unchanged"),
        flag(below).alias("below_cut_off"),
        flag(below & improved & (nw.col("latest").fill_null(-1.0) >= cut_off)).alias("recovered"),
    )
    rows = with_places(rows).group_by("provider", "sub_icb", "status", "code")
    return rows.agg(*(nw.col(name).sum() for name in COUNTS))


def _of_tools(like: nw.Expr) -> tuple[nw.Expr, nw.Expr]:
    """The reliable change and the cut-off of each row's tool; a tool without a cut-off has one below every score."""
    reliable, cut_off = like * 0, like * 0 - 1
    for tool in TOOLS:
        theirs = nw.col("code").is_in(list(tool.concepts))
        reliable = nw.when(theirs).then(nw.lit(float(tool.reliable))).otherwise(reliable)
        cut_off = nw.when(theirs).then(nw.lit(float(-1 if tool.cut_off is None else tool.cut_off))).otherwise(cut_off)
    return reliable, cut_off


_SERIES = (*REFERRAL, "code")


def _scores(facts: Facts) -> Frame:
    """Valid scores of referrals with their `day`."""
    known = facts.known
    parts = []
    if "referral_scores" in known.tables:
        rows = known.rows("referral_scores", _SCORES["referral_scores"])
        parts.append(rows.rename({"CodedAssToolType": "code", "AssToolCompTimestamp": "day"}))
    if "activity_scores" in known.tables:
        rows = known.rows("activity_scores", _SCORES["activity_scores"]).rename({"CodedAssToolType": "code"})
        contacts = facts.contacts.select("Person_ID", "UniqCareContID", "UniqServReqID", nw.col("date").alias("day"))
        parts.append(rows.join(contacts, on=["Person_ID", "UniqCareContID"], how="inner"))
    named = [*_SERIES, "day", "PersScore"]
    rows = nw.concat([part.select(*named) for part in parts], how="vertical") if len(parts) > 1 else parts[0]
    rows = rows.select(*named).filter(*there(*REFERRAL, "day"), nw.col("day").fill_null(NEVER) <= facts.when.last)
    rows = rows.with_columns(concept("code")).filter(
        nw.col("code").is_in([code for tool in TOOLS for code in tool.concepts]),
        nw.col("PersScore").fill_null("").str.contains(r"^[0-9]+(?:\.[0-9]+)?$"),
    )
    rows = facts.hold(rows).with_columns(nw.col("PersScore").cast(nw.Float64).alias("score"))
    valid: Any = nw.lit(False)
    for tool in TOOLS:
        theirs = nw.col("code").is_in(list(tool.concepts))
        valid = valid | (theirs & (nw.col("score") >= tool.lowest) & (nw.col("score") <= tool.highest))
    return rows.filter(valid).select(*_SERIES, "day", "score")


def _asked(facts: Facts) -> Frame:
    """Referrals of which outcomes are asked for, with their `status`."""
    when = facts.when
    rows = facts.of_the_month.filter(
        *adult_english(), nw.col("received") >= BEGAN, nw.col("takes_outcomes") == 1,
        ~is_in("PrimReasonReferralMH", ORGANIC),
    )  # fmt: skip
    if facts.has_hospital:
        rows = rows.join(facts.hospital.select(*REFERRAL).unique(list(REFERRAL)), on=list(REFERRAL), how="anti")
    contacts = facts.contacts.filter(nw.col("direct") == 1, *there("UniqServReqID"))
    often = contacts.group_by(*REFERRAL).agg(nw.col("direct").sum().alias("often"))
    rows = rows.join(often.filter(nw.col("often") >= CONTACTS_ENOUGH).select(*REFERRAL), on=list(REFERRAL), how="semi")
    closed = (nw.col("discharged") >= when.first) & (nw.col("discharged") <= when.last)
    rows = rows.with_columns(nw.when(closed).then(nw.lit("closed")).otherwise(nw.lit("open")).alias("status"))
    still = nw.col("discharged") > when.last
    rows = rows.filter(closed | (still & (when.last - nw.col("received") >= LONG_ENOUGH)))
    return rows.select(*REFERRAL, "provider", "status")
