"""What a release says of everything that is kept here: ids, severities and the exit status of each case.

``python -m tests.verdicts`` examines the corpus and prints what differs from the last release; .github/CONTRIBUTING.md
says how a release is made with it.
"""
