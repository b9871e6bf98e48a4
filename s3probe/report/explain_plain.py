"""What ``s3probe explain`` says, for screen readers and e-mail: one fact a line, behind its label."""

from __future__ import annotations

from collections.abc import Collection

from s3probe.knowledge.findings import entry, ids
from s3probe.report.explain import (
    ALIKE,
    BREAKS,
    LIKELIEST,
    WIDTH,
    Reader,
    category_name,
    facts_of,
    general,
    known,
    led_to,
    parts_of,
    sections_of,
    state_of,
    titled,
    what_decides,
    whose,
)
from s3probe.report.plain import copied, fact, told


def explain(finding_id: str, width: int = WIDTH, reader: Reader | None = None) -> str:
    """All that is known of one finding. Raises :class:`~s3probe.report.explain.UnknownFinding`."""
    del width  # no line is broken
    e = known(finding_id)
    lines = [fact("Finding", e.id), told("Title", titled(e)), *(fact(*one) for one in facts_of(e).items())]
    lines.append(fact("State", state_of(e)))
    for heading, texts in sections_of(e, whose(reader)):
        label = "Told apart" if heading == ALIKE else heading  # it stands before each of them
        for said, command in (part for text in texts for part in parts_of(text)):
            lines += [(told if heading == BREAKS else fact)(label, said)] if said else copied(command)
    return "\n".join(lines) + "\n"


def explain_words(text: str, width: int = WIDTH) -> str:
    """What may be behind the words of a log. Raises :class:`~s3probe.report.explain.NothingBehind`."""
    del width
    hits = led_to(text)
    blocks = [[told("Note", LIKELIEST)]]
    for hit in hits:
        e = hit.finding
        blocks.append([fact("Finding", e.id), told("Title", titled(e)), told("In Mastodon", general(e.consequence))])
    blocks.append(
        [fact("What decides", what_decides(hits)), fact("All of one", f"s3probe explain {hits[0].finding.id}")]
    )
    return "\n\n".join("\n".join(block) for block in blocks) + "\n"


def explain_list(width: int = WIDTH, shown: Collection[str] = ()) -> str:
    """Every finding by category. ``shown``: those that ``s3probe demo --fault`` can show."""
    del width
    entries = [entry(finding_id) for finding_id in ids()]
    blocks = []
    for category in dict.fromkeys(e.category for e in entries):
        lines = [fact("Category", category_name(category))]
        for e in (e for e in entries if e.category == category):
            marks = [e.state, "demo"] if e.id in shown else [e.state]
            lines.append(fact("Finding", f"{e.id} ({', '.join(marks)}): {titled(e)}"))
        blocks.append(lines)
    return "\n\n".join("\n".join(block) for block in blocks) + "\n"
