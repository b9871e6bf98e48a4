"""Makes the plan of one env file. Nothing is asked of anyone, and not even a name is looked up."""

from __future__ import annotations

from collections.abc import Iterator

from s3probe.diagnosis.trial import why_it_raises
from s3probe.evidence.vocabulary import ACL_EXPERIMENTS, ActionId
from s3probe.knowledge.providers import detect
from s3probe.planning import files as own
from s3probe.planning.circumstances import Circumstances
from s3probe.planning.hosts import hosts, lookups, proxy_of, remarks, rules, sources
from s3probe.planning.limits import limits
from s3probe.planning.model import (
    Plan,
    PlannedAction,
    PlannedOccasion,
    PlannedQuestion,
    PlannedTrials,
)
from s3probe.planning.occasions import OCCASIONS, AskedAlike, Occasion
from s3probe.planning.places import origins, place_of
from s3probe.probe.exchange import MUTATING
from s3probe.probe.mark import marked_folders
from s3probe.probe.tools import ProbeOptions
from s3probe.probe.unsettled import LOOKED_FOR
from s3probe.redact import clean, scrubber_for, shorten
from s3probe.settings.model import PROCESS_ENVIRONMENT, Settings
from s3probe.trying.budget import EXAMINATIONS, REQUESTS


def plan_of(settings: Settings, options: ProbeOptions, ping: str = "") -> Plan:
    """What ``check`` would do with these settings and options. ``ping``: the origin of the ping URL."""
    around = Circumstances(settings, options, why_it_raises(settings))
    actions = around.actions()
    occasions = tuple(occasion for occasion in OCCASIONS if _may_come(occasion, around))
    files = tuple(own.files(around))
    trials = _trials(around)
    pair = settings.credentials
    plan = Plan(
        ", ".join(settings.environment.sources) or PROCESS_ENVIRONMENT,
        options.profile,
        options.thorough,
        tuple(sorted(options.only)),
        tuple(sorted(options.skip)),
        settings.bucket_name,
        settings.api_base,
        detect(settings.api_base).id,
        shorten(pair.access_key_id) if pair is not None else "",
        around.nothing,
        own.RUN_ID,
        own.RUN_ID_PATTERN,
        proxy_of(around),
        hosts(around, actions, occasions),
        tuple(rules(around, trials=not trials.why_not)),
        tuple(remarks(around)),
        ping,
        tuple(lookups(around)),
        tuple(sources(around)),
        files,
        tuple(_action(action, around) for action in actions),
        tuple(_occasion(occasion, around) for occasion in occasions),
        trials,
        limits(around, files, trials),
        tuple(_removal(around)),
    )
    return clean(plan, scrubber_for(settings))


def _may_come(occasion: Occasion, around: Circumstances) -> bool:
    if (around.reads and not occasion.reads) or (occasion.uploads and not around.uploads):
        return False
    # what is left out keeps away its own row, and not each question that its absence raises
    wanted = around.wanted(occasion.within) or bool(around.options.skip)
    return wanted and around.may_fit(occasion.applies)


def _action(action: ActionId, around: Circumstances) -> PlannedAction:
    row = action.row
    return PlannedAction(
        action,
        row.title.format(acl=around.settings.acl or "none"),
        row.operation,
        row.by,
        row.needs,
        origins(place_of(action, around.settings), around),
        _when(action, around),
    )


def _when(action: ActionId, around: Circumstances) -> str:
    if around.nothing or (action is ActionId.PUT_WITH_ACL and around.settings.acl is None):
        return own.IN_A_TRIAL
    of_canary = around.of_canary()
    return own.AFTER_A_QUICK_RUN if of_canary and action not in of_canary else ""


def _occasion(occasion: Occasion, around: Circumstances) -> PlannedOccasion:
    questions = (
        PlannedQuestion(asked.ids, asked.operation, asked.actor, origins(asked.place, around))
        for asked in occasion.asks
        if _may_be_asked(asked, around)
    )
    failure = occasion.failure or not around.fits(occasion.applies) or (around.canary and not occasion.canary)
    return PlannedOccasion(occasion.when, failure, tuple(questions))


def _may_be_asked(asked: AskedAlike, around: Circumstances) -> bool:
    return not (around.reads and asked.operation in MUTATING)


def _trials(around: Circumstances) -> PlannedTrials:
    if around.no_trials:
        return PlannedTrials(around.no_trials)
    acls = dict.fromkeys((around.settings.acl or "", "", *ACL_EXPERIMENTS))
    return PlannedTrials("", EXAMINATIONS, REQUESTS, tuple(acls))


def _removal(around: Circumstances) -> Iterator[str]:
    """Sentences; nothing where nothing is written."""
    if around.reads:
        yield "Nothing is written, so there is nothing to remove. What earlier runs left is not looked for."
        return
    seconds = around.options.cleanup_deadline
    yield (
        "Every key is written down before its request is sent, and removed with the key pair that wrote it: at the end,"
        f" at --deadline ({around.options.deadline:g} s), after an error and after every signal that can be caught."
    )
    yield (
        f"The clean-up has {seconds:g} s of its own. It deletes each file, looks whether it is gone, abandons"
        " unfinished uploads, and where the bucket keeps versions it removes its own files' versions by their ids."
    )
    yield (
        f"Up to {LOOKED_FOR} files that earlier runs on this machine noted as left behind are looked for and removed as"
        " well: keys of the same folders, with another run's id."
    )
    yield (
        "What stays is named in the report with the command that removes it. `s3probe sweep` finds it later by its"
        f" mark: {', '.join(f'{folder}…' for folder in marked_folders(around.settings)[:1])}, and the same in the other"
        " folders."
    )
    yield "No bucket is made, deleted or set up: the code that talks to the network refuses it."
