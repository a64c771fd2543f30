"""Reading an extract: its tables and columns, as they arrive, to columns that are computed with."""
