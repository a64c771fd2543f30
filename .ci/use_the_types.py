"""What a type checker must see in the installed wheel, outside the project; it is checked, and never run.

Each comment that ignores an error is an error itself where there is none to ignore.
"""

from typing import assert_type

import cmhs_metrics as cm

assert_type(cm.year_of_care_cost(17_700_000.0, 5_291.0), float)
assert_type(cm.TeamType.parse("CRHT"), cm.TeamType)
assert_type(cm.audit.figure("finance.headline.total_cost").printed, str)
assert_type(cm.intervals.rate_interval(10.0, 100.0).lower, float)
cm.year_of_care_cost(17_700_000.0, contacts=5_291.0)  # type: ignore[call-arg]
_ = cm.no_such_metric  # type: ignore[attr-defined]
