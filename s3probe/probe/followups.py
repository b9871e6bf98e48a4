"""Questions that only a failure raises."""

from __future__ import annotations

from collections.abc import Iterable

from s3probe.evidence.observations import Outcome
from s3probe.evidence.vocabulary import ActionId, Experiment, Facts
from s3probe.probe import acl as acl_ladder
from s3probe.probe import experiments, who_answers
from s3probe.probe.conditions import ConditionsMaker
from s3probe.probe.exchange import Answer
from s3probe.probe.fetching import same_bytes
from s3probe.probe.prefix import without_prefix
from s3probe.probe.schedule import Step
from s3probe.probe.session import Session
from s3probe.probe.stored_objects import StoredObjects
from s3probe.probe.strangers import opened_everywhere
from s3probe.probe.visitor import Visitor
from s3probe.probe.xml import root_name

_OPENED = (
    ActionId.ARCHIVE_PUBLIC_GET,
    ActionId.ARCHIVE_ORIGIN_GET,
    ActionId.PUBLIC_POLICY,
    ActionId.PUBLIC_WRITE,
    ActionId.PUBLIC_DELETE,
    ActionId.PUBLIC_DELETE_ORIGIN,
)
"""What is open to strangers, beside the listings."""


def follow_ups(
    session: Session, conditions_maker: ConditionsMaker, stored_objects: StoredObjects, visitor: Visitor
) -> Iterable[Step]:
    """Only a failure of what was asked for (``--only``) raises any."""
    selected = session.wanted
    steps: list[Step] = []
    steps += who_answers.at_the_published_host(session)
    steps += who_answers.before_the_api(session)
    seen, media = session.book.get(ActionId.PUBLIC_GET), stored_objects.get("media")
    if media and seen is not None and seen.failed:
        steps += visitor.elsewhere(media)
        steps += visitor.why_not_public(media)
        steps += acl_ladder.what_the_bucket_says(session)
        steps += acl_ladder.would_an_acl_help(session, visitor)
    read = session.book.get(ActionId.GET)
    if media and read is not None and read.outcome is Outcome.DENIED and selected(read.id):
        paid, same = session.conditions.wire.get_as_payer(media.key), same_bytes(media.body)
        title = "The key can read the file at its own expense"
        steps.append(
            Step(Experiment.GET_AS_PAYER, lambda: session.ask(Experiment.GET_AS_PAYER, paid, same, title=title))
        )
    plain = session.book.get(ActionId.PUT_WITHOUT_ACL)
    if plain is not None and plain.outcome is Outcome.DENIED and selected(plain.id):
        steps += acl_ladder.what_the_bucket_says(session)
    lists = (ActionId.PUBLIC_LIST, ActionId.PUBLIC_LIST_ALIAS, ActionId.PUBLIC_VERSIONS, ActionId.PUBLIC_UPLOADS)
    if any((row := session.book.get(name)) and row.failed for name in lists):
        steps += visitor.who_opened_the_list()
    if any((row := session.book.get(name)) and row.failed for name in (*lists, *_OPENED)):
        steps += opened_everywhere(session)
    if selected(ActionId.PUT_WITHOUT_ACL) or selected(ActionId.PUBLIC_GET):
        steps += without_prefix(session, visitor, stored_objects)
    doubtful = (
        *experiments.listing(session),
        *experiments.reading_archives(session, stored_objects),
        *experiments.checksum_mode(session, conditions_maker, stored_objects),
        *experiments.announcing(session),
    )
    steps += [step for step in doubtful if selected(step.name)]
    listed = session.book.get(ActionId.LIST)
    if media and listed is not None and listed.outcome is Outcome.DENIED and selected(listed.id):
        tags = session.conditions.wire.read("GetObjectTagging", "tagging", media.key)
        title = "The key may do more on objects than it needs"
        steps.append(
            Step(Experiment.GET_TAGGING, lambda: session.ask(Experiment.GET_TAGGING, tags, _tags, title=title))
        )
    return {step.name: step for step in steps}.values()


def _tags(answer: Answer) -> tuple[Outcome | None, Facts]:
    # a store that does not know ?tagging gives the file itself
    return (Outcome.WRONG if answer.status == 200 and root_name(answer.body) != "Tagging" else None), {}
