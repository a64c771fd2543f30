"""The pack: every figure that the data allow of one's own place, as one page in plain English."""

from __future__ import annotations

from cmhs_metrics.packs.building import Pack, pack
from cmhs_metrics.packs.findings import Finding
from cmhs_metrics.packs.sections import NotShown

__all__ = ["Finding", "NotShown", "Pack", "pack"]

__dir__ = __all__.copy
