"""What strangers must not see: listings, rights, archives. Each is asked for and must be refused."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from functools import partial
from urllib.parse import quote, urlsplit

from s3probe.evidence.addresses import listing_url, other_addresses, same_host_as_storage, with_query
from s3probe.evidence.observations import THOROUGH, Observation, Outcome
from s3probe.evidence.vocabulary import (
    UPLOADS_AFTER_ALL,
    ActionId,
    Experiment,
    Fact,
    Facts,
    Header,
    ObservationId,
    row_of,
)
from s3probe.knowledge.policies import MEDIA_FOLDERS, below
from s3probe.knowledge.recognition import has_own_hosts
from s3probe.knowledge.store import store_seen
from s3probe.probe.browser import origin_of
from s3probe.probe.classify import is_markup
from s3probe.probe.exchange import Answer
from s3probe.probe.fetching import is_inconclusive, judge_at_proxy, judge_refusal, must_not_open
from s3probe.probe.public_rights import bucket_acl, policy_status
from s3probe.probe.request_form import WireForm
from s3probe.probe.schedule import Step
from s3probe.probe.session import Session, Stored, visitor_call
from s3probe.probe.stored_objects import StoredObjects
from s3probe.probe.xml import error, root_name
from s3probe.records import replace
from s3probe.settings.keys import MEDIA
from s3probe.settings.mastodon import bucket_url, object_url, probe_key, public_url

LISTINGS = ("ListBucketResult", "ListVersionsResult", "ListMultipartUploadsResult")
NO_PROXY = "no proxy stands before the storage (S3_ALIAS_HOST)"
NEXT_INSTEAD = f"left out, as the form of the next release was tried instead; {THOROUGH} asks it too"
ONLY_THOROUGH = f"left out to keep the run small; {THOROUGH} asks it"
LONG_AGO = timedelta(hours=2)
"""A link of an hour that was signed then has expired."""


def listings_and_policy(session: Session) -> Iterator[Step]:
    """Listings in all their forms, and the bucket's policy. They need no object and change nothing."""
    settings = session.conditions.settings
    root = bucket_url(settings)
    yield Step(ActionId.PUBLIC_LIST, lambda: _list(session))
    versions = with_query(root, "versions&max-keys=1")
    yield Step(ActionId.PUBLIC_VERSIONS, lambda: _must_not_list(session, ActionId.PUBLIC_VERSIONS, versions))
    policy = with_query(root, "policy")
    yield Step(ActionId.PUBLIC_POLICY, lambda: session.ask(ActionId.PUBLIC_POLICY, visitor_call(policy), _judge_rights))
    if session.thorough:
        acl = with_query(root, "acl")
        title = "Nobody can read the bucket's ACL"
        yield Step(
            Experiment.PUBLIC_ACL,
            lambda: session.ask(Experiment.PUBLIC_ACL, visitor_call(acl), _judge_rights, title=title),
        )
        yield from _list_elsewhere(session)
    base = public_url(settings, "")
    one = same_host_as_storage(settings) or not urlsplit(base).hostname or base.rstrip("/") == root.rstrip("/")
    yield Step(ActionId.PUBLIC_UPLOADS, lambda: _list_uploads(session, one_address=one))
    if one:
        session.skip(ActionId.PUBLIC_LIST_ALIAS, "files are published under the storage's own address")
        return
    # Mastodon's dashboard asks ?max-keys=1 (app/lib/admin/system_check/media_privacy_check.rb)
    alias = with_query(base, "list-type=2&max-keys=1")
    yield Step(
        ActionId.PUBLIC_LIST_ALIAS,
        lambda: _must_not_list(session, ActionId.PUBLIC_LIST_ALIAS, alias),
        (ActionId.PUBLIC_GET,),
    )


def _list_elsewhere(session: Session) -> Iterator[Step]:
    """The same listing with the bucket in the path, or in the host name: whichever Mastodon does not use."""
    settings = session.conditions.settings
    other = Experiment.PUBLIC_VIRTUAL_HOST if settings.path_style else Experiment.PUBLIC_PATH_STYLE
    base = dict(other_addresses(settings, "")).get(other)
    if base is not None:
        url = with_query(base, "list-type=2&max-keys=1")
        title = "Nobody can list the bucket under its other address"
        yield Step(Experiment.PUBLIC_LIST, lambda: _must_not_list(session, Experiment.PUBLIC_LIST, url, title))


def _list_uploads(session: Session, *, one_address: bool) -> None:
    """Left out where a run has most to ask: it must not grow beyond what an examination may cost.

    Where Mastodon sends ACLs, hardly a policy says who may list; then a second address of the files takes its place.
    """
    by_acl = session.conditions.settings.acl is not None
    large = session.conditions.wire.form is WireForm.LEGACY or (by_acl and not one_address)
    if large and not session.thorough:
        session.skip(ActionId.PUBLIC_UPLOADS, ONLY_THOROUGH)
    else:
        _uploads_must_not_be_listed(session)


def _uploads_must_not_be_listed(session: Session) -> None:
    url = with_query(bucket_url(session.conditions.settings), "uploads&max-uploads=1")
    _must_not_list(session, ActionId.PUBLIC_UPLOADS, url)


def _list(session: Session) -> None:
    """The first request of the run has asked this already, unless something was fixed since."""
    _list_all(session)
    seen = session.book.get(ActionId.PUBLIC_LIST)
    worth_it = session.thorough or not has_own_hosts(session.conditions.settings.api_base)
    if seen is not None and seen.ok and worth_it:
        _list_folder(session, seen)


def _list_folder(session: Session, closed: Observation) -> None:
    """One folder of it: a policy may open a listing for a prefix alone, and for exactly that text.

    ``mc anonymous set download ALIAS/BUCKET/FOLDER`` does so. What is open then stands in place of what was closed.
    """
    settings = session.conditions.settings
    folder = probe_key(settings, MEDIA, "", "").partition("/s3probe/")[0].rpartition("/")[0]
    base = below(settings.key_prefix)
    others = [name for name in (*MEDIA_FOLDERS, "backups") if session.thorough and f"{base}{name}" != folder]
    for experiment, text in (
        (Experiment.PUBLIC_LIST_FOLDER_NAME, folder),
        (Experiment.PUBLIC_LIST_FOLDER, f"{folder}/"),
        *((Experiment.PUBLIC_LIST_FOLDER, f"{base}{name}{end}") for name in others for end in ("", "/")),
    ):
        url = with_query(listing_url(settings), f"prefix={quote(text, safe='')}")
        title = f"A visitor cannot list {text}"
        seen = _must_not_list(session, experiment, url, title)
        if seen.facts.get(Fact.LISTING):
            session.book.add(replace(seen, id=closed.id, title=closed.title))
            return


def _list_all(session: Session) -> None:
    url = listing_url(session.conditions.settings)
    first = session.book.get(ActionId.REACH_ENDPOINT)
    if first is None or first.url != url or first.http_status is None:
        _must_not_list(session, ActionId.PUBLIC_LIST, url)
        return
    is_open = first.facts.get(Fact.ROOT) in LISTINGS
    facts: Facts = {**first.facts, Fact.LISTING: "open"} if is_open else first.facts
    outcome = Outcome.OK
    if is_open:
        outcome = Outcome.WRONG
    elif is_inconclusive(first.http_status):
        outcome = Outcome.THROTTLED if first.http_status == 429 else Outcome.UNKNOWN
    row = replace(
        first, id=ActionId.PUBLIC_LIST, title=row_of(ActionId.PUBLIC_LIST).title, outcome=outcome, facts=facts
    )
    session.book.add(row)


def _must_not_list(session: Session, action_id: ObservationId, url: str, title: str | None = None) -> Observation:
    def judge(answer: Answer) -> tuple[Outcome | None, Facts]:
        if root_name(answer.body) in LISTINGS or b"<ListBucketResult" in answer.body[:4096]:
            return Outcome.WRONG, {Fact.LISTING: "open"}
        if _lists_names(answer, session.conditions.settings.key_prefix):
            return Outcome.WRONG, {Fact.LISTING: "names"}
        if _links_to_folders(answer, session.conditions.settings.key_prefix):
            return Outcome.WRONG, {Fact.LISTING: "page"}
        return judge_refusal(answer)

    return judge_at_proxy(session, session.ask(action_id, visitor_call(url), judge, title=title)[0])


def _lists_names(answer: Answer, prefix: str) -> bool:
    """Whether this is a container as Swift lists it to visitors: one name a line, in plain text."""
    kind = answer.headers.get(Header.CONTENT_TYPE, "").split(";")[0].strip().lower()
    if answer.status != 200 or kind != "text/plain":
        return False
    beginnings = tuple(f"{below(prefix)}{folder}/".encode() for folder in (*MEDIA_FOLDERS, "backups"))
    return any(line.startswith(beginnings) for line in answer.body.splitlines())


def _links_to_folders(answer: Answer, prefix: str) -> bool:
    """Whether this is a web server's page of a folder (nginx: autoindex, SeaweedFS: the filer), that of our files."""
    if answer.status != 200 or not is_markup(answer):
        return False
    first = f"{below(prefix)}{MEDIA}".partition("/")[0]
    return re.search(rf'href="(?:[^"]*/)?{re.escape(first)}/?"', answer.body.decode("utf-8", "replace")) is not None


def _judge_rights(answer: Answer) -> tuple[Outcome | None, Facts]:
    """Judges whether a stranger was shown a policy or an ACL."""
    policy = answer.body.lstrip().startswith(b"{") and b'"Statement"' in answer.body
    if answer.status == 200 and (policy or root_name(answer.body) == "AccessControlPolicy"):
        return Outcome.WRONG, {Fact.RIGHTS: "open"}
    return judge_refusal(answer)


def who_opened_the_list(session: Session) -> Iterator[Step]:
    """An open listing: a bucket ACL opens versions and uploads too, a policy's s3:ListBucket does not."""
    asked = session.book.get(ActionId.PUBLIC_UPLOADS)
    if asked is None or not asked.ran:
        yield Step(UPLOADS_AFTER_ALL, lambda: _uploads_must_not_be_listed(session))
    yield bucket_acl(session)
    yield from policy_status(session)


def opened_everywhere(session: Session) -> Iterator[Step]:
    """What is open to strangers here: is it open in a bucket that nobody has as well? Then a right names no bucket.

    Asked of stores that know an identity for everyone (SeaweedFS): without such a right they refuse, whatever is there.
    """
    if "everywhere" not in store_seen(session.conditions.settings, session.book.rows()).commands:
        return
    listed = session.book.get(ActionId.PUBLIC_LIST)
    query = "?list-type=2&max-keys=1" if listed is not None and listed.failed else "/s3probe"
    url = f"{session.conditions.settings.api_base}/s3probe-{session.run_id}{query}"
    title = "A visitor is refused in buckets that nobody has opened"
    yield Step(
        Experiment.PUBLIC_ELSEWHERE,
        lambda: session.ask(Experiment.PUBLIC_ELSEWHERE, visitor_call(url), judge_refusal, title=title),
    )


def object_acl(session: Session, stored: Stored) -> Step:
    """The ACL of a picture, asked at the storage."""
    url = with_query(object_url(session.conditions.settings, stored.key), "acl")
    return Step(ActionId.PUBLIC_ACL, lambda: session.ask(ActionId.PUBLIC_ACL, visitor_call(url), _judge_rights))


def archive(session: Session, stored_objects: StoredObjects) -> Iterator[Step]:
    """The archive by its plain URL, at the public host and at the bucket itself, and by a link that has expired."""
    stored = stored_objects.get("archive")
    if stored is None:
        for action_id in (ActionId.ARCHIVE_PUBLIC_GET, ActionId.ARCHIVE_ORIGIN_GET, ActionId.PRESIGNED_EXPIRED):
            session.skip(action_id, "no archive could be uploaded to try it on")
        return
    settings = session.conditions.settings
    public, direct = public_url(settings, stored.key), object_url(settings, stored.key)
    if same_host_as_storage(settings) or public == direct:
        yield Step(
            ActionId.ARCHIVE_PUBLIC_GET, lambda: must_not_open(session, ActionId.ARCHIVE_PUBLIC_GET, public, stored)
        )
        session.skip(ActionId.ARCHIVE_ORIGIN_GET, "files are published under the storage's own address")
    else:
        yield Step(ActionId.ARCHIVE_PUBLIC_GET, lambda: _archive_at_both(session, public, direct, stored))
    if session.conditions.wire.form is WireForm.LEGACY and not session.thorough:
        # such a run also tries the next release's form: it must not grow beyond what an examination may cost
        session.skip(ActionId.PRESIGNED_EXPIRED, NEXT_INSTEAD)
    else:
        yield Step(ActionId.PRESIGNED_EXPIRED, lambda: _expired(session, stored))


def _archive_at_both(session: Session, public: str, direct: str, stored: Stored) -> None:
    """At the public host, and at the storage itself unless its own refusal has come through."""
    seen = must_not_open(session, ActionId.ARCHIVE_PUBLIC_GET, public, stored)
    if seen.ok and seen.error_code == "AccessDenied":
        session.skip(ActionId.ARCHIVE_ORIGIN_GET, "the storage's own refusal came through the public host")
    else:
        must_not_open(session, ActionId.ARCHIVE_ORIGIN_GET, direct, stored)


def _expired(session: Session, stored: Stored) -> None:
    valid = session.conditions.wire.presigned_get(stored.key, 3600, ago=LONG_AGO)

    def judge(answer: Answer) -> tuple[Outcome | None, Facts]:
        is_open = answer.status == 200 and answer.body == stored.body
        return (Outcome.WRONG, {Fact.OPEN: "yes"}) if is_open else judge_refusal(answer)

    session.ask(ActionId.PRESIGNED_EXPIRED, valid, judge)


def through_the_proxy(session: Session, stored: Stored) -> None:
    """Asks whether the proxy passes a query and an Authorization header on: S3 then answers something else.

    ``stored`` must be a file nobody has asked for: a cache would answer in S3's place.
    """
    settings = session.conditions.settings
    url = with_query(public_url(settings, stored.key), "acl")
    judge = partial(_judge_query, body=stored.body)
    origin = ("Origin", origin_of(settings))
    call = visitor_call(url, headers=(("Authorization", "Bearer s3probe"), origin))
    seen, _answer = session.ask(ActionId.PUBLIC_QUERY, call, judge)
    seen = judge_at_proxy(session, seen)
    if seen.facts.get(Fact.AUTHORIZATION):
        # the header is refused before the query is looked at
        title = "The public host passes no query on to the storage"
        session.ask(Experiment.PUBLIC_QUERY, visitor_call(url), judge, title=title)


def _judge_query(answer: Answer, body: bytes) -> tuple[Outcome | None, Facts]:
    if answer.status in (200, 206) and answer.body == body:
        return Outcome.OK, {Fact.SHOWN: "yes"}
    if root_name(answer.body) == "AccessControlPolicy":
        return Outcome.WRONG, {Fact.QUERY: "passed", Fact.RIGHTS: "open"}
    said = error(answer.body)
    if said is None:
        return judge_refusal(answer)
    # AWS: 400 InvalidArgument "Unsupported Authorization Type"; others name the header in the same way
    about = f"{said.code} {said.message} {said.argument_name}".lower()
    if "authorization" in about and said.code != "AccessDenied":
        return Outcome.OK, {Fact.AUTHORIZATION: "passed"}
    return Outcome.OK, {Fact.QUERY: "passed"}


def ask_before_upload(session: Session, key: str) -> None:
    """The public URL of a file before it is there. A cache that keeps this answer will serve it afterwards."""
    url = public_url(session.conditions.settings, key)

    judge_at_proxy(session, session.ask(ActionId.PUBLIC_MISSING, visitor_call(url), judge_refusal)[0])
