"""The facts as tables: one row a referral, a contact, a referral-spell."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import narwhals as nw

from cmhs_metrics.errors import BadInput
from cmhs_metrics.mhsds.counting.request import missing, refuse_broken_rules
from cmhs_metrics.mhsds.facts.contacts import Wanted, contact_days, latest_contacts, with_contacts
from cmhs_metrics.mhsds.facts.referrals import facts, not_in_hospital
from cmhs_metrics.mhsds.facts.spells import WHOSE, SpellRules, with_spells, with_variants
from cmhs_metrics.mhsds.facts.teams import team_code_of, team_type_of
from cmhs_metrics.mhsds.records.codes import CORE, Scope
from cmhs_metrics.mhsds.records.dates import NEVER
from cmhs_metrics.mhsds.records.extract import ExtractLike, as_extract
from cmhs_metrics.signatures import checked

if TYPE_CHECKING:
    from cmhs_metrics.mhsds.records.extract import Extract


@checked
def referrals(extract: ExtractLike, *, scope: Scope = CORE, lapsed: str = "closed", strict: bool = False) -> Any:
    """Facts of each referral by its latest submission.

    Parameters
    ----------
    extract : Extract
        The extract; its table of contacts is needed for the contacts alone.
    scope : Scope, default CORE
        What `in_scope` is told by, and of which services the team type is taken.
    lapsed : {"closed", "open"}, default "closed"
        What becomes of a referral that is open and was last submitted before the extract's last month: it stays open,
        or is closed on the last day of its last submitted month.
    strict : bool, default False
        Refuse an extract that breaks a rule of `quality`; for lazy tables this runs one query.

    Returns
    -------
    frame of the extract's engine
        A row for each referral with a received date: `person`, `referral`, `organisation`, `last_submitted`
        (UniqMonthID), `in_scope` (1 or 0), `team_type_code`, `team_type`; the dates `received`, `discharged`,
        `rejected`, `closed` (the earlier of the two), `first_contact` and `second_contact`, missing where it was not.

    Raises
    ------
    BadInput
        When a table or column is missing that it needs.

    Notes
    -----
    Versions 4, 5 and 6. The latest submission of a referral (Person_ID, UniqServReqID) is its row of the greatest
    UniqMonthID; of several, of the greatest RecordNumber. Of several services the one in scope is taken, then one that
    is not rejected, then the lowest code. A referral is rejected where every one of its services is.

    References
    ----------
    NHS Data Dictionary: Referral Request Received Date; Service Discharge Date; Service or Team Type Referred To
    (Mental Health). NHS England, Mental Health Services Monthly Statistics, metadata.

    Examples
    --------
    >>> from cmhs_metrics import mhsds
    >>> table = mhsds.referrals(mhsds.example())
    >>> table.loc[table["referral"] == "R1", ["team_type_code", "received", "second_contact"]]
      team_type_code   received second_contact
    0            A06 2024-04-10     2024-05-02
    """
    extract = as_extract(extract)
    contacts = "contacts" in extract.tables
    _check(extract, "referrals", scope, ["caseload"] if contacts else ["referrals"])
    if strict:
        refuse_broken_rules(extract)
    rows = facts(extract, (scope,), lapsed=lapsed)
    rows = with_contacts(extract, rows, Wanted()) if contacts else rows
    dates = ["received", "discharged", "rejected", "closed"]
    dates += ["first_contact", "second_contact"] if contacts else []
    rows = rows.rename({"first": "first_contact", "second": "second_contact"}) if contacts else rows
    in_scope = not_in_hospital(scope, rows.collect_schema().names(), nw.lit(NEVER - 1))
    provider = [nw.col("OrgIDProv").alias("organisation")] if extract.has("referrals", "OrgIDProv") else []
    table = rows.select(
        nw.col("Person_ID").alias("person"),
        nw.col("UniqServReqID").alias("referral"),
        *provider,
        nw.col("UniqMonthID").alias("last_submitted"),
        nw.when(in_scope).then(nw.col("in_0")).otherwise(nw.lit(0)).alias("in_scope"),
        team_code_of(nw.col("team_0")).alias("team_type_code"),
        team_type_of(nw.col("team_0")).alias("team_type"),
        *(_known(name) for name in dates),
    )
    return extract.leave(table.sort("person", "referral"), dates)


@checked
def contacts(extract: ExtractLike, *, strict: bool = False) -> Any:
    """Each contact by its latest submission, with what it is.

    Parameters
    ----------
    extract : Extract
        The extract, with its table of contacts.
    strict : bool, default False
        Refuse an extract that breaks a rule of `quality`.

    Returns
    -------
    frame of the extract's engine
        A row for each contact: `person`, `contact`, `referral`, `date`; and, 1 or 0, `direct` (attended, and face to
        face, by telephone, talk type or video), `face_to_face` (direct and face to face) and `did_not_attend`.

    Raises
    ------
    BadInput
        When a table or column is missing that it needs.

    Notes
    -----
    Versions 4, 5 and 6; before 5, AttendOrDNACode is AttendStatus, and ConsMediumUsed 03 and 06 are ConsMechanismMH 11
    (video) and 09 (text message).

    References
    ----------
    NHS Data Dictionary: Attendance Status; Consultation Mechanism (Mental Health).

    Examples
    --------
    >>> from cmhs_metrics import mhsds
    >>> mhsds.contacts(mhsds.example())[["contact", "direct", "face_to_face", "did_not_attend"]].head(3)
      contact  direct  face_to_face  did_not_attend
    0      C1       1             1               0
    1      C2       1             0               0
    2      C3       0             0               1
    """
    extract = as_extract(extract)
    _check(extract, "contacts", CORE, ["contacts"], referrals=False)
    if strict:
        refuse_broken_rules(extract)
    table = latest_contacts(extract).select(
        nw.col("Person_ID").alias("person"),
        nw.col("UniqCareContID").alias("contact"),
        nw.col("UniqServReqID").alias("referral"),
        _known("date"),
        "direct",
        "face_to_face",
        nw.col("missed").alias("did_not_attend"),
    )
    return extract.leave(table.sort("person", "contact"), ["date"])


@checked
def referral_spells(extract: ExtractLike, *, scope: Scope = CORE, lapsed: str = "closed", strict: bool = False) -> Any:
    """Referral-spells: referrals in scope of one person with one provider that overlap or nearly adjoin.

    Parameters
    ----------
    extract, scope, lapsed, strict
        As in `referrals`.

    Returns
    -------
    frame of the extract's engine
        A row for each spell: `person`, `organisation`, `first_referral` and its `team_type_code` and `team_type`,
        `referrals` (how many), `start`, `end` (missing where it is open), and, where there are contacts,
        `first_contact` and `second_contact` of all its referrals together.

    Raises
    ------
    BadInput
        When a table or column is missing that it needs.

    Notes
    -----
    Versions 4, 5 and 6. In order of the received date and then UniqServReqID, a referral belongs to the spell before it
    if it was received at most 5 days after the latest end so far. A rejected one ends with its rejection. Spells that
    started before 2016 are left out, and those of providers DFC and S9X2N.

    References
    ----------
    NHS England, Community mental health waiting times: referral-spells, metadata of the Mental Health Services Monthly
    Statistics.

    Examples
    --------
    >>> from cmhs_metrics import mhsds
    >>> mhsds.referral_spells(mhsds.example())[["person", "first_referral", "referrals", "start"]]
      person first_referral  referrals      start
    0     P1             R1          2 2024-04-10
    1     P2             R3          1 2024-06-03
    2     P3             R4          1 2024-05-07
    3     P4             R5          1 2023-01-16
    """
    extract = as_extract(extract)
    has_contacts = "contacts" in extract.tables
    _check(extract, "referral_spells", scope, ["waiting" if has_contacts else "referrals"])
    if strict:
        refuse_broken_rules(extract)
    rows = facts(extract, (scope,), lapsed=lapsed, inside=True)
    rules, wanted = SpellRules(), Wanted(order=False, days=True)
    rows = with_contacts(extract, rows, wanted) if has_contacts else rows
    rows = with_spells(extract, with_variants(extract, rows, scope, (), rules), rules)
    rows = rows.with_columns(nw.lit(1).alias("one"))
    rows = rows.with_columns(nw.col("one").sum().over(*WHOSE, "spell").alias("referrals"))
    dates = ["start", "end"]
    rows = rows.drop("end").rename({"spell_end": "end"}) if not has_contacts else rows
    if has_contacts:
        rows = extract.engine.within_spells(rows, lambda: contact_days(extract, wanted), WHOSE)
        rows = rows.drop("end").rename(
            {"spell_end": "end", "spell_first": "first_contact", "spell_second": "second_contact"}
        )
        dates += ["first_contact", "second_contact"]
    rows = rows.filter(nw.col("starts_spell") == 1)
    table = rows.select(
        nw.col("Person_ID").alias("person"),
        nw.col("OrgIDProv").alias("organisation"),
        nw.col("UniqServReqID").alias("first_referral"),
        team_code_of(nw.col("team_0")).alias("team_type_code"),
        team_type_of(nw.col("team_0")).alias("team_type"),
        nw.col("referrals").cast(nw.Int64),
        *(_known(name) for name in dates),
    )
    return extract.leave(table.sort("person", "organisation", "start"), dates)


def _known(name: str) -> nw.Expr:
    """A day number, null where it is never."""
    return nw.when(nw.col(name) < NEVER).then(nw.col(name)).alias(name)


def _check(extract: Extract, subject: str, scope: Scope, needed: list[str], *, referrals: bool = True) -> None:
    problems = missing(extract, needed, [scope] if referrals else [], referrals=referrals)
    if problems:
        raise BadInput(subject, problems)
    _ = extract.last_month  # which refuses what is no reporting month
