"""Whether S3 is on at all, and whether what it needs is there."""

from __future__ import annotations

from collections.abc import Iterator

from s3probe.diagnosis import fixes
from s3probe.diagnosis.case import Case
from s3probe.diagnosis.model import Certainty, Finding, Fix, Manual, ServerFix, Severity
from s3probe.diagnosis.rule import OF_A_POLICY, OPEN, Layer, Rule
from s3probe.diagnosis.rules.env_misspelt import misspelt_for
from s3probe.diagnosis.rules.env_names import (
    at_aws,
    computed,
    for_s3,
    place,
    refused,
    shown,
)
from s3probe.diagnosis.rules.visitors import for_nobody, without_public_host
from s3probe.diagnosis.texts import finding
from s3probe.evidence.observations import NetworkFault, Observation
from s3probe.evidence.vocabulary import ActionId, Experiment, Fact
from s3probe.settings.cache_buster import cache_buster
from s3probe.settings.mastodon import NO_ROLE_FILE
from s3probe.settings.model import NoteKind, Settings

_OFF = ("false", "no", "0", "off", "")


def switched_off(case: Case) -> Iterator[Finding]:
    """S3_ENABLED must be exactly ``true``."""
    settings = case.settings
    if settings.storage == "s3" or _refused(settings) or "S3_ENABLED" in computed(settings):
        return
    variable = settings.environment.variables.get("S3_ENABLED")
    how = f"{place(variable)} says {shown(variable)!r}" if variable else "S3_ENABLED is not set"
    meant_off = variable is not None and variable.value.strip().lower() in _OFF
    if settings.storage != "filesystem" or not settings.bucket:
        severity, certainty = Severity.NOTICE, Certainty.CERTAIN
    elif meant_off:
        severity, certainty = Severity.WARNING, Certainty.LIKELY
    else:
        severity, certainty = Severity.FAILURE, Certainty.CERTAIN
    if variable is not None and not meant_off:
        severity = Severity.FAILURE
    how = f"{how}; Mastodon compares it with the exact text true"
    if settings.storage == "filesystem":
        how = f"{how}. It keeps media on the local disk"
    else:
        how = f"{how}. It keeps media on {settings.storage.capitalize()}"
    yield finding(
        "env-s3-enabled-not-true",
        case,
        how=how,
        severity=severity,
        certainty=certainty,
        explains=refused(case),
        fixes=(fixes.env(case, "S3_ENABLED", "true"),),
    )


def _refused(settings: Settings) -> bool:
    """Whether the file was handed over at all: where it was not, nothing is known of the switch."""
    return any(note.kind is NoteKind.LOADER_REFUSES for note in settings.environment.notes)


@for_s3
def several_backends(case: Case) -> Iterator[Finding]:
    """Swift or Azure switched on beside S3: S3 wins."""
    for name in ("SWIFT_ENABLED", "AZURE_ENABLED"):
        if case.settings.environment.get(name) == "true":
            yield finding(
                "several-backends-enabled",
                case,
                how=f"S3_ENABLED and {name} are both true; Mastodon looks at S3 first",
                setting=name,
                fixes=(fixes.env(case, name, None),),
            )


@for_s3
def cache_buster_lines(case: Case) -> Iterator[Finding]:
    """CACHE_BUSTER_ENABLED must be exactly ``true``, and the method one that Mastodon can send."""
    name = "CACHE_BUSTER_ENABLED"
    variable = case.settings.environment.variables.get(name)
    if variable is not None and variable.value != "true" and variable.value.strip().lower() not in _OFF:
        yield finding(
            "cache-buster-off",
            case,
            how=f"{place(variable)} says {shown(variable)!r}; Mastodon compares it with the exact text true",
            setting=name,
            fixes=(fixes.env(case, name, "true"),),
        )
    buster = cache_buster(case.settings)
    if buster is not None and not buster.known:
        yield finding(
            "cache-buster-method-unknown",
            case,
            how=f"Mastodon's HTTP library knows no method {buster.method or '(blank)'}",
            setting="CACHE_BUSTER_HTTP_METHOD",
            fixes=(
                fixes.env(case, "CACHE_BUSTER_HTTP_METHOD", "PURGE", "Let the cache forget a file for it as well."),
            ),
        )


@for_s3
def missing(case: Case) -> Iterator[Finding]:
    """What this set-up cannot do without: a bucket, a complete key pair, a public host of its own."""
    settings = case.settings
    if not settings.bucket and not misspelt_for(settings, "S3_BUCKET"):
        how = "S3_BUCKET is blank" if settings.bucket == "" else "S3_BUCKET is not set"
        advice = Manual("Set S3_BUCKET to your bucket's name, as the provider's console shows it.")
        yield _missing(case, "S3_BUCKET", how, advice)
    elif settings.credentials is None:
        yield from _missing_keys(case)
    yield from without_public_host(case)
    yield from for_nobody(case)


def _missing(
    case: Case,
    name: str,
    how: str,
    fix: Fix,
    severity: Severity = Severity.FAILURE,
    certainty: Certainty = Certainty.CERTAIN,
    because: Observation | None = None,
    half: bool = False,
) -> Finding:
    pair = name != "S3_BUCKET"
    return finding(
        "missing-key-pair" if pair else "missing-variable",
        case,
        how=how,
        setting=name,
        severity=severity,
        certainty=certainty,
        because=[because.id] if because is not None else (),
        explains=refused(case),
        fixes=(fix,),
        variant="half" if half else "absent" if pair else "",
    )


def _missing_keys(case: Case) -> Iterator[Finding]:
    """No complete pair: then the SDK looks elsewhere, which is right on a machine with an instance role only."""
    environment = case.settings.environment
    pair = {name: environment.get(name) for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")}
    absent = [name for name, value in pair.items() if not value]
    if misspelt_for(case.settings, *absent):
        return
    gone = bool(refused(case))
    asked = case.get(Experiment.INSTANCE_ROLE)
    if asked.message:
        to_do = "Name an ordinary file there"
        if asked.network is NetworkFault.DEADLINE:
            to_do = "Run the credential_process of the profile by hand, and see that the metadata service answers"
        elif asked.message.endswith(NO_ROLE_FILE):
            to_do = "Let the token be mounted there, or remove AWS_ROLE_ARN and AWS_WEB_IDENTITY_TOKEN_FILE"
        advice = Manual(f"{to_do}; or set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY.")
        yield _missing(case, "AWS_ACCESS_KEY_ID", f"no key pair is set; {asked.message}", advice, because=asked)
        return
    machine = asked.facts.get(Fact.VENDOR, "")
    if len(absent) == 2 and not any(pair.values()) and machine == "Amazon EC2" and at_aws(case.settings):
        yield _no_role(case, machine)
        return
    if len(absent) == 1:
        name = absent[0]
        half = "key id" if name == "AWS_ACCESS_KEY_ID" else "secret key"
        fix = fixes.by_hand(case, name, f"your {half}", "Your provider's console shows it.")
        blank = pair[name] == ""
        how = f"{name} is blank, the other half is there" if blank else f"{name} is not set, the other half is there"
        yield _missing(case, name, how, fix, half=True)
    elif any(value == "" for value in pair.values()):
        yield finding(
            "env-s3-enabled-left-from-sample",
            case,
            how="S3_ENABLED is true, and AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY are blank",
            certainty=Certainty.CERTAIN if gone else Certainty.LIKELY,
            explains=refused(case),
            fixes=(
                fixes.env(
                    case,
                    "S3_ENABLED",
                    "false",
                    "This is for media that are to stay on this machine's disk.",
                    conditional=True,
                ),
                Manual("Put the key pair in, if media are to go to object storage."),
            ),
        )
    else:
        # at the SDK's own places s3probe has looked, where it has asked at all
        elsewhere = not asked.failed and (at_aws(case.settings) or any(environment.get(name) for name in _CHAIN))
        severity = Severity.FAILURE if gone or not elsewhere else Severity.NOTICE
        own_pair = "Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY to a key pair of your provider"
        role = "Or attach a role to the machine that Mastodon runs on, and run s3probe there."
        advice = Manual(f"{own_pair}. {role}" if at_aws(case.settings) else f"{own_pair}.")
        how = "no key pair is set; Mastodon can only sign if this machine has an instance role or the SDK's own files"
        if asked.failed:
            how = f"{how}. None of them gave one here"
        certainty = Certainty.CERTAIN if gone else Certainty.LIKELY if not elsewhere else Certainty.POSSIBLE
        yield _missing(case, "AWS_ACCESS_KEY_ID", how, advice, severity, certainty)


def _no_role(case: Case, machine: str) -> Finding:
    command = "aws ec2 modify-instance-metadata-options --instance-id <id> --http-put-response-hop-limit 2"
    pair = Manual("Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, where no role shall sign.")
    return finding(
        "instance-role-unreachable",
        case,
        how=f"no key pair is set, this is a machine of {machine}, and its metadata service gave no credentials",
        because=[Experiment.INSTANCE_ROLE],
        explains=refused(case),
        fixes=[
            ServerFix(
                "metadata-hops",
                command,
                "This is for Mastodon in a container. See that a role is attached at all, too.",
            ),
            pair,
        ],
    )


_CHAIN = ("AWS_PROFILE", "AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_SHARED_CREDENTIALS_FILE", "AWS_CONFIG_FILE",
          "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "AWS_CONTAINER_CREDENTIALS_FULL_URI")  # fmt: skip


RULES = (
    Rule(switched_off, Layer.SWITCHES, yields=("env-s3-enabled-not-true",), reads=(OPEN,)),
    Rule(several_backends, Layer.SWITCHES, yields=("several-backends-enabled",)),
    Rule(cache_buster_lines, Layer.HOSTS, yields=("cache-buster-method-unknown", "cache-buster-off")),
    Rule(
        missing,
        Layer.SWITCHES,
        yields=(
            "ceph-tenant-prefix",
            "contabo-tenant-prefix",
            "env-s3-enabled-left-from-sample",
            "instance-role-unreachable",
            "media-host-is-this-machine",
            "missing-key-pair",
            "missing-public-host",
            "missing-variable",
            "provider-needs-public-host",
            "r2-no-public-host",
            "storj-alias-required",
            "website-endpoint-needed-garage",
        ),
        reads=(
            OPEN,
            ActionId.PUBLIC_GET,
            Experiment.INSTANCE_ROLE,
            Experiment.PUBLIC_PROVIDER,
            *OF_A_POLICY,
        ),
    ),
)
