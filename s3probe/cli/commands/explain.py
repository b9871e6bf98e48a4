"""``s3probe explain``: what a finding means, and what may be behind a line of a log."""

from __future__ import annotations

import re
import shutil
import sys
from argparse import Namespace

from s3probe.cli.console import Console
from s3probe.cli.errors import UsageError

_MOST = 1_000_000
"""Bytes of standard input: a log that is longer says the same again."""


def run(args: Namespace, console: Console) -> int:
    """Prints one finding's page, the findings that words lead to, or the list of all."""
    from s3probe.report.explain import UnknownFinding, explain, explain_list, explain_words
    from s3probe.report.words import plain_ascii

    width = max(40, min(shutil.get_terminal_size().columns, 100))
    words = " ".join(args.words) if args.words != ["-"] else _standard_input()
    try:
        if args.list or not args.words:
            text = explain_list(width, _in_the_demo())
        elif len(args.words) == 1 and _is_id(words):
            text = explain(words, width)  # or the nearest ids, where it is misspelt
        else:
            text = explain_words(words, width)
    except UnknownFinding as unknown:
        raise UsageError(str(unknown), "") from None
    ascii_only = console.options("never", fail_on_warning=False, to_file=False).ascii
    console.result(plain_ascii(text) if ascii_only else text)
    return 0


def _standard_input() -> str:
    """What is piped in: a log may hold any bytes, and a process may have been started without standard input."""
    try:
        return sys.stdin.buffer.read(_MOST).decode("utf-8", "replace") if sys.stdin is not None else ""
    except OSError as error:
        raise UsageError(f"Standard input cannot be read: {error.strerror}", "") from None


def _is_id(word: str) -> bool:
    """Whether a finding's id is meant: no log writes words as ids are written, and an action's id is none."""
    from s3probe.evidence.vocabulary import ACTIONS

    return re.fullmatch("[a-z0-9]+(-[a-z0-9]+)+", word) is not None and word not in ACTIONS


def _in_the_demo() -> frozenset[str]:
    """The findings that the demo can show; none without its packages."""
    try:
        from s3probe.sandbox.faults import ALL
    except ImportError:
        return frozenset()
    return frozenset(fault.id for fault in ALL)
