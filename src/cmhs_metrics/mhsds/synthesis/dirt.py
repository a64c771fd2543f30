"""Dirt: rows that break each rule of the quality table, and no two rules at once; and cells that are written badly."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from cmhs_metrics.mhsds.synthesis.hospital import BEDS
from cmhs_metrics.mhsds.synthesis.referrals import CODES, NEVER, NULL, WARD

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cmhs_metrics.mhsds.synthesis.providers import Window
    from cmhs_metrics.mhsds.synthesis.referrals import Integers, Rows

NOT_A_DATE = NULL + 1
"""Stands for text that is no calendar date."""
UNKNOWN_TEAM = len(CODES)
UNKNOWN_CODE = 77
UNKNOWN_BED = len(BEDS)
Planted = Counter[tuple[str, str, str]]
"""How many rows were planted, by table, column and rule."""


@dataclass(frozen=True)
class Written:
    """Which cells of a column are written badly, an array of bool each; False for none."""

    padded: Any = False
    lower: Any = False
    null: Any = False
    british: Any = False


ROWS = "rows"
WRITING = ("padding", "case", "null", "dates")
"""How cells are written badly: blanks after codes and ids, small letters, NULL for nothing, days as 31/03/2025."""


def badly_written(draw: np.random.Generator, count: int, shares: Mapping[str, float]) -> Written:
    """Choose cells of a column that are written badly, each way on its own, by the shares of `WRITING`."""
    return Written(*(draw.random(count) < shares.get(name, 0) for name in WRITING))


def plant(
    draw: np.random.Generator, tables: dict[str, Rows], facts: Rows, share: float, window: Window, text_dates: bool
) -> Planted:
    """Dirty the tables of a locality in place; `share` is that of each rule, at least one row.

    Text dates alone can be no date. Returns the rows planted by table, column and rule.
    """
    planted: Planted = Counter()
    _contacts(draw, tables, facts, share, window, text_dates, planted)
    _referrals(draw, tables, facts, share, window, text_dates, planted)
    _clusters(draw, tables, share, planted)
    _spells(draw, tables, share, planted)
    return planted


def _append(rows: Rows, extra: Rows) -> Rows:
    return {name: np.concatenate([rows[name], extra[name]]) for name in rows}


def _taken(rows: Rows, index: Integers, **changes: Integers | int) -> Rows:
    """Copies of some rows, with some columns changed."""
    return {name: np.broadcast_to(changes.get(name, rows[name][index]), len(index)).copy() for name in rows}


def _number(share: float, of: int) -> int:
    return max(1, round(share * of)) if of else 0


def _contacts(
    draw: np.random.Generator,
    tables: dict[str, Rows],
    facts: Rows,
    share: float,
    window: Window,
    text_dates: bool,
    planted: Planted,
) -> None:
    table, rows = "MHS201CareContact", tables["MHS201CareContact"]
    sound = np.flatnonzero((rows["submissions"] == 1) & (rows["date"] >= window.first_day))
    if not len(sound):
        return
    each = _number(share, len(sound))
    next_id = int(rows["contact"].max()) + 1

    def add(column: str, rule: str, **changes: Integers | int) -> None:
        nonlocal rows, next_id
        chosen = draw.choice(sound, each)
        changes = {"contact": next_id + np.arange(each), **changes}
        rows = _append(rows, _taken(rows, chosen, **changes))
        next_id += each
        planted[table, column, rule] += each

    add("UniqCareContID", "id missing", contact=NULL)
    add("Person_ID", "id missing", person=NULL)
    add("CareContDate", "date missing", date=NULL)
    if text_dates:
        add("CareContDate", "text that is no date", date=NOT_A_DATE)
        planted[table, "CareContDate", "date missing"] += each
    add("CareContDate", "date out of range", date=window.last_day + draw.integers(1, 300, each))
    add("UniqServReqID", "without a referral", referral=int(facts["person"].size) + 1 + np.arange(each))
    wrong = np.where(draw.random(each) < 0.5, NULL, UNKNOWN_CODE)
    add("AttendStatus", "unknown attendance", attendance=wrong)
    add("ConsMechanismMH", "unknown mechanism", mechanism=wrong)
    chosen = draw.choice(sound, each)
    early = facts["received"][rows["referral"][chosen]] - draw.integers(1, 60, each)
    rows = _append(rows, _taken(rows, chosen, contact=next_id + np.arange(each), date=early))
    planted[table, "CareContDate", "before its referral"] += each
    rows = _append(rows, _taken(rows, draw.choice(sound, each, replace=False)))
    planted[table, "UniqCareContID", "duplicate id"] += each
    tables[table] = rows


def _referrals(
    draw: np.random.Generator,
    tables: dict[str, Rows],
    facts: Rows,
    share: float,
    window: Window,
    text_dates: bool,
    planted: Planted,
) -> None:
    table, service = "MHS101Referral", "MHS102ServiceTypeReferredTo"
    rows, services, contacts = tables[table], tables[service], tables["MHS201CareContact"]
    count = len(facts["team"])
    each = _number(share, count)
    clean_rows = {name: values.copy() for name, values in rows.items()}
    # Referrals that a rule may break: one team, no ward, a person with no other; those whose contacts are dirty stay.
    free = (facts["second_code"] == NULL) & (facts["code"] != CODES.index(WARD))
    free &= np.bincount(facts["person"], minlength=count)[facts["person"]] == 1
    here = contacts["referral"][contacts["referral"] < count]
    early = contacts["date"] < np.where(
        contacts["referral"] < count, facts["received"][np.minimum(contacts["referral"], count - 1)], NULL
    )
    free[contacts["referral"][early]] = False
    has_contact = np.zeros(count, dtype=bool)
    has_contact[here] = True
    shown = np.zeros(count, dtype=bool)
    shown[rows["referral"]] = True
    free &= shown
    closed = np.minimum(facts["discharged"], facts["rejected"])
    is_open = closed > window.last_day

    def choose(able: Integers | np.ndarray[tuple[int], np.dtype[np.bool_]], column: str, rule: str) -> Integers:
        pool = np.flatnonzero(free & able)
        chosen = np.sort(draw.choice(pool, min(each, len(pool)), replace=False))
        free[chosen] = False
        planted[table, column, rule] += len(chosen)
        return np.asarray(chosen, dtype=np.int64)

    def change(of: Rows, chosen: Integers, name: str, value: Integers | int, where: object = True) -> None:
        at = np.isin(of["referral"], chosen) & np.asarray(where)
        of[name] = np.where(at, value, of[name])

    everyone = np.ones(count, dtype=bool)
    chosen = choose(everyone, "ReferralRequestReceivedDate", "received date missing")
    change(rows, chosen, "received", NULL)
    ended = (facts["rejected"] == NEVER) & ~is_open
    chosen = choose(ended, "ServDischDate", "discharge before receipt")
    change(rows, chosen, "discharged", rows["received"] - 9, rows["discharged"] != NULL)
    chosen = choose((facts["rejected"] != NEVER) & ~is_open, "ReferRejectionDate", "rejection without a date")
    for each_table in (rows, services):
        change(each_table, chosen, "rejected", NULL)
    chosen = choose(everyone, "ServTeamTypeRefToMH", "unknown team type")
    for each_table in (rows, services):
        change(each_table, chosen, "code", UNKNOWN_TEAM)
    chosen = choose(facts["rejected"] == NEVER, "ServTeamTypeRefToMH", "no service type")
    change(rows, chosen, "code", NULL)
    services = _where(services, ~np.isin(services["referral"], chosen))
    chosen = choose(everyone, "AgeServReferRecDate", "age missing")
    change(rows, chosen, "age", NULL)
    last = rows["month"] == window.last_month
    chosen = choose(is_open, "ServDischDate", "date out of range")
    change(rows, chosen, "discharged", window.last_day + draw.integers(1, 300, len(last)), last)
    if text_dates:
        chosen = choose(is_open, "ServDischDate", "text that is no date")
        change(rows, chosen, "discharged", NOT_A_DATE, last)
    chosen = choose(everyone, "Person_ID", "no person")
    people = tables["MHS001MPI"]
    tables["MHS001MPI"] = _where(people, ~np.isin(people["person"], facts["person"][chosen]))
    # Lapsed: not submitted in the last month, though nothing ended.
    before = np.zeros(count, dtype=bool)
    before[rows["referral"][rows["month"] < window.last_month]] = True
    chosen = choose(is_open & before, "UniqMonthID", "lapsed")
    rows = _where(rows, ~(np.isin(rows["referral"], chosen) & (rows["month"] == window.last_month)))
    services = _where(services, ~(np.isin(services["referral"], chosen) & (services["month"] == window.last_month)))
    for column, name, rule in (
        ("UniqServReqID", "referral", "id missing"),
        ("Person_ID", "person", "id missing"),
        ("UniqServReqID", "", "duplicate id"),
    ):
        untouched = np.flatnonzero(free[clean_rows["referral"]])
        chosen = draw.choice(untouched, min(each, len(untouched)), replace=False)
        rows = _append(rows, _taken(clean_rows, chosen, **({name: NULL} if name else {})))
        planted[table, column, rule] += len(chosen)
    tables[table], tables[service] = rows, services


def _clusters(draw: np.random.Generator, tables: dict[str, Rows], share: float, planted: Planted) -> None:
    table, rows = "MHS801ClusterTool", tables.get("MHS801ClusterTool")
    if rows is None or not len(rows["episode"]):
        return
    episodes = np.unique(rows["episode"])
    each = _number(share, len(episodes))
    unknown, others = np.split(draw.permutation(episodes), [min(each, len(episodes))])
    wrong = np.array([9, 22, NULL])[draw.integers(0, 3, len(rows["episode"]))]
    copied = np.flatnonzero(np.isin(rows["episode"], others[: 2 * each]))
    missing, twice = copied[::2], copied[1::2]
    rows["cluster"] = np.where(np.isin(rows["episode"], unknown), wrong, rows["cluster"])
    planted[table, "AdultMHCareClusterCodeFinal", "unknown cluster"] += len(unknown)
    extra = [_taken(rows, missing, episode=NULL), _taken(rows, twice)]
    for one in extra:
        rows = _append(rows, one)
    planted[table, "UniqClustID", "id missing"] += len(missing)
    planted[table, "UniqClustID", "duplicate id"] += len(twice)
    tables[table] = rows


def _spells(draw: np.random.Generator, tables: dict[str, Rows], share: float, planted: Planted) -> None:
    table, rows = "MHS501HospProvSpell", tables["MHS501HospProvSpell"]
    if not len(rows["spell"]):
        return
    each = _number(share, len(np.unique(rows["spell"])))
    finished = np.unique(rows["spell"][rows["ends"] != NULL])
    chosen = draw.choice(finished, min(each, len(finished)), replace=False)
    untouched = np.flatnonzero(~np.isin(rows["spell"], chosen))
    rows["ends"] = np.where(np.isin(rows["spell"], chosen) & (rows["ends"] != NULL), rows["begins"] - 5, rows["ends"])
    planted[table, "DischDateHospProvSpell", "discharge before start"] += len(chosen)
    copied = draw.choice(untouched, min(2 * each, len(untouched)), replace=False)
    missing, twice = copied[::2], copied[1::2]
    extra = [_taken(rows, missing, spell=NULL), _taken(rows, twice)]
    for one in extra:
        rows = _append(rows, one)
    planted[table, "UniqHospProvSpellID", "id missing"] += len(missing)
    planted[table, "UniqHospProvSpellID", "duplicate id"] += len(twice)
    tables[table] = rows
    stays = tables["MHS502WardStay"]
    beds = draw.choice(len(stays["bed"]), _number(share, len(stays["bed"])), replace=False)
    stays["bed"][beds] = np.where(draw.random(len(beds)) < 0.5, NULL, UNKNOWN_BED)
    planted["MHS502WardStay", "MHAdmittedPatientClass", "unknown bed"] += len(beds)


def _where(rows: Rows, kept: np.ndarray[tuple[int], np.dtype[np.bool_]]) -> Rows:
    return {name: values[kept] for name, values in rows.items()}
