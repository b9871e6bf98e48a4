"""``python -m tests.verdicts [--write] [--tree FOLDER --release VERSION]``, run from the project's root."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from tests.verdicts import corpus, elsewhere, files, kept


def main() -> None:
    """Examines the corpus, and prints what differs from the last release."""
    parser = argparse.ArgumentParser(prog="python -m tests.verdicts", description=main.__doc__)
    parser.add_argument("--write", action="store_true", help="keep it, and put the difference into CHANGELOG.md")
    parser.add_argument("--release", metavar="VERSION", help="keep it, and files that it writes, as this release's")
    parser.add_argument("--tree", type=Path, metavar="FOLDER", help="with --release: what the code of this tree says")
    args = parser.parse_args()
    if args.tree is not None:
        if args.release is None:
            parser.error("--tree is of a release: give its --release")
        kept.write(args.release, dict(elsewhere.verdicts(args.tree.resolve())))
        files.write(args.tree.resolve(), args.release)
        return
    since = kept.last_release()
    now = {case: corpus.of(case) for case in corpus.CASES}
    table = kept.difference(kept.read(since), now)
    sys.stdout.write(table or f"Nothing differs from {since}.\n")
    if args.write or args.release:
        kept.write(kept.UNRELEASED, now)
        try:
            kept.CHANGELOG.write_text(kept.put_into(kept.CHANGELOG.read_text(), since, table))
        except ValueError as error:
            parser.exit(1, f"{error}\n")
    if args.release:
        kept.write(args.release, now)
        files.write(kept.ROOT, args.release)


if __name__ == "__main__":
    main()
