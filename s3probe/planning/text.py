"""The plan for people: who is asked, what is written, what may follow, the most of it, and how it goes again."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence

from s3probe.evidence.vocabulary import Actor
from s3probe.planning.model import HostRule, Plan, PlannedFile, PlannedOccasion, WhenAsked
from s3probe.probe.own_files import Fate

_PROFILES = {
    "full": "a whole examination",
    "quick": "a quick run; where anything of it fails, the whole examination follows",
    "read-only": "an examination that makes no write at all",
}
_HEADINGS = {WhenAsked.ALWAYS: "In any case:", WhenAsked.AFTER_A_FAILURE: "Only by the rules below:"}
_UNBROKEN = 1 << 20
"""Columns."""
_WRITTEN = (Fate.STORED, Fate.BEGUN)
_UNWRITTEN = {
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
    plain: bool = False,
) -> str:
    """All plans, a blank line between them. ``unread``: the env files of which there is none, and why. ``plain``: no
    line is broken.
    """
    page = _PlanPage(_UNBROKEN if plain else min(max(width, 40), 110))
    parts = ["\n".join(page.lines(plan)) for plan in plans]
    parts += [f"There is no plan for {source}: {message}" for source, message in unread]
    text = "\n\n".join(parts) + "\n"
    text = text.replace("…", "...") if plain else text
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
        yield from self._wrapped(f"What s3probe check would do with {plan.source}. Nothing was asked, of nobody.")
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
        kind = _PROFILES[plan.profile] + (", a thorough one" if plan.thorough else "")
        rows = [("bucket", f"{plan.bucket or 'none is named'} at {plan.endpoint or 'no address'} ({plan.provider})")]
        rows.append(("kind", kind))
        rows += [("only", ", ".join(plan.only))] if plan.only else []
        rows += [("left out", ", ".join(plan.skip))] if plan.skip else []
        rows.append(("key pair", plan.access_key_id or "not in the file: Amazon's SDK looks for one"))
        rows += [("by way of", f"the HTTP proxy {plan.proxy}")] if plan.proxy else []
        rows += self._in_short(plan)
        for name, text in rows:
            yield from self._wrapped(f"{name:<10}{text}", 2, 12)
        if plan.nothing:
            yield ""
            yield from self._wrapped(
                f"Under the file as it stands nothing is asked at all: {plan.nothing.rstrip('.')}. What stands below"
                " may be asked where a line is tried that ends this."
            )

    def _in_short(self, plan: Plan) -> Iterator[tuple[str, str]]:
        """What stands at length below."""
        signed = [host.origin for host in plan.hosts if host.signed is WhenAsked.ALWAYS]
        visited = [host.origin for host in plan.hosts if host.visitor is WhenAsked.ALWAYS]
        yield "signed", ", ".join(signed) or "no request in any case"
        yield "visited", ", ".join(visited) or "no host in any case"
        written = [file for file in plan.files if file.fate in _WRITTEN]
        sure = sum(not file.when for file in written)
        counted = f"{sure} written in any case, {len(written) - sure} more by the rules below, all removed again"
        yield "files", counted if written else "none is written"
        yield "requests", f"{plan.limits.when_nothing_fails} where nothing fails, at most {plan.limits.requests}"

    def _signed(self, plan: Plan) -> Iterator[str]:
        if plan.sources:
            yield from self._wrapped("For a key pair these are asked, in this order, until one gives it:", 2)
            for source in plan.sources:
                yield from self._wrapped(f"- {source.why}{f' ({source.address})' if source.address else ''}", 2, 4)
        yield from self._hosts([(host.origin, host.signed, host.signed_why) for host in plan.hosts])
        yield from self._rules([rule for rule in plan.rules if rule.signed])
        yield from self._wrapped(
            "Signed requests go nowhere else, and nothing is written to a bucket that the file does not name: the code"
            " that talks to the network refuses both.",
            2,
        )

    def _visited(self, plan: Plan) -> Iterator[str]:
        yield from self._hosts([(host.origin, host.visitor, host.visitor_why) for host in plan.hosts])
        yield from self._rules([rule for rule in plan.rules if not rule.signed])
        for remark in plan.remarks:
            yield from self._wrapped(remark, 2)
        if plan.ping:
            yield from self._wrapped(
                f"{plan.ping} is called at the start and at the end, with the verdict (--ping-url-file).", 2
            )
        names = "".join(f", {name}" for name in plan.lookups)
        yield from self._wrapped(
            f"The names of these hosts are looked up in DNS{names}; to some of them a connection is opened over which"
            " nothing is asked (beforehand, or over IPv4 and IPv6).",
            2,
        )

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
            names = f": {', '.join(rule.shown)} (a bucket's name may stand before it)" if rule.shown else ""
            yield from self._wrapped(f"- {rule.why}{names}", 4, 6)

    def _files(self, plan: Plan) -> Iterator[str]:
        if not plan.files:
            yield from self._wrapped("None is written, and none is named.", 2)
            return
        yield from self._wrapped(
            f"{plan.run_id} stands for ten letters and digits that each run has of its own; those of a trial differ in"
            " the last.",
            2,
        )
        written = [file for file in plan.files if file.fate in _WRITTEN]
        yield from self._by_rule("Written with the key pair", written)
        for fate, heading in _UNWRITTEN.items():
            yield from self._by_rule(heading, [file for file in plan.files if file.fate is fate])

    def _by_rule(self, heading: str, files: Sequence[PlannedFile]) -> Iterator[str]:
        """Those that are made in any case, and then those of each rule."""
        for when in dict.fromkeys(file.when for file in sorted(files, key=lambda file: bool(file.when))):
            those = [file for file in files if file.when == when]
            yield from self._wrapped(f"{heading}, {f'only {when}' if when else 'in any case'}:", 2, 4)
            alike: dict[tuple[str, str], list[str]] = {}
            for file in those:
                folder, _, name = file.key.rpartition("/")
                alike.setdefault((f"{name}{_acl(file)}", folder.partition("s3probe/")[2]), []).append(folder)
            for (name, _run), folders in alike.items():
                if len(folders) == 1:
                    yield from self._wrapped(f"{folders[0]}/{name}", 6, 10)
                else:
                    tops = ", ".join(folder.partition("/s3probe/")[0] for folder in folders)
                    yield from self._wrapped(f"…/s3probe/{plan_id(folders[0])}/{name} in {tops}", 6, 10)

    def _actions(self, plan: Plan) -> Iterator[str]:
        by: dict[str, list[str]] = {}
        for action in plan.actions:
            whose = "with the key" if action.actor is Actor.MASTODON else "as a visitor"
            by.setdefault(f"{action.operation} {whose}", []).append(action.id)
        for asked, ids in by.items():
            yield from self._wrapped(f"{asked}: {', '.join(ids)}", 2, 6)

    def _occasions(self, plan: Plan) -> Iterator[str]:
        for failure, heading in ((False, "Nothing has to fail for these:"), (True, "Something has to, for these:")):
            those = [occasion for occasion in plan.occasions if occasion.failure is failure]
            if those:
                yield from self._wrapped(heading, 2)
            for occasion in those:
                yield from self._wrapped(f"- {occasion.when}{_asked(occasion)}", 4, 6)

    def _trials(self, plan: Plan) -> Iterator[str]:
        trials = plan.trials
        if trials.why_not:
            yield from self._wrapped(f"None ({trials.why_not}).", 2)
            return
        acls = ", ".join(acl or "none" for acl in trials.acls)
        yield from self._wrapped(
            "Only where a failure was found that a line of the file may end. Then the examination is made again under"
            f" that line, at most {trials.examinations} times and with {trials.requests} requests together, within the"
            " same deadline; what passed is asked once more without it. The file itself is not changed. The same hosts"
            " and keys as above, under an id of its own; where the line is S3_BUCKET or S3_KEY_PREFIX nothing is"
            f" written. An upload may then carry the ACL of the line that is tried: {acls}.",
            2,
        )

    def _limits(self, plan: Plan) -> Iterator[str]:
        most = plan.limits
        if most.when_nothing_fails:
            yield from self._wrapped(
                f"{most.when_nothing_fails} requests where nothing fails and the bucket keeps no old versions.", 2
            )
        parts = [(most.asked, "that ask"), (most.beside, "to the Mastodon server"), (most.trials, "for trials")]
        parts.append((most.removing, "that remove"))
        told = ", ".join(f"{number} {what}" for number, what in parts if number)
        yield from self._wrapped(f"{most.requests} requests whatever it meets: {told}.", 2)
        yield from self._wrapped(
            f"{_bytes(most.bytes_sent)} sent and {_bytes(most.bytes_received)} received, before TLS. A request whose"
            " connection turns out to be closed already goes over a fresh one.",
            2,
        )
        yield from self._wrapped(
            f"{most.seconds:g} s to ask, trials among them, and {most.clean_up_seconds:g} s to remove.", 2
        )


def plan_id(folder: str) -> str:
    """What stands for the run's id in a folder of its own."""
    return folder.rpartition("/")[2]


def _acl(file: PlannedFile) -> str:
    if file.fate not in _WRITTEN:
        return ""
    acl = f"ACL {file.acl}" if file.acl is not None else "no ACL"
    then = f", then {' and back to '.join(file.then)}" if file.then else ""
    return f"  ({acl}{then}{', begun and abandoned' if file.fate is Fate.BEGUN else ''})"


def _asked(occasion: PlannedOccasion) -> str:
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
