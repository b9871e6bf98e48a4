"""What a finding means, in full, for ``s3probe explain``. Plain text, wrapped; no network and no settings."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Collection, Iterable, Iterator

from s3probe.knowledge.findings import FindingText, entry, ids
from s3probe.knowledge.providers import providers
from s3probe.knowledge.symptoms import behind

WIDTH = 88
"""Columns of text when the caller asks for no other width."""

_SHOWN = 60
"""Characters of what was asked for that a sentence repeats."""

STATES = {
    "decided": "An experiment with your bucket decides it.",
    "linted": "The file (or the environment) alone shows it.",
    "hinted": "Named as possible; not decided by s3probe.",
    "out-of-reach": "Described only: nothing that s3probe may do shows it.",
}
"""What each state of knowledge means."""

_STAND_INS = {
    "bucket": "BUCKET",
    "region": "REGION",
    "endpoint": "ENDPOINT",
    "hostname": "S3_HOSTNAME",
    "alias_host": "S3_ALIAS_HOST",
    "media_host": "the media host",
    "acl": "VALUE",
    "breaks": "WHAT NO LONGER WORKS",
    "directive": "ONE DIRECTIVE",
    "family": "IPv4 or IPv6",
    "folders": "SOME FOLDERS",
    "shown": "WHAT THEY HOLD",
    "target": "ANOTHER HOST",
    "what": "upload (or delete)",
}
"""What stands in a text for the values of a user who is not known here."""


class UnknownFinding(LookupError):  # noqa: N818  # "unknown finding" is what it says to the user
    """There is no finding of that id; the message names the nearest ones."""

    def __init__(self, finding_id: str) -> None:
        self.nearest = _nearest(finding_id)
        hint = f" Did you mean {' or '.join(self.nearest)}?" if self.nearest else ""
        named = " ".join(finding_id.split())[:_SHOWN]
        super().__init__(f"There is no finding {named!r}.{hint} `s3probe explain` lists all of them.")


def explain(finding_id: str, width: int = WIDTH) -> str:
    """All that is known of one finding. Raises :class:`UnknownFinding`."""
    if finding_id not in ids():
        raise UnknownFinding(finding_id)
    return "\n".join(_page(entry(finding_id), width)) + "\n"


def explain_words(text: str, width: int = WIDTH) -> str:
    """The findings that may be behind what stands in a log, and the command that decides. Raises as :func:`explain`."""
    hits = behind(text)
    if not hits:
        raise UnknownFinding(text[:_SHOWN])
    lines = ["Likeliest first; words decide nothing:", ""]
    for hit in hits:
        lines += [hit.finding.id, *_wrapped(_titled(hit.finding), width, "    ")]
        lines += _wrapped(f"In Mastodon: {_general(hit.finding.consequence)}", width, "    ")
    decided = any(hit.finding.state != "linted" for hit in hits)
    command = "s3probe check" if decided else "s3probe lint"
    lines += ["", f"What decides:  {command} .env.production", f"All of one:    s3probe explain {hits[0].finding.id}"]
    return "\n".join(lines) + "\n"


def explain_list(width: int = WIDTH, shown: Collection[str] = ()) -> str:
    """Every finding by category, with its state and title; how many of each state at the end.

    ``shown``: those that ``s3probe demo --fault`` can show, which get a mark.
    """
    lines: list[str] = []
    entries = [entry(finding_id) for finding_id in ids()]
    for category in dict.fromkeys(e.category for e in entries):
        lines += [category_heading(category), ""]
        for e in (e for e in entries if e.category == category):
            mark = ", demo" if e.id in shown else ""
            lines += [f"{e.id} ({e.state}{mark})", *_wrapped(_titled(e), width, "    ")]
        lines.append("")
    lines += _wrapped(_tally(entries), width)
    if shown:
        lines += _wrapped("demo: `s3probe demo --fault ID` shows it, against an S3 of its own.", width)
    return "\n".join(lines) + "\n"


def _titled(e: FindingText) -> str:
    return e.in_general or _general(e.title)


def _general(text: str) -> str:
    """A finding's title or consequence with stand-ins (BUCKET, REGION …) for the user's values."""
    filled = text.format_map(_STAND_INS)
    return filled if text[:1] == filled[:1] else filled[:1].upper() + filled[1:]


def _page(e: FindingText, width: int) -> Iterator[str]:
    yield e.id
    yield from _wrapped(_titled(e), width, "  ")
    yield ""
    state = STATES[e.state] + (f" {e.why_state}" if e.why_state else "")
    concerns = [f"Setting: {e.setting}"] if e.setting else []
    concerns += [f"Permission: {e.permission}"] if e.permission else []
    yield from _wrapped(f"Severity: {e.severity}. {'. '.join([*concerns, ''])}{state}", width, "  ")
    yield from _section("What it means", [e.meaning], width)
    yield from _section("What it breaks in Mastodon", [_general(e.consequence)], width)
    yield from _section("How it is told from what looks alike", e.told_apart, width, bullet="- ")
    yield from _section("How to fix it", _advice(e), width, bullet="- " if len(e.fix) > 1 else "")
    yield from _section("More", e.links, width)


def _advice(e: FindingText) -> Iterator[str]:
    if "general" in e.fix:
        yield e.fix["general"]
    for provider_id, advice in e.fix.items():
        if provider_id != "general":
            yield f"{providers()[provider_id].name}: {advice}"


def _section(title: str, texts: Iterable[str], width: int, bullet: str = "") -> Iterator[str]:
    yield ""
    yield f"{title}:"
    for text in texts:
        yield from _wrapped(text, width, f"  {bullet}", "  " + " " * len(bullet))


def _wrapped(text: str, width: int, first: str = "", following: str | None = None) -> list[str]:
    """Paragraphs broken at ``width``. Indented lines are commands: they stay whole, so that they can be copied."""
    rest = first if following is None else following
    lines: list[str] = []
    for paragraph in text.split("\n"):
        indent = first if not lines else rest
        if paragraph.startswith(" "):
            lines.append(rest + paragraph)
        else:
            lines += textwrap.wrap(
                paragraph,
                width,
                initial_indent=indent,
                subsequent_indent=rest,
                break_long_words=False,
                break_on_hyphens=False,
            )
    return lines


def _tally(entries: list[FindingText]) -> str:
    counts = {state: sum(e.state == state for e in entries) for state in STATES}
    by_state = ", ".join(f"{count} {state}" for state, count in counts.items())
    return f"{len(entries)} findings: {by_state}. `s3probe explain ID` tells all about one."


def category_heading(category: str) -> str:
    """What stands above the findings of one category."""
    return category.replace("-", " ").upper()


def _nearest(finding_id: str) -> tuple[str, ...]:
    from difflib import get_close_matches

    wanted = re.sub(r"[\s_]+", "-", finding_id.strip().lower())
    close = get_close_matches(wanted, ids(), n=3, cutoff=0.6)
    inside = [known for known in ids() if len(wanted) > 3 and wanted in known]
    return tuple(dict.fromkeys([*close, *inside]))[:3]
