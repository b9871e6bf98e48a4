"""``s3probe explain``: what a finding means, and what may be behind a line of a log."""

from __future__ import annotations

import re
import sys
from argparse import Namespace
from importlib import import_module

from s3probe.cli.console import Console
from s3probe.cli.errors import UsageError
from s3probe.cli.width import columns

_MOST = 1_000_000
"""Bytes of standard input: a log that is longer says the same again."""


_UNKNOWN = (
    "The name of the host does not tell which server that is, so every server's way is named. A file that "
    "s3probe report wrote tells it by its answers."
)


def run(args: Namespace, console: Console) -> int:
    """Prints one finding's page, the findings that words lead to, or the list of all; or writes a site of them."""
    if args.html is not None:
        return _site(args, console)
    if args.base_url is not None:
        raise UsageError("--base-url needs --html FOLDER", "Else there are no pages to lie there.")
    from s3probe.cli.whose import reader_of
    from s3probe.knowledge.recognition import GENERIC
    from s3probe.report.explain import NothingBehind, UnknownFinding
    from s3probe.report.words import plain_ascii

    width = max(40, min(columns(), 100))
    pages = import_module(f"s3probe.report.{'explain_plain' if args.plain else 'explain'}")
    words = " ".join(args.words) if args.words != ["-"] else _standard_input()
    try:
        if args.list or not args.words:
            text = pages.explain_list(width, _in_the_demo())
        elif len(args.words) == 1 and _is_id(words):
            reader = reader_of(args.reader, console) if args.reader is not None else None
            text = pages.explain(words, width, reader)  # or the nearest ids, where it is misspelt
            if reader is not None and reader.store.id == GENERIC:
                console.say(_UNKNOWN)
        else:
            text = pages.explain_words(words, width)
    except (NothingBehind, UnknownFinding) as unknown:
        raise UsageError(str(unknown), "") from None
    ascii_only = console.options("never", fail_on_warning=False, to_file=False).ascii
    console.result(plain_ascii(text) if ascii_only else text)
    return 0


def _site(args: Namespace, console: Console) -> int:
    """Writes the pages of all findings."""
    from s3probe.cli.folder import write_folder
    from s3probe.knowledge.site import address
    from s3probe.report.site import site
    from s3probe.report.site_map import START

    if args.words or args.list or args.reader is not None:
        raise UsageError("--html writes the pages of all findings", "Leave out WORDS, --list and --for.")
    files = site(address() if args.base_url is None else args.base_url)
    write_folder(args.html, files)
    console.say(f"{len(files)} files were written. The first page is {args.html / START}.")
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
    from s3probe.knowledge.findings import ids

    return word in ids() or (re.fullmatch("[a-z0-9]+(-[a-z0-9]+)+", word) is not None and word not in ACTIONS)


def _in_the_demo() -> frozenset[str]:
    """The findings that the demo can show; none without its packages."""
    try:
        from s3probe.sandbox.faults import ALL
    except ImportError:
        return frozenset()
    return frozenset(fault.id for fault in ALL)
