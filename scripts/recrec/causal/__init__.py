"""People: individual actionability in causal recourse.

A track of its own beside that of recommenders; nothing outside this room imports it.
"""
