"""What a finding means, in full, for ``s3probe explain``. Plain text, wrapped; no network and no settings."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Collection, Iterable, Iterator, Sequence

from s3probe.knowledge.findings import FindingText, entry, ids
from s3probe.knowledge.offers import pages_for
from s3probe.knowledge.providers import Provider, providers
from s3probe.knowledge.recipes import command_at, in_short
from s3probe.knowledge.recognition import GENERIC, recognitions
from s3probe.knowledge.site import page_of
from s3probe.knowledge.symptoms import Hit, behind, code_like
from s3probe.records import dataclass
from s3probe.report.advice import advice_for
from s3probe.settings.model import Settings

WIDTH = 88
"""Columns of text when the caller asks for no other width."""

BREAKS, ALIKE, MORE = "What it breaks in Mastodon", "How it is told from what looks alike", "More"
"""Headings."""
LIKELIEST = "Likeliest first; words decide nothing"
_CATEGORIES = {
    "acl-and-public-block": "ACLs and Block Public Access",
    "credentials": "Keys",
    "deletion": "Deletion",
    "endpoint-region-addressing": "Endpoint, region and addressing",
    "env-file": "The env file",
    "multipart-download-checksum": "Large files, reading them back, and checksums",
    "network-time-quota": "Network, clock and quotas",
    "over-privilege": "Keys that may do too much",
    "own": "Other causes",
    "permissions": "Permissions",
    "privacy-security": "Privacy",
    "proxy-cdn": "Proxies and CDNs",
    "public-reading": "Public reading",
}
"""What stands above the findings of one category."""
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
    "acl": "of S3_PERMISSION",
    "directive": "one directive",
    "family": "IPv4 or IPv6",
    "store": "the provider",
    "target": "another host",
}
"""What stands in a text for the values of a user who is not known here."""


class UnknownFinding(LookupError):  # noqa: N818  # "unknown finding" is what it says to the user
    """There is no finding of that id; the message names the nearest ones."""

    def __init__(self, finding_id: str) -> None:
        self.nearest = _nearest(finding_id)
        hint = f" Did you mean {' or '.join(self.nearest)}?" if self.nearest else ""
        named = " ".join(finding_id.split())[:_SHOWN]
        super().__init__(f"There is no finding {named!r}.{hint} `s3probe explain` lists all of them.")


class NothingBehind(LookupError):  # noqa: N818  # it is no error to have met something else
    """No finding goes with the words of a log; the message says what decides, and names the code that was meant."""

    def __init__(self, text: str) -> None:
        said = " ".join(text.split())
        meant = code_like(said) if said and " " not in said else ""
        hint = f" Did you mean {meant}?" if meant else ""
        shown = f"{said[:_SHOWN]}…" if len(said) > _SHOWN else said
        told = f"No finding goes with {shown!r}." if said else "There is nothing to explain."
        super().__init__(
            f"{told}{hint} `s3probe check` looks at the storage itself; `s3probe explain --list` names all findings."
        )


@dataclass(frozen=True, slots=True)
class Reader:
    """Whose storage a page is for."""

    store: Provider
    settings: Settings | None = None
    """With which the store's commands are filled in, where they are known."""


def explain(finding_id: str, width: int = WIDTH, reader: Reader | None = None) -> str:
    """All that is known of one finding, its fix in the words of the reader's storage. Raises :class:`UnknownFinding`.

    Without a reader, or where nobody knows that storage, every server's own way is named.
    """
    return "\n".join(_page(known(finding_id), width, whose(reader))) + "\n"


def known(finding_id: str) -> FindingText:
    """What is known of it. Raises :class:`UnknownFinding`."""
    if finding_id not in ids():
        raise UnknownFinding(finding_id)
    return entry(finding_id)


def whose(reader: Reader | None) -> Reader | None:
    """The reader, where somebody knows that storage."""
    return reader if reader is not None and reader.store.id != GENERIC else None


def explain_words(text: str, width: int = WIDTH) -> str:
    """What may be behind the words of a log, and the command that decides. Raises :class:`NothingBehind`."""
    hits = led_to(text)
    lines = [f"{LIKELIEST}:", ""]
    for hit in hits:
        lines += [hit.finding.id, *_wrapped(titled(hit.finding), width, "    ")]
        lines += _wrapped(f"In Mastodon: {general(hit.finding.consequence)}", width, "    ")
    lines += ["", f"What decides:  {what_decides(hits)}", f"All of one:    s3probe explain {hits[0].finding.id}"]
    return "\n".join(lines) + "\n"


def led_to(text: str) -> list[Hit]:
    """The findings that the words of a log lead to, one at least. Raises :class:`NothingBehind`."""
    hits = behind(text)
    if not hits:
        raise NothingBehind(text)
    return hits


def what_decides(hits: Iterable[Hit]) -> str:
    """The command that tells which of these it is."""
    decided = any(hit.finding.state != "linted" for hit in hits)
    return "s3probe check .env.production" if decided else "s3probe lint .env.production"


def explain_list(width: int = WIDTH, shown: Collection[str] = ()) -> str:
    """Every finding by category, with its state and title; how many of each state at the end.

    ``shown``: those that ``s3probe demo --fault`` can show, which get a mark.
    """
    lines: list[str] = []
    entries = [entry(finding_id) for finding_id in ids()]
    for category in dict.fromkeys(e.category for e in entries):
        lines += [category_name(category).upper(), ""]
        for e in (e for e in entries if e.category == category):
            marks = [e.state, "demo"] if e.id in shown else [e.state]
            lines += [f"{e.id} ({', '.join(marks)})", *_wrapped(titled(e), width, "    ")]
        lines.append("")
    lines += _wrapped(_tally(entries), width)
    if shown:
        lines += _wrapped("demo: `s3probe demo --fault ID` shows it, against an S3 of its own.", width)
    return "\n".join(lines) + "\n"


def titled(e: FindingText) -> str:
    """The title for whoever has no case before them."""
    return e.in_general or general(e.title.replace("bucket {bucket}", "bucket").replace("{bucket}", "your bucket"))


def general(text: str) -> str:
    """A finding's title or consequence with stand-ins (BUCKET, REGION …) for the user's values."""
    filled = text.format_map(_STAND_INS)
    return filled if text[:1] == filled[:1] else filled[:1].upper() + filled[1:]


def _page(e: FindingText, width: int, reader: Reader | None) -> Iterator[str]:
    yield e.id
    yield from _wrapped(titled(e), width, "  ")
    yield ""
    concerns = "".join(f"{label}: {said}. " for label, said in facts_of(e).items())
    yield from _wrapped(f"{concerns}{state_of(e)}", width, "  ")
    for title, texts in sections_of(e, reader):
        bullet = "- " if (len(texts) > 1 and title != MORE) or title == ALIKE else ""
        yield from _section(title, texts, width, bullet)


def facts_of(e: FindingText) -> dict[str, str]:
    """By their labels."""
    facts = {"Severity": e.severity, "Setting": e.setting or "", "Permission": e.permission or ""}
    return {label: said for label, said in facts.items() if said}


def state_of(e: FindingText) -> str:
    """How far it can be told, in sentences."""
    return f"{STATES[e.state]} {e.why_state}".rstrip()


def parts_of(text: str) -> Iterator[tuple[str, str]]:
    """A text as it is written here: a sentence and ``""``, or ``""`` and the lines of a command that follow it."""
    block: list[str] = []
    for line in [*text.split("\n"), ""]:
        if line.startswith(" "):
            block.append(line.removeprefix("    "))
            continue
        if block:
            yield "", "\n".join(block)
            block = []
        if line:
            yield line, ""


def sections_of(e: FindingText, reader: Reader | None) -> Iterator[tuple[str, Sequence[str]]]:
    """What is said of it, by headings."""
    yield "What it means", [e.meaning]
    yield BREAKS, [general(e.consequence)]
    yield ALIKE, e.told_apart
    if reader is None:
        yield "How to fix it", list(_advice(e))
    else:
        yield f"How to fix it at {reader.store.name}", list(advice_for(e, reader.store, reader.settings))
    if links := (*page_of(e.id), *(e.links if reader is None else pages_for(reader.store, e.links))):
        yield MORE, links


def _advice(e: FindingText) -> Iterator[str]:
    """For whoever may have any server: what fits all, then each server's own way, marked by its name."""
    yield e.fix["general"]
    if "without_acls" in e.fix:
        names = ", ".join(store.name for store in providers().values() if not store.acls_count)
        yield f"Where ACLs do nothing ({names}): {e.fix['without_acls']}"
    for store in providers().values():
        # of those who run it for others, only what belongs to this finding: their commands are many
        own = "" if recognitions()[store.id].hosts else command_at(store, e.recipe)
        said, command = e.fix.get(store.id, ""), own
        if said or command:
            yield f"{store.name}:{f' {said}' if said else ''}{_indented(in_short(command)) if command else ''}"


def _indented(command: str) -> str:
    return "".join(f"\n    {line}" for line in command.splitlines())


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


def category_name(category: str) -> str:
    """What stands above the findings of one category."""
    return _CATEGORIES[category]


def _nearest(finding_id: str) -> tuple[str, ...]:
    from difflib import get_close_matches

    wanted = re.sub(r"[\s_]+", "-", finding_id.strip().lower())
    close = get_close_matches(wanted, ids(), n=3, cutoff=0.6)
    inside = [known for known in ids() if len(wanted) > 3 and wanted in known]
    return tuple(dict.fromkeys([*close, *inside]))[:3]
