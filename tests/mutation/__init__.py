"""Tests of the tests: small faults are put into the code that judges, one at a time, and some test must fail of each.

``python -m tests.mutation`` runs it; .github/CONTRIBUTING.md says when. mutmut was tried: it works here, and needs two
seconds for each fault in a module with a test file of its own; it changes every word of every text as well, and for a
rule, whose cases are a few tests of hundreds each, it would run all of them before it came to the one that decides.
"""
