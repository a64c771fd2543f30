"""How the MHSDS monthly statistics name England, its ICBs, and people of no known place."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

ENGLAND = "England"

ICB = "ICB of GP Practice or Residence"
ICB_BREAKDOWNS = (ICB, "ICB - GP Practice or Residence", "ICB")
"""The breakdown by ICB, as it was called over the years."""

WITHOUT_PLACE = "UNKNOWN"
"""The code under which people stand who have no ICB."""


def breakdown_in(monthly: pd.DataFrame, breakdown: str) -> str:
    """The breakdown by ICB under the name that a table has, where the usual name is asked for and not there."""
    there = set(monthly["breakdown"])
    if breakdown != ICB or ICB in there:
        return breakdown
    return next((each for each in ICB_BREAKDOWNS if each in there), breakdown)
