"""What a page is called, and what it says of its data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


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
    templates : str or Path, optional
        A folder whose templates take the place of those of the library that have the same names.
    """

    title: str
    source: str | None
    date: str | None
    sample: bool
    charts: bool
    version: str
    boundaries: str = ""
    templates: str | Path | None = None
