"""Whatever stands in an evidence file, a replay shows it or says that it is none."""

from __future__ import annotations

import copy
import json
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from s3probe.cli import main
from s3probe.codec import dump
from s3probe.diagnosis.engine import diagnose
from s3probe.diagnosis.model import Diagnosis, RuleError
from s3probe.evidence.reported import Expected, Reported
from s3probe.report.formats import FORMATS
from tests.exhaustive import examples
from tests.report import samples

ODD = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=12),
    st.sampled_from(
        ["", "s3", "-", "[", "http://[", "9" * 5000, 10**400, -1, [], {}, [[]], {"kind": "env"}, "\ud800", 1e308]
    ),
    st.recursive(
        st.integers(),
        lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=4), inner, max_size=2),
        max_leaves=4,
    ),
)
quick = settings(max_examples=examples(100), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@cache
def saved() -> tuple[str, ...]:
    """Evidence files as they are written."""
    read = samples.settings()
    seen = [samples.evidence(rows) for rows in (samples.HEALTHY, samples.BROKEN, samples.UNREACHABLE)]
    whole = [dump(each, read, diagnose(read, each)) for each in seen]
    findings = Diagnosis((samples.ACL_DISABLED, samples.DELETE_DENIED), (RuleError("a", "b", "c"),))
    said = Reported(Expected("x", ("y",)), "failure", ("z",), ("--quick",), {"python": "3.11"}, "Traceback")
    return (*whole, *(dump(each, read) for each in seen), dump(seen[1], read, findings, reported=said))


def places(value: Any) -> list[tuple[Any, Any]]:
    """Every container with every key of it."""
    found: list[tuple[Any, Any]] = []
    for key in range(len(value)) if isinstance(value, list) else value if isinstance(value, dict) else ():
        found += [(value, key), *places(value[key])]
    return found


def replayed(tmp_path: Path, text: str, form: str, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "evidence.json"
    file.write_bytes(text.encode("utf-8", "surrogatepass"))
    status = main(["replay", "--again", "--format", form, str(file)])
    shown = capsys.readouterr()
    assert status in (0, 1, 2, 3, 64), shown.err
    assert "has a bug" not in shown.err
    if main(["replay", "--format", form, str(file)]) == 70:
        pytest.fail(capsys.readouterr().err)


@quick
@given(data=st.data(), number=st.integers(0, 6), form=st.sampled_from(sorted(FORMATS)))
def test_a_file_in_which_something_was_changed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], data: st.DataObject, number: int, form: str
) -> None:
    content = copy.deepcopy(json.loads(saved()[number]))
    for _ in range(data.draw(st.integers(1, 3))):
        found = places(content)
        container, key = found[data.draw(st.integers(0, len(found) - 1))]
        if data.draw(st.booleans()):
            container[key] = data.draw(ODD)
        else:
            del container[key]
    replayed(tmp_path, json.dumps(content), form, capsys)


@quick
@given(
    text=st.one_of(
        st.text(max_size=60),
        ODD.map(lambda value: json.dumps({"s3probe_evidence": 1, "settings": value, "evidence": value})),
    )
)
def test_a_file_of_anything(tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str) -> None:
    replayed(tmp_path, text, "text", capsys)


@pytest.mark.parametrize(
    "text",
    [
        "[" * 200_000,
        '{"a":' * 200_000,
        '{"s3probe_evidence": 1, "settings": ' + "[" * 100_000,
        '{"s3probe_evidence": ' + "9" * 5000 + "}",
    ],
)
def test_deep_nesting_and_long_numbers(tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str) -> None:
    replayed(tmp_path, text, "json", capsys)
