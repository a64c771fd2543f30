"""From facts to measures: what is asked for, the groups, the sums."""
