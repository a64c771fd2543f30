"""Numbers of any kind: what goes in comes out, the zero rule, and how arguments are read and checked."""
