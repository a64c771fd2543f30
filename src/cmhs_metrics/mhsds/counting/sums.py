"""From the facts of referrals to sums: each measure is a condition on a referral, counted over a group."""

from __future__ import annotations

from typing import TYPE_CHECKING

import narwhals as nw

from cmhs_metrics.mhsds.facts.contacts import with_contacts
from cmhs_metrics.mhsds.facts.referrals import facts
from cmhs_metrics.mhsds.facts.spells import referrals_as_spells, with_spells
from cmhs_metrics.mhsds.facts.teams import each_team
from cmhs_metrics.mhsds.records.dates import NEVER

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cmhs_metrics.mhsds.counting.request import Request
    from cmhs_metrics.mhsds.records.extract import Extract, Frame

FOUR_WEEKS, WEEK = 28, 7


def facts_wanted(extract: Extract, request: Request) -> Frame:
    """Facts of the referrals in scope, with their contacts and spells, as far as the measures need them."""
    grouping, spans = request.grouping, request.spans
    rows = facts(
        extract, request.scopes, lapsed=request.choices["lapsed"], people=grouping.people, age="age_band" in grouping.by
    )
    names = [f"in_{number}" for number in range(len(request.scopes))]
    rows = rows.filter(nw.max_horizontal(*names) == 1 if len(names) > 1 else nw.col("in_0") == 1)
    if request.flows or request.needs_order:
        rows = with_contacts(extract, rows, spans, order=request.needs_order, flows=request.flows)
    if request.of_waits:
        make = with_spells if request.choices["pathway"] == "spell" else referrals_as_spells
        rows = make(rows, spans)
    return rows


def sums_of_referrals(extract: Extract, request: Request) -> Frame:
    """Sum the measures of referrals: a row for each group and period, the latter by its number in `span`."""
    grouping = request.grouping
    rows = facts_wanted(extract, request)
    teams = [f"team_{number}" for number in range(len(request.scopes))]
    if grouping.by_team and request.choices.get("several_teams") == "each":
        rows, teams = each_team(extract, rows, grouping), ["team"] * len(request.scopes)
    rows = _with_slots(extract, rows, request)
    rows = _with_ends(rows, request)
    team = None
    if grouping.by_team:
        accesses = [nw.col(teams[scope]) for scope in request.access]
        team = nw.col(teams[0])
        if accesses:
            team = nw.when(nw.col("access") == 1).then(_of_span(request, accesses)).otherwise(team)
    counts, people = _counts(request), _people(request)
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
    return _with_ends(_with_slots(extract, rows, request), request).filter(nw.col("in_0") == 1)


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


def _counts(request: Request) -> dict[str, nw.Expr]:
    """What each referral adds to each measure that sums."""
    main = (nw.col("in_0") == 1) & (nw.col("access") == 0)
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
    if request.of_waits:
        conditions |= _waits(request)
    counts = {name: _one(main & condition) for name, condition in conditions.items() if name in wanted}
    for name in request.flows:
        count = _of_span(request, [nw.col(f"{name}_{number}") for number in range(len(request.spans))])
        counts[name] = nw.when(main).then(count).otherwise(nw.lit(0))
    return counts


def _waits(request: Request) -> dict[str, nw.Expr]:
    """Conditions on the first referral of a spell, which stands for it."""
    until = "spell_second" if request.choices["waiting_for"] == "second contact" else "spell_first"
    end, starts = nw.col("to"), nw.col("starts_spell") == 1
    done = starts & (nw.col(until) >= nw.col("from")) & (nw.col(until) <= end)
    opens = _of_span(request, [nw.col(f"spell_open_{number}") for number in range(len(request.spans))])
    waiting = starts & (opens == 1) & (nw.col(until) > end)
    so_far = end - nw.col("start")
    return {
        "waits_completed": done,
        "waits_within_four_weeks": done & (nw.col(until) - nw.col("start") <= FOUR_WEEKS),
        "waiting": waiting,
        **{f"waiting_over_{weeks}_weeks": waiting & (so_far > weeks * WEEK) for weeks in (52, 78, 104)},
    }


def _people(request: Request) -> dict[str, nw.Expr]:
    """On which referrals a person counts, for the measures that count people."""
    people = {}
    end = nw.col("to")
    if request.is_person_count:
        is_open = (nw.col("received") <= end) & (nw.col("closed") > end) & (nw.col("first") <= end)
        people["caseload"] = (nw.col("in_0") == 1) & (nw.col("access") == 0) & is_open
    if "people_accessing" in request.which:
        inside = _of_span(request, [nw.col(f"in_{scope}") for scope in request.access])
        after = _of_span(request, [nw.lit(span.year_before) for span in request.spans])
        second = (nw.col("second") > after) & (nw.col("second") <= end)
        people["people_accessing"] = (nw.col("access") == 1) & (inside == 1) & second
    return people


def _one(condition: nw.Expr) -> nw.Expr:
    return nw.when(condition).then(nw.lit(1)).otherwise(nw.lit(0))
