"""Catchments that do not match: measures of trusts brought to ICBs, or of any places to any others, by shares."""

from cmhs_metrics.catchments.apportionment import apportion
from cmhs_metrics.catchments.rows import NOT_COVERED
from cmhs_metrics.catchments.shares import Shares

__all__ = ["NOT_COVERED", "Shares", "apportion"]

__dir__ = __all__.copy
