"""What the storage itself says about who may read: ACLs, the policy's status, who pays. A refusal here is no fault."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import quote

from s3probe.evidence.observations import Outcome
from s3probe.evidence.vocabulary import Experiment, Fact, FactName, Facts, facts_among
from s3probe.probe.exchange import Answer
from s3probe.probe.fetching import same_bytes
from s3probe.probe.schedule import Step
from s3probe.probe.session import Session, Stored, visitor_call
from s3probe.probe.xml import acl_grants, fields, root_name, tenant_of
from s3probe.settings.mastodon import object_url, public_url
from s3probe.settings.model import Settings


def why_not_public(session: Session, stored: Stored) -> Iterator[Step]:
    """What the object's ACL and the bucket's policy say, for keys that may read them."""
    wire = session.conditions.wire
    acl = wire.read("GetObjectAcl", "acl", stored.key)
    yield Step(Experiment.READ_ACL, lambda: session.ask(Experiment.READ_ACL, acl, judge_acl, title="The object's ACL"))
    yield Step(Experiment.PUBLIC_TENANT, lambda: _in_its_tenant(session, stored), (Experiment.READ_ACL,))
    yield from policy_status(session)
    if session.conditions.settings.web_domain:
        yield Step(Experiment.REFERER, lambda: _with_referer(session, stored))
    payer = wire.read("GetBucketRequestPayment", "requestPayment")
    yield Step(
        Experiment.REQUEST_PAYMENT,
        lambda: session.ask(Experiment.REQUEST_PAYMENT, payer, _judge_payer, title="Who pays for requests"),
    )


def policy_status(session: Session) -> Iterator[Step]:
    """Whether the bucket policy is public in S3's own eyes."""
    status = session.conditions.wire.read("GetBucketPolicyStatus", "policyStatus")
    yield Step(
        Experiment.POLICY_STATUS,
        lambda: session.ask(Experiment.POLICY_STATUS, status, _judge_policy_status, title="The policy's status"),
    )


def bucket_acl(session: Session) -> Step:
    acl = session.conditions.wire.read("GetBucketAcl", "acl")
    return Step(
        Experiment.BUCKET_ACL, lambda: session.ask(Experiment.BUCKET_ACL, acl, judge_acl, title="The bucket's ACL")
    )


def _in_its_tenant(session: Session, stored: Stored) -> None:
    """Where the bucket's owner lives in a tenant of Ceph's: strangers have to name it, keys have not."""
    settings = session.conditions.settings
    told = (session.book.get(name) for name in (Experiment.READ_ACL, Experiment.LIST_BUCKETS))
    tenant = next((row.facts[Fact.TENANT] for row in told if row is not None and Fact.TENANT in row.facts), "")
    if tenant:
        url = f"{settings.api_base}/{tenant}:{settings.bucket_name}/{quote(stored.key, safe='/~')}"
        same = same_bytes(stored.body)
        session.ask(Experiment.PUBLIC_TENANT, visitor_call(url), same, title=f"The picture at {url}")


def _with_referer(session: Session, stored: Stored) -> None:
    """As Mastodon's own page asks: hotlink protection lets nobody else in, and other servers send no Referer."""
    settings = session.conditions.settings
    page, same = page_of(settings), same_bytes(stored.body)
    published, direct = public_url(settings, stored.key), object_url(settings, stored.key)
    headers = (("Referer", page),)
    call = visitor_call(published, headers=headers)
    seen, _answer = session.ask(Experiment.REFERER, call, same, title=f"The picture on a page of {page}")
    if not seen.ok and published != direct:
        # a proxy with a fault of its own hides whom the storage lets in
        title = f"The picture at the storage itself, on a page of {page}"
        session.ask(Experiment.REFERER_ORIGIN, visitor_call(direct, headers=headers), same, title=title)


def page_of(settings: Settings) -> str:
    """The front page of the instance, which its browsers send as Referer."""
    return f"https://{settings.web_domain or 'mastodon.invalid'}/"


def _wrong_root(answer: Answer, root: str) -> Outcome | None:
    """A 200 to ``?something`` may be a listing, where the store does not know the question: the root element tells."""
    return Outcome.WRONG if answer.status == 200 and root_name(answer.body) != root else None


def judge_acl(answer: Answer) -> tuple[Outcome | None, Facts]:
    owned = tenant_of(answer.body)
    facts: Facts = {**grants(answer), Fact.TENANT: owned} if owned else grants(answer)
    return _wrong_root(answer, "AccessControlPolicy"), facts


def grants(answer: Answer) -> Facts:
    """Who is granted what in an ACL answer: ``all-users`` and ``authenticated-users`` with their permissions."""
    facts: dict[FactName, list[str]] = {}
    for grant in acl_grants(answer.body):
        for ending, name in (("/AllUsers", Fact.ALL_USERS), ("/AuthenticatedUsers", Fact.AUTHENTICATED_USERS)):
            if grant.grantee.endswith(ending):
                facts.setdefault(name, []).append(grant.permission)
    return {name: " ".join(permissions) for name, permissions in facts.items()}


def _judge_payer(answer: Answer) -> tuple[Outcome | None, Facts]:
    # the fields of an error may repeat the signature
    return _wrong_root(answer, "RequestPaymentConfiguration"), facts_among(
        fields(answer.body)
    ) if answer.status == 200 else {}


def _judge_policy_status(answer: Answer) -> tuple[Outcome | None, Facts]:
    text = answer.body.lower()
    return _wrong_root(answer, "PolicyStatus"), {
        Fact.IS_PUBLIC: "yes" if b"<ispublic>true" in text else "no" if b"<ispublic>false" in text else ""
    }
