"""The trials: each changes exactly one thing, and none is made without need."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import pytest

from s3probe.evidence.observations import NetworkFault, Observation, Outcome
from s3probe.evidence.vocabulary import ActionId, Actor, Experiment, ExperimentWith, Fact
from s3probe.probe.conditions import ConditionsMaker
from s3probe.probe.exchange import Answer, Call, Limits
from s3probe.probe.headers import header_trials
from s3probe.probe.request_form import WireForm
from s3probe.probe.session import Conditions
from s3probe.probe.tools import Clock, Tools
from s3probe.probe.trials import Trial, trials
from s3probe.settings.model import Settings
from tests.probe.build import PLAIN, SECRET, credentials_of, settings_of

AWS = {**PLAIN, "S3_HOSTNAME": "s3.eu-central-1.amazonaws.com"}
CUSTOM = {**PLAIN, "S3_ENDPOINT": "https://s3.example.net", "S3_HOSTNAME": "s3.example.net"}
NOW = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)


class Nowhere:
    def send(self, call: Call, limits: Limits) -> Answer:
        raise AssertionError(f"making trials sends nothing, but {call} came within {limits}")


def conditions_maker_for(settings: Settings) -> ConditionsMaker:
    tools = Tools(Nowhere(), Clock(now=lambda: NOW), invocation_id=lambda: "<uuid>")
    return ConditionsMaker(tools, credentials_of(settings), WireForm.CURRENT)


def seen(status: int | None, code: str | None = None, **more: Any) -> Observation:
    outcome = Outcome.DENIED if status in (401, 403) else Outcome.OK if status == 200 else Outcome.REJECTED
    values = {"http_status": status, "error_code": code, "outcome": outcome, **more}
    return Observation(ActionId.LIST, "", "ListObjectsV2", Actor.MASTODON, **values)


def made(env: Mapping[str, str], stopped: Observation, skew: float | None = 0.0) -> tuple[Conditions, list[Trial]]:
    settings = settings_of(env)
    conditions_maker = conditions_maker_for(settings)
    conditions = conditions_maker.of(settings)
    return conditions, list(trials(conditions_maker, conditions, stopped, skew))


def differences(one: Conditions, other: Conditions) -> set[str]:
    """The environment variables, credentials, form and clock in which two conditions differ."""
    before, after = one.settings.environment.variables, other.settings.environment.variables
    changed = {name for name in {*before, *after} if getattr(before.get(name), "value", None)
               != getattr(after.get(name), "value", None)}  # fmt: skip
    if one.credentials != other.credentials:
        changed.add("credentials")
    if one.clock_offset != other.clock_offset:
        changed.add("clock")
    return changed


CASES = [
    (AWS, seen(400, "AuthorizationHeaderMalformed", facts={Fact.REGION: "eu-west-2"})),
    (AWS, seen(301, "PermanentRedirect", facts={Fact.REGION: "eu-west-2"})),
    (CUSTOM, seen(400, "AuthorizationHeaderMalformed")),
    (CUSTOM, seen(403, "SignatureDoesNotMatch")),
    (CUSTOM, seen(404, "NoSuchBucket")),
    (CUSTOM, seen(None, network=NetworkFault.TLS_NOT_TLS)),
    (CUSTOM, seen(None, network=NetworkFault.DNS)),
    ({**CUSTOM, "S3_ENDPOINT": "http://s3.example.net"}, seen(301)),
    ({**CUSTOM, "S3_ENDPOINT": "http://s3.example.net"}, seen(403, "AccessDenied")),
    ({**CUSTOM, "S3_ENDPOINT": "https://s3.example.net:9001"}, seen(200, facts={Fact.MARKUP: "yes"})),
    ({**CUSTOM, "S3_ENDPOINT": "https://s3.example.net/v1"}, seen(404, facts={Fact.MARKUP: "yes"})),
    ({**CUSTOM, "S3_ENDPOINT": "https://files.s3.example.net"}, seen(404, "NoSuchBucket")),
    ({**CUSTOM, "S3_SIGNATURE_VERSION": "s3"}, seen(400, "InvalidRequest")),
    ({**PLAIN, "S3_HOSTNAME": "s3.example.net"}, seen(403, "InvalidAccessKeyId")),
]


@pytest.mark.parametrize(("env", "stopped"), CASES)
def test_each_trial_changes_exactly_one_thing(env: Mapping[str, str], stopped: Observation) -> None:
    conditions, tried = made(env, stopped)
    assert tried
    for trial in tried:
        changed = differences(conditions, trial.conditions)
        # another region of AWS has another host: that is one thing
        assert len(changed - {"S3_ENDPOINT"} or changed) == 1 or trial.id.startswith("try-partition:"), trial.id
        told = changed - {"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "credentials", "clock"}
        assert set(trial.conditions.changes) == told, trial.id


@pytest.mark.parametrize(("env", "stopped"), CASES)
def test_ids_are_unique_and_show_what_was_changed(env: Mapping[str, str], stopped: Observation) -> None:
    ids = [trial.id for trial in made(env, stopped)[1]]
    assert len(ids) == len(set(ids))
    assert all(trial_id.startswith("try-") for trial_id in ids)


def test_a_store_of_another_kind_is_tried_with_mastodons_own_region() -> None:
    default = settings_of({name: value for name, value in CUSTOM.items() if name != "S3_REGION"}).region
    env = {**CUSTOM, "S3_REGION": "nowhere"}
    tried = [trial.id for trial in made(env, seen(400, "AuthorizationHeaderMalformed"))[1]]
    assert ExperimentWith.REGION.of(default) in tried


@pytest.mark.parametrize("env", [AWS, CUSTOM])
@pytest.mark.parametrize("stopped", [seen(200), seen(403, "AccessDenied"), seen(400, "InvalidArgument")])
def test_nothing_is_tried_where_the_key_is_accepted(env: Mapping[str, str], stopped: Observation) -> None:
    assert made(env, stopped)[1] == []


def test_the_region_that_the_answer_names_comes_first() -> None:
    _, tried = made(CUSTOM, seen(400, "AuthorizationHeaderMalformed", facts={Fact.REGION: "fr-par"}))
    assert tried[0].id == "try-region:fr-par"
    assert tried[0].conditions.settings.region == "fr-par"


def test_at_aws_only_the_named_region_is_tried() -> None:
    _, tried = made(AWS, seen(301, "PermanentRedirect", facts={Fact.REGION: "eu-west-2"}))
    assert [trial.id for trial in tried] == ["try-region:eu-west-2"]


@pytest.mark.parametrize(
    ("skew", "tried"), [(0.0, False), (899.0, False), (1000.0, True), (-1000.0, True), (None, False)]
)
def test_the_clock_is_tried_only_when_it_is_off(skew: float | None, tried: bool) -> None:
    _, all_tried = made(AWS, seen(403, "RequestTimeTooSkewed"), skew)
    assert (Experiment.CLOCK in [trial.id for trial in all_tried]) is tried


def test_the_clock_trial_signs_with_the_servers_time() -> None:
    conditions, tried = made(AWS, seen(403, "RequestTimeTooSkewed"), 1200.0)
    dates = [dict(w.wire.list_objects().headers)["X-Amz-Date"] for w in (conditions, tried[0].conditions)]
    assert dates == ["20261125T120000Z", "20261125T122000Z"]


def test_a_token_is_tried_only_when_there_is_one() -> None:
    stopped = seen(403, "InvalidAccessKeyId")
    assert Experiment.SESSION_TOKEN not in [trial.id for trial in made(AWS, stopped)[1]]
    with_token = {**AWS, "AWS_SESSION_TOKEN": "token"}
    assert Experiment.SESSION_TOKEN in [trial.id for trial in made(with_token, stopped)[1]]


def test_swapped_halves_are_tried_only_when_they_look_swapped() -> None:
    stopped = seen(403, "InvalidAccessKeyId")
    assert Experiment.SWAPPED_KEYS not in [trial.id for trial in made(AWS, stopped)[1]]
    swapped = {**AWS, "AWS_ACCESS_KEY_ID": SECRET, "AWS_SECRET_ACCESS_KEY": "AKIAIOSFODNN7EXAMPLE"}
    assert Experiment.SWAPPED_KEYS in [trial.id for trial in made(swapped, stopped)[1]]


def test_no_trial_shows_a_secret() -> None:
    for env, stopped in CASES:
        for trial in made(env, stopped)[1]:
            assert SECRET not in f"{trial.id} {trial.title} {trial.conditions.changes}"


def headers_of(**env: str) -> list[str]:
    settings = settings_of({**CUSTOM, **env})
    conditions_maker = conditions_maker_for(settings)
    return [trial.id for trial in header_trials(conditions_maker, conditions_maker.of(settings))]


def test_only_headers_that_are_sent_are_left_out() -> None:
    assert Experiment.PUT_NO_STORAGE_CLASS not in headers_of()
    assert Experiment.PUT_NO_STORAGE_CLASS in headers_of(S3_STORAGE_CLASS="STANDARD_IA")
    assert Experiment.PUT_NO_CHECKSUM in headers_of()
    assert Experiment.PUT_NO_CHECKSUM not in headers_of(AWS_REQUEST_CHECKSUM_CALCULATION="when_required")


def test_a_header_trial_leaves_out_one_header() -> None:
    settings = settings_of({**CUSTOM, "S3_STORAGE_CLASS": "STANDARD_IA"})
    conditions_maker = conditions_maker_for(settings)
    conditions = conditions_maker.of(settings)

    def sent(one: Conditions) -> set[str]:
        call = one.wire.put_object("k", b"x", "image/png", acl=None)
        return {name.lower() for name, _ in call.headers}

    for trial in header_trials(conditions_maker, conditions):
        gone = sent(conditions) - sent(trial.conditions)
        if trial.id == Experiment.PUT_NO_STORAGE_CLASS:
            assert gone == {"x-amz-storage-class"}
        if trial.id == Experiment.PUT_NO_CACHE_CONTROL:
            assert gone == {"cache-control"}
        if trial.id == Experiment.PUT_NO_CHECKSUM:
            assert any("checksum" in name or "trailer" in name for name in gone)
            assert not {"x-amz-storage-class", "cache-control"} & gone


def test_a_bucket_whose_name_begins_like_a_host_names_no_region() -> None:
    facts = {Fact.ENDPOINT: "s3-media.s3.dualstack.eu-west-2.amazonaws.com"}
    _, tried = made({**AWS, "S3_BUCKET": "s3-media"}, seen(301, "PermanentRedirect", facts=facts))
    assert [trial.id for trial in tried] == ["try-region:eu-west-2"]
