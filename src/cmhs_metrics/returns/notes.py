"""What is wrong with a return, and what is to be asked about it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cmhs_metrics.errors import Problem


@dataclass
class Notes:
    """What is wrong, and what is to be asked."""

    problems: list[Problem] = field(default_factory=list)
    questions: list[str] = field(default_factory=list)
