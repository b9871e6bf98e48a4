"""Keys that may do more than Mastodon needs. Nothing is broken; a stolen key would do more harm."""

from __future__ import annotations

from collections.abc import Iterator

from s3probe.diagnosis.case import Case
from s3probe.diagnosis.fixes import provider_of
from s3probe.diagnosis.model import Finding, Manual
from s3probe.diagnosis.rule import Layer, Rule
from s3probe.diagnosis.texts import finding
from s3probe.evidence.vocabulary import Experiment, Fact

_ADVICE = Manual("Give Mastodon a key of its own with exactly the rights that s3probe policy prints.")


def lists_all_buckets(case: Case) -> Iterator[Finding]:
    """ListBuckets shows more than the one bucket."""
    seen = case.get(Experiment.LIST_BUCKETS)
    # where each key is shown its own buckets, their names are no right of its own
    if seen.ok and not provider_of(case).lists_own_buckets and int(seen.facts.get(Fact.COUNT, "0")) > 1:
        how = f"the key was shown the names of {seen.facts[Fact.COUNT]} buckets"
        yield finding("key-can-list-all-buckets", case, how=how, because=[seen.id], fixes=[_ADVICE])


def reads_bucket_policy(case: Case) -> Iterator[Finding]:
    """GetBucketPolicy is allowed, or would be if there were a policy."""
    seen = case.get(Experiment.READ_POLICY)
    if (seen.ok or seen.error_code == "NoSuchBucketPolicy") and not provider_of(case).readers_see_policy:
        how = "reading the bucket policy was not refused"
        yield finding("key-can-change-bucket-policy", case, how=how, because=[seen.id], fixes=[_ADVICE])


RULES = (
    Rule(lists_all_buckets, Layer.PRIVILEGE, yields=("key-can-list-all-buckets",), reads=(Experiment.LIST_BUCKETS,)),
    Rule(
        reads_bucket_policy, Layer.PRIVILEGE, yields=("key-can-change-bucket-policy",), reads=(Experiment.READ_POLICY,)
    ),
)
