"""Reading a return as a trust keeps it: headings, units, marks and totals as they are written."""

from cmhs_metrics.returns.reading import Return, read_return

__all__ = ["Return", "read_return"]

__dir__ = __all__.copy
