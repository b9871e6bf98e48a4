"""CORS as S3 evaluates it. Source: S3 User Guide, "Using cross-origin resource sharing"."""

from __future__ import annotations

from s3probe.sandbox.messages import Reply, Request, S3Error
from s3probe.sandbox.statements import glob_match
from s3probe.sandbox.world import Bucket, CorsRule

Headers = tuple[tuple[str, str], ...]


def _matching(bucket: Bucket, origin: str, method: str, wanted: tuple[str, ...] = ()) -> CorsRule | None:
    for rule in bucket.cors:
        origin_fits = any(glob_match(o, origin) for o in rule.origins)
        headers_fit = all(any(glob_match(h, name, fold=True) for h in rule.headers) for name in wanted)
        if origin_fits and method in rule.methods and headers_fit:
            return rule
    return None


def _headers(rule: CorsRule, origin: str, wanted: tuple[str, ...] = ()) -> Headers:
    star = "*" in rule.origins
    found = [("Access-Control-Allow-Origin", "*" if star else origin)]
    found.append(("Access-Control-Allow-Methods", ", ".join(rule.methods)))
    if wanted:
        found.append(("Access-Control-Allow-Headers", ", ".join(wanted)))
    if rule.expose:
        found.append(("Access-Control-Expose-Headers", ", ".join(rule.expose)))
    if rule.max_age is not None:
        found.append(("Access-Control-Max-Age", str(rule.max_age)))
    if not star:
        found.append(("Access-Control-Allow-Credentials", "true"))
    found.append(("Vary", "Origin, Access-Control-Request-Headers, Access-Control-Request-Method"))
    return tuple(found)


def simple(bucket: Bucket, request: Request) -> Headers:
    """Headers to add to an answer; none without an Origin or a matching rule."""
    origin = request.headers.get("origin")
    rule = _matching(bucket, origin, request.method) if origin else None
    return _headers(rule, origin) if rule and origin else ()


def preflight(bucket: Bucket, request: Request) -> Reply:
    """The answer to OPTIONS. Raises S3Error when no rule matches."""
    origin = request.headers.get("origin")
    method = request.headers.get("access-control-request-method")
    if not origin:
        raise S3Error("BadRequest", "Insufficient information. Origin request header needed.", 400)
    if not method:
        raise S3Error("BadRequest", "Invalid Access-Control-Request-Method: null", 400)
    details = (("Method", method), ("ResourceType", "OBJECT"))
    if not bucket.cors:
        raise S3Error("AccessForbidden", "CORSResponse: CORS is not enabled for this bucket.", 403, details)
    names = request.headers.get("access-control-request-headers", "")
    wanted = tuple(name.strip().lower() for name in names.split(",") if name.strip())
    rule = _matching(bucket, origin, method, wanted)
    if rule is None:
        why = (
            "CORSResponse: This CORS request is not allowed. This is usually because the evalution of Origin, request "
            "method / Access-Control-Request-Method or Access-Control-Request-Headers are not whitelisted by the "
            "resource's CORS spec."
        )
        raise S3Error("AccessForbidden", why, 403, details)
    return Reply(200, _headers(rule, origin, wanted))
