"""The definitions of the metrics, a module for each section of the audit."""

# In the audit's order, which is that of the catalogue. Each module says in its own `__all__` what is public.
# ruff: noqa: F403, I001
from cmhs_metrics.metrics import population
from cmhs_metrics.metrics import inpatient
from cmhs_metrics.metrics import referrals
from cmhs_metrics.metrics import waits
from cmhs_metrics.metrics import caseload
from cmhs_metrics.metrics import clusters
from cmhs_metrics.metrics import contacts
from cmhs_metrics.metrics import finance
from cmhs_metrics.metrics import workforce
from cmhs_metrics.metrics import interventions
from cmhs_metrics.metrics import social_care
from cmhs_metrics.metrics import primary_care
from cmhs_metrics.metrics import voluntary_sector
from cmhs_metrics.metrics import transformation
from cmhs_metrics.metrics.population import *
from cmhs_metrics.metrics.inpatient import *
from cmhs_metrics.metrics.referrals import *
from cmhs_metrics.metrics.waits import *
from cmhs_metrics.metrics.caseload import *
from cmhs_metrics.metrics.clusters import *
from cmhs_metrics.metrics.contacts import *
from cmhs_metrics.metrics.finance import *
from cmhs_metrics.metrics.workforce import *
from cmhs_metrics.metrics.interventions import *
from cmhs_metrics.metrics.social_care import *
from cmhs_metrics.metrics.primary_care import *
from cmhs_metrics.metrics.voluntary_sector import *
from cmhs_metrics.metrics.transformation import *

__all__: list[str] = []
__all__ += population.__all__
__all__ += inpatient.__all__
__all__ += referrals.__all__
__all__ += waits.__all__
__all__ += caseload.__all__
__all__ += clusters.__all__
__all__ += contacts.__all__
__all__ += finance.__all__
__all__ += workforce.__all__
__all__ += interventions.__all__
__all__ += social_care.__all__
__all__ += primary_care.__all__
__all__ += voluntary_sector.__all__
__all__ += transformation.__all__

__dir__ = __all__.copy
