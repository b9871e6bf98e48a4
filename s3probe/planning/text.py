"""The plan for people: who is asked, what is written, what may follow, the most of it, and how it goes again."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence

from s3probe.evidence.vocabulary import Actor
from s3probe.knowledge.recognition import GENERIC
from s3probe.planning.model import HostRule, Plan, PlannedFile, PlannedOccasion, WhenAsked
from s3probe.probe.own_files import Fate

_PROFILES = {
    "full": "a whole examination",
    "quick": "a quick run; where anything of it fails, the whole examination follows",
    "read-only": "an examination that makes no write at all",
}
_THOROUGH = {
    "full": "a whole examination, a thorough one",
    "quick": "a quick run; where anything of it fails, the whole examination follows, a thorough one",
    "read-only": "an examination that makes no write at all, a thorough one",
}
_HEADINGS = {WhenAsked.ALWAYS: "In any case:", WhenAsked.AFTER_A_FAILURE: "Only by the rules below:"}
WRITTEN = (Fate.STORED, Fate.BEGUN)
UNWRITTEN = {
    Fate.TRIED: "Sent without the key, which a closed bucket refuses",
    Fate.REFUSED: "Sent in a form of which no storage makes a file",
    Fate.NAMED: "Never sent: asked for or deleted, though they are not there",
}


def render(
    plans: Sequence[Plan],
    unread: Sequence[tuple[str, str]] = (),
    *,
    width: int = 88,
    ascii_only: bool = False,
) -> str:
    """All plans, a blank line between them. ``unread``: the env files of which there is none, and why."""
    page = _PlanPage(min(max(width, 40), 110))
    parts = ["\n".join(page.lines(plan)) for plan in plans]
    parts += [f"There is no plan for {source}: {message}" for source, message in unread]
    text = "\n\n".join(parts) + "\n"
    return text.encode("ascii", "replace").decode() if ascii_only else text


class _PlanPage:
    def __init__(self, width: int) -> None:
        self._width = width

    def _wrapped(self, text: str, indent: int = 0, hanging: int | None = None) -> Iterator[str]:
        behind = indent if hanging is None else hanging
        yield from textwrap.wrap(
            text,
            self._width,
            initial_indent=" " * indent,
            subsequent_indent=" " * behind,
            break_on_hyphens=False,
            break_long_words=False,
        )

    def lines(self, plan: Plan) -> Iterator[str]:
        """One plan."""
        yield from self._wrapped(opening(plan))
        yield ""
        yield from self._head(plan)
        for heading, lines in (
            ("SIGNED REQUESTS", self._signed(plan)),
            ("REQUESTS WITHOUT THE KEY, AS A VISITOR MAKES THEM", self._visited(plan)),
            ("FILES", self._files(plan)),
            ("QUESTIONS", self._actions(plan)),
            ("WHAT MAY FOLLOW, AND WHEN", self._occasions(plan)),
            ("LINES THAT MAY BE TRIED", self._trials(plan)),
            ("AT MOST", self._limits(plan)),
            ("HOW IT IS REMOVED", (line for text in plan.removal for line in self._wrapped(text, 2))),
        ):
            yield from ("", heading)
            yield from lines

    def _head(self, plan: Plan) -> Iterator[str]:
        for name, text in in_short(plan):
            yield from self._wrapped(f"{name:<10}{text}", 2, 12)
        if said := why_nothing(plan):
            yield ""
            yield from self._wrapped(said, 0)

    def _signed(self, plan: Plan) -> Iterator[str]:
        if plan.sources:
            yield from self._wrapped("For a key pair these are asked, in this order, until one gives it:", 2)
            for source in plan.sources:
                yield from self._wrapped(f"- {source.why}{f' ({source.address})' if source.address else ''}", 2, 4)
        yield from self._hosts([(host.origin, host.signed, host.signed_why) for host in plan.hosts])
        yield from self._rules([rule for rule in plan.rules if rule.signed])
        yield from self._wrapped(NOWHERE_ELSE, 2)

    def _visited(self, plan: Plan) -> Iterator[str]:
        yield from self._hosts([(host.origin, host.visitor, host.visitor_why) for host in plan.hosts])
        yield from self._rules([rule for rule in plan.rules if not rule.signed])
        for remark in remarks(plan):
            yield from self._wrapped(remark, 2)

    def _hosts(self, hosts: Sequence[tuple[str, WhenAsked, str]]) -> Iterator[str]:
        for turn, heading in _HEADINGS.items():
            by_reason: dict[str, list[str]] = {}
            for origin, its, why in hosts:
                if its is turn:
                    by_reason.setdefault(why, []).append(origin)
            if by_reason:
                yield from self._wrapped(heading, 2)
            for why, origins in by_reason.items():
                yield from (f"    {origin}" for origin in origins)
                yield from self._wrapped(why, 8)

    def _rules(self, rules: Sequence[HostRule]) -> Iterator[str]:
        for rule in rules:
            yield from self._wrapped(f"- {rule_said(rule)}", 4, 6)

    def _files(self, plan: Plan) -> Iterator[str]:
        if not plan.files:
            yield from self._wrapped("None is written, and none is named.", 2)
            return
        yield from self._wrapped(run_id_said(plan), 2)
        written = [file for file in plan.files if file.fate in WRITTEN]
        yield from self._by_rule("Written with the key pair", written)
        for fate, heading in UNWRITTEN.items():
            yield from self._by_rule(heading, [file for file in plan.files if file.fate is fate])

    def _by_rule(self, heading: str, files: Sequence[PlannedFile]) -> Iterator[str]:
        """Those that are made in any case, and then those of each rule."""
        for when in dict.fromkeys(file.when for file in sorted(files, key=lambda file: bool(file.when))):
            those = [file for file in files if file.when == when]
            yield from self._wrapped(f"{heading}, {f'only {when}' if when else 'in any case'}:", 2, 4)
            alike: dict[tuple[str, str], list[str]] = {}
            for file in those:
                folder, _, name = file.key.rpartition("/")
                alike.setdefault((f"{name}{acl_said(file)}", folder.partition("s3probe/")[2]), []).append(folder)
            for (name, _run), folders in alike.items():
                if len(folders) == 1:
                    yield from self._wrapped(f"{folders[0]}/{name}", 6, 10)
                else:
                    tops = ", ".join(folder.partition("/s3probe/")[0] for folder in folders)
                    yield from self._wrapped(f"…/s3probe/{plan_id(folders[0])}/{name} in {tops}", 6, 10)

    def _actions(self, plan: Plan) -> Iterator[str]:
        for asked, ids in actions(plan).items():
            yield from self._wrapped(f"{asked}: {', '.join(ids)}", 2, 6)

    def _occasions(self, plan: Plan) -> Iterator[str]:
        for failure, heading in ((False, "Nothing has to fail for these:"), (True, "Something has to, for these:")):
            those = [occasion for occasion in plan.occasions if occasion.failure is failure]
            if those:
                yield from self._wrapped(heading, 2)
            for occasion in those:
                yield from self._wrapped(f"- {occasion.when}{asked_said(occasion)}", 4, 6)

    def _trials(self, plan: Plan) -> Iterator[str]:
        yield from self._wrapped(trials_said(plan), 2)

    def _limits(self, plan: Plan) -> Iterator[str]:
        for text in limits_said(plan):
            yield from self._wrapped(text, 2)


def opening(plan: Plan) -> str:
    """What the plan is of."""
    return f"What s3probe check would do with {plan.source}. Nothing has been asked of anyone."


def in_short(plan: Plan) -> Iterator[tuple[str, str]]:
    """Label and value of what stands first; some of it stands at length below."""
    store = "provider unknown" if plan.provider == GENERIC else plan.provider
    yield "bucket", f"{plan.bucket or 'none is named'} at {plan.endpoint or 'no address'} ({store})"
    yield "kind", _THOROUGH[plan.profile] if plan.thorough else _PROFILES[plan.profile]
    if plan.only:
        yield "only", ", ".join(plan.only)
    if plan.skip:
        yield "left out", ", ".join(plan.skip)
    yield "key pair", plan.access_key_id or "not in the file: Amazon's SDK looks for one"
    if plan.proxy:
        yield "by way of", f"the HTTP proxy {plan.proxy}"
    signed = [host.origin for host in plan.hosts if host.signed is WhenAsked.ALWAYS]
    visited = [host.origin for host in plan.hosts if host.visitor is WhenAsked.ALWAYS]
    yield "signed", ", ".join(signed) or "no request in any case"
    yield "visited", ", ".join(visited) or "no host in any case"
    written = [file for file in plan.files if file.fate in WRITTEN]
    sure = sum(not file.when for file in written)
    counted = f"{sure} written in any case, {len(written) - sure} more by the rules below, all removed again"
    yield "files", counted if written else "none is written"
    most = plan.limits
    yield "requests", f"{most.when_nothing_fails} at most where all is well, {most.requests} at most whatever it meets"


def why_nothing(plan: Plan) -> str:
    """Why nothing is asked under the file as it stands; blank where something is."""
    if not plan.nothing:
        return ""
    return (
        f"Under the file as it stands nothing is asked at all: {plan.nothing.rstrip('.')}. What stands below may be "
        "asked where a line is tried that ends this."
    )


NOWHERE_ELSE = (
    "Signed requests go nowhere else, and nothing is written to a bucket that the file does not name: the code that "
    "talks to the network refuses both."
)


def remarks(plan: Plan) -> Iterator[str]:
    """What else is to be known of requests without the key."""
    yield from plan.remarks
    if plan.ping:
        yield f"{plan.ping} is called at the start and at the end, with the verdict (--ping-url-file)."
    names = "".join(f", {name}" for name in plan.lookups)
    yield (
        f"The names of these hosts are looked up in DNS{names}; to some of them a connection is opened over which"
        " nothing is asked (beforehand, or over IPv4 and IPv6)."
    )


def rule_said(rule: HostRule) -> str:
    """The rule, with the hosts that can be told beforehand."""
    return f"{rule.why}: {', '.join(rule.shown)} (a bucket's name may stand before it)" if rule.shown else rule.why


def run_id_said(plan: Plan) -> str:
    """What stands for the run's id."""
    return (
        f"{plan.run_id} stands for ten letters and digits that each run has of its own; those of a trial differ in the "
        "last."
    )


def actions(plan: Plan) -> dict[str, list[str]]:
    """The ids of the actions by what is asked for them."""
    by: dict[str, list[str]] = {}
    for action in plan.actions:
        whose = "with the key" if action.actor is Actor.MASTODON else "as a visitor"
        by.setdefault(f"{action.operation} {whose}", []).append(action.id)
    return by


def trials_said(plan: Plan) -> str:
    """Under which lines it is examined again, and by which rules."""
    trials = plan.trials
    if trials.why_not:
        return f"None ({trials.why_not})."
    acls = ", ".join(acl or "none" for acl in trials.acls)
    return (
        "Only where a failure was found that a line of the file may end. Then the examination is made again under that"
        f" line, at most {trials.examinations} times and with {trials.requests} requests together, within the same"
        " deadline; what passed is asked once more without it. The file itself is not changed. The same hosts and keys"
        " as above, under an id of its own; where the line is S3_BUCKET or S3_KEY_PREFIX nothing is written. An upload"
        f" may then carry the ACL of the line that is tried: {acls}."
    )


def limits_said(plan: Plan) -> Iterator[str]:
    """The most of it."""
    most = plan.limits
    if most.when_nothing_fails:
        yield (
            f"{most.when_nothing_fails} requests where nothing fails, the bucket keeps no old versions, and no earlier"
            " run left anything behind."
        )
    parts = [(most.asked, "that ask"), (most.beside, "to the Mastodon server"), (most.trials, "for trials")]
    parts.append((most.removing, "that remove"))
    told = ", ".join(f"{number} {what}" for number, what in parts if number)
    yield f"{most.requests} requests whatever it meets: {told}."
    yield (
        f"{_bytes(most.bytes_sent)} sent and {_bytes(most.bytes_received)} received, before TLS. A request whose"
        " connection turns out to be closed already goes over a fresh one."
    )
    if plan.sources:
        yield "What Amazon's SDK asks for a key pair is not counted, and stands in no trace."
    asked = f"{most.seconds:g} s to ask"
    told = asked if plan.trials.why_not else f"{asked}, trials among them"
    yield f"{told}." if not most.removing else f"{told}, and {most.clean_up_seconds:g} s to remove."


def plan_id(folder: str) -> str:
    """What stands for the run's id in a folder of its own."""
    return folder.rpartition("/")[2]


def acl_said(file: PlannedFile) -> str:
    """With which ACL it is written; blank where it is not."""
    if file.fate not in WRITTEN:
        return ""
    acl = f"ACL {file.acl}" if file.acl is not None else "no ACL"
    then = f", then {' and back to '.join(file.then)}" if file.then else ""
    return f"  ({acl}{then}{', begun and abandoned' if file.fate is Fate.BEGUN else ''})"


def asked_said(occasion: PlannedOccasion) -> str:
    """In brackets, what is asked on an occasion; blank where nobody is."""
    by: dict[Actor, list[str]] = {}
    for question in occasion.questions:
        kinds = by.setdefault(question.actor, [])
        if question.operation and question.operation not in kinds:
            kinds.append(question.operation)
    whose = {Actor.MASTODON: "with the key", Actor.VISITOR: "as a visitor"}
    told = "; ".join(f"{', '.join(kinds)} {whose[actor]}" for actor, kinds in by.items() if kinds)
    return f" ({told})" if told else ""


def _bytes(number: int) -> str:
    return f"{number / 1e6:.1f} MB" if number >= 1e5 else f"{number / 1e3:.0f} kB"
