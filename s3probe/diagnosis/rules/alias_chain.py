"""The picture is not at the alias host: which link of the chain to the storage breaks, and the line that fixes it."""

from __future__ import annotations

from s3probe.diagnosis import bucket_switches, fixes
from s3probe.diagnosis.case import Case
from s3probe.diagnosis.model import BucketPolicy, Certainty, Finding, Manual
from s3probe.diagnosis.rules.before_the_storage import at_proxy, front_of
from s3probe.diagnosis.rules.invisible import invisible, working_addresses
from s3probe.diagnosis.rules.turned_away import redirect_loop, turned_away
from s3probe.evidence.caches import cache_hit
from s3probe.evidence.observations import Observation
from s3probe.evidence.vocabulary import Experiment, Fact, Header
from s3probe.knowledge.front import Stands
from s3probe.knowledge.policies import MEDIA_FOLDERS, objects_arn
from s3probe.settings.model import Settings
from s3probe.settings.partitions import partition


def broken_link(case: Case, seen: Observation, how: str) -> Finding | None:
    """Finds what breaks between the alias host and the storage."""
    if seen.http_status == 200:  # something is served there: other rules say what it is
        return _other_path(case, seen, how)
    looks = (
        _other_path,
        _wrong_bucket,
        _other_region,
        _signs_wrongly,
        redirect_loop,
        turned_away,
        _kept_error,
        _closed_origin,
    )
    return next((found for look in looks if (found := look(case, seen, how)) is not None), None)


def _other_path(case: Case, _seen: Observation, how: str) -> Finding | None:
    """With the bucket in the path, or without it, the picture is there."""
    settings, addresses = case.settings, working_addresses(case)
    alias = (settings.alias_host or "").rstrip("/")
    proxy = at_proxy(case, "origin")
    if Experiment.PUBLIC_ALIAS_WITH_BUCKET in addresses:
        fix = fixes.env(case, "S3_ALIAS_HOST", f"{alias}/{settings.bucket_name}")
        how = f"{how}. With the bucket in the path the picture is there"
        return invisible(case, "proxy-drops-bucket-name", how, fix, *proxy)
    if Experiment.PUBLIC_ALIAS_WITHOUT_BUCKET in addresses:
        fix = fixes.env(case, "S3_ALIAS_HOST", alias.removesuffix(f"/{settings.bucket_name}"))
        how = f"{how}. Without the bucket in the path the picture is there"
        # a web port finds the bucket by the host alone: its lines pass the path on as it is
        other = () if fixes.provider_of(case).web_port else proxy
        return invisible(case, "object-not-found-public-key-mismatch", how, fix, *other)
    return None


def _wrong_bucket(case: Case, seen: Observation, how: str) -> Finding | None:
    """The storage names the bucket it looked for: a folder of Mastodon's, or the alias host itself."""
    settings = case.settings
    alias = (settings.alias_host or "").split("/")[0].lower()
    first, bucket = seen.facts.get(Fact.BUCKET, ""), settings.bucket_name
    folders = (*MEDIA_FOLDERS, *filter(None, [settings.key_prefix.strip("/").split("/")[0]]))
    if first in folders:
        named = f"{how}. It looked for a bucket named {first}"
        return invisible(case, "proxy-drops-bucket-name", named, *at_proxy(case, "origin"))
    if first.startswith(bucket) and first.removeprefix(bucket) in folders:
        named = f"{how}. It looked for a bucket named {first}, so one slash is missing behind {bucket}"
        note = f"One slash was missing between {bucket} and the path."
        return invisible(case, "proxy-drops-bucket-name", named, *at_proxy(case, "origin", note))
    return _takes_alias_for_bucket(case, how, alias) if first and first.lower() == alias.split(":")[0] else None


def _takes_alias_for_bucket(case: Case, how: str, alias: str) -> Finding:
    """A proxy passes its own name on, or there is none, and DNS leads straight to the storage."""
    front = front_of(case)
    cname = Manual(f"A CNAME reaches S3 only for a bucket named {alias}: put a proxy or a CDN at {alias}.")
    if front.stands is Stands.DIRECT:
        told = f"{how}. {front.evidence[0]}"
        return invisible(case, "alias-dns-missing-or-cname-bucket-mismatch", told, cname, variant="not-known")
    named = f"{how}. The name {alias} was passed on, and the storage takes it for the bucket"
    if front.between:
        return invisible(case, "proxy-drops-bucket-name", named, *at_proxy(case, "origin"))
    offered = (*at_proxy(case, "origin"), cname)
    return invisible(case, "proxy-drops-bucket-name", f"{named}. {_OR_A_CNAME}", *offered, certainty=Certainty.LIKELY)


_OR_A_CNAME = "It would do so too if DNS led straight to the storage"


def _other_region(case: Case, seen: Observation, how: str) -> Finding | None:
    moved = seen.http_status in (301, 307)
    # a proxy by Mastodon's guide hides x-amz-bucket-region: the words stay
    named = seen.facts.get(Fact.REGION) or seen.facts.get(Fact.ENDPOINT) or "Redirect" in (seen.error_code or "")
    if moved and (named or "amazonaws" in seen.headers.get(Header.LOCATION, "")):
        offered = at_proxy(case, "origin")
        return invisible(case, "cdn-origin-region-mismatch", how, *offered)
    return None


def _signs_wrongly(case: Case, seen: Observation, how: str) -> Finding | None:
    """The visitor signs nothing: the key that the storage refuses is the one of the proxy or CDN."""
    if seen.error_code not in ("SignatureDoesNotMatch", "InvalidAccessKeyId", "AuthorizationHeaderMalformed"):
        return None
    host = fixes.host_of(seen.url)
    name = front_of(case).cdn or "the proxy"
    fix = Manual(f"Give {name} before {host} a key that may read the bucket, or let it ask without a signature.")
    return invisible(case, "proxy-signs-with-refused-key", how, fix)


def _kept_error(case: Case, seen: Observation, how: str) -> Finding | None:
    """The same URL with a query that no cache knows shows the picture."""
    if (
        not working_addresses(case)
        or not case.get(Experiment.PUBLIC_FRESH).ok
        or not (cache_hit(seen) or front_of(case).cdn)
    ):
        return None
    offered = at_proxy(case, "error-cache")
    return invisible(case, "proxy-caches-errors", f"{how}. With a query that no cache knows it is shown", *offered)


def _closed_origin(case: Case, seen: Observation, how: str) -> Finding | None:
    addresses = working_addresses(case)
    if addresses and seen.http_status in (400, 403, 404, 405):
        how = f"{how}. Straight from the storage it is there"
        offered = at_proxy(case, "origin")
        return invisible(case, "object-not-found-public-key-mismatch", how, *offered)
    if not addresses and seen.http_status == 403 and front_of(case).name == "cloudfront" and case.settings.acl is None:
        # a bucket that only CloudFront may read is closed to everyone else by design
        statement = cloudfront_statement(case.settings, bucket_switches.account_id(case))
        note = "put the distribution's ARN in; with KMS its key policy must allow it as well"
        fix = BucketPolicy(statement, note)
        return invisible(case, "cloudfront-oac-policy-missing", how, fix, certainty=Certainty.LIKELY)
    return None


def cloudfront_statement(settings: Settings, account_id: str) -> dict[str, object]:
    """Lets one CloudFront distribution read (AWS: "Restrict access to an Amazon S3 origin")."""
    return {
        "Sid": "AllowCloudFront",
        "Effect": "Allow",
        "Principal": {"Service": "cloudfront.amazonaws.com"},
        "Action": "s3:GetObject",
        "Resource": objects_arn(settings.bucket_name, settings.key_prefix, settings.region),
        "Condition": {
            "StringEquals": {
                "AWS:SourceArn": f"arn:{partition(settings.region)[0]}:cloudfront::{account_id}:distribution/<id>"
            }
        },
    }
