"""Frozen data goes to JSON and comes back the same; no secret goes with it."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from s3probe.codec import EvidenceError, dump, from_plain, load, load_saved, to_plain
from s3probe.diagnosis.model import Diagnosis, Finding, RuleError
from s3probe.evidence.observations import Evidence
from s3probe.evidence.vocabulary import ObservationId
from s3probe.redact import PLACEHOLDER, clean, masked, scrubber_for, shorten
from s3probe.sandbox.scenario import healthy
from s3probe.scrub import Scrubber
from s3probe.secret import Secret
from s3probe.settings.model import Credentials, Earlier
from tests.report.samples import (
    ACL_DISABLED,
    BROKEN,
    DELETE_DENIED,
    FOLLOWED,
    HEALTHY,
    KEY_ID,
    SECRET,
    TRIED,
    UNREACHABLE,
    WRONG_REGION,
    environment,
    evidence,
    settings,
)
from tests.runs import settings_of

FAILED = RuleError("acl.refused_acl", "KeyError: 'x'", "acl.py:88")


@pytest.mark.parametrize("observations", [HEALTHY, BROKEN, UNREACHABLE, ()])
def test_evidence_comes_back_equal(observations: tuple[()]) -> None:
    assert load(dump(evidence(observations), settings()))[1] == evidence(observations)


@pytest.mark.parametrize("finding", [ACL_DISABLED, DELETE_DENIED])
def test_findings_with_every_kind_of_fix_come_back_equal(finding: Finding) -> None:
    assert from_plain(Finding, json.loads(json.dumps(to_plain(finding)))) == finding


def test_an_earlier_line_of_a_secret_is_in_no_file_either() -> None:
    lines = f"AWS_SECRET_ACCESS_KEY=earlier/{SECRET}\nAWS_ACCESS_KEY_ID=AKIAEARLIER7EXAMPLE2\nS3_REGION=us-west-2\n"
    first = healthy()
    twice = settings_of(replace(first, env_text=f"{lines}{first.env_text}"))
    text = dump(evidence(BROKEN), twice)
    assert "earlier/" not in text
    assert "AKIAEARLIER7EXAMPLE2" not in text
    variables = load_saved(text).settings.environment.variables
    assert {name: variables[name].earlier for name in ("AWS_SECRET_ACCESS_KEY", "S3_REGION")} == {
        "AWS_SECRET_ACCESS_KEY": Earlier(PLACEHOLDER, 1),
        "S3_REGION": Earlier("us-west-2", 3),
    }
    assert "earlier/" not in scrubber_for(twice).clean(f"the secret is earlier/{SECRET}.")


def test_what_was_loaded_is_dumped_to_the_same_byte() -> None:
    text = dump(evidence(BROKEN), settings(), Diagnosis((ACL_DISABLED, DELETE_DENIED), (FAILED,)))
    saved = load_saved(text)
    assert dump(saved.evidence, saved.settings, saved.diagnosis) == text


def test_trials_and_consequences_come_back_and_files_without_them_are_read() -> None:
    diagnosis = Diagnosis((WRONG_REGION,), (), (FOLLOWED,))
    text = dump(evidence(BROKEN), settings(), diagnosis, (TRIED,))
    saved = load_saved(text)
    assert (saved.diagnosis, saved.trials) == (diagnosis, (TRIED,))
    assert dump(saved.evidence, saved.settings, saved.diagnosis, saved.trials) == text
    older = json.loads(text)
    del older["trials"], older["consequences"]
    for finding in older["findings"]:
        del finding["remark"]
        for fix in finding["fixes"]:
            del fix["proof"]
    saved = load_saved(json.dumps(older))
    assert saved.trials == ()
    assert saved.diagnosis is not None
    assert [one.id for one in saved.diagnosis] == [WRONG_REGION.id]


def test_no_secret_goes_into_the_file() -> None:
    told = replace(BROKEN[2], message=f"secret {SECRET} of {KEY_ID}, db {'correct-horse-battery-staple'}")
    text = dump(evidence((told,)), settings(credentials=Credentials(KEY_ID, Secret(SECRET), Secret("token-" + SECRET))))
    for secret in (SECRET, KEY_ID, "correct-horse", "/home/alice", SECRET[:12]):
        assert secret not in text


def test_raw_text_of_a_truncated_secret_stays_out() -> None:
    changed = environment(AWS_SECRET_ACCESS_KEY="abcdefgh")
    variable = replace(changed.variables["AWS_SECRET_ACCESS_KEY"], raw="abcdefgh#ijklmnop")
    with_raw = replace(changed, variables={**changed.variables, "AWS_SECRET_ACCESS_KEY": variable})
    quoted = replace(BROKEN[2], message="got abcdefgh#ijklmnop")
    text = dump(evidence((quoted,)), settings(environment=with_raw))
    assert "abcdefgh" not in text
    assert "ijklmnop" not in text


def test_what_a_rule_needs_to_know_stays() -> None:
    loaded, _ = load(dump(evidence(), settings()))
    assert loaded.environment.get("S3_BUCKET") == "files-example"
    assert loaded.environment.line_of("AWS_SECRET_ACCESS_KEY") == 6
    assert loaded.environment.get("AWS_SECRET_ACCESS_KEY") == "(secret)"
    assert loaded.environment.notes == settings().environment.notes
    assert loaded.credentials is not None
    assert loaded.credentials.secret_access_key


def test_a_blank_secret_is_still_blank_after_a_replay() -> None:
    blank = settings(
        credentials=Credentials(KEY_ID, Secret("")), environment=environment(AWS_SECRET_ACCESS_KEY="", S3_REGION="a\r")
    )
    loaded, _ = load(dump(evidence(), blank))
    assert loaded.credentials == Credentials("AKIAXXXXXXXXXXXXMPLE", Secret(""))
    assert loaded.environment.get("AWS_SECRET_ACCESS_KEY") == ""
    assert loaded.environment.get("S3_REGION") == "a\r"


def test_a_password_in_the_proxy_url_stays_out() -> None:
    assert "hunter2" not in dump(evidence(), settings(proxy="http://ping:hunter2@proxy.example:3128"))


@pytest.mark.parametrize("name", ["http_proxy", "S3_ENDPOINT"])
@pytest.mark.parametrize(
    "pair",
    [
        "http://us:hunter2secret",
        "http://us:hunter2 secret",
        "http://us:hunter2/secret",
        "http://us:hunter2@secret",
        "http://us:hunter2<secret",
        "http://u s:hunter2secret",
        "http:/us:hunter2secret",
        "http:us:hunter2secret",
        "us:hunter2secret",
        "us:hunter2%20secret",
    ],
)
def test_a_password_in_what_is_nearly_a_url_stays_out(pair: str, name: str) -> None:
    read = settings_of(healthy().with_env(name, f"'{pair}@proxy.example:3128'"))
    told = replace(BROKEN[2], message=f"no way to {pair}@proxy.example")
    for text in (dump(evidence((told,)), read), scrubber_for(read).clean(f"curl -x '{pair}@proxy.example:3128'")):
        assert "hunter2" not in text
        assert "secret@" not in text


@pytest.mark.parametrize("text", ["", "{}", "[]", "null", '{"schema_version": 1}', '{"s3probe_evidence": "1"}'])
def test_another_file_is_told_as_such(text: str) -> None:
    with pytest.raises(EvidenceError, match="no evidence file") as caught:
        load(text)
    assert "--save-evidence" in caught.value.advice


def test_a_newer_file_asks_for_an_update() -> None:
    with pytest.raises(EvidenceError, match=r"written by s3probe 9\.9") as caught:
        load('{"s3probe_evidence": 2, "s3probe_version": "9.9"}')
    assert "Update" in caught.value.advice


@pytest.mark.parametrize("gone", ["settings", "evidence"])
def test_a_damaged_file_says_where(gone: str) -> None:
    data = json.loads(dump(evidence(), settings()))
    del data[gone]
    with pytest.raises(EvidenceError, match=f"damaged: {gone}"):
        load(json.dumps(data))


def test_a_wrong_type_says_where() -> None:
    plain = to_plain(evidence())
    plain["run"]["seconds"] = "soon"
    with pytest.raises(ValueError, match=r"Evidence\.run\.seconds: float was expected"):
        from_plain(Evidence, plain)


@pytest.mark.parametrize("text", ["[" * 200_000, '{"a":' * 100_000, "[" * 200_000 + "]" * 200_000])
def test_brackets_without_end_are_no_evidence_file(text: str) -> None:
    with pytest.raises(EvidenceError, match="no evidence file"):
        load_saved(text)


def test_clean_reaches_every_text() -> None:
    dirty = replace(ACL_DISABLED, how_known=f"\x1b[31m{SECRET}", because=(ObservationId(SECRET),))
    cleaned = clean(dirty, Scrubber([Secret(SECRET)]))
    assert (cleaned.how_known, cleaned.because) == ("***", ("***",))


@pytest.mark.parametrize(
    ("key_id", "shown"),
    [
        (KEY_ID, "AKIA…MPLE"),
        ("minioadmin", "mi…in"),
        ("key", "k…"),
        ("", ""),
        (SECRET, "…"),
        ("AKIA…MPLE", "AKIA…MPLE"),
    ],
)
def test_access_key_ids_are_shortened(key_id: str, shown: str) -> None:
    assert shorten(key_id) == shown
    assert shorten(masked(key_id)) == shown
    assert len(masked(key_id)) == len(key_id)


def test_a_masked_key_id_shows_no_more_than_the_shortened_one() -> None:
    assert masked(KEY_ID) == "AKIAXXXXXXXXXXXXMPLE"
    assert masked(SECRET) == "XXXXXXXXXXXXX/XXXXXXX+XXXXXXXXXXXXXXXXXX"


def test_a_key_id_that_a_server_names_is_masked_like_that_of_the_settings() -> None:
    told = replace(BROKEN[2], message=KEY_ID)
    loaded, seen = load(dump(evidence((told,)), settings()))
    assert loaded.credentials is not None
    assert seen.observations[0].message == loaded.credentials.access_key_id != KEY_ID
