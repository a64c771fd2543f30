"""What a page is called, and what it says of its data."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Setting:
    """What the page is called, and what it says of its data.

    Parameters
    ----------
    title : str
        The title.
    source : str or None
        The source of the data.
    date : str or None
        The date to print.
    sample : bool
        Whether the data are the bundled, synthetic ones.
    charts : bool
        Whether charts are drawn.
    version : str
        The version of the library.
    boundaries : str, default ""
        Since when, and until when, the places have the boundaries that the page stands on; empty where it is not known.
    """

    title: str
    source: str | None
    date: str | None
    sample: bool
    charts: bool
    version: str
    boundaries: str = ""
