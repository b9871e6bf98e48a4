"""The ACL ladder: one upload per canned ACL, so that the refusals tell their causes apart."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlsplit

from s3probe.evidence.observations import Outcome
from s3probe.evidence.vocabulary import ACL_EXPERIMENTS, ActionId, Experiment, Facts, facts_among
from s3probe.probe.exchange import Answer
from s3probe.probe.fetching import fetch
from s3probe.probe.foundation import Foundation
from s3probe.probe.own_files import LADDER
from s3probe.probe.privilege import bucket_policy
from s3probe.probe.schedule import Step
from s3probe.probe.session import Session, Stored
from s3probe.probe.suspension import intact
from s3probe.probe.visitor import Visitor
from s3probe.probe.xml import fields, root_name
from s3probe.settings.mastodon import object_url, public_url


def needed(session: Session, found: Foundation) -> bool:
    """Whether the plain upload passed and the one with Mastodon's ACL was refused.

    One that failed on the way, or for the server's own trouble, says nothing about ACLs.
    """
    if session.conditions.settings.acl is None or found.without_acl is None or found.with_acl is not None:
        return False
    seen = session.book.get(ActionId.PUT_WITH_ACL)
    return not (seen is not None and seen.ran and seen.inconclusive)


def ladder(session: Session, found: Foundation) -> Iterator[Step]:
    """The uploads, the ACL change on an object that is there, and a visitor's look at it."""
    for acl in ACL_EXPERIMENTS:
        if acl != session.conditions.settings.acl:
            yield Step(ACL_EXPERIMENTS[acl], lambda acl=acl: _put(session, acl))  # type: ignore[misc]  # mypy cannot type a lambda's default
    if found.without_acl is not None:
        stored = found.without_acl
        yield Step(Experiment.PUBLIC_WITHOUT_ACL, lambda: _is_it_shown(session, stored))
        seen_before = (Experiment.PUBLIC_WITHOUT_ACL,)
        yield Step(Experiment.PUT_ACL_PRIVATE, lambda: _change(session, stored), seen_before)
    yield bucket_policy(session)
    yield from what_the_bucket_says(session)


def _put(session: Session, acl: str) -> None:
    session.put(ACL_EXPERIMENTS[acl], LADDER[acl], title=f"A file can be uploaded with the ACL {acl}")


def _change(session: Session, stored: Stored) -> None:
    """The ACL of a file that is there, and whether the file is still what it was."""
    wire, title = session.conditions.wire, "The ACL of a file can be set to private"
    seen, _ = session.ask(Experiment.PUT_ACL_PRIVATE, wire.put_acl(stored.key, "private"), title=title)
    if seen.ok:
        title = "A file is intact after its ACL was changed"
        session.ask(Experiment.ACL_READ_BACK, wire.head(stored.key), intact(stored), title=title)


def _is_it_shown(session: Session, stored: Stored) -> None:
    """Straight from the storage as well, where a proxy before it has a fault of its own."""
    settings, title = session.conditions.settings, "A visitor can see a picture without an ACL"
    published, direct = public_url(settings, stored.key), object_url(settings, stored.key)
    for url in dict.fromkeys((published, direct)):
        if urlsplit(url).hostname and fetch(session, Experiment.PUBLIC_WITHOUT_ACL, url, stored, title).ok:
            return


def what_the_bucket_says(session: Session) -> Iterator[Step]:
    """Settings of the bucket, for keys that may read them. A refusal here is no fault."""
    wire = session.conditions.wire
    for action_id, operation, query, title in (
        (
            Experiment.READ_PUBLIC_ACCESS_BLOCK,
            "GetPublicAccessBlock",
            "publicAccessBlock",
            "Block Public Access can be read",
        ),
        (Experiment.READ_OWNERSHIP, "GetBucketOwnershipControls", "ownershipControls", "Object Ownership can be read"),
    ):
        call = wire.read(operation, query)
        yield Step(action_id, lambda a=action_id, c=call, t=title: session.ask(a, c, _settings, title=t))  # type: ignore[misc]


def _settings(answer: Answer) -> tuple[Outcome | None, Facts]:
    # Ceph 16 writes BlockPublicAccessBlockConfiguration
    is_setting = (root_name(answer.body) or "").endswith(("PublicAccessBlockConfiguration", "OwnershipControls"))
    if not is_setting:
        # the fields of an error may repeat the signature
        return (Outcome.WRONG if answer.status == 200 else None), {}
    return None, facts_among(fields(answer.body))


def would_an_acl_help(session: Session, visitor: Visitor) -> Iterator[Step]:
    """Where visitors cannot see an object without a public ACL: uploads one with it and looks whether it opens."""
    if (
        session.conditions.settings.acl not in (None, "private")
        or session.book.get(Experiment.ACL_PUBLIC_READ) is not None
    ):
        return

    def attempt() -> None:
        title = "A file can be uploaded with ACL public-read"
        _seen, stored = session.put(Experiment.ACL_PUBLIC_READ, LADDER["public-read"], title=title)
        if stored is not None:
            title = "A visitor can see a picture with ACL public-read"
            visitor.fetch(
                Experiment.PUBLIC_WITH_ACL, public_url(session.conditions.settings, stored.key), stored, title
            )

    yield Step(Experiment.PUBLIC_WITH_ACL, attempt)
