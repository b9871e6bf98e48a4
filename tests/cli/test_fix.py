"""``s3probe fix``: the smallest change of the file, made safely."""

from __future__ import annotations

import errno
import os
import shutil
import signal
import stat
import subprocess
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from s3probe.diagnosis.model import BucketSetting, EnvFix, Finding, Fix, Manual, Severity
from s3probe.evidence.observations import Evidence
from s3probe.report.model import Verdict
from s3probe.sandbox.faults import FAULTS
from s3probe.sandbox.sandbox import Sandbox
from s3probe.sandbox.scenario import Scenario, healthy
from s3probe.settings.dotenv import parse
from s3probe.settings.edit import Change
from tests.cli.support import ENV_TEXT, Cli
from tests.exhaustive import examples, part
from tests.missing import reason
from tests.report.samples import ACL_DISABLED, BROKEN, DELETE_DENIED, SECRET, evidence
from tests.runs import run, settings_of, tools_for
from tests.settings.env_texts import CHANGES, FILES

PATCH = shutil.which("patch")
OTHERS_SECRET = "tr0ub4dor"
DIFF = """\
--- .env.production
+++ .env.production
@@ -5,3 +5,3 @@
 S3_HOSTNAME=s3.eu-west-2.amazonaws.com
-S3_PERMISSION=public-read
+S3_PERMISSION=
 S3_ALIAS_HOST=files.example.com
"""
CAUSE = (
    "S3_PERMISSION, line 6: The bucket has ACLs disabled, but Mastodon sends one with every upload "
    "(acl-disabled-bucket-owner-enforced).\n"
)


def fixing(*fixes: Fix) -> Finding:
    return replace(ACL_DISABLED, fixes=fixes)


def test_fix_shows_the_change_and_touches_nothing(cli: Cli) -> None:
    path = cli.file()
    cli.tried(evidence(BROKEN), (ACL_DISABLED, DELETE_DENIED))
    status, out, err = cli.run("fix")
    assert (status, out) == (2, DIFF)
    assert path.read_text() == ENV_TEXT
    assert CAUSE in err
    assert "Nothing was changed. s3probe fix --write .env.production makes this change." in err
    assert "1 warning is left alone; s3probe check tells it." in err
    assert SECRET not in out + err


def test_write_changes_the_file_and_keeps_the_old_one(cli: Cli) -> None:
    path = cli.file()
    path.chmod(0o640)
    cli.tried(evidence(BROKEN), (ACL_DISABLED,))
    status, out, err = cli.run("fix", "--write")
    assert (status, out) == (0, DIFF)
    assert path.read_text() == ENV_TEXT.replace("S3_PERMISSION=public-read", "S3_PERMISSION=")
    (backup,) = cli.folder.glob(".env.production.*.bak")
    assert backup.read_text() == ENV_TEXT
    assert backup.name in err
    for file in (path, backup):
        assert stat.S_IMODE(file.stat().st_mode) == 0o640
        assert (file.stat().st_uid, file.stat().st_gid) == (os.getuid(), os.getgid())


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may give files away")
def test_write_keeps_the_owner(cli: Cli) -> None:
    path = cli.file()
    os.chown(path, 12345, 12346)
    cli.tried(evidence(BROKEN), (ACL_DISABLED,))
    cli.run("fix", "--write")
    for file in cli.folder.glob(".env.production*"):
        assert (file.stat().st_uid, file.stat().st_gid) == (12345, 12346)


def test_write_refuses_when_the_file_changed_meanwhile(cli: Cli) -> None:
    path = cli.file()

    def probe(*_: object) -> Evidence:
        path.write_text(ENV_TEXT + "NEW=1\n")
        return evidence(BROKEN)

    cli.tried(probe, (ACL_DISABLED,))
    status, _, err = cli.run("fix", "--write")
    assert status == 64
    assert "was changed by someone else meanwhile" in err
    assert path.read_text() == ENV_TEXT + "NEW=1\n"
    assert list(cli.folder.glob("*.bak")) == []


def test_write_keeps_bytes_that_are_not_ours(cli: Cli) -> None:
    path = cli.file()
    odd = ENV_TEXT.replace("\n", "\r\n") + "\r\n# caf\u00e9\x0c x"
    path.write_bytes(odd.encode())
    cli.tried(evidence(BROKEN), (fixing(EnvFix("S3_PERMISSION", "private")),))
    cli.run("fix", "--write")
    assert path.read_bytes() == odd.replace("public-read", "private").encode()


def test_a_secret_is_never_written(cli: Cli) -> None:
    path = cli.file()
    placeholder = EnvFix(
        "AWS_SECRET_ACCESS_KEY", "'<the text that stands there now>'", 9, secret=True, note="Quote it."
    )
    cli.tried(evidence(BROKEN), (fixing(placeholder),))
    status, out, err = cli.run("fix", "--write")
    assert (status, out) == (2, "")
    assert (
        "By hand: AWS_SECRET_ACCESS_KEY='<the text that stands there now>' (line 9 of .env.production): Quote it."
        in err
    )
    assert path.read_text() == ENV_TEXT


def test_nothing_to_change(cli: Cli) -> None:
    cli.file()
    cli.probe(evidence())
    status, out, err = cli.run("fix", "--write")
    assert (status, out) == (0, "")
    assert "Nothing in .env.production needs to change" in err
    assert list(cli.folder.glob("*.bak")) == []


def test_a_failure_that_is_left_keeps_the_status(cli: Cli) -> None:
    path = cli.file()
    denied = replace(DELETE_DENIED, severity=Severity.FAILURE)
    cli.tried(evidence(BROKEN), (ACL_DISABLED, denied))
    status, _, err = cli.run("fix", "--write")
    assert (status, "S3_PERMISSION=\n" in path.read_text()) == (2, True)
    assert "Not in this file: The key may not delete files" in err


def test_warnings_change_no_file(cli: Cli) -> None:
    path = cli.file()
    before = path.stat()
    cli.probe(evidence(), (replace(fixing(EnvFix("S3_PERMISSION", "")), severity=Severity.WARNING, explains=()),))
    status, out, err = cli.run("fix", "--write")
    assert (status, out) == (0, "")
    assert "1 warning is left alone" in err
    assert "Nothing in .env.production needs to change" in err
    assert (path.stat().st_ino, path.stat().st_mtime_ns) == (before.st_ino, before.st_mtime_ns)
    assert list(cli.folder.glob("*.bak")) == []


def test_another_fix_can_be_chosen(cli: Cli) -> None:
    path = cli.file()
    cli.tried(evidence(BROKEN), (fixing(EnvFix("S3_PERMISSION", "", 6), EnvFix("S3_PERMISSION", "private", 6)),))
    err = cli.run("fix")[2]
    assert "Another way: S3_PERMISSION=private. s3probe fix --choose 2 takes it." in err
    _, out, err = cli.run("fix", "--choose", "2")
    assert "+S3_PERMISSION=private\n" in out
    assert "s3probe fix --write --choose 2 .env.production makes this change." in err
    assert cli.run("fix", "--choose", "2", "--write")[0] == 0
    assert "S3_PERMISSION=private\n" in path.read_text()


@pytest.mark.parametrize("number", ["0", "x", "100"])
def test_a_choice_is_a_number(cli: Cli, number: str) -> None:
    status, _, err = cli.run("fix", "--choose", number)
    assert status == 64
    assert f"'{number}' is no number from 1 to 99" in err


def test_a_choice_that_is_not_there(cli: Cli) -> None:
    cli.file()
    cli.tried(evidence(BROKEN), (fixing(EnvFix("S3_PERMISSION", "")),))
    status, _, err = cli.run("fix", "--choose", "2")
    assert status == 64
    assert "The first failure has 1 fix, so there is no fix 2" in err


def test_the_fix_that_check_names_first_is_not_in_the_file(cli: Cli) -> None:
    path = cli.file()
    block = BucketSetting("public-access-block", "BlockPublicAcls=false", "aws s3api put-public-access-block")
    cli.tried(evidence(BROKEN), (fixing(block, EnvFix("S3_PERMISSION", "", note="and a policy", conditional=True)),))
    status, out, err = cli.run("fix", "--write")
    assert (status, out) == (2, "")
    assert "Not in this file: The bucket has ACLs disabled" in err
    assert path.read_text() == ENV_TEXT
    status, out, err = cli.run("fix", "--write", "--choose", "2")
    assert (status, out) == (2, "")
    assert "By hand: S3_PERMISSION= (line 6 of .env.production): and a policy." in err
    assert path.read_text() == ENV_TEXT


def test_a_secret_that_passed_unquoted_is_quoted(cli: Cli) -> None:
    """As the diff would show it, the change is said in words; the rest of the diff is there."""
    secret = "wJalrXUtn#FEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
    text = ENV_TEXT.replace(SECRET, secret)
    path = cli.file(text=text)
    quote = EnvFix("AWS_SECRET_ACCESS_KEY", "'<…>'", 9, secret=True, as_written="raw")
    other = replace(fixing(EnvFix("S3_PERMISSION", ""), replace(quote, together=True)), id="nosuchbucket-typo")
    cli.tried(evidence(BROKEN), (fixing(quote), other))
    status, out, err = cli.run("fix", "--write")
    assert (status, out) == (0, DIFF)
    assert "AWS_SECRET_ACCESS_KEY, line 9: " in err
    assert (
        "The diff leaves this line out, as it may hold a secret: the text that stands there is put into single quotes."
        in err
    )
    assert secret not in out + err
    assert secret.partition("#")[2] not in out + err
    assert path.read_text() == text.replace(secret, f"'{secret}'").replace("public-read", "")


def test_a_manual_step_is_named_with_its_line(cli: Cli) -> None:
    cli.file()
    cli.tried(evidence(BROKEN), (replace(fixing(), fixes=(Manual("Use its exact name."),), setting="S3_BUCKET"),))
    assert "By hand: S3_BUCKET (line 3 of .env.production): Use its exact name." in cli.run("fix")[2]


# ---- only what was tried


def test_a_line_that_was_not_tried_is_never_written(cli: Cli) -> None:
    path = cli.file()
    cli.probe(evidence(BROKEN), (fixing(EnvFix("S3_PERMISSION", "", 6, note="The bucket needs a policy first")),))
    status, out, err = cli.run("fix", "--write")
    assert (status, out, path.read_text()) == (2, "", ENV_TEXT)
    assert (
        "By hand: S3_PERMISSION= (line 6 of .env.production): The bucket needs a policy first. Not tried: interrupted."
    ) in err
    assert ".env.production stays as it is." in err


def test_what_needs_a_step_outside_the_file_is_told_with_it_and_not_written(cli: Cli) -> None:
    path = cli.file()
    block = BucketSetting("public-access-block", "BlockPublicAcls=false", "aws s3api put-public-access-block")
    quiet = EnvFix("S3_PERMISSION", "", 6, note="and a policy that opens the folders", conditional=True)
    cli.tried(evidence(BROKEN), (fixing(block, quiet),))
    status, _, err = cli.run("fix", "--write", "--choose", "2")
    assert (status, path.read_text()) == (2, ENV_TEXT)
    assert (
        "By hand: S3_PERMISSION= (line 6 of .env.production): and a policy that opens the folders. "
        "Not tried: with it alone uploads would pass, and visitors would see no picture."
    ) in err


def test_lines_that_were_tried_together_are_written_together(cli: Cli) -> None:
    path = cli.file()
    region, host = EnvFix("S3_REGION", "eu-west-1", 4), EnvFix("S3_HOSTNAME", "s3.eu-west-1.amazonaws.com", 5)
    second = replace(fixing(host, replace(region, together=True)), id="hostname-wrong", title="The host is another's")
    cli.tried(evidence(BROKEN), (fixing(region), second))
    status, _, err = cli.run("fix", "--write")
    assert status == 0
    assert path.read_text() == ENV_TEXT.replace("eu-west-2", "eu-west-1")
    assert [line for line in err.splitlines() if ", line " in line] == [
        f"S3_HOSTNAME, line 5: {second.title} (hostname-wrong).",
        f"S3_REGION, line 4: {ACL_DISABLED.title} ({ACL_DISABLED.id}).",
    ]


def test_lines_that_were_never_tried_together_are_not_written_together(cli: Cli) -> None:
    path = cli.file()
    second = replace(fixing(EnvFix("S3_REGION", "eu-west-1", 4)), id="region-wrong")
    cli.tried(evidence(BROKEN), (ACL_DISABLED, second))
    status, out, _ = cli.run("fix", "--write")
    assert (status, out) == (2, DIFF)
    assert path.read_text() == ENV_TEXT.replace("public-read", "")


@pytest.mark.parametrize("option", [("--no-trials",), ("--only", "put-with-acl,list")])
def test_nothing_can_be_written_where_nothing_may_be_tried(cli: Cli, option: tuple[str, ...]) -> None:
    path = cli.file()
    cli.probe(evidence(BROKEN), (ACL_DISABLED,))
    status, out, err = cli.run("fix", "--write", *option)
    assert (status, out, cli.asked) == (64, "", [])
    assert f"with {option[0]} nothing is tried" in err
    status, out, err = cli.run("fix", *option)
    assert (status, out, path.read_text()) == (2, "", ENV_TEXT)
    assert f"By hand: S3_PERMISSION= (line 6 of .env.production): not tried: {option[0]}." in err


def test_who_ends_the_trials_is_told_what_was_seen(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    path = cli.file()
    cli.probe(evidence(BROKEN), (ACL_DISABLED,))
    monkeypatch.setattr("s3probe.diagnosis.candidates.candidate", interrupted)
    status, out, err = cli.run("fix", "--write")
    assert (status, out, path.read_text()) == (130, "", ENV_TEXT)
    assert f"Seen until then: {ACL_DISABLED.title} ({ACL_DISABLED.id}).\nNothing was changed.\n" in err


# ---- on a real bucket


def write(cli: Cli, scenario: Scenario, monkeypatch: pytest.MonkeyPatch, *options: str) -> tuple[int, Scenario, str]:
    """``fix --write`` of a scenario's file: status, the scenario with the file as it is then, and what was said."""
    path = cli.file(text=scenario.env_text)
    with Sandbox(scenario.world) as box:
        made, wire = tools_for(box)
        monkeypatch.setattr("s3probe.probe.tools.default_tools", lambda *_given, **_more: made)
        status, _out, err = cli.run("fix", "--write", *options)
        wire.close()
    return status, replace(scenario, env_text=path.read_text()), err


BOTH = FAULTS["env-hash-truncates-value"].change(FAULTS["region-wrong-aws-regional-endpoint"].scenario())


@pytest.mark.parametrize(
    ("scenario", "changed"),
    [
        (FAULTS["region-wrong-aws-regional-endpoint"].scenario(), ["S3_REGION"]),
        (FAULTS["env-s3-enabled-not-true"].scenario(), ["S3_ENABLED"]),
        (BOTH, ["AWS_SECRET_ACCESS_KEY", "S3_REGION"]),
    ],
    ids=["region", "not enabled", "two that hide each other"],
)
def test_what_was_written_heals(
    cli: Cli, monkeypatch: pytest.MonkeyPatch, scenario: Scenario, changed: list[str]
) -> None:
    status, after, err = write(cli, scenario, monkeypatch)
    assert status == 0
    assert sorted(line.partition(",")[0] for line in err.splitlines() if ", line " in line) == changed
    assert run(after).report.verdict is Verdict.OK


@pytest.mark.parametrize(
    "name",
    part(
        ["bpa-blocks-public-acl", "iam-missing-putobjectacl", "multipart-threshold-in-megabytes", "skew-clock", ""], 4
    ),
)
def test_where_no_line_was_tried_nothing_is_written(cli: Cli, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    fault = FAULTS.get(name)
    scenario = fault.scenario() if fault else healthy()
    status, after, err = write(cli, scenario, monkeypatch)
    assert (status, after) == (2 if fault else 0, scenario)
    assert list(cli.folder.glob("*.bak")) == []
    assert ("stays as it is" if fault else "Nothing in .env.production needs to change") in err


@pytest.mark.parametrize(
    ("number", "steps", "not_said"),
    [
        ("1", ["BlockPublicAcls=false,IgnorePublicAcls=false"], ["MastodonPublic", "account-id", "S3_PERMISSION="]),
        ("2", ["put-public-access-block --account-id"], ["MastodonPublicMedia", "S3_PERMISSION="]),
        ("3", ["BlockPublicPolicy=false", "Then: Set this bucket policy", "Then: Set this in", "S3_PERMISSION="],
         ["account-id", "BlockPublicAcls=false"]),
    ],
)  # fmt: skip
def test_the_fix_of_that_number_is_told_with_all_its_steps(
    cli: Cli, monkeypatch: pytest.MonkeyPatch, number: str, steps: list[str], not_said: list[str]
) -> None:
    scenario = FAULTS["bpa-blocks-public-acl"].scenario()
    status, after, err = write(cli, scenario, monkeypatch, "--choose", number)
    assert (status, after) == (2, scenario)
    places = [err.find(step) for step in steps]
    assert places == sorted(places)
    assert -1 not in places
    assert [text for text in not_said if text in err] == []


def test_of_two_lines_of_a_secret_the_wrong_one_is_removed_and_shown_nowhere(
    cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    scenario = healthy()
    wrong = f"{scenario.user.secret[:-5]}wrong"
    twice = replace(scenario, env_text=f"{scenario.env_text}AWS_SECRET_ACCESS_KEY={wrong}\n")
    status, after, err = write(cli, twice, monkeypatch)
    assert (status, after.env_text) == (0, scenario.env_text)
    assert "AWS_SECRET_ACCESS_KEY, line 11: AWS_SECRET_ACCESS_KEY stands twice in the file" in err
    assert wrong not in err
    assert scenario.user.secret not in err


KEPT = "the text that stands there is kept, without what is around it"


@pytest.mark.parametrize(
    ("key_id", "secret", "said"),
    [
        ("{0}", '"{1} "', KEPT),
        ("{0}", "\u201c{1}\u201d", KEPT),
        ('"{0}\t"', "{1}", KEPT),
        ("{1}", "{0}", "it gets the value of the other half of the key pair"),
    ],
    ids=["blank", "curly quotes", "tab", "exchanged"],
)
def test_the_right_key_in_the_wrong_form_is_put_right_and_shown_nowhere(
    cli: Cli, monkeypatch: pytest.MonkeyPatch, key_id: str, secret: str, said: str
) -> None:
    right = healthy()
    pair = right.user.access_key, right.user.secret
    forms = key_id.format(*pair), secret.format(*pair)
    wrong = right.with_raw_env("AWS_ACCESS_KEY_ID", forms[0]).with_raw_env("AWS_SECRET_ACCESS_KEY", forms[1])
    status, after, err = write(cli, wrong, monkeypatch)
    assert (status, settings_of(after).credentials) == (0, settings_of(right).credentials)
    assert f"as it may hold a secret: {said}." in err
    assert not any(half in err for half in pair)


def test_a_secret_that_is_wrong_without_its_marks_as_well_is_left_alone(
    cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    wrong = healthy().with_raw_env("AWS_SECRET_ACCESS_KEY", f'"{"x" * 40} "')
    status, after, _err = write(cli, wrong, monkeypatch)
    assert (status, after) == (2, wrong)


def test_the_quotes_around_a_value_stay(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    scenario = FAULTS["region-wrong-aws-regional-endpoint"].scenario()
    quoted = scenario.with_raw_env("S3_REGION", f'"{scenario.raw_env("S3_REGION")}" # London')
    _status, after, _err = write(cli, quoted, monkeypatch)
    assert after.raw_env("S3_REGION") == '"eu-west-2" # London'


def test_under_block_public_access_the_setting_of_the_bucket_comes_first(
    cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    scenario = FAULTS["bpa-blocks-public-acl"].scenario()
    assert "aws s3api put-public-access-block" in write(cli, scenario, monkeypatch)[2]
    for number in ("2", "3"):
        status, after, err = write(cli, scenario, monkeypatch, "--choose", number)
        assert (status, after) in ((2, scenario), (64, scenario))
        assert "was changed" not in err


def test_another_way_is_tried_before_it_is_written(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    scenario = FAULTS["hostname-contains-bucket"].scenario()
    status, after, _err = write(cli, scenario, monkeypatch, "--choose", "2")
    assert status == 2
    assert "S3_ALIAS_HOST=files-example.s3.eu-west-2.amazonaws.com" in after.env_text.splitlines()
    left = {one.id for one in run(after).report.findings if one.severity is Severity.FAILURE}
    assert left == {"csp-missing-media-host"}


def test_another_way_that_does_not_help_is_not_written(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    scenario = FAULTS["temporary-credentials-without-token"].scenario()
    status, after, err = write(cli, scenario, monkeypatch, "--choose", "2")
    assert (status, after) == (2, scenario)
    assert "By hand: " in err
    assert "AWS_ACCESS_KEY_ID" in err


def test_where_a_value_passed_another_one_of_the_same_variable_is_no_choice(
    cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    scenario = FAULTS["storage-class-glacier"].scenario()
    status, after, _err = write(cli, scenario, monkeypatch, "--choose", "2")
    assert (status, after) == (64, scenario)


OTHERS = """\
SMTP_LOGIN=me
SMTP_PASSWORD=hunter2!
#OLD_DB_PASS=tr0ub4dor
DATABASE_URL=postgres://mastodon:s3same@db/x
S3_PERMISSION=public-read # key of old bucket: s3same
S3_REGION=eu-west-2
S3_BUCKET=files-example
VAPID_PRIVATE_KEY="-----BEGIN
S3_LIKE=s3same
-----END"
garbage s3same
S3_ALIAS_HOST=files.example.com
REDIS_PASSWORD=s3same"""


def test_no_secret_of_another_service_is_shown(cli: Cli) -> None:
    cli.file(text=f"{OTHERS}\nAWS_ACCESS_KEY_ID=AKIAEXAMPLEEXAMPLE01\nAWS_SECRET_ACCESS_KEY={SECRET}")
    fixes = (
        EnvFix("S3_PERMISSION", ""),
        EnvFix("S3_REGION", "eu-west-1", together=True),
        EnvFix("S3_ALIAS_HOST", "x.example", together=True),
        EnvFix("S3_PROTOCOL", "https", together=True),
    )
    cli.tried(evidence(BROKEN), (fixing(*fixes),))
    _, out, err = cli.run("fix")
    for secret in ("hunter2", "tr0ub4dor", "s3same", SECRET, "AKIAEXAMPLE", "SMTP"):
        assert secret not in out + err
    assert "-S3_REGION=eu-west-2\n+S3_REGION=eu-west-1\n" in out
    assert "+S3_ALIAS_HOST=x.example\n" in out
    assert "+S3_PROTOCOL=https\n" in out
    assert "S3_PERMISSION, line 5: " in err
    assert "The diff leaves this line out, as it may hold a secret: its value becomes blank." in err


@pytest.mark.skipif(PATCH is None, reason=reason("patch", "patch"))
@pytest.mark.parametrize("ending", ["\n", "\r\n"])
@pytest.mark.parametrize(
    "name", [".env.production", "with a blank/.env", "{folder}/.env.production", "a/../.env.production"]
)
def test_the_real_patch_makes_the_same_change(cli: Cli, ending: str, name: str) -> None:
    (cli.folder / "a").mkdir()
    path = cli.folder / name.format(folder=cli.folder)
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(ENV_TEXT.replace("\n", ending).encode())
    cli.tried(evidence(BROKEN), (fixing(EnvFix("S3_PERMISSION", ""), EnvFix("S3_REGION", "b c", together=True)),))
    out = cli.run("fix", name.format(folder=cli.folder))[1]
    assert "\r" not in out.splitlines(keepends=True)[0]
    subprocess.run([str(PATCH), "-p0"], input=out.encode(), cwd=cli.folder, check=True, capture_output=True)
    by_patch = path.read_bytes()
    path.write_bytes(ENV_TEXT.replace("\n", ending).encode())
    assert cli.run("fix", "--write", name.format(folder=cli.folder))[0] == 0
    assert path.read_bytes() == by_patch


@pytest.mark.parametrize("loader", ["docker", "systemd"])
def test_the_change_is_one_that_the_loader_reads(cli: Cli, loader: str) -> None:
    path = cli.file()
    cli.tried(evidence(BROKEN), (fixing(EnvFix("S3_BUCKET", "a b#c")),))
    assert cli.run("fix", "--write", "--loader", loader)[0] == 0
    written = "a b#c" if loader == "docker" else "'a b#c'"
    assert path.read_text() == ENV_TEXT.replace("S3_BUCKET=files-example", f"S3_BUCKET={written}")


def test_a_line_that_another_file_repeats_is_left(cli: Cli) -> None:
    """Mastodon reads .env too: without the line here, that one counts."""
    (cli.folder / "bin").mkdir()
    (cli.folder / "bin" / "tootctl").touch()
    (cli.folder / ".env").write_text("S3_PERMISSION=private\n")
    path = cli.file()
    cli.tried(evidence(BROKEN), (fixing(EnvFix("S3_PERMISSION", None)),))
    assert cli.run("fix", "--write")[0] == 2
    assert path.read_text() == ENV_TEXT


def test_a_link_stays_a_link(cli: Cli) -> None:
    (cli.folder / "shared").mkdir()
    path = cli.file("shared/env")
    (cli.folder / ".env.production").symlink_to("shared/env")
    cli.tried(evidence(BROKEN), (ACL_DISABLED,))
    status, _, err = cli.run("fix", "--write")
    assert status == 0
    assert (cli.folder / ".env.production").is_symlink()
    assert "S3_PERMISSION=\n" in path.read_text()
    (backup,) = (cli.folder / "shared").glob("*.bak")
    assert f"the old one is {backup}" in err


def test_what_is_no_file_is_refused(cli: Cli) -> None:
    text = ENV_TEXT.encode()
    reading, writing = os.pipe()
    os.write(writing, text)
    os.close(writing)
    cli.tried(evidence(BROKEN), (ACL_DISABLED,))
    status, _, err = cli.run("fix", "--write", f"/dev/fd/{reading}")
    os.close(reading)
    assert status == 64
    assert "is not an ordinary file" in err


def test_a_disk_that_is_full_changes_nothing(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    path = cli.file()
    cli.tried(evidence(BROKEN), (ACL_DISABLED,))

    def full(_handle: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    status, _, err = cli.run("fix", "--write")
    assert status == 70
    assert "No space left on device" in err
    assert path.read_text() == ENV_TEXT
    assert [file.name for file in cli.folder.iterdir()] == [".env.production"]


def test_a_signal_waits_until_the_change_is_said(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    path = cli.file()
    cli.tried(evidence(BROKEN), (ACL_DISABLED,))
    sync = os.fsync

    def interrupted(handle: int) -> None:
        os.kill(os.getpid(), signal.SIGTERM)
        sync(handle)

    monkeypatch.setattr(os, "fsync", interrupted)
    status, _, err = cli.run("fix", "--write")
    assert status == 143
    assert "was changed; the old one is" in err
    assert "S3_PERMISSION=\n" in path.read_text()


OTHER_LINES = (
    f"SMTP_PASSWORD={OTHERS_SECRET}",
    f"#DB_PASS={OTHERS_SECRET}",
    f"REDIS_URL=redis://:{OTHERS_SECRET}@db/1",
    f'PEM="\n{OTHERS_SECRET}\n"',
)
PLACED = st.lists(st.tuples(st.integers(0, 9), st.sampled_from(OTHER_LINES)), max_size=3)


@settings(max_examples=examples(100), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    text=FILES, wanted=CHANGES, others=st.lists(st.tuples(st.integers(0, 9), st.sampled_from(OTHER_LINES)), max_size=3)
)
def test_any_file_is_changed_as_meant_or_not_at_all(
    cli: Cli, text: str, wanted: list[Change], others: list[tuple[int, str]]
) -> None:
    ending = "\r\n" if "\r\n" in text else "\n"
    lines = text.split(ending)
    for place, line in others:
        lines.insert(place, line.replace("\n", ending))
    path = cli.folder / ".env.production"
    path.write_bytes(ending.join(lines).encode())
    before = path.read_bytes()
    fixes = (EnvFix(c.name, c.value, c.line, together=number > 0) for number, c in enumerate(wanted))
    cli.tried(evidence(BROKEN), (fixing(*fixes),))
    status, out, err = cli.run("fix", "--write")
    event(f"status {status}")
    assert OTHERS_SECRET not in out + err
    after = path.read_bytes()
    if status != 0:
        assert (status, after) in ((2, before), (64, before))
        return
    news = {change.name: change.value for change in wanted}
    expected = {name: value for name, value in {**parse(before).values(), **news}.items() if value is not None}
    assert parse(after).values() == expected
    (backup,) = cli.folder.glob("*.bak")
    assert backup.read_bytes() == before
    backup.unlink()
    if PATCH is not None and out and "The diff leaves this line out" not in err:
        path.write_bytes(before)
        subprocess.run(
            [str(PATCH), "-p0", "--fuzz=0"], input=out.encode(), cwd=cli.folder, check=True, capture_output=True
        )
        assert path.read_bytes() == after
