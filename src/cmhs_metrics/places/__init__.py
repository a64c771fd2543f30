"""Places over time: which ICBs, sub-ICB locations, CCGs and regions there were when, and what became of them."""

from cmhs_metrics.places.dated import boundaries_of, places, successions
from cmhs_metrics.places.moving import to_boundaries

__all__ = ["boundaries_of", "places", "successions", "to_boundaries"]

__dir__ = __all__.copy
