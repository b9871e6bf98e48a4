"""What a plan says, and that it asks nobody for it."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

import s3probe
from s3probe.evidence.vocabulary import Experiment, ExperimentWith
from s3probe.planning import json_form, text
from s3probe.planning.make import plan_of
from s3probe.planning.model import Plan, WhenAsked
from s3probe.planning.occasions import OCCASIONS
from s3probe.planning.schema import with_plans
from s3probe.probe import own_files
from s3probe.probe.own_files import Fate, OwnFile
from s3probe.probe.signing_rule import signing_rule
from s3probe.probe.tools import ProbeOptions, new_run_id
from s3probe.report.schema import schema
from s3probe.sandbox.faults import ALL
from s3probe.sandbox.scenario import SECRET, Scenario, custom, healthy, healthy_policy
from tests.every import every
from tests.exhaustive import part
from tests.planning.asking import nobody_is_asked
from tests.probe.test_signing_rule import signed
from tests.report.closed import closed
from tests.runs import fault_name, settings_of

PROBE = Path(s3probe.__file__).parent / "probe"


@pytest.fixture(autouse=True)
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    nobody_is_asked(monkeypatch)


def with_env(scenario: Scenario, **lines: str | None) -> Scenario:
    for name, value in lines.items():
        scenario = scenario.with_env(name, value)
    return scenario


def planned(scenario: Scenario, options: ProbeOptions = ProbeOptions()) -> Plan:  # noqa: B008  it is frozen
    return plan_of(settings_of(scenario), options)


def keys(plan: Plan, *fates: Fate) -> dict[str, str | None]:
    return {file.key.rpartition("/")[2]: file.acl for file in plan.files if not fates or file.fate in fates}


@every("fault", part(ALL, 12), fault_name)
def test_there_is_a_plan_for_every_fault_and_it_keeps_to_the_schema(fault) -> None:  # type: ignore[no-untyped-def]
    plan = planned(fault.scenario())
    CLOSED.validate(json.loads(json_form.render([plan])))
    assert SECRET not in json_form.render([plan]) + text.render([plan])
    assert "s3probe check" in text.render([plan])


CLOSED = Draft202012Validator(closed(with_plans(schema())))


def test_several_plans_are_one_document() -> None:
    plans = [planned(healthy()), planned(custom())]
    data = json.loads(json_form.render(plans, [("c.env", "it is not there")]))
    CLOSED.validate(data)
    assert [one["subject"]["bucket"] for one in data["plans"]] == [plan.bucket for plan in plans]
    assert data["unread"] == [{"source": "c.env", "message": "it is not there"}]


def test_the_public_host_is_never_asked_with_the_key() -> None:
    scenario = healthy_policy()
    plan, settings = planned(scenario), settings_of(scenario)
    host = next(h for h in plan.hosts if h.origin == f"https://{settings.alias_host}")
    assert (host.signed, host.visitor) == (WhenAsked.NEVER, WhenAsked.ALWAYS)
    rules = [rule for rule in plan.rules if rule.signed]
    assert not any(re.fullmatch(pattern, settings.alias_host or "") for rule in rules for pattern in rule.patterns)
    assert signing_rule(settings, settings.credentials).objection(signed(f"https://{settings.alias_host}/"))


@every("origin", ["https://s3.eu-north-1.amazonaws.com", "https://b.s3.us-east-1.amazonaws.com"])
def test_what_the_plan_says_of_signed_requests_is_what_the_client_refuses_to_go_beyond(origin: str) -> None:
    plan, settings = planned(healthy()), settings_of(healthy())
    host = origin.partition("://")[2]
    assert any(re.fullmatch(p, host) for rule in plan.rules if rule.signed for p in rule.patterns)
    assert not signing_rule(settings, settings.credentials).objection(signed(f"{origin}/", bucket="b"))


def test_a_run_that_only_reads_has_no_file_and_nothing_to_remove() -> None:
    plan = planned(healthy(), ProbeOptions(profile="read-only"))
    assert plan.files == ()
    assert plan.limits.removing == plan.limits.trials == 0
    assert plan.trials.why_not == "--read-only"
    assert "Nothing is written" in plan.removal[0]
    operations = {action.operation for action in plan.actions}
    assert operations == {"GET", "ListObjectsV2"}


def test_without_trials_there_is_no_other_place() -> None:
    plan = planned(custom(), ProbeOptions(trials=False))
    assert plan.trials.why_not == "--no-trials"
    assert [rule.patterns for rule in plan.rules] == [()], "a redirect alone leads elsewhere"


def test_the_key_has_the_prefix_and_the_acl_of_the_file() -> None:
    plan = planned(with_env(healthy(), S3_KEY_PREFIX="social", S3_PERMISSION="private"))
    stored = {file.key: file.acl for file in plan.files if file.fate is Fate.STORED}
    assert stored["social/media_attachments/files/s3probe/<run id>/with-acl.png"] == "private"
    assert stored["social/backups/dumps/s3probe/<run id>/archive.zip"] == "private"
    assert stored["media_attachments/files/s3probe/<run id>/without-prefix.png"] == "private"
    assert stored["social/media_attachments/files/s3probe/<run id>/without-acl.png"] is None
    assert re.fullmatch(plan.run_id_pattern, new_run_id())


def test_without_a_permission_no_file_has_an_acl_but_in_a_trial() -> None:
    plan = planned(with_env(healthy(), S3_PERMISSION=""))
    assert {file.acl for file in plan.files if not file.when} == {None}
    assert next(file for file in plan.files if file.key.endswith("/with-acl.png")).when.startswith("under another line")


def test_an_action_alone_brings_only_its_own_files() -> None:
    plan = planned(healthy(), ProbeOptions(only=("list",)))
    assert keys(plan, Fate.STORED, Fate.BEGUN) == {}
    both = planned(healthy(), ProbeOptions(only=("archive-put",)))
    assert set(keys(both, Fate.STORED)) - {name for name in keys(both) if name.startswith("try-")} == {
        "with-acl.png",
        "without-acl.png",
        "archive.zip",
    }


def test_a_quick_run_says_what_follows_only_on_a_failure() -> None:
    plan = planned(healthy(), ProbeOptions(profile="quick"))
    at_once = [file.key.rpartition("/")[2] for file in plan.files if not file.when]
    assert at_once == ["canary.png"]
    assert [action.id for action in plan.actions if not action.when] == ["put-with-acl", "delete", "public-get"]
    assert plan.limits.when_nothing_fails < 20


def test_a_file_under_which_mastodon_raises_gets_a_plan_that_says_so() -> None:
    plan = planned(with_env(healthy(), S3_ENABLED="false"))
    assert plan.nothing.startswith("S3_ENABLED is not true")
    assert {host.signed for host in plan.hosts} | {host.visitor for host in plan.hosts} <= {
        WhenAsked.NEVER,
        WhenAsked.AFTER_A_FAILURE,
    }
    assert not [file for file in plan.files if not file.when]
    assert "nothing is asked at all" in text.render([plan], width=1000).replace("\n", " ")


def test_without_a_key_pair_the_places_are_named_where_the_sdk_looks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://169.254.170.23/v1/credentials")
    plan = planned(with_env(healthy(), AWS_ACCESS_KEY_ID=None, AWS_SECRET_ACCESS_KEY=None))
    addresses = [source.address for source in plan.sources]
    assert "http://169.254.169.254" in addresses
    assert "http://169.254.170.23/v1/credentials" in addresses
    assert any(address.startswith("https://sts.") for address in addresses)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    silent = planned(with_env(healthy(), AWS_ACCESS_KEY_ID=None, AWS_SECRET_ACCESS_KEY=None))
    assert "http://169.254.169.254" not in [source.address for source in silent.sources]
    assert planned(healthy()).sources == ()


def test_no_secret_of_the_file_is_in_it() -> None:
    plan = planned(
        with_env(
            healthy(),
            CACHE_BUSTER_ENABLED="true",
            CACHE_BUSTER_SECRET_HEADER="X-Purge",
            CACHE_BUSTER_SECRET="a-secret-of-the-cache",
            http_proxy="http://me:hunter2hunter2@proxy.example:3128",
        )
    )
    shown = json_form.render([plan]) + text.render([plan], width=1000)
    assert "proxy.example:3128" in shown
    assert "X-Purge" in shown
    assert not [secret for secret in ("hunter2hunter2", "a-secret-of-the-cache", SECRET) if secret in shown]


class TestTheTables:
    """What a run takes from them, and nothing beside."""

    def test_every_file_stands_in_the_table(self) -> None:
        found: list[OwnFile] = []
        for value in vars(own_files).values():
            found += [value] if isinstance(value, OwnFile) else []
            found += [one for one in value.values() if isinstance(one, OwnFile)] if isinstance(value, dict) else []
        assert set(map(id, found)) == set(map(id, own_files.ALL))
        assert len({(file.class_path, file.name) for file in own_files.ALL}) == len(own_files.ALL)

    def test_a_key_is_minted_of_the_table_alone(self) -> None:
        minting = [(path.name, ast.unparse(call.func)) for path, call in calls() if "mint" in ast.unparse(call.func)]
        assert len(minting) > 10
        assert {name for name, how in minting if how.endswith("ledger.mint")} == {"session.py"}

    def test_every_experiment_of_a_run_has_its_occasion(self) -> None:
        source = "".join(path.read_text(encoding="utf-8") for path in PROBE.glob("*.py"))
        named = {each for occasion in OCCASIONS for asked in occasion.asks for each in asked.ids}
        used = {str(one) for one in Experiment if re.search(rf"Experiment\.{one.name}\b", source)}
        used |= {one.value for one in ExperimentWith if re.search(rf"ExperimentWith\.{one.name}\b", source)}
        assert used - named == set()
        assert len(used) > 100


def calls() -> Iterator[tuple[Path, ast.Call]]:
    for path in PROBE.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call):
                yield path, node


def test_the_plan_is_made_of_the_very_requests_that_a_run_builds() -> None:
    """The largest request decides over the bytes: with a longer prefix the keys in it are longer."""
    short, long = planned(healthy()), planned(with_env(healthy(), S3_KEY_PREFIX="p" * 400))
    assert long.limits.bytes_sent > short.limits.bytes_sent
    assert replace(long.limits, bytes_sent=0) == replace(short.limits, bytes_sent=0)
