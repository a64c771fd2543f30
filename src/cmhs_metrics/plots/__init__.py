"""Pictures: what people look at.

Each takes a tidy result, gives a matplotlib Axes, and says in words what it shows. matplotlib is loaded when the first
picture is asked for: it comes with the extra `plot`.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from cmhs_metrics.errors import not_installed

if TYPE_CHECKING:
    from cmhs_metrics.plots.figures import *  # noqa: F403
    from cmhs_metrics.plots.funnels import *  # noqa: F403
    from cmhs_metrics.plots.icons import *  # noqa: F403
    from cmhs_metrics.plots.multiples import *  # noqa: F403
    from cmhs_metrics.plots.profiles import *  # noqa: F403
    from cmhs_metrics.plots.ranges import *  # noqa: F403
    from cmhs_metrics.plots.ranked import *  # noqa: F403
    from cmhs_metrics.plots.saving import *  # noqa: F403
    from cmhs_metrics.plots.series import *  # noqa: F403
    from cmhs_metrics.plots.tiles import *  # noqa: F403
    from cmhs_metrics.plots.waterfalls import *  # noqa: F403
    from cmhs_metrics.plots.xmr import *  # noqa: F403

_MODULES = {
    "Picture": "figures",
    "alternative_text": "saving",
    "assurance_icon": "icons",
    "dot_and_range": "ranges",
    "funnel_chart": "funnels",
    "icb_tiles": "tiles",
    "index_chart": "series",
    "ranked_bars": "ranked",
    "save": "saving",
    "small_multiples": "multiples",
    "stacked_profile": "profiles",
    "tile_map": "tiles",
    "to_svg": "saving",
    "trend_chart": "series",
    "variation_icon": "icons",
    "waterfall": "waterfalls",
    "xmr_chart": "xmr",
}

# Type checkers know the names from above.
if not TYPE_CHECKING:
    __all__ = list(_MODULES)

    def __getattr__(name: str) -> Any:
        if name not in _MODULES:
            raise AttributeError(f"module 'cmhs_metrics.plots' has no attribute {name!r}")
        try:
            import matplotlib  # noqa: F401
        except ImportError as error:
            raise not_installed(f"cmhs_metrics.plots.{name} is drawn", "matplotlib", "plot") from error
        return getattr(import_module(f"cmhs_metrics.plots.{_MODULES[name]}"), name)


def __dir__() -> list[str]:
    return list(_MODULES)
