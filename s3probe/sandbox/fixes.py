"""Carries out the advice a finding gives, in the sandbox: on the env text or on the world.

This is how s3probe proves its own advice: the fault is put in, the first fix is applied, the next run must be healthy.
Nothing is taken on trust: a fix whose text no code here reads is advice. Lines for nginx are such: the sandbox's own
proxy reads no configuration, so the tests give them to a real nginx (``tests/nginx``).
"""

from __future__ import annotations

import json
import shlex
from collections.abc import Callable, Iterable, Mapping

from s3probe.diagnosis.model import BucketPolicy, BucketSetting, EnvFix, Fix, IamAllow, ServerFix
from s3probe.knowledge.policies import public_policy
from s3probe.records import replace
from s3probe.sandbox.acls import CANNED
from s3probe.sandbox.names import obstacle
from s3probe.sandbox.personality import AclHandling, Personality
from s3probe.sandbox.scenario import Scenario
from s3probe.sandbox.statements import Statement, glob_match
from s3probe.sandbox.world import ConnectionFault, CorsRule, Obstacle, Ownership, PublicAccessBlock

_CREDENTIALS = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")


def apply(scenario: Scenario, fix: Fix) -> Scenario | None:
    """The scenario after the fix; ``None`` when no program can apply it (advice only, or unknown here)."""
    match fix:
        case EnvFix():
            return _env(scenario, fix)
        case IamAllow():
            return _allow(scenario, fix) if _can_be_given(scenario, fix) else None
        case BucketPolicy():
            return _add_policy(scenario, fix.statement) if _takes(scenario, "policy", [fix.statement]) else None
        case BucketSetting():
            setting = _BUCKET.get(fix.setting)
            return setting(scenario, fix.value) if setting and _is_possible(scenario, fix) else None
        case ServerFix():
            return _server(scenario, fix)
        case _:
            return None


_BY_AMAZONS_COMMAND = {"put-bucket-policy": "policy", "put-bucket-cors": "cors"}


def _is_possible(scenario: Scenario, fix: BucketSetting) -> bool:
    """Whether this provider knows the call of the AWS command line, and takes the document's form."""
    called = next((kind for call, kind in _BY_AMAZONS_COMMAND.items() if f"aws s3api {call}" in fix.command), "")
    document = called == "policy" and fix.value.startswith("{")
    statements = json.loads(fix.value)["Statement"] if document else ()
    return not called or _takes(scenario, called, statements)


def _takes(scenario: Scenario, kind: str, statements: Iterable[Mapping[str, object]]) -> bool:
    """Nothing is taken that this provider does not have, and no resource of another one's form."""
    personality = scenario.world.personality
    if not (personality.policies if kind == "policy" else personality.cors_calls):
        return False
    named = (resource for one in statements for resource in _each(one.get("Resource")))
    return all(resource.startswith(f"{personality.arn}{scenario.bucket.name}") for resource in named)


def _each(value: object) -> tuple[str, ...]:
    return (value,) if isinstance(value, str) else tuple(value) if isinstance(value, list | tuple) else ()


def _can_be_given(scenario: Scenario, fix: IamAllow) -> bool:
    """Rights in words or by the provider's own command; a document of IAM's where there are such."""
    return bool(fix.way or (fix.command and "aws " not in fix.command)) or scenario.world.personality.policies


def _env(scenario: Scenario, fix: EnvFix) -> Scenario:
    value = fix.value
    asks_admin = fix.secret or (value is not None and ("<" in value or "…" in value))
    if asks_admin and fix.variable in _CREDENTIALS:
        return _right_credentials(scenario, fix.variable, fix.line)
    if asks_admin and fix.variable == "S3_BUCKET":
        value = scenario.bucket.name
    if fix.variable == "EXTRA_MEDIA_HOSTS" and scenario.world.instance is not None:
        # Mastodon is restarted after the change, and its pages name the new hosts
        extra = tuple(host.removeprefix("https://") for host in (value or "").split(",") if host)
        instance = replace(
            scenario.world.instance, media_hosts=tuple(dict.fromkeys((*scenario.world.instance.media_hosts, *extra)))
        )
        scenario = scenario.with_world(instance=instance)
    return scenario.with_env(fix.variable, value, fix.line)


def _right_credentials(scenario: Scenario, variable: str, line: int | None) -> Scenario:
    """The admin copies what the console shows: the secret alone, or with a new key id both halves."""
    user = scenario.user
    if variable == "AWS_SECRET_ACCESS_KEY":
        return scenario.with_env(variable, user.secret, line)
    if user.token is not None:
        scenario = scenario.with_user(access_key="AKIAMASTODONNEWEXAMP", token=None)
    fixed = scenario.with_env(variable, scenario.user.access_key, line)
    return fixed.with_env("AWS_SECRET_ACCESS_KEY", user.secret)


def _allow(scenario: Scenario, fix: IamAllow) -> Scenario:
    """By the command as it stands, where that is one for the bucket's policy."""
    words = shlex.split(fix.command)
    if "put-bucket-policy" in words:
        return _replace_policy(scenario, words[words.index("--policy") + 1])
    allow = Statement("Allow", fix.actions, _as_here(scenario, fix.resources), sid="Added")
    if "accesskey edit" in fix.command and scenario.user.session is not None:
        scenario = scenario.with_user(session=(allow,))
        if "policy attach" not in fix.command:
            return scenario
    # the command names the policy: given twice, it is there once
    return scenario.with_user(identity=tuple(dict.fromkeys((*scenario.user.identity, allow))))


def _add_policy(scenario: Scenario, data: Mapping[str, object]) -> Scenario | None:
    """Adds the statement as the console would: a public one is refused while BlockPublicPolicy is on."""
    statement = _statement(scenario, data)
    bucket = scenario.bucket
    if statement.is_public and scenario.world.account(bucket.account).block.stricter(bucket.block).block_public_policy:
        return None
    kept = tuple(s for s in bucket.policy if not s.sid or s.sid != statement.sid)
    return scenario.with_bucket(policy=(*kept, statement))


def _public_read(scenario: Scenario, _value: str) -> Scenario | None:
    """What the provider's own switch does: media are open, by whatever that store has instead of a policy."""
    whole = scenario.world.personality.acls is AclHandling.BUCKET
    bucket = scenario.bucket
    host = (scenario.raw_env("S3_ALIAS_HOST") or "").partition(":")[0]
    if scenario.world.personality.web_port and host:
        scenario = scenario.with_bucket(aliases=tuple(dict.fromkeys((*bucket.aliases, host))))
    prefix = scenario.raw_env("S3_KEY_PREFIX") or ""
    return _add_policy(
        scenario.with_bucket(acl="public-read" if whole else bucket.acl), public_policy(bucket.name, prefix)
    )


def _replace_policy(scenario: Scenario, value: str) -> Scenario:
    """The whole policy, with the key's own name for the words that stand for it (Versity's, Ceph's)."""
    user = scenario.user
    value = value.replace('"KEY"', json.dumps(user.access_key)).replace("user/UID", f"user/{user.name}")
    document = json.loads(value) if value else {"Statement": []}
    statements = document["Statement"]
    items = statements if isinstance(statements, list) else [statements]
    return scenario.with_bucket(policy=tuple(_statement(scenario, item) for item in items))


def _statement(scenario: Scenario, data: Mapping[str, object]) -> Statement:
    """With resources as the sandbox itself writes them, whatever form this provider has for them."""
    statement = Statement.from_json(data)
    return replace(statement, resources=_as_here(scenario, statement.resources))


def _as_here(scenario: Scenario, resources: Iterable[str]) -> tuple[str, ...]:
    own, usual = scenario.world.personality.arn, Personality().arn
    return tuple(f"{usual}{one.removeprefix(own)}" for one in resources)


def _remove_sid(scenario: Scenario, value: str) -> Scenario:
    return scenario.with_bucket(policy=tuple(s for s in scenario.bucket.policy if s.sid != value))


_SWITCHES = {
    "BlockPublicAcls": "block_public_acls",
    "IgnorePublicAcls": "ignore_public_acls",
    "BlockPublicPolicy": "block_public_policy",
    "RestrictPublicBuckets": "restrict_public_buckets",
}


def switched(block: PublicAccessBlock, value: str) -> PublicAccessBlock:
    """``BlockPublicAcls=false,IgnorePublicAcls=false`` applied; switches that are not named stay."""
    pairs = (item.strip().partition("=") for item in value.split(",") if item.strip())
    return replace(block, **{_SWITCHES[name]: text.lower() == "true" for name, _, text in pairs})


def _account_block(scenario: Scenario, value: str) -> Scenario:
    block = scenario.world.account(scenario.bucket.account).block
    return scenario.with_account(block=switched(block, value))


def _cors(scenario: Scenario, value: str) -> Scenario:
    data = json.loads(value)
    rules = data["CORSRules"] if isinstance(data, dict) else data
    found = tuple(
        CorsRule(
            tuple(rule["AllowedOrigins"]), tuple(rule["AllowedMethods"]), tuple(rule.get("AllowedHeaders", ())),
            tuple(rule.get("ExposeHeaders", ())), rule.get("MaxAgeSeconds"),
        )
        for rule in rules
    )  # fmt: skip
    return scenario.with_bucket(cors=found)


def _acl(scenario: Scenario, value: str) -> Scenario | None:
    return scenario.with_bucket(acl=value) if value in CANNED else None


def _acl_of_files(scenario: Scenario, value: str) -> Scenario | None:
    """The ACL of all that is there, as a command sets it file by file; an owner of another account refuses."""
    bucket = scenario.bucket
    mine = all(old.account in ("", bucket.account) for old in bucket.stored)
    if value not in CANNED or not mine or bucket.ownership is Ownership.ENFORCED:
        return None
    return scenario.with_bucket(stored=tuple(replace(old, acl=value) for old in bucket.stored))


def _encryption(scenario: Scenario, value: str) -> Scenario | None:
    return scenario.with_bucket(kms_key=None) if "AES256" in value else None


_VERSIONED = {"Enabled": True, "Suspended": False}
_PAID_BY_REQUESTER = {"Requester": True, "BucketOwner": False}


def _versioning(scenario: Scenario, value: str) -> Scenario | None:
    return scenario.with_bucket(versioning=_VERSIONED[value]) if value in _VERSIONED else None


def _request_payment(scenario: Scenario, value: str) -> Scenario | None:
    known = value in _PAID_BY_REQUESTER
    return scenario.with_bucket(requester_pays=_PAID_BY_REQUESTER[value]) if known else None


def _expiry_off(scenario: Scenario, value: str) -> Scenario:
    return scenario.with_bucket(expiry=tuple(rule for rule in scenario.bucket.expiry if rule.rule != value))


def _lifecycle(scenario: Scenario, value: str) -> Scenario | None:
    return scenario.with_bucket(old_versions_expire=True) if "NoncurrentVersionExpiration" in value else None


_OWNERSHIPS = {"object-writer": Ownership.WRITER}
"""Exoscale's word for it."""
_BUCKET: dict[str, Callable[[Scenario, str], Scenario | None]] = {
    "object-ownership": lambda s, value: s.with_bucket(ownership=_OWNERSHIPS.get(value) or Ownership(value)),
    "public-access-block": lambda s, value: s.with_bucket(block=switched(s.bucket.block, value)),
    "account-public-access-block": _account_block,
    "cors": _cors,
    "acl": _acl,
    "acl-of-files": _acl_of_files,
    "listing": lambda s, value: _acl(s, "private") if value == "closed" else _public_read(s, value),
    "encryption": _encryption,
    "public-read": _public_read,
    "request-payment": _request_payment,
    "versioning": _versioning,
    "lifecycle-rule-off": _expiry_off,
    "lifecycle": _lifecycle,
    "object-lock": lambda s, _value: s.with_bucket(object_lock=False, versioning=True),
    "policy": _replace_policy,
    "policy-remove-sid": _remove_sid,
}


_CLOCK = "timedatectl set-ntp true"
_TRUST = "SSL_CERT_FILE=/path/to/ca.pem"


def _server(scenario: Scenario, fix: ServerFix) -> Scenario | None:
    """What this very text does to the machine: a command or a line by its words, a certificate by its host."""
    match fix.setting, fix.value:
        case "clock", text if text == _CLOCK:
            return scenario.with_world(clock_offset=0.0)
        case "ca", text if text == _TRUST:
            return _cleared(scenario, lambda obstacle: obstacle.fault is ConnectionFault.UNTRUSTED)
        case "certificate", host:
            return _certified(scenario, host)
        case _:
            return None


def _certified(scenario: Scenario, host: str) -> Scenario | None:
    """With a valid certificate at ``host``; ``None`` where that host needs none."""
    stands = obstacle(scenario.world, host)
    if stands not in (
        ConnectionFault.UNTRUSTED,
        ConnectionFault.EXPIRED,
        ConnectionFault.WRONG_NAME,
        ConnectionFault.PLAIN,
    ):
        return None
    return _cleared(scenario, lambda other: other.fault is stands and glob_match(other.hosts, host))


def _cleared(scenario: Scenario, gone: Callable[[Obstacle], bool]) -> Scenario | None:
    left = tuple(one for one in scenario.world.obstacles if not gone(one))
    return scenario.with_world(obstacles=left) if left != scenario.world.obstacles else None
