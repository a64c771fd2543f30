"""The way from one date's places to another's: change by change, whole or in parts."""

from __future__ import annotations

from typing import Any

import pandas as pd

from cmhs_metrics.catchments import Shares
from cmhs_metrics.errors import BadInput, Problem, lacking, nearest, refuse
from cmhs_metrics.places.dated import BEGIN, END, NOT_A_PLACE, as_day, boundaries_of, places, successions

LEVELS = ("icb", "sub_icb", "ccg", "region", "trust")
_PROVIDERS = ("trust", "organisation", "provider")
"""Columns of providers, of which some are no NHS trusts."""
_SUB_ICB = ("sub_icb", "LOC22", "LOC")
_AUTHORITY = ("local_authority", "LAD", "LAD21")
_CCG = ("ccg", "CCG21", "CCG")

FIRST_OF_ICBS = "2022-07-01"
"""The day on which ICBs, and sub-ICB locations in place of CCGs, began."""
Step = tuple[str, dict[str, list[str]], bool]
"""The day of a change, for each place the places that it became (or came from), and whether it goes forward."""


def level_of(codes: set[str], by: str) -> str:
    """The level of the places: by the name of their column, else the first that has all of them."""
    if by in _PROVIDERS and not codes - NOT_A_PLACE <= set(places("icb")["code"]):
        return "trust"
    levels = [by] if by in LEVELS else list(LEVELS)
    known = {level: set(places(level)["code"]) for level in levels}  # type: ignore[arg-type]
    level = next((level for level, there in known.items() if codes - NOT_A_PLACE <= there), levels[0])
    problems = [
        Problem(by, None, code, f"a place of level {level}; {nearest(code, known[level])}".rstrip("; "))
        for code in sorted(codes - NOT_A_PLACE - known[level])
    ]
    refuse("the table", problems)
    return level


def steps_between(codes: set[str], level: str, by: str, day: str, of: Any, moves: pd.DataFrame | None) -> list[Step]:
    """The changes between the day of which places are and another, in the order in which they are gone through."""
    if moves is not None:
        return _between(_own_moves(moves), as_day(of, "of") if of is not None else BEGIN, day)
    if of is not None:
        start = end = as_day(of, "of")
        there = set(places(level, start)["code"])  # type: ignore[arg-type]
        problems = [
            Problem(by, None, code, f"a place that there was on {of}") for code in sorted(codes - NOT_A_PLACE - there)
        ]
        refuse("the table", problems)
    else:
        found = boundaries_of(codes, level=level) or ("", "")  # type: ignore[arg-type]
        start, end = found[0] or BEGIN, found[1] or END
    table = successions()
    table = table[table["level"] == ("ccg" if level == "sub_icb" else level)]
    if level == "trust":
        # The rows of a merged trust's predecessors may stand beside its own, those of other years.
        return _between(table, BEGIN, day)
    if start <= day <= end:
        return _unclear(codes, table, day, end)
    return _between(table, end if day > end else start, day)


def _unclear(codes: set[str], table: pd.DataFrame, day: str, end: str) -> list[Step]:
    """No change between, unless a boundary moved while all codes stayed: then the table must say what it is of."""
    moved = table[(table["date"] > day) & (table["date"] <= end) & table["successor"].isin(codes)]
    parts = set(moved.loc[moved["predecessor"] != moved["successor"], "successor"])
    if parts:
        when = moved["date"].max()
        expected = f"of=, the day whose boundaries the table has: that of {', '.join(sorted(parts))} moved on {when}"
        raise BadInput("the table", [Problem("of", None, None, expected)])
    return []


def _own_moves(moves: pd.DataFrame) -> pd.DataFrame:
    refuse("the moves", lacking("moves", moves, ("predecessor", "successor", "date")))
    return moves.assign(date=[as_day(each) for each in moves["date"]])


def _between(table: pd.DataFrame, start: str, day: str) -> list[Step]:
    """The changes from one day to another, in the order in which they are gone through."""
    forward = day >= start
    low, high = (start, day) if forward else (day, start)
    rows = table[(table["date"] > low) & (table["date"] <= high)]
    one, other = ("predecessor", "successor") if forward else ("successor", "predecessor")
    steps: list[Step] = []
    for when, held in sorted(rows.groupby("date"), key=lambda each: str(each[0]), reverse=not forward):
        became = held.groupby(one)[other].agg(lambda each: sorted(set(each))).to_dict()
        steps.append((str(when), {str(code): list(each) for code, each in became.items()}, forward))
    return steps


def path_along(
    codes: set[str], steps: list[Step], level: str, given: Shares | None, practices: pd.DataFrame | None, column: str
) -> Shares:
    """The shares by which places go to those that they became or came from, composed over all changes."""
    path = Shares({code: {code: 1.0} for code in codes})
    problems: list[Problem] = []
    for when, became, forward in steps:
        rows: dict[str, dict[str, float]] = {}
        for code in path.to_places:
            after = became.get(code, [code])
            if len(after) == 1:
                rows[code] = {after[0]: 1.0}
                continue
            found = _split(code, after, when, forward, level, given, practices, column)
            if isinstance(found, Problem):
                problems.append(found)
            else:
                rows[code] = found
        refuse("to_boundaries", problems)
        path = path.then(Shares(rows))
    return path


def there_on(
    day: str, path: Shares, level: str, to: str | None, given: Shares | None, practices: pd.DataFrame | None,
    column: str,
) -> Shares:  # fmt: skip
    """The path, on to ICBs where they are asked for; a place that there was not on the day is named."""
    after = level if level not in ("ccg", "sub_icb") else "sub_icb" if day >= FIRST_OF_ICBS else "ccg"
    there = places(after, day).set_index("code")["parent"]  # type: ignore[arg-type]
    known = set(places(after)["code"])  # type: ignore[arg-type]
    rows: dict[str, dict[str, float]] = {}
    problems = []
    for code in path.to_places:
        if code in NOT_A_PLACE or (level == "trust" and code not in known):
            rows[code] = {code: 1.0}
        elif code in there.index:
            rows[code] = {there[code] if to else code: 1.0}
        elif to:
            table = successions()
            parents = places(after).set_index("code").loc[[code], "parent"]  # type: ignore[arg-type]
            became = sorted(table.loc[table["predecessor"].isin(parents), "successor"])
            found = _split(code, became, day, True, level, given, practices, column, ("_sub_icb", "_icb_2026"))
            problems += [found] if isinstance(found, Problem) else []
            rows[code] = {} if isinstance(found, Problem) else found
        else:
            expected = f"a place that there was on {day}, or one of which these data say what it became"
            problems.append(
                Problem(level, None, code, expected + "; to='icb' brings it to ICBs" * (level == "sub_icb"))
            )
    refuse("to_boundaries", problems)
    return path.then(Shares(rows))


def _split(
    code: str, after: list[str], when: str, forward: bool, level: str, given: Shares | None,
    practices: pd.DataFrame | None, column: str, sides: tuple[str, str] | None = None,
) -> dict[str, float] | Problem:  # fmt: skip
    """The share of each part of a place that was split, or what is lacking to tell it."""
    what = f"{code} {'became' if forward else 'came from'} {', '.join(after)} on {when}"
    if given is not None and code in given.from_places:
        found = given.of(code)
        wrong = sorted(set(found) - set(after))
        if wrong:
            return Problem("shares", code, ", ".join(wrong), f"shares of {', '.join(after)}: {what}")
        return found
    if practices is None or not level:
        expected = "populations= (the practices of the allocations), or shares=, for it is not guessed how it splits"
        return Problem(level or "moves", None, code, f"{expected}: {what}")
    before, later = sides or (("_ccg", "_sub_icb") if level in ("ccg", "sub_icb") else ("_icb", "_icb_2026"))
    one, other = (before, later) if forward else (later, before)
    here = practices[practices[one] == code]
    unclear = here[~here[other].isin(after)]
    if here.empty or len(unclear):
        found_here = "no practice" if here.empty else f"{len(unclear)} of {len(here)} practices on no known side"
        expected = f"practices of the 42 ICBs of 2022, each with its sub-ICB location or local authority: {what}"
        return Problem("populations", code, found_here, expected)
    sums = here.groupby(other)[column].sum()
    if not sums.sum() > 0:
        return Problem("populations", code, 0, f"people in {column}: {what}")
    return {str(place): float(share) for place, share in (sums / sums.sum()).items()}


def sided_practices(populations: pd.DataFrame) -> pd.DataFrame:
    """The practices with the place that each is in, before and after each change."""
    if "practice" not in populations or "icb" not in populations:
        expected = "rows of GP practices with columns practice and icb: read_icb_allocations(file, 'practice')"
        raise BadInput("the populations", [Problem("populations", None, list(populations), expected)])
    table = populations.copy()
    sub_icb, authority, ccg = (_first(table, names) for names in (_SUB_ICB, _AUTHORITY, _CCG))
    moves = successions()
    moves = moves[moves["level"] == "icb"]
    new = table["icb"].map(moves[moves["extent"] == "whole"].set_index("predecessor")["successor"])
    for row in moves[moves["extent"] == "part"].itertuples():
        here = table["icb"] == row.predecessor
        # A sub-ICB location says more than the authority in which a practice stands.
        part = sub_icb.isin(str(row.sub_icbs).split())
        by_authority = authority.isin(str(row.local_authorities).split())
        known = part | (by_authority & ~(sub_icb.ne("") & bool(row.sub_icbs)))
        new = new.mask(here & known, row.successor)
    table["_icb"] = table["icb"]
    # On no known side, it keeps its old code, which is none of the parts.
    table["_icb_2026"] = new.fillna(table["icb"])
    table["_ccg"], table["_sub_icb"] = ccg, sub_icb
    return table


def _first(table: pd.DataFrame, names: tuple[str, ...]) -> pd.Series[str]:
    held = [table[name].fillna("").astype(str) for name in names if name in table]
    result: pd.Series[str] = pd.Series("", index=table.index)
    for each in reversed(held):
        result = each.where(each != "", result)
    return result
