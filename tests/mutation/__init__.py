"""Break the package in one place after another, and see whether its tests notice.

``python -m tests.mutation ROOM --count 40 --seed 1`` draws forty mutants of a room with a fixed seed, runs the tests that
mirror the room and the examples of the module on each, and lists those that live. It works on a copy; it is no part of the
ordinary run.
"""
