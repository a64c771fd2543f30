"""The checks, section by section."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from cmhs_metrics.audit.checks import activity, clusters, context, finance, other_documents, partners

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cmhs_metrics.audit.check import Check

_SECTIONS = (finance, activity, clusters, context, partners, other_documents)

CHECKS: Mapping[str, Check] = MappingProxyType(
    {
        f"{section.__name__.rpartition('.')[2]}.{number:03d}": check
        for section in _SECTIONS
        for number, check in enumerate(section.CHECKS, 1)
    }
)
"""Every check by name: its section and its number there."""
