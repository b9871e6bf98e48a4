"""The plan for screen readers and e-mail: one fact a line, behind its label; no line is broken."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from s3probe.planning.model import Plan, WhenAsked
from s3probe.planning.text import (
    NOWHERE_ELSE,
    UNWRITTEN,
    WRITTEN,
    acl_said,
    actions,
    asked_said,
    in_short,
    limits_said,
    opening,
    remarks,
    rule_said,
    run_id_said,
    trials_said,
    why_nothing,
)
from s3probe.report.plain import fact, told

_TURNS = {WhenAsked.ALWAYS: "in any case", WhenAsked.AFTER_A_FAILURE: "by a rule"}


def render(plans: Sequence[Plan], unread: Sequence[tuple[str, str]] = (), *, ascii_only: bool = False) -> str:
    """As the text form, line by line."""
    blocks = ["\n".join(_lines(plan)) for plan in plans]
    blocks += [told("No plan", f"There is none for {source}: {message}") for source, message in unread]
    text = "\n\n".join(blocks) + "\n"
    return text.encode("ascii", "replace").decode() if ascii_only else text


def _lines(plan: Plan) -> Iterator[str]:
    yield told("Plan", opening(plan))
    yield from (fact(label.capitalize(), value) for label, value in in_short(plan))
    if said := why_nothing(plan):
        yield told("Note", said)
    yield from _asked(plan)
    yield from _files(plan)
    yield from (fact(f"Action, {asked}", ", ".join(ids)) for asked, ids in actions(plan).items())
    for occasion in plan.occasions:
        label = "If something fails" if occasion.failure else "Though nothing fails"
        yield told(label, f"{occasion.when}{asked_said(occasion)}")
    yield told("Trials", trials_said(plan))
    yield from (told("At most", said) for said in limits_said(plan))
    yield from (told("Removal", said) for said in plan.removal)


def _asked(plan: Plan) -> Iterator[str]:
    for source in plan.sources:
        yield told("Key pair, looked for", f"{source.why} ({source.address})" if source.address else source.why)
    for label, chosen in (
        ("Signed", [(host.origin, host.signed, host.signed_why) for host in plan.hosts]),
        ("Visited", [(host.origin, host.visitor, host.visitor_why) for host in plan.hosts]),
    ):
        for turn, when in _TURNS.items():
            for origin, its, why in chosen:
                if its is turn:
                    yield told(f"{label}, {when}", f"{origin}. Why: {why}")
        for rule in plan.rules:
            if rule.signed is (label == "Signed"):
                yield told(f"{label}, by a rule", rule_said(rule))
        yield from (told("Note", said) for said in ([NOWHERE_ELSE] if label == "Signed" else remarks(plan)))


def _files(plan: Plan) -> Iterator[str]:
    if not plan.files:
        yield told("Files", "None is written, and none is named")
        return
    yield told("Note", run_id_said(plan))
    for file in plan.files:
        when = f" When: only {file.when}." if file.when else " When: in any case."
        if file.fate in WRITTEN:
            yield fact("File, written", f"{file.key}{acl_said(file)}.{when}")
        else:
            yield fact("File, not written", f"{file.key}. {UNWRITTEN[file.fate]}.{when}")
