"""The sentences of a report are a person's: the case that was found, in the user's own values, each thing said once."""

from __future__ import annotations

import re

from s3probe.diagnosis.model import Finding, IamAllow
from s3probe.knowledge.findings import entry, ids
from s3probe.report.setting_words import sentence
from s3probe.sandbox.faults.model import Fault
from tests.runs import TRIED, each_fault, run_fault

# names in capitals that are Mastodon's, S3's or HTTP's own
_OWN_NAMES = re.compile(
    r"\b(?:[A-Z0-9]+_[A-Z0-9_]+|S3|KMS|ACLs?|CORS|DNS|TLS|HEAD|REST|CDN|HTTPS?|SDK|SSE|API|GET|PUT|ASIA|VPC|URLs?|AWS|OBS)\b"
)
_PLACEHOLDER = re.compile(r"\b[A-Z]{3,}\b|<[a-z ]+>|\{\w+\}")
_REFUSAL = re.compile(r"(?:because|not authorized|does not) .{20,}?(?=;|$)")
_BESIDE_A_FIX = ("note", "warning", "way", "text")
"""Fields of fixes that hold whole sentences."""
_ANOTHER_WORD_FOR_FIX = re.compile(r"\b(?:repair|remed|correct)(?:s|ed|ing|y|ies)?\b", re.IGNORECASE)


def placeholders(text: str) -> list[str]:
    """What stands for a value that the user has."""
    return _PLACEHOLDER.findall(_OWN_NAMES.sub("", text))


def quoted_twice(finding: Finding) -> list[str]:
    """Parts of a server's message that stand more than once in what is known."""
    said = _REFUSAL.findall(re.sub(r"[\w-]+\.(?:png|mp4|zip)", "FILE", finding.how_known))
    return sorted({one for one in said if said.count(one) > 1})


@each_fault(TRIED)
def test_a_finding_speaks_of_the_case_in_the_values_of_the_user(fault: Fault) -> None:
    for found in run_fault(fault).report.findings:
        assert placeholders(found.title) == [], found.title
        assert "  " not in found.title, found.title
        assert quoted_twice(found) == [], found.how_known
        arns = re.findall(r"arn:aws:iam::\d+:\S+", found.how_known)
        assert len(arns) == len(set(arns)), found.how_known
        for doubled in ("no connection: no connection", "no connection: connection", ".:", ".;", ".,"):
            assert doubled not in found.how_known, found.how_known
        for said in (found.remark, *(getattr(fix, name, "") for fix in found.fixes for name in _BESIDE_A_FIX)):
            assert not said or said == f"{sentence(said).rstrip('.')}.", said
        for fix in found.fixes:
            assert not _ANOTHER_WORD_FOR_FIX.search(f"{getattr(fix, 'note', '')} {getattr(fix, 'text', '')}"), fix
        if arns:
            commands = [getattr(fix, "command", "") for fix in found.fixes if not isinstance(fix, IamAllow)]
            assert not any("<account id>" in command for command in commands), commands


def test_a_placeholder_and_a_message_that_is_quoted_twice_are_seen() -> None:
    assert placeholders("The public host is files.HOST") == ["HOST"]
    assert placeholders("S3_ALIAS_HOST begins with https://") == []


def test_there_is_one_word_for_a_fix() -> None:
    for finding_id in ids():
        text = entry(finding_id)
        for said in (text.title, text.consequence, text.meaning, *text.fix.values()):
            assert not _ANOTHER_WORD_FOR_FIX.search(said), (finding_id, said)
