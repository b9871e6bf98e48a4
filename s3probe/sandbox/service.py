"""S3 itself: who asks, for which bucket, whether they may, and the answer.

The order of the checks is AWS's as far as it shows: address and region before the signature, the signature
before the bucket's existence, rights before ACL rules.
"""

from __future__ import annotations

import re
import secrets
import traceback
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

from s3probe.records import dataclass, replace
from s3probe.sandbox import buckets, cors, multipart, objects, rights
from s3probe.sandbox.account import account_info
from s3probe.sandbox.acls import denial
from s3probe.sandbox.address import RequestTarget, amazon_host, locate
from s3probe.sandbox.authorise import judge
from s3probe.sandbox.forms import is_form, refused
from s3probe.sandbox.messages import TEXTS, Reply, Request, S3Error, document, element
from s3probe.sandbox.operations import Operation, identify
from s3probe.sandbox.payload import decoded_body
from s3probe.sandbox.personality import BucketsShown, RegionCheck
from s3probe.sandbox.regions import partition
from s3probe.sandbox.sigv4 import Claim, check_age, check_signature, check_time, read_claim, wrong_region
from s3probe.sandbox.state import Context, LoggedRequest, State
from s3probe.sandbox.world import Bucket, KeyStatus, User

_HANDLERS = {
    **objects.HANDLERS, **multipart.HANDLERS, **buckets.HANDLERS, "DeleteObjects": rights.delete_objects,
}  # fmt: skip

_NOBODY = "Forbidden: Garage does not support anonymous access yet"
"""Garage's API, to every request without a signature."""
_NAMED = ("AWSAccessKeyId", "BucketName")
"""What an error is about, for words that name it."""
_BUCKET_NAME = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")


@dataclass(slots=True)
class _Trace:
    """What the log will say, as far as it is known when an error ends the request."""

    operation: str = ""
    key_id: str = ""
    bucket: Bucket | None = None
    writes_bucket: bool = False


def serve(state: State, request: Request, *, for_visitors: bool = False) -> Reply:
    """Answers one request and logs it. Never raises: a failure of the sandbox itself is kept in ``state.bugs``.

    ``for_visitors``: it came by the host at which the provider serves visitors.
    """
    trace = _Trace()
    amazon = amazon_host(request.hostname)
    home = state.amazon(amazon[2]) if amazon else state
    try:
        reply = _answer(home, request, trace, for_visitors=for_visitors)
        code = ""
    except S3Error as error:
        worded = _with_wording(home, error)
        reply = _error_reply(home, worded, request)
        code = worded.code
    except Exception:
        state.bugs.append(traceback.format_exc())
        code = "InternalError"
        reply = _error_reply(home, S3Error(code, "We encountered an internal error. Please try again.", 500), request)
    if trace.bucket is not None and request.method != "OPTIONS":
        reply = reply.with_headers(*cors.simple(trace.bucket, request))
    reply = _finish(home, request, reply)
    seen = LoggedRequest(request.method, request.host, request.path, request.query, trace.operation, reply.status, code,
                trace.key_id, dict(request.headers))  # fmt: skip
    with state.lock:
        state.requests.append(seen)
        if trace.writes_bucket:
            state.violations.append(seen)
    return reply


def refused_unread(state: State, request: Request) -> Reply | None:
    """The answer to a stranger's upload that is announced, where rights are looked at first; ``None``: it may come."""
    place = locate(state.world, request.hostname, request.path)
    bucket = state.buckets.get(place.bucket) if place is not None else None
    if not state.world.personality.refuses_unread or read_claim(request) or place is None or request.method != "PUT":
        return None
    context = Context(state, request, Operation("PutObject"), bucket or Bucket(place.bucket), place.key, None)
    return None if rights.may(context, "s3:PutObject") else serve(state, request)


def _answer(state: State, request: Request, trace: _Trace, *, for_visitors: bool = False) -> Reply:
    if "transfer-encoding" in request.headers:
        # S3 wants to know a body's length beforehand
        raise S3Error("NotImplemented", details=(("Header", "Transfer-Encoding"),))
    personality = state.world.personality
    place = locate(state.world, request.hostname, request.path)
    if place is None:
        raise S3Error("NoSuchBucket", details=(("BucketName", request.hostname),))
    if is_form(request):
        trace.operation = "PostObject"
        raise refused(state, request)
    place = _named_by_visitors(state, place, signed=read_claim(request) is not None or for_visitors)
    unknown = personality.unknown_questions if not place.key else ()
    asked = {name: value for name, value in request.parameters.items() if name not in unknown}
    operation = identify(request.method, place.bucket, place.key, asked, request.headers)
    trace.operation, trace.writes_bucket = operation.name, operation.writes_bucket
    bucket = state.buckets.get(place.bucket)
    trace.bucket = bucket
    claim = read_claim(request)
    trace.key_id = claim.access_key if claim else ""
    if claim is None and personality.web_port and operation.name != "OPTIONS":
        raise S3Error("AccessDenied", _NOBODY)
    _check_form(state, operation, place, signed=claim is not None or for_visitors)
    _check_place(place, bucket, claim)
    user = _authenticate(state, request, claim, place, bucket) if claim else None
    if user is not None and request.path == personality.account_info:
        trace.operation = "AccountInfo"
        return account_info(user)
    body, checksums = decoded_body(request, signed=claim is not None and claim.form != "v2")
    if operation.name == "ListBuckets":
        return _list_buckets(state, request, user)
    if (
        bucket is None
        and (place.kind != "custom" or personality.path_only)
        and not _BUCKET_NAME.fullmatch(place.bucket)
    ):
        raise S3Error("InvalidBucketName", details=(("BucketName", place.bucket),))
    if operation.name == "CreateBucket":
        return _create_bucket(state, request, user, place, claim)
    operation = replace(operation, actions=personality.rights.get(operation.name, operation.actions))
    if bucket is None:
        if personality.hides_absent_buckets:
            _refuse(state, request, operation, place, user)
            absent = Context(state, request, operation, Bucket(place.bucket), place.key, user, body, checksums)
            rights.authorise(absent)
            by_key = operation.name == "DeleteObjects" and not personality.batch_finds_bucket
            if by_key and not rights.may(absent, "s3:DeleteObject"):
                return rights.delete_objects(absent)
        raise S3Error("NoSuchBucket", details=(("BucketName", place.bucket),))
    if operation.name == "OPTIONS":
        return cors.preflight(bucket, request)
    _refuse(state, request, operation, place, user)
    context = Context(state, request, operation, bucket, place.key, user, body, checksums)
    rights.authorise(context)
    _refuse(state, request, operation, place, user, authorised=True)
    if bucket.object_lock:
        context = replace(context, sees_retention=rights.may(context, "s3:GetObjectRetention"))
    handler = _HANDLERS.get(operation.name)
    if handler is None:
        raise S3Error("MethodNotAllowed", details=(("Method", request.method), ("ResourceType", "BUCKET")))
    with state.lock:
        return handler(context)


def _named_by_visitors(state: State, place: RequestTarget, *, signed: bool) -> RequestTarget:
    """The bucket that is meant: where users live in tenants, visitors name the tenant and keys do not."""
    tenant = state.world.personality.tenant
    if not tenant or signed:
        return place
    own, _, name = place.bucket.rpartition(":")
    return replace(place, bucket=name if own == tenant else f"{place.bucket}:")


def _check_form(state: State, operation: Operation, place: RequestTarget, *, signed: bool) -> None:
    """What this provider's API host does not take, whoever asks."""
    personality = state.world.personality
    text = personality.path_style if place.kind == "custom" and place.bucket and not place.virtual else None
    if text is None and not signed and operation.name != "OPTIONS":
        text = personality.signed_only
    if text is not None:
        raise S3Error(text.code, text.message, text.status)


def _check_place(place: RequestTarget, bucket: Bucket | None, claim: Claim | None) -> None:
    """Redirects of AWS: the bucket lies in another region than the host serves."""
    if bucket is None or place.kind == "custom" or bucket.region == (place.region or "us-east-1"):
        return
    if place.kind == "global":
        if bucket.fresh and place.virtual:
            where = f"{bucket.name}.s3-{bucket.region}.amazonaws.com"
            raise S3Error("TemporaryRedirect", details=(("Endpoint", where), ("Bucket", bucket.name)), headers=(
                ("Location", f"https://{where}/{place.key}"), ("x-amz-bucket-region", bucket.region)))  # fmt: skip
        # The DNS of bucket.s3.amazonaws.com already leads to the bucket's region, so only the signature can be wrong.
        if claim is not None or place.virtual:
            return
    elif claim is not None and claim.form != "v2" and claim.region != place.region:
        raise wrong_region(claim, place.region or "us-east-1")
    host = f"s3.{bucket.region}.amazonaws.com{'.cn' if partition(bucket.region) == 'aws-cn' else ''}"
    endpoint = f"{bucket.name}.{host}" if place.virtual else host
    raise S3Error("PermanentRedirect", details=(("Endpoint", endpoint), ("Bucket", bucket.name)), headers=(
        ("x-amz-bucket-region", bucket.region),))  # fmt: skip


def _authenticate(state: State, request: Request, claim: Claim, place: RequestTarget, bucket: Bucket | None) -> User:
    world = state.world
    if claim.form == "v2" and not world.personality.signature_v2:
        raise S3Error("InvalidRequest", "The authorization mechanism you have provided is not supported. Please use "
                      "AWS4-HMAC-SHA256.")  # fmt: skip
    user = world.user(claim.access_key)
    unknown = S3Error("InvalidAccessKeyId", details=(("AWSAccessKeyId", claim.access_key),))
    if user is None or user.status is KeyStatus.INACTIVE or (user.token is not None and claim.token is None):
        raise unknown
    if claim.token != user.token:
        raise S3Error("InvalidToken", details=(("Token-0", claim.token or ""),))
    if claim.form == "v2":
        return user
    _check_region(state, claim, place, bucket)
    (check_age if world.personality.lets_clocks_differ else check_time)(claim, server_time(state))
    check_signature(claim, user.secret, request)
    if user.status is KeyStatus.SUSPENDED:
        raise S3Error("AccountProblem")
    return user


def _check_region(state: State, claim: Claim, place: RequestTarget, bucket: Bucket | None) -> None:
    expected = place.region
    if place.kind == "global":
        expected = bucket.region if bucket else "us-east-1"
    elif expected is None and bucket is not None:
        expected = bucket.region
    if expected is None or claim.region == expected:
        return
    check = RegionCheck.MALFORMED if place.kind != "custom" else state.world.personality.region_check
    if check is RegionCheck.MALFORMED:
        raise wrong_region(claim, expected, "'" if place.kind != "custom" else state.world.personality.quotes)
    if check is RegionCheck.SIGNATURE:
        raise S3Error("SignatureDoesNotMatch", details=(("AWSAccessKeyId", claim.access_key),))


def _refuse(
    state: State,
    request: Request,
    operation: Operation,
    place: RequestTarget,
    user: User | None,
    *,
    authorised: bool = False,
) -> None:
    """The personality's own refusals."""
    for refusal in (one for one in state.world.personality.refusals if one.authorised is authorised):
        value = refusal.offends(operation.name, request.headers, request.parameters, place.key, user is None)
        if value is None:
            continue
        with state.lock:
            state.counts[refusal.error] += 1
            due = state.counts[refusal.error] % refusal.every == 0
        if due:
            error = refusal.error
            raise S3Error(error.code, error.message.replace("{value}", value), error.status)


def _list_buckets(state: State, request: Request, user: User | None) -> Reply:
    personality = state.world.personality
    shown = personality.buckets_shown if user is not None else BucketsShown.BY_RIGHT
    if user is not None and shown in (BucketsShown.LISTABLE, BucketsShown.LISTABLE_OR_REFUSED):
        keys = rights.condition_keys(state, request, user)
        wholes = ("", "/") if personality.objects_cover_bucket else ("",)

        def lists(bucket: Bucket) -> bool:
            arns = (f"arn:aws:s3:::{bucket.name}{end}" for end in wholes)
            return any(judge(state.world, bucket, user, "s3:ListBucket", arn, keys).allowed for arn in arns)

        own = [bucket for bucket in state.buckets.values() if lists(bucket)]
        if own or shown is BucketsShown.LISTABLE:
            return buckets.list_buckets(own, user)
    if shown is not BucketsShown.OF_ACCOUNT:
        _require_account(state, request, user, "s3:ListAllMyBuckets", "arn:aws:s3:::*")
    assert user is not None
    return buckets.list_buckets(
        [b for b in state.buckets.values() if b.account == user.account], user, personality.tenant
    )


def _create_bucket(
    state: State, request: Request, user: User | None, place: RequestTarget, claim: Claim | None
) -> Reply:
    _require_account(state, request, user, "s3:CreateBucket", f"arn:aws:s3:::{place.bucket}")
    assert user is not None
    region = place.region or (claim.region if claim else "us-east-1")
    with state.lock:
        return buckets.create_bucket(state, place.bucket, user, region)


def _require_account(state: State, request: Request, user: User | None, action: str, arn: str) -> None:
    keys = rights.condition_keys(state, request, user)
    verdict = judge(state.world, None, user, action, arn, keys)
    if not verdict.allowed:
        raise S3Error("AccessDenied", denial(state.world, None, user, action, arn, verdict.why))


def _with_wording(state: State, error: S3Error) -> S3Error:
    personality = state.world.personality
    spoilt = error.code == "SignatureDoesNotMatch"
    special = error.code in TEXTS and error.text != TEXTS[error.code][1]
    text = personality.wording.get(error.text if special else error.code)
    if text is not None:
        value = next((value for name, value in error.details if name in _NAMED), "")
        message = (text.message or error.text).strip().replace("{value}", value)
        error = S3Error(text.code, message, text.status, error.details, error.headers)
    message = error.text if personality.every_message is None else personality.every_message
    shown = personality.details and (personality.shows_what_is_signed or not spoilt)
    details = error.details if shown else ()
    return S3Error(error.code, message, error.http_status, details, error.headers)


def _error_reply(state: State, error: S3Error, request: Request) -> Reply:
    if not state.world.personality.request_ids:
        return _without_ids(state, error, request)
    request_id, host_id = _ids(state)
    body = error.to_xml(request_id, host_id if state.world.personality.amazon_ids else "")
    headers = (("Content-Type", "application/xml"), ("x-amz-request-id", request_id), ("x-amz-id-2", host_id))
    return Reply(error.http_status, (*headers, *error.headers), b"" if error.http_status == 304 else body)


def _without_ids(state: State, error: S3Error, request: Request) -> Reply:
    """As Garage words it: the same elements in every error, and open to every origin."""
    region = next((endpoint.region for endpoint in state.world.endpoints), "")
    fields = (("Code", error.code), ("Message", error.text), ("Resource", request.decoded_path), ("Region", region))
    body = document("Error", "".join(element(*field) for field in fields), namespace=False)
    headers = (("Content-Type", "application/xml"), ("Access-Control-Allow-Origin", "*"), *error.headers)
    return Reply(error.http_status, headers, b"" if error.http_status == 304 else body)


def _ids(state: State) -> tuple[str, str]:
    hashed = state.world.personality.hashed_host_ids
    return secrets.token_hex(8).upper(), secrets.token_hex(32) if hashed else secrets.token_urlsafe(57)


def server_time(state: State) -> datetime:
    """The server's clock."""
    return datetime.now(UTC) + timedelta(seconds=state.world.clock_offset)


def date(state: State) -> tuple[str, str]:
    """The Date header by the server's clock."""
    return "Date", format_datetime(server_time(state), usegmt=True)


def _finish(state: State, request: Request, reply: Reply) -> Reply:
    """The headers every answer of the provider carries. What a HEAD is refused with is not described."""
    personality = state.world.personality
    dropped = set() if personality.amazon_ids else {"x-amz-id-2"}
    if not personality.bucket_region:
        dropped.add("x-amz-bucket-region")
    headers = [(n, v) for n, v in reply.headers if n.lower() not in dropped]
    if personality.request_ids and "x-amz-request-id" not in {n.lower() for n, _ in headers}:
        request_id, host_id = _ids(state)
        headers += [("x-amz-request-id", request_id)] + ([("x-amz-id-2", host_id)] if personality.amazon_ids else [])
    headers += [("Server", personality.server)] * (personality.server != "none") + [date(state)]
    return replace(reply, headers=tuple(headers), body=b"" if request.method == "HEAD" else reply.body)
