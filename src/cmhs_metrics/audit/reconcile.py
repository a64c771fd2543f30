"""Reconciliation: every printed figure that follows from others, recomputed and held against the print."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from cmhs_metrics.audit.check import CANNOT_BE_CHECKED, DISAGREES, VERDICTS, Outcome, run
from cmhs_metrics.audit.figures import Figure, load
from cmhs_metrics.errors import BadInput, Problem
from cmhs_metrics.signatures import checked, is_table

if TYPE_CHECKING:
    import pandas as pd


def reconcile(document: str | None = "audit_2016_17") -> pd.DataFrame:
    """Recompute every printed figure that follows from others, and compare.

    Parameters
    ----------
    document : str or None, default "audit_2016_17"
        The document whose figures are checked; None for all five.

    Returns
    -------
    pandas.DataFrame
        A row for each check, and one for each figure that no check reaches: `check` (its name, empty for a figure
        without one), `document`, `section`, `title`, `formula` with the printed numbers in it, `inputs`, `target`,
        `printed`, `unit`, `published` with `low_published` and `high_published` (what would be printed so),
        `recomputed` with `low` and `high` (within the rounding of the inputs), `difference` (recomputed less
        published), all [unit], `within_rounding`, `verdict`, `reason`, `arithmetic` (the whole calculation) and `note`.
        The verdict is "agrees", "disagrees", "different averages" (no agreement is due), "cannot be checked", or
        "implied" (nothing is printed to hold against the result).

    Raises
    ------
    KeyError
        When there is no such document.

    References
    ----------
    NHS England Community Mental Health Services Audit 2016/17, and the other documents of `documents`.

    Examples
    --------
    >>> checks = reconcile("web_page_2019")
    >>> bool((checks["verdict"] == "disagrees").any())
    False
    """
    import pandas as pd

    wanted = {each.document for each in load(document)}
    results = outcomes()
    rows = [_row(name, outcome) for name, outcome in results.items() if outcome.subject.document in wanted]
    reached = _reached(results)
    unreached = [each for each in load(document) if each.reference not in reached]
    table = pd.DataFrame(rows + [_row_of_figure(each) for each in unreached])
    return table.astype({"within_rounding": "boolean"})


def mistakes(document: str | None = None) -> pd.DataFrame:
    """List the printed figures that cannot be right together, with the arithmetic.

    Parameters
    ----------
    document : str or None, default None
        One document; all five unless given.

    Returns
    -------
    pandas.DataFrame
        The rows of `reconcile` that disagree: `check`, `document`, `section`, `title`, `target`, `printed`,
        `arithmetic` (the whole calculation, with the rounding of each side) and `note`.

    Raises
    ------
    KeyError
        When there is no such document.

    References
    ----------
    NHS England Community Mental Health Services Audit 2016/17, and the other documents of `documents`.

    Examples
    --------
    >>> mistakes("board_paper_2023")["printed"].tolist()
    ['15%', '28%']
    """
    table = reconcile(document)
    columns = ["check", "document", "section", "title", "target", "printed", "arithmetic", "note"]
    return table.loc[table["verdict"] == DISAGREES, columns].reset_index(drop=True)


@checked
def summary(frame: pd.DataFrame) -> dict[str, int]:
    """Count what came of a reconciliation.

    Parameters
    ----------
    frame : pandas.DataFrame
        What `reconcile` gave.

    Returns
    -------
    dict of str to int
        The number of "checks", of each verdict among them, of "figures checked" (which a check recomputes or bounds),
        and of "figures without a check".

    Examples
    --------
    >>> summary(reconcile("web_page_2019"))["disagrees"]
    0
    """
    if not is_table(frame) or not {"check", "verdict", "target"} <= set(frame):
        raise BadInput("summary", [Problem("frame", None, type(frame).__name__, "the table that `reconcile` gives")])
    checked = frame["check"] != ""
    counts = Counter(frame.loc[checked, "verdict"])
    verdicts = {verdict: counts[verdict] for verdict in VERDICTS}
    targets = set(frame.loc[checked, "target"]) - {""}
    figures = {"figures checked": len(targets), "figures without a check": int((~checked).sum())}
    return {"checks": int(checked.sum()), **verdicts, **figures}


def outcomes() -> dict[str, Outcome]:
    """Run every check.

    Gives what came of each, by the name of the check: its section and its number there.
    """
    from cmhs_metrics.audit.checks import CHECKS

    known = {each.reference: each for each in load()}
    return {name: run(check, known) for name, check in CHECKS.items()}


def _reached(results: dict[str, Outcome]) -> set[str]:
    return {
        each.reference for outcome in results.values() for each in (*outcome.inputs, outcome.target) if each is not None
    }


def _row(name: str, outcome: Outcome) -> dict[str, Any]:
    subject = outcome.subject
    low, high = outcome.interval
    low_published, high_published = outcome.published_interval
    return {
        "check": name,
        "document": subject.document,
        "section": subject.section,
        "title": outcome.check.title,
        "formula": outcome.formula,
        "inputs": "; ".join(f"{each.reference} ({each.text})" for each in outcome.inputs),
        "target": outcome.target.reference if outcome.target else "",
        "printed": outcome.printed,
        "unit": outcome.unit,
        "published": outcome.published,
        "low_published": low_published,
        "high_published": high_published,
        "recomputed": outcome.recomputed,
        "low": low,
        "high": high,
        "difference": outcome.recomputed - outcome.published,
        "within_rounding": outcome.within_rounding,
        "verdict": outcome.verdict,
        "reason": outcome.reason,
        "arithmetic": outcome.arithmetic,
        "note": outcome.check.note,
    }


def _row_of_figure(each: Figure) -> dict[str, Any]:
    low, high = each.interval
    alike = sum(other.measure == each.measure for other in load(each.document)) - 1
    reason = f"no other {each.measure} bears on it, of {alike} printed" if alike else f"the only {each.measure} printed"
    return {
        "check": "",
        "document": each.document,
        "section": each.section,
        "title": f"No check reaches {each.id}",
        "formula": "",
        "inputs": "",
        "target": each.reference,
        "printed": each.text,
        "unit": each.unit,
        "published": each.value,
        "low_published": low,
        "high_published": high,
        "verdict": CANNOT_BE_CHECKED,
        "reason": reason,
        "arithmetic": "",
        "note": each.note,
    }
