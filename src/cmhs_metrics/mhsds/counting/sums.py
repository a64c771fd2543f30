"""From the facts of referrals to sums: each measure is a condition on a referral, counted over a group."""

from __future__ import annotations

from typing import TYPE_CHECKING

import narwhals as nw

from cmhs_metrics.mhsds.facts.contacts import Wanted, contact_days, with_contacts
from cmhs_metrics.mhsds.facts.referrals import facts, not_in_hospital
from cmhs_metrics.mhsds.facts.spells import EVERY, WHOSE, is_open, with_leavers, with_spells, with_variants
from cmhs_metrics.mhsds.facts.teams import each_team
from cmhs_metrics.mhsds.records.dates import NEVER, year_of

if TYPE_CHECKING:
    from collections.abc import Container, Sequence

    from cmhs_metrics.mhsds.counting.request import Request
    from cmhs_metrics.mhsds.records.extract import Extract, Frame

FOUR_WEEKS, WEEK = 28, 7
LONG_WAITS = (18, 52, 78, 104)


def facts_wanted(extract: Extract, request: Request) -> Frame:
    """Facts of the referrals in scope, with their contacts and spells, as far as the measures need them."""
    grouping, spans = request.grouping, request.spans
    years = {year for span in spans for year in (year_of(span), year_of(span) - 1)} if request.access else set()
    rows = facts(
        extract, request.scopes, lapsed=request.choices["lapsed"], people=grouping.people,
        age="age_band" in grouping.by, years=sorted(years), inside=True,
    )  # fmt: skip
    in_spells = bool(request.of_waits) and request.choices["pathway"] == "spell"
    wanted = Wanted(
        spans, request.flows, order=request.needs_order, access=bool(request.access), days=in_spells,
        before_v5=request.before_v5, item=request.item,
    )  # fmt: skip
    contacts = request.flows or request.needs_order or request.access
    # Of one period a referral stays one row in its spell: what contacts it has need not be carried there.
    later = in_spells and len(spans) == 1
    rows = with_leavers(rows, request.scopes[0], spans) if in_spells else rows
    rows = with_contacts(extract, rows, wanted) if contacts and not later else rows
    if in_spells:
        rows = with_variants(extract, rows, request.scopes[0], spans, request.spells)
        outside = nw.col("in_0") == 0
        rows = rows.with_columns(nw.when(outside).then(nw.lit(0)).otherwise(nw.col("in_spells")).alias("in_spells"))
        rows = with_spells(extract, rows, request.spells)
        rows = with_contacts(extract, rows, wanted) if later else rows
        bare = Wanted(before_v5=request.before_v5, item=request.item)
        rows = extract.engine.within_spells(rows, lambda: contact_days(extract, bare), WHOSE)
        rows = rows.with_columns(*(nw.col(name).fill_null(NEVER) for name in ("spell_first", "spell_second")))
    elif request.of_waits:
        rows = rows.with_columns(
            nw.col("in_0").alias("starts_spell"), nw.col("received").alias("start"), nw.lit(EVERY).alias("variant"),
            nw.col("first").alias("spell_first"), nw.col("second").alias("spell_second"),
        )  # fmt: skip
    return rows


def in_scope(request: Request, held: Container[str], number: int = 0) -> nw.Expr:
    """Whether a referral is in a scope at the end of a row's period, by the hospital spells that are known then."""
    inside = (nw.col(f"in_{number}") == 1) & not_in_hospital(request.scopes[number], held, nw.col("to"))
    return inside & (nw.col("variant") == EVERY) if "variant" in held else inside


def spell_ends(request: Request, held: Container[str], until: str) -> tuple[nw.Expr, nw.Expr]:
    """Whether a wait ended in a row's period, and whether it goes on at the end of it."""
    end, contact = nw.col("to"), nw.col(until)
    mine = nw.col("starts_spell") == 1
    if request.choices["pathway"] == "spell":
        mine = mine & ((nw.col("variant") == EVERY) | (nw.col("variant") == nw.col("span")))
        still = is_open(request.spells, end)
    else:
        mine = mine & in_scope(request, held)
        still = (nw.col("received") <= end) & (nw.col("closed") > end)
    return mine & (contact >= nw.col("from")) & (contact <= end), mine & still & (contact > end)


def sums_of_referrals(extract: Extract, request: Request) -> Frame:
    """Sum the measures of referrals: a row for each group and period, the latter by its number in `span`."""
    grouping = request.grouping
    rows = facts_wanted(extract, request)
    held = rows.collect_schema().names()
    teams = [f"team_{number}" for number in range(len(request.scopes))]
    if grouping.by_team and request.choices.get("several_teams") == "each":
        rows, teams = each_team(extract, rows, by_code="team_type_code" in grouping.by), ["team"] * len(request.scopes)
    rows = _with_slots(extract, rows, request)
    rows = _with_ends(rows, request)
    team = None
    if grouping.by_team:
        accesses = [nw.col(teams[scope]) for scope in request.access]
        team = nw.col(teams[0])
        if accesses:
            team = nw.when(nw.col("access") == 1).then(_of_span(request, accesses)).otherwise(team)
    counts, people = _counts(request, held), _people(request, held)
    if request.access:
        # Who has no access counts for nothing in the rows that are there for access.
        rows = rows.with_columns(_one(people["people_accessing"]).alias("accesses"))
        rows = rows.filter((nw.col("access") == 0) | (nw.col("accesses") == 1))
        people["people_accessing"] = nw.col("accesses") == 1
    rows = rows.select(
        *grouping.columns(team),
        "span",
        *(each.cast(nw.Int64).alias(name) for name, each in counts.items()),
        # The person where they count, and nothing where they do not.
        *(nw.when(each).then(nw.col("Person_ID")).alias(name) for name, each in people.items()),
        *(nw.when(each).then(nw.lit(0)).otherwise(nw.lit(1)).alias(f"no_{name}") for name, each in people.items()),
    )
    groups = rows.group_by(*grouping.keys, "span").agg(
        *(nw.col(name).sum() for name in counts),
        *(nw.col(name).n_unique() for name in people),
        *(nw.col(f"no_{name}").max() for name in people),
    )
    # What is nobody is one value more.
    if people:
        groups = groups.with_columns(*((nw.col(name) - nw.col(f"no_{name}")).alias(name) for name in people))
    if "referrals_accepted" in request.which:
        accepted = nw.col("referrals") - nw.col("referrals_rejected")
        groups = groups.with_columns(accepted.alias("referrals_accepted"))
    return groups.select(*grouping.keys, "span", *(nw.col(name).cast(nw.Int64) for name in request.of_referrals))


def _with_slots(extract: Extract, rows: Frame, request: Request) -> Frame:
    """Each referral once for each period; and once more to count people with access, whose scope is another."""
    spans = range(len(request.spans))
    others = [name for name in request.of_referrals if name != "people_accessing"]
    slots = [(number, 0) for number in spans] if others else []
    slots += [(number, 1) for number in spans] if "people_accessing" in request.which else []
    if len(slots) == 1:
        number, access = slots[0]
        return rows.with_columns(nw.lit(number).alias("span"), nw.lit(access).alias("access"))
    rows = rows.join(extract.numbers([2 * span + access for span, access in slots]), how="cross")
    return rows.with_columns((nw.col("number") // 2).alias("span"), (nw.col("number") % 2).alias("access"))


def _with_ends(rows: Frame, request: Request) -> Frame:
    return rows.with_columns(
        _of_span(request, [nw.lit(span.first) for span in request.spans]).alias("from"),
        _of_span(request, [nw.lit(span.last) for span in request.spans]).alias("to"),
    )


def with_spans(extract: Extract, rows: Frame, request: Request) -> Frame:
    """Each referral once for each period, whose first and last day are `from` and `to`."""
    return _with_ends(_with_slots(extract, rows, request), request)


def team_columns(request: Request) -> list[nw.Expr]:
    """The keys of the groups, where the team type is that of the scope."""
    return request.grouping.columns(nw.col("team_0") if request.grouping.by_team else None)


def _of_span(request: Request, values: Sequence[nw.Expr]) -> nw.Expr:
    """The value of a row's own period."""
    value = values[0]
    if len(set(request.spans)) > 1:
        for number in range(1, len(values)):
            value = nw.when(nw.col("span") == number).then(values[number]).otherwise(value)
    return value


def _counts(request: Request, held: Container[str]) -> dict[str, nw.Expr]:
    """What each referral adds to each measure that sums."""
    main = in_scope(request, held) & (nw.col("access") == 0)
    start, end = nw.col("from"), nw.col("to")

    def within(name: str) -> nw.Expr:
        return (nw.col(name) >= start) & (nw.col(name) <= end)

    rejected = nw.col("rejected") < NEVER
    is_open = (nw.col("received") <= end) & (nw.col("closed") > end)
    conditions = {
        "referrals": within("received"),
        "referrals_rejected": within("received") & rejected,
        "referrals_closed": within("closed"),
        "discharges": within("discharged") & ~rejected,
        "open_referrals": is_open,
    }
    if "caseload" in request.which and not request.is_person_count:
        conditions["caseload"] = is_open & (nw.col("first") <= end)
    wanted = set(request.which)
    if "referrals_accepted" in wanted:
        wanted |= {"referrals", "referrals_rejected"}
    counts = {name: _one(main & condition) for name, condition in conditions.items() if name in wanted}
    if request.of_waits:
        counts |= {name: _one(condition) for name, condition in _waits(request, held).items() if name in wanted}
    for name in request.flows:
        count = _of_span(request, [nw.col(f"{name}_{number}") for number in range(len(request.spans))])
        counts[name] = nw.when(main).then(count).otherwise(nw.lit(0))
    return counts


def _waits(request: Request, held: Container[str]) -> dict[str, nw.Expr]:
    """Conditions on the first referral of a spell, which stands for it."""
    until = "spell_second" if request.choices["waiting_for"] == "second contact" else "spell_first"
    done, waiting = (each & (nw.col("access") == 0) for each in spell_ends(request, held, until))
    so_far = nw.col("to") - nw.col("start")
    return {
        "waits_completed": done,
        "waits_within_four_weeks": done & (nw.col(until) - nw.col("start") <= FOUR_WEEKS),
        "waiting": waiting,
        **{f"waiting_over_{weeks}_weeks": waiting & (so_far > weeks * WEEK) for weeks in LONG_WAITS},
    }


def _people(request: Request, held: Container[str]) -> dict[str, nw.Expr]:
    """On which referrals a person counts, for the measures that count people."""
    people = {}
    end = nw.col("to")
    if request.is_person_count:
        is_open = (nw.col("received") <= end) & (nw.col("closed") > end) & (nw.col("first") <= end)
        people["caseload"] = in_scope(request, held) & (nw.col("access") == 0) & is_open
    if request.access:
        inside = _of_span(request, [nw.col(f"in_{scope}") for scope in request.access])
        contacts = _of_span(request, [_contacts_of_access(request, held, n) for n in range(len(request.spans))])
        one = nw.col("variant") == EVERY if "variant" in held else nw.lit(True)
        people["people_accessing"] = one & (nw.col("access") == 1) & (inside == 1) & (contacts >= 2)
    return people


def _contacts_of_access(request: Request, held: Container[str], number: int) -> nw.Expr:
    """The direct contacts of the twelve months, but for financial years in which the referral was in hospital."""
    every = nw.col(f"access_{number}")
    if not request.scopes[request.access[number]].exclude_hospital_spells or "linked" not in held:
        return every
    span = request.spans[number]
    for name, year in (("this", year_of(span)), ("last", year_of(span) - 1)):
        in_hospital = nw.col(f"linked_{year}").fill_null(NEVER) <= span.last
        every = every - nw.when(in_hospital).then(nw.col(f"access_{name}_{number}")).otherwise(nw.lit(0))
    return every


def _one(condition: nw.Expr) -> nw.Expr:
    return nw.when(condition).then(nw.lit(1)).otherwise(nw.lit(0))
