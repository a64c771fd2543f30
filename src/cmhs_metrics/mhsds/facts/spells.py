"""Referral-spells: referrals of a person with one provider that overlap, or follow within five days, are one spell."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import narwhals as nw

from cmhs_metrics.mhsds.facts.contacts import flag
from cmhs_metrics.mhsds.facts.referrals import not_in_hospital
from cmhs_metrics.mhsds.records.codes import LEFT_OUT_OF_SPELLS
from cmhs_metrics.mhsds.records.dates import NEVER, day_number

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cmhs_metrics.mhsds.records.codes import Scope
    from cmhs_metrics.mhsds.records.dates import Span
    from cmhs_metrics.mhsds.records.extract import Extract, Frame

DAYS_BETWEEN = 5
"""A referral received this many days after the last end belongs to the spell still."""


FIRST_DAY = day_number(datetime.date(2016, 1, 1))
"""Spells that started before are left out."""


@dataclass(frozen=True)
class SpellRules:
    """Which spells there are, and when one is open; the defaults are the national ones.

    Parameters
    ----------
    begin : int
        The day number before which no spell has started that counts.
    grace : int
        How many days after its end a spell is still open [day].
    left_out : tuple of str
        Providers of which there are no spells.
    """

    begin: int = FIRST_DAY
    grace: int = DAYS_BETWEEN
    left_out: tuple[str, ...] = LEFT_OUT_OF_SPELLS


WHOSE = ("Person_ID", "provider", "variant", "in_spells")
"""What a spell is of: a person, a provider, and, where the periods differ in scope, one of them."""
EVERY = -1
"""The variant of rows that are the same in every period."""


def with_leavers(rows: Frame, scope: Scope, spans: Sequence[Span]) -> Frame:
    """Say, as `differs`, of which people a hospital spell takes a referral out of some of several periods."""
    held = rows.collect_schema().names()
    if len(spans) <= 1 or not scope.exclude_hospital_spells or "linked" not in held:
        return rows
    rows = rows.with_columns(flag(nw.col("linked").fill_null(NEVER) <= spans[-1].last).alias("leaves"))
    return rows.with_columns(nw.col("leaves").max().over("Person_ID").alias("differs"))


def with_variants(extract: Extract, rows: Frame, scope: Scope, spans: Sequence[Span], rules: SpellRules) -> Frame:
    """Say of each referral whether it may be in a spell, and in which periods, as `in_spells` and `variant`.

    A hospital spell takes a referral out of the periods to whose end it is known, and so may divide or end a spell: a
    referral of a person who has one has rows for each period besides its own, which is of EVERY period and, then, in no
    spell.
    """
    held = rows.collect_schema().names()
    provider = nw.col("OrgIDProv").fill_null("")
    allowed = ~provider.is_in(list(rules.left_out)) if rules.left_out else nw.lit(True)
    rows = rows.with_columns(provider.alias("provider"))
    if "differs" not in held:
        inside = not_in_hospital(scope, held, nw.lit(spans[0].last if spans else NEVER - 1))
        return rows.with_columns(nw.lit(EVERY).alias("variant"), flag(allowed & inside).alias("in_spells"))
    numbers = extract.numbers([EVERY, *range(len(spans))]).rename({"number": "variant"})
    rows = rows.join(numbers, how="cross")
    end: Any = nw.lit(NEVER)
    for number, span in enumerate(spans):
        end = nw.when(nw.col("variant") == number).then(nw.lit(span.last)).otherwise(end)
    own = nw.col("variant") == EVERY
    inside = (own & (nw.col("differs") == 0)) | ~own
    rows = rows.filter(own | ((nw.col("differs") == 1) & (nw.col("linked").fill_null(NEVER) > end)))
    return rows.with_columns(flag(allowed & inside).alias("in_spells")).drop("leaves", "differs")


def with_spells(extract: Extract, rows: Frame, rules: SpellRules) -> Frame:
    """Say of each referral that is in one which spell it belongs to.

    `rows`: facts of referrals, with `provider`, `variant` and `in_spells`. Gives the same with `spell` (a number
    within those), `starts_spell` (1 for the first referral of each that counts, and 0), and `start` and `spell_end`
    of the spell.
    """
    rows = extract.engine.spells(rows, WHOSE, ("received", "UniqServReqID"), DAYS_BETWEEN)
    starts = (nw.col("begins") == 1) & (nw.col("in_spells") == 1) & (nw.col("start") >= rules.begin)
    return rows.with_columns(flag(starts).alias("starts_spell")).drop("begins")


def is_open(rules: SpellRules, end: nw.Expr) -> nw.Expr:
    """Whether a spell is open at a day, or ended within the days of grace before it."""
    return (nw.col("start") <= end) & (nw.col("spell_end") >= end - rules.grace)
