"""A launch-day checklist: every promise of the media storage, ticked or open, with the finding under each open box."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from s3probe.diagnosis.model import Certainty, Finding, Severity
from s3probe.evidence.observations import THOROUGH, NetworkFault, Observation, Outcome
from s3probe.evidence.vocabulary import PROMISES, ObservationId, Promise, Section
from s3probe.report.fix_words import (
    FixWords,
    earlier_leftovers,
    earlier_removal_commands,
    first_way,
    fixes_in_words,
    late_removal_commands,
    late_uploads,
    left_behind,
    removal_commands,
    restart,
)
from s3probe.report.formats import RenderOptions
from s3probe.report.model import Report
from s3probe.report.requests import failed_requests, introduction, keys_for
from s3probe.report.setting_words import sentence, stopped
from s3probe.report.words import (
    aftermath,
    answer,
    cost,
    explained_by,
    headline,
    left_out,
    plain_ascii,
    rule_errors,
    shown,
    tally,
    versions,
)

_SLOW = {NetworkFault.CONNECT_TIMEOUT, NetworkFault.READ_TIMEOUT, NetworkFault.DEADLINE}


def render(reports: Sequence[Report], options: RenderOptions) -> str:
    """One document; each report is a chapter."""
    chapters = ["\n".join(_chapter(report)) for report in reports]
    chapters += [f"# {_code(m.source)}\n\n- [ ] Not examined: {_escaped(m.message)}" for m in options.unexamined]
    text = "\n\n".join(chapters)
    return (plain_ascii(text) if options.ascii else text) + "\n"


def _chapter(report: Report) -> Iterator[str]:
    subject = report.subject
    found = tally(report.findings)
    yield f"# Media storage of {_code(subject.source)}"
    yield ""
    yield f"**{headline(report)}**{f': {found}' if found else ''}."
    yield ""
    yield "| | |"
    yield "| --- | --- |"
    facts = (
        ("Bucket", subject.bucket),
        ("Region", subject.region),
        ("Endpoint", f"{subject.endpoint} ({subject.addressing})"),
        ("Provider", subject.provider),
        ("ACL", subject.acl or "(none)"),
        ("Public URLs", subject.public_base),
        ("Key", subject.access_key_id),
        ("Checked", f"{report.evidence.run.started} ({report.evidence.run.profile})"),
        ("By", versions(report)),
    )
    for name, value in facts:
        yield f"| {name} | {_code(value)} |"
    if report.left_out:
        yield ""
        yield from (f"> {_escaped(sentence(line))}." for line in left_out(report))
    if report.rule_errors:
        yield ""
        yield from (f"> {_escaped(line)}." for line in rule_errors(report))
    shown_findings: set[str] = set()
    for section in Section:
        yield ""
        yield f"## {section}"
        yield ""
        yield from _section(section, report, shown_findings)
    yield from _requests(report)


def _requests(report: Report) -> Iterator[str]:
    """How to make each failed request without s3probe, and what support asks for."""
    failed = failed_requests(report)
    if not failed:
        return
    yield ""
    yield "## Requests that failed"
    yield ""
    yield _escaped(introduction(report, failed))
    yield ""
    if line := keys_for(report, failed):
        yield from ("```sh", line, "```", "")
    for one in failed:
        yield f"- {_code(one.row.id)}: {_escaped(answer(one.row))}"
        yield from (f"  - {_escaped(line)}" for line in one.about)
        if one.command:
            fence = _fence(one.command)
            yield ""
            yield from (f"  {line}" for line in (f"{fence}sh", *one.command.splitlines(), fence, ""))


def _fence(text: str) -> str:
    """Longer than any within."""
    return "`" * max(3, 1 + max((len(run) for run in re.findall("`+", text)), default=0))


def _section(section: Section, report: Report, shown_findings: set[str]) -> Iterator[str]:
    explained = explained_by(report)
    rows = {row.id: row for row in shown(report.evidence)}
    experiments = (report.evidence.get(action) for promise in PROMISES for action in promise.also)
    rows |= {row.id: row for row in experiments if row is not None and row.id not in rows}
    for promise in PROMISES:
        if promise.section is section:
            yield from _promise(promise, rows, explained, report, shown_findings)
    if section is Section.RESILIENCE:
        yield from _in_time(tuple(rows.values()))
    if section is Section.COST:
        yield from _cost(report)
    bound = {
        explained[action].id
        for promise in PROMISES
        for action in (*promise.actions, *promise.also)
        if action in explained and action in rows and not rows[action].ok
    }
    for finding in report.findings:
        if finding.id not in bound and _home(finding) is section:
            # a box says what shall hold: it is the fix that can be ticked, and a notice asks for none
            head = "- " if finding.severity is Severity.NOTICE else "- [ ] Fixed: "
            yield f"{head}{_escaped(finding.title)}"
            yield from _finding(finding, report)


def _promise(
    promise: Promise,
    rows: dict[ObservationId, Observation],
    explained: dict[ObservationId, Finding],
    report: Report,
    shown_findings: set[str],
) -> Iterator[str]:
    seen = [rows[action] for action in promise.actions if action in rows]
    # what a small run leaves out is no promise kept
    also = [rows[action] for action in promise.also if action in rows]
    seen += [row for row in also if row.ran or THOROUGH in (row.reason or "")]
    if not promise.actions and not seen:
        return
    unmet = [row for row in seen if not row.ok]
    # an experiment that succeeds also decides: only what failed speaks against a promise
    causes = {explained[row.id].id: explained[row.id] for row in unmet if row.id in explained}
    box = "x" if seen and not unmet else " "
    yield f"- [{box}] {promise.text}"
    if not seen:
        yield "  - not part of this run"
    for row in unmet:
        yield f"  - {_code(row.id)}: {_escaped(answer(row))}"
    for finding in causes.values():
        if finding.id in shown_findings:
            yield f"  - for the same reason: {_escaped(finding.title)}"
            continue
        shown_findings.add(finding.id)
        yield f"  - **{_escaped(finding.title)}**"
        yield from _finding(finding, report)


def _finding(finding: Finding, report: Report) -> Iterator[str]:
    yield f"  - {finding.severity.value.capitalize()} {_code(finding.id)}: {_escaped(finding.consequence)}"
    known = (
        "How it is known"
        if finding.certainty is Certainty.CERTAIN
        else f"{finding.certainty.value.capitalize()}, because"
    )
    yield f"  - {known}: {_escaped(stopped(finding.how_known))}"
    words = list(fixes_in_words(finding, report.subject.source))
    best = len(first_way(words))
    for number, fix in enumerate(words, 1):
        yield from _fix(fix)
        if number == best and (then := restart(report, finding)):
            yield f"  - {then}"
    for text in aftermath(report, finding):
        yield f"  - {_escaped(text)}"
    for link in finding.links:
        yield f"  - <{link}>"


def _fix(fix: FixWords) -> Iterator[str]:
    remark = f" {_escaped(fix.remark)}" if fix.remark else ""
    yield f"  - {fix.opening}: {_escaped(fix.lead.rstrip('.'))}{':' if fix.block else f'.{remark}'}"
    if fix.block:
        fence = _fence(fix.block)
        yield ""
        yield f"    {fence}{fix.language}"
        yield from (f"    {line}".rstrip() for line in fix.block.splitlines())
        yield f"    {fence}"
        yield ""
        if remark:
            yield f"   {remark}"
            yield ""


def _in_time(rows: tuple[Observation, ...]) -> Iterator[str]:
    late = [row for row in rows if row.outcome is Outcome.THROTTLED or row.network in _SLOW]
    ran = [row for row in rows if row.ran]
    box = "x" if ran and not late else " "
    yield f"- [{box}] Every answer came within Mastodon's time-outs, and none was throttled"
    for row in late:
        yield f"  - {_code(row.id)}: {_escaped(answer(row))}"
    if not ran:
        yield "  - not part of this run"


def _cost(report: Report) -> Iterator[str]:
    cleanup = report.evidence.cleanup
    box = " " if cleanup.left_behind or cleanup.may_arrive else "x"
    yield f"- [{box}] This check left nothing behind"
    if cleanup.left_behind:
        yield from _shell(f"{left_behind(report)}. To remove what is left", removal_commands(report))
    if cleanup.may_arrive:
        yield from _shell(late_uploads(report), late_removal_commands(report))
    if cleanup.earlier:
        yield from _shell(earlier_leftovers(report), earlier_removal_commands(report))
    yield ""
    yield f"This check took {cost(report)}."


def _shell(what: str, commands: Iterable[str]) -> Iterator[str]:
    yield f"  - {what}:"
    yield ""
    yield "    ```sh"
    yield from (f"    {command}" for command in commands)
    yield "    ```"
    yield ""


def _home(finding: Finding) -> Section:
    """Where a finding stands that no promise mentions."""
    from s3probe.knowledge.findings import entry

    try:
        return Section(entry(finding.id).section)
    except (KeyError, OSError):
        return Section.UPLOADS  # a finding of another version: it is still shown


def _escaped(text: str) -> str:
    """``text`` so that Markdown shows it as it is, in one line; nothing in it becomes a link, an image or HTML."""
    plain = re.sub(r"([\\`*_\[\]<>|#~!&])", r"\\\1", " ".join(text.split()))
    # bare addresses and @names become links and mentions on GitHub even where Markdown itself knows none
    return re.sub(r"(?<=\w)(:)(?=//)|(?<=\bwww)(\.)", r"\\\g<0>", plain).replace("@", "@\u2060")


def _code(text: str) -> str:
    inner = " ".join(text.split()).replace("|", "\\|")
    if not inner:
        return ""
    fence = "`" * (1 + max((len(run) for run in re.findall("`+", inner)), default=0))
    pad = " " if inner.startswith("`") or inner.endswith("`") else ""
    return f"{fence}{pad}{inner}{pad}{fence}"
