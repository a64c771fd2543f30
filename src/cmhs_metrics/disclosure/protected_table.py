"""A protected table, and its record for whoever checks outputs: what was suppressed, why, and by which rule."""

from __future__ import annotations

from dataclasses import dataclass, field
from html import escape
from typing import TYPE_CHECKING, Any

import numpy as np

from cmhs_metrics.disclosure.published_table import PublishedTable
from cmhs_metrics.disclosure.rule import SUPPRESSED
from cmhs_metrics.numeric.frames import given_back

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from cmhs_metrics.disclosure.rule import Rule

OTHERS = "protects other cells"
"""Why a cell is suppressed that the rule by itself would show."""


@dataclass(frozen=True, eq=False)
class ProtectedTable(PublishedTable):
    """A table that stands the attack, with what its protection cost.

    Attributes
    ----------
    primary : int
        How many cells the rule suppressed because they are small.
    complementary : int
        How many more were suppressed to protect them. Which is which cannot be told from the table, and must not be.
    reasons : numpy.ndarray of str, optional
        Why each suppressed cell is suppressed; it is left out of pickles and copies.
    rule_text : str
        The rule in words.
    beside : tuple of str
        The tables that it was protected beside.
    """

    primary: int
    complementary: int
    reasons: NDArray[Any] | None = field(default=None, kw_only=True, repr=False)
    rule_text: str = field(default="", kw_only=True)
    beside: tuple[str, ...] = field(default=(), kw_only=True)

    def __getstate__(self) -> dict[str, Any]:
        return {**super().__getstate__(), "reasons": None}

    def record(self) -> Any:
        """What was suppressed, why and by which rule, for whoever checks the output; not for publication.

        Returns
        -------
        The kind of table that came in
            A row for each suppressed cell: its labels, `reason` and `rule`.
        """
        return record_table(self)

    def record_html(self) -> str:
        """The record as a piece of HTML, with the rule, the size, and what the table was protected beside.

        Returns
        -------
        str
        """
        return record_page(self)


def rule_in_words(rule: Rule) -> str:
    """What a rule suppresses and how it rounds."""
    zero = "" if rule.suppress_zero else ", except zeros"
    small = f"counts under {rule.threshold} suppressed{zero}" if rule.threshold else "no count suppressed for its size"
    if rule.rounding == 1:
        return f"{small}; others shown exactly"
    how = f"to the midpoints of bands of {rule.rounding}" if rule.midpoints else f"to the nearest {rule.rounding}"
    return f"{small}; others rounded {how}"


def suppressed_cells(protected: ProtectedTable) -> pd.DataFrame:
    """A row for each suppressed cell: its labels, why it is suppressed, and by which rule."""
    if protected.reasons is None:
        raise ValueError("a pickle or copy of a protected table does not say why cells are suppressed: protect it anew")
    cells = np.flatnonzero(protected.kind == SUPPRESSED)
    frame = protected.layout.keys().iloc[cells].reset_index(drop=True)
    frame["reason"] = protected.reasons[cells]
    frame["rule"] = protected.rule_text
    return frame


def record_table(protected: ProtectedTable) -> Any:
    """The record as a table of the kind that came in."""
    return given_back(suppressed_cells(protected), protected.like)


def record_page(protected: ProtectedTable) -> str:
    """The record as a piece of HTML: a summary and a table, for the checker and not for publication."""
    frame = suppressed_cells(protected)
    counts = frame["reason"].value_counts()
    facts = [
        ("Measure", protected.value),
        ("Rule", protected.rule_text),
        ("Least width of what a reader may learn", str(protected.rule.width)),
        ("Cells, totals included", f"{protected.layout.size:,}"),
        *((f"Suppressed: {reason}", f"{number:,}") for reason, number in counts.items()),
        ("Protected beside", ", ".join(protected.beside) or "no other table"),
        ("Proof", "no suppressed cell falls to the attack"),
    ]
    listed = "".join(f"<dt>{escape(name)}</dt><dd>{escape(value)}</dd>" for name, value in facts)
    head = "".join(f'<th scope="col">{escape(str(name))}</th>' for name in frame.columns)
    rows = "".join(
        "<tr>" + "".join(f"<td>{escape(str(cell))}</td>" for cell in row) + "</tr>"
        for row in frame.itertuples(index=False, name=None)
    )
    return (
        '<section class="disclosure-record"><h2>Record of disclosure control</h2>'
        "<p><strong>Not for publication:</strong> which cells are small must not be told.</p>"
        f"<dl>{listed}</dl><table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></section>"
    )
