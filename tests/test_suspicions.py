"""What the file makes suspect is tried as soon as something fails; confirmed, it is the cause and stands first."""

from __future__ import annotations

from dataclasses import replace

import pytest

from s3probe.diagnosis.candidates import candidates
from s3probe.diagnosis.changes import applied
from s3probe.diagnosis.engine import lint
from s3probe.diagnosis.model import EnvFix, Finding, Manual, ProofState, Severity
from s3probe.evidence.observations import NetworkFault
from s3probe.examination import check
from s3probe.probe.exchange import Answer, Call, Limits, Transport
from s3probe.report.model import Report, Verdict
from s3probe.sandbox.faults import FAULTS
from s3probe.sandbox.personality import ErrorText, Refusal
from s3probe.sandbox.sandbox import Sandbox
from s3probe.sandbox.scenario import (
    ALIAS,
    BUCKET,
    CUSTOM_HOST,
    Scenario,
    cloudflare_r2,
    custom,
    healthy,
    healthy_policy,
    public_media,
)
from s3probe.sandbox.statements import Statement
from s3probe.sandbox.world import Alias, Endpoint, Instance
from tests.diagnosis.test_trial import REFUSED, REGION, found, proof_of, state
from tests.exhaustive import part
from tests.runs import OPTIONS, run, run_once, settings_of, tools_for
from tests.test_trials import failures, fixed, proven

MISSPELT, SDK = "env-misspelt-other-names", "sdk-env-variables-interfere"
NO_SUCH_NAME = "https://minio.internal.example"


def r2() -> Scenario:
    """R2 as it is: its API host serves no visitors, its custom domain does."""
    scenario = cloudflare_r2()
    host = scenario.world.endpoints[0].base
    error = ErrorText(400, "InvalidArgument", "Authorization")
    closed = Refusal(error, header="host", values=(host, f"*.{host}"), anonymous=True)
    inner = Endpoint("origin.example", "auto")
    alias = Alias(ALIAS, BUCKET, inner.base)
    scenario = scenario.with_world(endpoints=(*scenario.world.endpoints, inner), aliases=(alias,))
    scenario = scenario.with_world(instance=Instance(media_hosts=(host, ALIAS)))
    return scenario.with_personality(refusals=(*scenario.world.personality.refusals, closed))


def misspelt(name: str = "S3_ALIAS_HOSTNAME", value: str = ALIAS) -> Scenario:
    return r2().with_env("S3_ALIAS_HOST", None).with_env(name, value)


def sent_elsewhere(name: str = "AWS_ENDPOINT_URL_S3", value: str = NO_SUCH_NAME) -> Scenario:
    return healthy().with_env(name, value)


def the_cause(report: Report) -> tuple[str, dict[str, str | None]]:
    """The first failure, which a trial has proven, and its lines."""
    first = report.findings[0]
    assert (first.severity, proof_of(first).state, proof_of(first).not_fine) == (Severity.FAILURE, ProofState.TRIED, 0)
    return first.id, {line.variable: line.value for line in first.first_choice if isinstance(line, EnvFix)}


@pytest.mark.parametrize(
    ("scenario", "lines", "told_without"),
    part([
        (misspelt(), (MISSPELT, {"S3_ALIAS_HOST": ALIAS}), "r2-no-public-host"),
        (misspelt("S3_ALIASHOST"), (MISSPELT, {"S3_ALIAS_HOST": ALIAS}), "r2-no-public-host"),
        (misspelt("S3_HOST_ALIAS"), (MISSPELT, {"S3_ALIAS_HOST": ALIAS}), "r2-no-public-host"),
        (misspelt("S3_CUSTOM_DOMAIN", f"https://{ALIAS}/"), (MISSPELT, {"S3_ALIAS_HOST": ALIAS}), "r2-no-public-host"),
        (misspelt("S3_CLOUDFRONT_HOSTNAME"), (MISSPELT, {"S3_CLOUDFRONT_HOST": ALIAS}), "r2-no-public-host"),
        (misspelt().with_env("S3_ALIAS_HOST", ""), (MISSPELT, {"S3_ALIAS_HOST": ALIAS}), "env-empty-not-unset"),
        (sent_elsewhere().with_env("AWS_ENDPOINT_URL", NO_SUCH_NAME),
         (SDK, {"AWS_ENDPOINT_URL_S3": None, "AWS_ENDPOINT_URL": None}), "dns-fails-in-container"),
        (sent_elsewhere().with_env("AWS_ENDPOINT_URL", "https://another.internal.example"),
         (SDK, {"AWS_ENDPOINT_URL_S3": None, "AWS_ENDPOINT_URL": None}), "dns-fails-in-container"),
        (misspelt().with_env("S3_HOSTNAME", None), (MISSPELT, {"S3_ALIAS_HOST": ALIAS}), "r2-no-public-host"),
        (custom().with_env("S3_REGION", None).with_env("S3_REGON", "nl-ams"), (MISSPELT, {"S3_REGION": "nl-ams"}),
         "region-wrong-custom-endpoint"),
        (sent_elsewhere(), (SDK, {"AWS_ENDPOINT_URL_S3": None}), "dns-fails-in-container"),
        (healthy_policy().with_env("S3_HOSTNAME", None).with_env("AWS_ENDPOINT_URL_S3", NO_SUCH_NAME),
         (SDK, {"AWS_ENDPOINT_URL_S3": None}), "dns-fails-in-container"),
        (sent_elsewhere("AWS_ENDPOINT_URL"), (SDK, {"AWS_ENDPOINT_URL": None}), "dns-fails-in-container"),
        (sent_elsewhere("AWS_USE_FIPS_ENDPOINT", "true"), (SDK, {"AWS_USE_FIPS_ENDPOINT": None}),
         "dns-fails-in-container"),
    ],
    3),
)  # fmt: skip
def test_a_suspicion_with_which_it_passes_is_the_cause(
    scenario: Scenario, lines: tuple[str, dict[str, str | None]], told_without: str
) -> None:
    plain, ran = run_once(scenario).report, run(scenario, trials=True)
    assert failures(plain) == [told_without]
    assert [one.severity for one in plain.findings if one.id == lines[0]] == [Severity.WARNING]
    assert the_cause(ran.report) == lines
    assert failures(ran.report) == [lines[0]]
    assert [(one.id, one.of) for one in ran.report.consequences] == [(told_without, lines[0])]
    assert run_once(fixed(scenario, ran.report.findings[0].first_choice)).report.verdict is Verdict.OK
    assert (ran.left, ran.violations) == ((), ())


def with_everything_open(scenario: Scenario) -> Scenario:
    """Visitors may read whatever they know the name of, archives too, as it is behind R2's custom domains."""
    everything = Statement("Allow", ("s3:GetObject",), (f"arn:aws:s3:::{BUCKET}/*",), ("*",))
    return scenario.with_bucket(policy=(everything,))


def test_where_visitors_saw_nothing_a_store_that_is_open_as_a_whole_loses_nothing() -> None:
    scenario = with_everything_open(misspelt())
    report = run(scenario, trials=True).report
    ((cause, group),) = proven(report)
    assert [(line.variable, line.value) for line in group if isinstance(line, EnvFix)] == [("S3_ALIAS_HOST", ALIAS)]
    assert failures(report) == [cause.id] == [MISSPELT]
    after = run_once(fixed(scenario, report.findings[0].first_choice)).report
    assert (after.verdict, [one.id for one in after.findings][:1]) == (Verdict.OK, ["archive-dumps-world-readable"])


@pytest.mark.parametrize(
    "scenario",
    [
        healthy().with_env("S3_ALIAS_HOSTNAME", ALIAS),
        healthy().with_env("AWS_USE_DUALSTACK_ENDPOINT", "true"),
        custom().with_env("AWS_ENDPOINT_URL_S3", NO_SUCH_NAME),  # S3_ENDPOINT comes before it
        custom().with_env("AWS_REGION", "eu-west-2"),
    ],
    ids=["misspelt", "dual-stack", "endpoint", "region"],
)
def test_where_nothing_fails_no_suspicion_is_tried(scenario: Scenario) -> None:
    ran = run(scenario, trials=True)
    assert ran.report.trials == ()
    assert ran.report.verdict is not Verdict.FAILURE
    assert len(ran.requests) == len(run_once(scenario).requests)


def test_what_works_is_offered_no_line_that_may_break_it() -> None:
    place = custom().raw_env("S3_ENDPOINT")
    scenario = custom().with_env("S3_ENDPOINT", None).with_env("AWS_ENDPOINT_URL_S3", place)
    report = run(scenario, trials=True).report
    assert (report.verdict, lines_in(report)) == (Verdict.WARNING, [])
    advice = report.findings[0].fixes[0]
    assert isinstance(advice, Manual)
    assert "Remove AWS_ENDPOINT_URL_S3" in advice.text
    assert run_once(scenario.with_env("AWS_ENDPOINT_URL_S3", None)).report.verdict is Verdict.FAILURE


def test_a_suspicion_that_is_not_the_cause_stays_what_it_was() -> None:
    report = run(misspelt(value="nothing.example"), trials=True).report
    assert failures(report) == ["r2-no-public-host"]
    (suspected,) = (one for one in report.findings if one.id == MISSPELT)
    assert suspected.severity is Severity.WARNING
    assert "S3_ALIAS_HOST=nothing.example" in suspected.remark
    assert list(proven(report)) == []


def test_a_line_for_visitors_is_not_tried_where_they_were_not_asked() -> None:
    scenario = healthy().with_env("S3_ALIAS_HOSTNAME", ALIAS).with_env("AWS_SECRET_ACCESS_KEY", "x" * 40)
    report = run(scenario, trials=True).report
    assert failures(report) == ["wrong-secret-key"]
    assert report.trials == ()


def test_what_waits_behind_a_confirmed_suspicion_is_fixed_with_it() -> None:
    scenario = sent_elsewhere().with_env("S3_REGION", "eu-west-1")
    report = run(scenario, trials=True).report
    assert the_cause(report) == (SDK, {"AWS_ENDPOINT_URL_S3": None, "S3_REGION": "eu-west-2"})
    (behind,) = (one for one in report.findings[1:] if one.severity is Severity.FAILURE)
    assert behind.remark == "It was seen only after this change: AWS_ENDPOINT_URL_S3 removed."
    assert run_once(fixed(scenario, report.findings[0].first_choice)).report.verdict is Verdict.OK


def test_each_suspicion_is_a_candidate_of_its_own() -> None:
    lines = EnvFix("S3_STORAGE_CLASS", "STANDARD"), EnvFix("S3_PERMISSION", "", together=True)
    suspected = found(MISSPELT, *lines, severity=Severity.WARNING)
    failed = state(REFUSED, findings=(found("it", REGION), suspected))
    assert [one.lines for one in candidates(failed)] == [lines[:1], lines[1:], lines, (REGION,)]
    assert list(candidates(state(REFUSED, findings=(suspected,)))) == []


def test_one_misspelt_name_is_right_though_another_is_not() -> None:
    scenario = FAULTS[MISSPELT].scenario().with_env("S3_ALIAS_HOSTNAME", "nothing.example")
    report = run(scenario, trials=True).report
    assert the_cause(report) == (MISSPELT, {"S3_BUCKET": BUCKET})


@pytest.mark.parametrize(("mark", "said"), [('"', "in place of the double ones"), ("", "around the value")])
def test_a_secret_is_told_into_single_quotes_from_where_it_stands(mark: str, said: str) -> None:
    secret = f"{'x' * 20}$variable{'x' * 11}"
    scenario = healthy().with_user(secret=secret).with_raw_env("AWS_SECRET_ACCESS_KEY", f"{mark}{secret}{mark}")
    fix = run(scenario).report.findings[0].fixes[0]
    assert isinstance(fix, EnvFix)
    assert fix.note == f"Put single quotes {said}, and change nothing else."


# ---- a variable that stands twice: dotenv takes the last line

WRONG_SECRET = "x" * 40
TWICE = "env-duplicate-last-wins"


def twice(*lines: str, scenario: Scenario | None = None, above: bool = False) -> Scenario:
    """With these lines at the end of the file, or at its top."""
    before, text = scenario or healthy(), "".join(f"{line}\n" for line in lines)
    return replace(before, env_text=f"{text}{before.env_text}" if above else f"{before.env_text}{text}")


@pytest.mark.parametrize(
    "lines",
    part([
        (f"AWS_SECRET_ACCESS_KEY={WRONG_SECRET}",),
        ("AWS_ACCESS_KEY_ID=AKIAIOSFODNN7EXAMPLE", f"AWS_SECRET_ACCESS_KEY={WRONG_SECRET}"),
        ("S3_BUCKET=no-such-bucket", "AWS_ACCESS_KEY_ID=AKIAIOSFODNN7EXAMPLE", f"AWS_SECRET_ACCESS_KEY={WRONG_SECRET}"),
        ("S3_REGION=us-west-2",),
        ("S3_BUCKET=no-such-bucket",),
    ], 2),
)  # fmt: skip
def test_where_the_last_of_two_lines_is_wrong_it_is_the_cause_and_is_removed(lines: tuple[str, ...]) -> None:
    scenario = twice(*lines)
    ran = run(scenario, trials=True)
    assert the_cause(ran.report) == (TWICE, {line.partition("=")[0]: None for line in lines})
    assert failures(ran.report) == [TWICE]
    last = len(scenario.env_text.splitlines())
    (group,) = ran.report.findings[0].alternatives
    assert sorted(line.line or 0 for line in group if isinstance(line, EnvFix)) == [
        *range(last - len(lines) + 1, last + 1)
    ]
    assert run(fixed(scenario, group)).report.verdict is Verdict.OK
    assert (ran.left, ran.violations) == ((), ())


@pytest.mark.parametrize(
    "scenario",
    [
        twice(
            f"AWS_SECRET_ACCESS_KEY={WRONG_SECRET}", scenario=FAULTS["env-s3-enabled-not-true"].scenario(), above=True
        ),
        twice("S3_REGION=us-west-2", scenario=FAULTS["authenticated-read-acl"].scenario(), above=True),
    ],
    ids=["secret", "region"],
)
def test_where_the_last_of_two_lines_is_right_it_stays(scenario: Scenario) -> None:
    report = run(scenario, trials=True).report
    assert TWICE not in failures(report)
    assert not any(isinstance(fix, EnvFix) for one in report.findings if one.id == TWICE for fix in one.fixes)


def test_where_nothing_fails_neither_of_two_lines_is_tried() -> None:
    report = run(twice("S3_REGION=us-west-2", above=True), trials=True).report
    (suspected,) = report.findings
    assert (suspected.id, report.trials) == (TWICE, ())
    (advice,) = suspected.fixes
    assert isinstance(advice, Manual)
    assert "Remove line 8, which sets S3_REGION again" in advice.text


# ---- rows of the table of inputs


def test_a_host_that_is_meant_for_visitors_is_moved_where_no_bucket_is_added() -> None:
    scenario = r2().with_env("S3_ALIAS_HOST", None).with_env("S3_HOSTNAME", ALIAS)
    report = run(scenario, trials=True).report
    assert the_cause(report)[1] == {"S3_ALIAS_HOST": ALIAS}
    assert len(failures(report)) == 1
    assert run_once(fixed(scenario, report.findings[0].first_choice)).report.verdict is Verdict.OK


def refers_to_region(place: str) -> Scenario:
    scenario = healthy().with_raw_env("S3_HOSTNAME", "s3.${S3_REGION}.amazonaws.com")
    line = "S3_REGION=eu-west-2\n"
    below = replace(scenario, env_text=scenario.env_text.replace(line, "") + line)
    return {"above": scenario, "below": below, "nowhere": scenario.with_env("S3_REGION", None)}[place]


def test_a_line_that_refers_to_one_above_it_is_silent() -> None:
    assert run(refers_to_region("above"), trials=True).named == ()


def test_a_line_that_refers_to_one_below_it_is_the_cause() -> None:
    report = run(refers_to_region("below"), trials=True).report
    assert the_cause(report) == ("env-dollar-expands", {"S3_HOSTNAME": "s3.eu-west-2.amazonaws.com"})
    assert failures(report) == ["env-dollar-expands"]


def test_of_a_line_that_refers_to_nothing_no_value_is_made_up() -> None:
    scenario = refers_to_region("nowhere")
    told = lint(settings_of(scenario)).findings
    (suspected,) = (one for one in told if one.id == "env-dollar-expands")
    assert suspected.fixes == (Manual("Set S3_REGION above line 7, or write the value out there."),)
    lines = {"S3_HOSTNAME": "s3.eu-west-2.amazonaws.com", "S3_REGION": "eu-west-2"}  # as the storage itself named it
    report = run(scenario, trials=True).report
    assert the_cause(report) == ("alias-dns-missing-or-cname-bucket-mismatch", lines)
    assert failures(report) == ["alias-dns-missing-or-cname-bucket-mismatch"]


def region_apart(region: str | None, **hosts: str | None) -> Scenario:
    """AWS, the bucket in eu-west-2, and a file that leads elsewhere."""
    scenario = healthy().with_env("S3_REGION", region)
    for name, value in hosts.items():
        scenario = scenario.with_env(name, value)
    return scenario


@pytest.mark.parametrize(
    ("scenario", "cause"),
    part([
        (region_apart("eu-wset-2", S3_HOSTNAME=None), "region-wrong-aws-regional-endpoint"),
        (region_apart("eu-central-1", S3_HOSTNAME=None), "region-wrong-aws-regional-endpoint"),
        (region_apart("eu-central-1", S3_HOSTNAME="s3.eu-central-1.amazonaws.com"),
         "region-wrong-aws-regional-endpoint"),
        (region_apart("us-east-1", S3_HOSTNAME="s3.us-east-1.amazonaws.com"), "object-not-found-public-key-mismatch"),
        (region_apart("", S3_HOSTNAME=None), "env-empty-not-unset"),
        (region_apart("", S3_HOSTNAME=""), "env-empty-not-unset"),
        (region_apart(None, S3_HOSTNAME=None), "csp-omits-default-hostname"),
        (region_apart("Europe (London)", S3_HOSTNAME=None), "region-not-a-code"),
    ], 2),
)  # fmt: skip
def test_the_region_and_the_public_host_that_holds_it_are_one_fix(scenario: Scenario, cause: str) -> None:
    report = run(scenario, trials=True).report
    lines = {"S3_REGION": "eu-west-2", "S3_HOSTNAME": "s3.eu-west-2.amazonaws.com"}
    assert the_cause(report) == (cause, lines)
    assert failures(report) == [cause]
    assert run(fixed(scenario, report.findings[0].first_choice)).report.verdict is Verdict.OK


def test_a_public_host_of_ones_own_stays_when_the_region_changes() -> None:
    scenario = healthy_policy().with_env("S3_REGION", "eu-wset-2")
    assert the_cause(run(scenario, trials=True).report)[1] == {"S3_REGION": "eu-west-2"}


def test_what_refers_to_a_changed_line_follows_it() -> None:
    scenario = refers_to_region("above").with_env("S3_REGION", "eu-west-1")
    report = run(scenario, trials=True).report
    lines = {"S3_REGION": "eu-west-2", "S3_HOSTNAME": "s3.eu-west-2.amazonaws.com"}
    assert the_cause(report) == ("region-wrong-aws-regional-endpoint", lines)
    assert len(failures(report)) == len(report.trials) == 1
    assert run_once(scenario.with_env("S3_REGION", "eu-west-2")).report.verdict is Verdict.OK
    assert run_once(fixed(scenario, report.findings[0].first_choice)).report.verdict is Verdict.OK


@pytest.mark.parametrize(
    ("written", "follows"),
    [("s3.${S3_REGION}.example", True), ('"s3.$S3_REGION.example"', True), ("'s3.${S3_REGION}.example'", False)],
)
def test_single_quotes_refer_to_nothing(written: str, follows: bool) -> None:
    file = settings_of(healthy().with_raw_env("S3_HOSTNAME", written))
    assert (applied(file, (REGION,)).hostname, applied(file, (replace(REGION, value="eu-1"),)).hostname) == (
        ("s3.eu-west-2.example", "s3.eu-1.example") if follows else (file.hostname, file.hostname)
    )


def on_the_lan(inside: bool) -> Report:
    host = "minio.home.example"
    endpoint = Endpoint(host, "nl-ams", plain_port=9000)
    scenario = custom().with_world(endpoints=(endpoint,), aliases=(Alias(ALIAS, BUCKET, host),))
    scenario = scenario.with_bucket(policy=public_media()).with_env("S3_PERMISSION", "")
    scenario = scenario.with_env("S3_ENDPOINT", f"http://{host}:9000").with_env("S3_ALIAS_HOST", ALIAS)
    with Sandbox(scenario.world) as box:
        tools, transport = tools_for(box)
        try:
            tools = replace(tools, lies_inside=lambda name: inside and name == host)
            return check(settings_of(scenario), replace(OPTIONS, trials=True), tools).report
        finally:
            transport.close()


def lines_in(report: Report) -> list[Finding]:
    return [one for one in report.findings if any(isinstance(fix, EnvFix) for fix in one.fixes)]


def test_plain_http_in_the_servers_own_network_is_no_fault() -> None:
    report = on_the_lan(inside=True)
    assert (report.verdict, lines_in(report)) == (Verdict.OK, [])
    assert "presigned-link-uses-internal-endpoint" in {one.id for one in report.findings}


def test_plain_http_across_the_internet_is_a_warning_whose_line_nobody_has_tried() -> None:
    report = on_the_lan(inside=False)
    assert (report.verdict, lines_in(report)) == (Verdict.WARNING, [])
    assert report.findings[0].id == "presigned-link-without-tls"


def test_pages_of_a_server_that_keeps_its_files_on_disk_are_no_second_fault() -> None:
    scenario = healthy().with_env("S3_ENABLED", "True").with_world(instance=Instance(media_hosts=()))
    for trials in (False, True):
        assert failures(run(scenario, trials=trials).report) == ["env-s3-enabled-not-true"]
    on = healthy().with_world(instance=Instance(media_hosts=()))
    assert failures(run_once(on).report) == ["csp-missing-media-host"]


class SpeaksTls:
    """Answers plain http at a TLS port as Go's servers do."""

    def __init__(self, way: Transport) -> None:
        self.way = way

    def send(self, call: Call, limits: Limits) -> Answer:
        if call.url.startswith("http://minio.example.org:9000/"):
            return Answer(400, body=b"Client sent an HTTP request to an HTTPS server.\n")
        return self.way.send(call, limits)


class NothingAtPort80:
    """Only TLS is served."""

    def __init__(self, way: Transport) -> None:
        self.way = way

    def send(self, call: Call, limits: Limits) -> Answer:
        if call.url.startswith("http://"):
            return Answer(fault=NetworkFault.REFUSED)
        return self.way.send(call, limits)


@pytest.mark.parametrize("host", [CUSTOM_HOST, f"{CUSTOM_HOST}:80"])
@pytest.mark.parametrize("shown", [CUSTOM_HOST, None])
def test_where_nothing_listens_without_tls_the_same_host_is_tried_with_it(host: str, shown: str | None) -> None:
    scenario = custom().with_env("S3_ENDPOINT", f"http://{host}").with_env("S3_HOSTNAME", shown)
    report = run(scenario, wrap=NothingAtPort80, trials=True).report
    assert the_cause(report)[1]["S3_ENDPOINT"] == f"https://{CUSTOM_HOST}"


def test_another_port_is_no_place_for_tls() -> None:
    scenario = custom().with_env("S3_ENDPOINT", f"http://{CUSTOM_HOST}:9000").with_env("S3_HOSTNAME", None)
    assert list(proven(run(scenario, wrap=NothingAtPort80, trials=True).report)) == []


@pytest.mark.parametrize("protocol", ["https://", "https:", "ftp"])
def test_a_protocol_that_is_none_is_proven_by_the_picture(protocol: str) -> None:
    report = run(healthy().with_env("S3_PROTOCOL", protocol), trials=True).report
    assert the_cause(report) == ("protocol-not-a-scheme", {"S3_PROTOCOL": "https"})


def test_two_lines_that_each_leave_no_address_are_fixed_together() -> None:
    scenario = healthy_policy().with_env("S3_PROTOCOL", "https://").with_env("S3_ALIAS_HOST", f"https://{ALIAS}")
    report = run(scenario, trials=True).report
    found = {one.id: {line.variable for line in group if isinstance(line, EnvFix)} for one, group in proven(report)}
    both = {"S3_PROTOCOL", "S3_ALIAS_HOST"}
    assert found == {"hostname-has-scheme-or-slash": both, "protocol-not-a-scheme": both}
    assert run_once(fixed(scenario, report.findings[0].first_choice)).report.verdict is Verdict.OK


def test_media_urls_without_tls_are_the_cause_where_nothing_listens_without_it() -> None:
    scenario = healthy_policy().with_env("S3_PROTOCOL", "http")
    report = run(scenario, wrap=NothingAtPort80, trials=True).report
    assert the_cause(report) == ("protocol-http-mixed-content", {"S3_PROTOCOL": "https"})
    assert failures(report) == failures(run(scenario, wrap=NothingAtPort80).report) == ["protocol-http-mixed-content"]


def test_a_media_host_that_is_no_name_is_a_fault_beside_the_protocol() -> None:
    scenario = healthy_policy().with_env("S3_PROTOCOL", "http").with_env("S3_ALIAS_HOST", "nowhere.example")
    assert failures(run(scenario).report) == [
        "alias-dns-missing-or-cname-bucket-mismatch",
        "protocol-http-mixed-content",
    ]


def without_scheme(**ports: int) -> Scenario:
    place = "minio.example.org:9000"
    endpoint = replace(Endpoint("minio.example.org", "nl-ams"), **ports)  # type: ignore[arg-type]  # fields by name
    scenario = custom().with_world(endpoints=(endpoint,), instance=Instance(media_hosts=(place,)))
    return scenario.with_env("S3_ENDPOINT", place).with_env("S3_HOSTNAME", place)


def test_of_a_host_with_a_port_the_scheme_that_passes_is_named() -> None:
    report = run(without_scheme(tls_port=9000), wrap=SpeaksTls, trials=True).report
    assert failures(report) == ["endpoint-without-scheme"]
    assert the_cause(report)[1] == {"S3_ENDPOINT": "https://minio.example.org:9000"}


def test_no_signature_leaves_without_tls_to_find_out_a_scheme() -> None:
    report = run(without_scheme(plain_port=9000), trials=True).report
    assert failures(report) == ["endpoint-without-scheme"]
    proof = proof_of(report.findings[0])
    assert proof.state is ProofState.UNTRIED
    assert "no signed request goes there without TLS. Run s3probe check again after it" in proof.why
