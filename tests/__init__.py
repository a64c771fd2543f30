"""The tests, which mirror `src/cmhs_metrics`; what several of them share is in `tests.support`."""
