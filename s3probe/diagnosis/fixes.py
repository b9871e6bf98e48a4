"""Fixes filled in with the user's own values. Pure."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from urllib.parse import urlsplit

from s3probe.diagnosis.case import Case
from s3probe.diagnosis.model import BucketPolicy, BucketSetting, EnvFix, IamAllow, Manual, ServerFix
from s3probe.evidence.observations import Observation
from s3probe.evidence.vocabulary import ActionId, Experiment, ExperimentWith, Fact
from s3probe.knowledge.policies import bucket_arn, cors_rule, objects_arn, policy_document, public_policy
from s3probe.knowledge.providers import PolicySupport, Provider
from s3probe.knowledge.store import store_of
from s3probe.settings.addressing import is_aws, regional_host
from s3probe.settings.mastodon import RETRY_MODES, retries_of
from s3probe.settings.model import Settings

_AWS_REGION = re.compile(r"(?<![a-z0-9])[a-z]{2}(?:-[a-z]{3,})+-\d(?![a-z0-9])")
_RELEASE = re.compile(r"v?(\d{1,4})\.(\d{1,4})")
_HAS_RETRY_LIMIT = (4, 3)
"""The first release that reads ``S3_RETRY_LIMIT`` (config/initializers/paperclip.rb); before, it is 0."""
_ENOUGH = 2
NOTHING_TO_DO = Manual("Nothing to do. When it happens again and again, see the provider's status page.")
_CLOCK_NOISE = 60.0
"""Seconds: less is no clock that a signature fails by."""


def env(case: Case, variable: str, value: str | None, note: str = "", *, conditional: bool = False) -> EnvFix:
    """A line of the env file, with its number when the variable stands in it."""
    line = case.settings.environment.line_of(variable)
    return EnvFix(variable, value, line, note=note, conditional=conditional)


def retries(case: Case) -> EnvFix | Manual:
    """Lets Mastodon ask again what failed for a moment, where this release has a setting for it."""
    version = case.evidence.run.mastodon_version if case.evidence else ""
    release = _RELEASE.match(version)
    if release and (int(release[1]), int(release[2])) < _HAS_RETRY_LIMIT:
        return Manual(
            f"Upgrade Mastodon: {version} never asks again, and from 4.3 on S3_RETRY_LIMIT=3 lets it ask three times."
        )
    if case.settings.environment.get("AWS_RETRY_MODE") in RETRY_MODES:
        return env(case, "AWS_MAX_ATTEMPTS", "4", "AWS_RETRY_MODE sets S3_RETRY_LIMIT aside")
    return env(case, "S3_RETRY_LIMIT", "3", "Mastodon 4.3 and later")


def asks_again(case: Case) -> bool:
    """Whether Mastodon asks again by itself, as often as the probe does before it calls a failure lasting."""
    return retries_of(case.settings) >= _ENOUGH


def right_region(case: Case) -> str:
    """The region with which a request got further; ``""`` where none was needed."""
    tried = case.every(ExperimentWith.REGION)
    got_further = [row.id for row in tried if row.ok or row.facts.get(Fact.KEPT) == "yes"]
    return ExperimentWith.REGION.value_in(got_further[-1]) if got_further else ""


def named_region(settings: Settings) -> str:
    """The region that the values of the file name beside ``S3_REGION``, or in it, at AWS; ``""`` for none."""
    names = ("S3_ENDPOINT", "S3_HOSTNAME", "S3_ALIAS_HOST")
    values = [settings.environment.get(name) or "" for name in names]
    hosts = [value.lower() for value in values if is_aws(value)]
    inside = (settings.environment.get("S3_REGION") or "").lower().replace("_", "-")
    return next((found[0] for text in (*hosts, inside) if (found := _AWS_REGION.search(text))), "")


def region_too(case: Case) -> tuple[EnvFix, ...]:
    """The lines of the right region, for a fix that holds its name as well; none where the file's own is right."""
    settings, region = case.settings, right_region(case)
    if not region or region == settings.region:
        return ()
    lines = [env(case, "S3_REGION", region)]
    if settings.endpoint and is_aws(settings.endpoint) and settings.region in settings.endpoint:
        lines.append(env(case, "S3_ENDPOINT", settings.endpoint.replace(settings.region, region)))
    return tuple(replace(line, together=True) for line in lines)


def public_host(case: Case, host: str) -> tuple[EnvFix, ...]:
    """The line of the public host; at AWS, whose hosts hold the region, with that of the region where it is wrong."""
    return (env(case, "S3_HOSTNAME", host), *(region_too(case) if is_aws(host) else ()))


def host_too(case: Case, region: str) -> tuple[EnvFix, ...]:
    """The line of AWS's public host in that region, where the one of the file holds the other region.

    So does what Mastodon makes up without a line (``s3-REGION.amazonaws.com``); its own pages do not allow that one,
    and mostly it does not exist.
    """
    settings = case.settings
    alias = settings.alias_host
    made_up = alias is None and settings.hostname_is_default and is_aws(settings.api_base)
    name, host = ("S3_HOSTNAME", settings.hostname) if alias is None else ("S3_ALIAS_HOST", alias)
    if made_up:
        line = env(case, name, regional_host(region))
    elif settings.region and is_aws(host) and settings.region in host.split("."):
        line = env(case, name, host.replace(settings.region, region))
    else:
        return ()
    return (replace(line, together=True),)


def requote(case: Case, variable: str, as_written: str = "") -> EnvFix:
    """The same text in single quotes, which dotenv leaves alone. The text itself is a secret and is not shown.

    ``as_written``: the form in which a request with it passed.
    """
    return EnvFix(
        variable,
        "'<the text that stands there now>'",
        case.settings.environment.line_of(variable),
        secret=True,
        note="put single quotes around the value, and change nothing else",
        as_written=as_written,
    )


def by_hand(case: Case, variable: str, placeholder: str, note: str, *, together: bool = False) -> EnvFix:
    """A line whose right value only the provider's console shows: ``note`` says where it comes from."""
    line = case.settings.environment.line_of(variable)
    return EnvFix(variable, f"<{placeholder}>", line, secret=True, note=note, together=together)


def new_pair(case: Case, note: str) -> tuple[EnvFix, EnvFix]:
    """Both halves of a new key pair."""
    secret = by_hand(case, "AWS_SECRET_ACCESS_KEY", "the secret that was shown with it", "", together=True)
    return by_hand(case, "AWS_ACCESS_KEY_ID", "the id of the new key", note), secret


def no_pair(case: Case) -> EnvFix:
    """Leaves signing to the machine's role."""
    note = "and AWS_SECRET_ACCESS_KEY, where an instance role may sign"
    return env(case, "AWS_ACCESS_KEY_ID", None, note, conditional=True)


def provider_of(case: Case) -> Provider:
    """Who the store is, by its host and its answers."""
    return store_of(case.settings, case.evidence)


def provider_step(case: Case, topic: str) -> str:
    """How this is done at the provider, ``""`` for AWS, whose own words the fix has already, and where nobody knows."""
    provider = provider_of(case)
    if provider.id == "aws-s3":
        return ""
    command = provider.commands.get(topic, "").replace("{bucket}", case.settings.bucket_name)
    way = command or provider.console.get(topic, "")
    return f"at {provider.name}: {way}" if way else ""


def allow_objects(case: Case, *actions: str) -> IamAllow:
    settings = case.settings
    resource = objects_arn(settings.bucket_name, settings.key_prefix, settings.region)
    return IamAllow(actions, (resource,), provider_step(case, "policy"))


def allow_bucket(case: Case, *actions: str) -> IamAllow:
    resource = bucket_arn(case.settings.bucket_name, case.settings.region)
    return IamAllow(actions, (resource,), provider_step(case, "policy"))


def allow_bucket_and_objects(case: Case, *actions: str) -> IamAllow:
    return IamAllow(actions, (*allow_bucket(case).resources, *allow_objects(case).resources))


def endpoint_option(settings: Settings) -> str:
    """``--endpoint-url …`` for the AWS command line, ``""`` for AWS itself."""
    return f" --endpoint-url {settings.endpoint}" if settings.endpoint else ""


def _aws(case: Case, command: str, options: str) -> str:
    settings = case.settings
    return f"aws s3api {command} --bucket {settings.bucket_name} {options}{endpoint_option(settings)}"


def object_ownership(case: Case) -> BucketSetting:
    """Lets the bucket take ACLs again."""
    command = _aws(
        case, "put-bucket-ownership-controls", "--ownership-controls 'Rules=[{ObjectOwnership=BucketOwnerPreferred}]'"
    )
    return BucketSetting("object-ownership", "BucketOwnerPreferred", command)


def public_access_block(case: Case, *off: str, account: bool = False) -> BucketSetting:
    """Switches the named flags of Block Public Access off; the others keep their value, where the key may read it.

    Otherwise they get that of a new bucket: on at Amazon, off elsewhere.
    """
    flags = (
        Fact.BLOCK_PUBLIC_ACLS,
        Fact.IGNORE_PUBLIC_ACLS,
        Fact.BLOCK_PUBLIC_POLICY,
        Fact.RESTRICT_PUBLIC_BUCKETS,
    )
    usual = "true" if not case.settings.endpoint or is_aws(case.settings.endpoint) else "false"
    known = case.get(Experiment.READ_PUBLIC_ACCESS_BLOCK).facts if not account else {}
    value = ",".join(f"{flag}=false" for flag in flags if flag in off)
    whole = ",".join(f"{flag}={'false' if flag in off else known.get(flag, usual).lower()}" for flag in flags)
    if account:
        options = f"--account-id <account id> --public-access-block-configuration {whole}"
        command = f"aws s3control put-public-access-block {options}"
        return BucketSetting("account-public-access-block", value, command)
    command = _aws(case, "put-public-access-block", f"--public-access-block-configuration {whole}")
    return BucketSetting("public-access-block", value, command)


def public_read(case: Case) -> BucketPolicy | BucketSetting:
    """Opens the media folders, and never ``backups/``, to everyone; in the provider's way where it has no policies."""
    provider, way = provider_of(case), provider_step(case, "public_read")
    if provider.bucket_policy in (PolicySupport.NO, PolicySupport.CONSOLE):
        command = provider.commands.get("public_read", "").replace("{bucket}", case.settings.bucket_name)
        note = "" if command else provider.console.get("public_read", "")
        return BucketSetting("public-read", provider.public_read, command, note)
    note = "it opens the media folders only; archives in backups/ stay closed"
    return BucketPolicy(_media(case.settings), note=f"{note}; {way}" if way else note)


def _media(settings: Settings) -> dict[str, object]:
    return public_policy(settings.bucket_name, settings.key_prefix, settings.region)


def only_media_public(case: Case) -> BucketSetting:
    """The whole bucket policy, opening the media folders to everyone and nothing else to anyone.

    Where an ACL opens each file, there is none: a policy that opens media would show those of suspended users as well.
    """
    if case.settings.acl is not None and case.settings.acl != "private":
        note = "it removes the whole policy; keep what is not for everyone, and what opens media stored without an ACL"
        command = f"aws s3api delete-bucket-policy --bucket {case.settings.bucket_name}{endpoint_option(case.settings)}"
        return BucketSetting("policy", "", command, note)
    text = json.dumps(policy_document(_media(case.settings)), separators=(",", ":"))
    note = "it replaces the whole policy; keep statements of your own that are not for everyone"
    return BucketSetting("policy", text, _aws(case, "put-bucket-policy", f"--policy '{text}'"), note)


def cors(case: Case) -> BucketSetting:
    """Lets the web interface read media."""
    rules = cors_rule()
    text = json.dumps(rules, separators=(",", ":"))
    own = provider_of(case).commands.get("cors", "").replace("{bucket}", case.settings.bucket_name)
    command = own or _aws(case, "put-bucket-cors", f"--cors-configuration '{text}'")
    return BucketSetting("cors", text, command, "" if own else provider_step(case, "cors"))


def bucket_acl_private(case: Case) -> BucketSetting:
    return BucketSetting(
        "acl", "private", _aws(case, "put-bucket-acl", "--acl private"), provider_step(case, "listing")
    )


def expire_old_versions(case: Case, *, others: int = 0) -> BucketSetting:
    """Lets the bucket drop old versions and bare delete markers after a day. ``others``: rules that it has already."""
    rule = (
        '{"ID":"s3probe-old-versions","Status":"Enabled","Filter":{},'
        '"NoncurrentVersionExpiration":{"NoncurrentDays":1},"Expiration":{"ExpiredObjectDeleteMarker":true}}'
    )
    if others:
        note = "add this rule to those that the bucket has: whoever sets lifecycle rules replaces all of them"
        return BucketSetting("lifecycle", rule, "", note)
    rules = f'{{"Rules":[{rule}]}}'
    command = _aws(case, "put-bucket-lifecycle-configuration", f"--lifecycle-configuration '{rules}'")
    note = "it replaces the bucket's lifecycle rules; add it to those you have. A key that may not read the rules "
    note += "(s3:GetLifecycleConfiguration) goes on being warned"
    return BucketSetting("lifecycle", rules, command, note)


def suspend_versioning(case: Case) -> BucketSetting:
    """Keeps no further versions, where no rule can remove them."""
    command = _aws(case, "put-bucket-versioning", "--versioning-configuration Status=Suspended")
    note = "this server has no lifecycle rules; old versions that are there already must be removed by hand"
    return BucketSetting("versioning", "Suspended", command, note)


def no_default_retention(case: Case) -> BucketSetting:
    """Locks no further files. Object Lock itself cannot be switched off."""
    value = '{"ObjectLockEnabled":"Enabled"}'
    command = _aws(case, "put-object-lock-configuration", f"--object-lock-configuration '{value}'")
    note = "files already stored stay locked until their day; then a lifecycle rule can remove old versions"
    return BucketSetting("object-lock", value, command, note)


def owner_pays(case: Case) -> BucketSetting:
    """Anonymous requests cannot pay."""
    command = _aws(case, "put-bucket-request-payment", "--request-payment-configuration Payer=BucketOwner")
    return BucketSetting("request-payment", "BucketOwner", command)


def encryption(case: Case, rules: str) -> BucketSetting:
    """Default encryption with S3's own keys, which need no right of their own and can be read by everyone."""
    command = _aws(case, "put-bucket-encryption", f"--server-side-encryption-configuration '{rules}'")
    note = "it holds for new objects; those already stored stay encrypted with the KMS key"
    return BucketSetting("encryption", "AES256", command, note)


def no_body_limit() -> ServerFix:
    """Lets uploads of any size through the proxy before the storage."""
    return ServerFix("nginx", "client_max_body_size 0;", "in the proxy before the storage")


def clock(case: Case, refused: Observation) -> ServerFix:
    """Sets this machine's clock; by how much it is off, where the refusal or the first answer's date tells."""
    skews = [row.facts.get(Fact.SKEW, "") for row in (refused, case.get(ActionId.CLOCK))]
    skew = next((float(text) for text in skews if text and abs(float(text)) >= _CLOCK_NOISE), None)
    note = "" if skew is None else f"this machine's clock is {duration(skew)} {'slow' if skew > 0 else 'fast'}"
    return ServerFix("clock", "timedatectl set-ntp true", note)


def duration(seconds: float) -> str:
    """``40 seconds``, ``16 minutes``, ``3 hours``; the sign is left out."""
    size = abs(round(seconds))
    for unit, length in (("hour", 3600), ("minute", 60), ("second", 1)):
        if size >= 2 * length or length == 1:
            number = round(size / length)
            return f"{number} {unit}{'' if number == 1 else 's'}"
    return ""


def host_of(url: str) -> str:
    return urlsplit(url).hostname or ""
