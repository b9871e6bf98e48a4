"""Evidence for the tests of the wire rules: a healthy run written by hand, and single rows of it replaced."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache

from s3probe.diagnosis.engine import diagnose
from s3probe.diagnosis.model import Finding, Severity
from s3probe.evidence.observations import NO_CHANGES, Evidence, NetworkFault, Observation, Outcome, Run
from s3probe.evidence.vocabulary import FOLDER_VISITS, ActionId, Actor, Fact, ObservationId, row_of
from s3probe.settings.mastodon import bucket_url, object_url, public_url
from s3probe.settings.model import Settings
from tests.diagnosis.env_cases import AWS, CUSTOM, settings_of, with_line, without
from tests.evidence_by_hand import kept_as

KEY = "media_attachments/files/s3probe/abcdefghij/with-acl.png"
ARCHIVE = "backups/dumps/s3probe/abcdefghij/archive.zip"
DENIED = "Access Denied"
_STATUS = {
    ActionId.GET_RANGE: 206,
    "delete": 204,
    ActionId.MULTIPART_ABORT: 204,
    ActionId.PUBLIC_LIST: 403,
    ActionId.PUBLIC_MISSING: 403,
    ActionId.PUBLIC_WRITE: 403,
    ActionId.ARCHIVE_PUBLIC_GET: 403,
    ActionId.SUSPENDED_PUBLIC_GET: 403,
    ActionId.REACH_ENDPOINT: 403,
}
FIRST = (ActionId.PUT_WITH_ACL, ActionId.PUT_WITHOUT_ACL, ActionId.LIST, ActionId.REACH_ENDPOINT, ActionId.CLOCK)
_OUTCOMES = {400: Outcome.REJECTED, 401: Outcome.DENIED, 403: Outcome.DENIED, 404: Outcome.WRONG, 405: Outcome.REJECTED,
             411: Outcome.REJECTED, 413: Outcome.REJECTED, 501: Outcome.REJECTED, 301: Outcome.REJECTED,
             307: Outcome.REJECTED, 407: Outcome.REJECTED}  # fmt: skip


@cache
def _settings(env: str, environ: tuple[tuple[str, str], ...]) -> Settings:
    return settings_of(env, dict(environ))


@cache
def _addresses(env: str, environ: tuple[tuple[str, str], ...]) -> dict[str, str]:
    """Where requests of a run go: thousands of rows are written at import, and each has one of these."""
    settings = _settings(env, environ)
    return {
        "media": public_url(settings, KEY),
        "archive": public_url(settings, ARCHIVE),
        "shown": public_url(settings, ""),
        "bucket": bucket_url(settings),
        "object": object_url(settings, KEY),
    }


@dataclass(frozen=True, slots=True)
class ExaminedFile:
    """One examination: an env file and what its run saw."""

    env: str
    rows: Mapping[ObservationId, Observation]
    environ: tuple[tuple[str, str], ...] = ()
    """The process environment, which wins over the file."""

    @property
    def settings(self) -> Settings:
        return _settings(self.env, self.environ)

    def row(
        self,
        action_id: ObservationId,
        status: int | None = 200,
        code: str | None = None,
        message: str | None = None,
        *,
        outcome: Outcome | None = None,
        network: NetworkFault | None = None,
        headers: Mapping[str, str] | None = None,
        url: str | None = None,
        changes: Mapping[str, str | None] = NO_CHANGES,
        **facts: str,
    ) -> ExaminedFile:
        """The same with this observation instead of the one of that id, or added. ``a_b`` names the fact ``a-b``.

        A fact or header that the probe never keeps raises :class:`ValueError`.
        """
        if network is not None:
            status = None
        usual = Outcome.UNREACHABLE if network else _OUTCOMES.get(status or 0, Outcome.UNKNOWN)
        seen = Observation(
            id=action_id,
            title=row_of(action_id).title.replace("{acl}", "public-read"),
            operation=row_of(action_id).operation or "ListObjectsV2",
            actor=row_of(action_id).by if row_of(action_id).operation else Actor.MASTODON,
            needs=row_of(action_id).needs,
            outcome=outcome or (Outcome.OK if status and 200 <= status < 300 else usual),
            url=url if url is not None else self.url(action_id),
            http_status=status,
            error_code=code,
            message=message,
            network=network,
            headers=kept_as(headers or {}),
            facts={Fact(name.replace("_", "-")): value for name, value in facts.items()},
            changes=changes,
        )
        return replace(self, rows={**self.rows, action_id: seen})

    def denied(self, *action_ids: ObservationId, message: str | None = DENIED) -> ExaminedFile:
        """These were answered 403 AccessDenied."""
        changed = self
        for action_id in action_ids:
            changed = changed.row(action_id, 403, "AccessDenied", message)
        return changed

    def skipped(self, *action_ids: ObservationId) -> ExaminedFile:
        changed = self
        for action_id in action_ids:
            changed = changed.row(action_id, None, outcome=Outcome.SKIPPED)
        return changed

    def without(self, *action_ids: ObservationId) -> ExaminedFile:
        """These were never considered."""
        return replace(self, rows={name: row for name, row in self.rows.items() if name not in action_ids})

    def stopped(
        self, status: int | None, code: str | None = None, message: str | None = None, **more: object
    ) -> ExaminedFile:
        """Whatever was signed was answered so, and nothing else could be asked."""
        changed = replace(self, rows={})
        for action_id in (ActionId.PUT_WITH_ACL, ActionId.PUT_WITHOUT_ACL, ActionId.LIST):
            changed = changed.row(action_id, status, code, message, **more)  # type: ignore[arg-type]
        return changed.row(ActionId.REACH_ENDPOINT, 403, outcome=Outcome.OK)

    def fixed_by(self, trial: ObservationId, *lines: str) -> ExaminedFile:
        """The trial of these lines got further and was kept; nothing else was asked."""
        changes = {name: value or None for name, _, value in (line.partition("=") for line in lines)}
        asked = {name: row for name, row in self.rows.items() if name in FIRST or name.is_experiment}
        return replace(self, rows=asked).row(trial, changes=changes, kept="yes")

    def line(self, *lines: str) -> ExaminedFile:
        """The same run with other lines in the env file."""
        env = self.env
        for one in lines:
            env = with_line(env, one)
        return replace(self, env=env)

    def process(self, name: str, value: str) -> ExaminedFile:
        """The same run with a variable in the process environment."""
        return replace(self, environ=(*self.environ, (name, value)))

    def cut(self, *names: str) -> ExaminedFile:
        """The same run without these lines."""
        return replace(self, env=without(self.env, *names))

    def worded(self, message: str | None) -> ExaminedFile:
        """The same answers in a service's other words."""
        rows = {n: replace(o, message=message) if o.error_code else o for n, o in self.rows.items()}
        return replace(self, rows=rows)

    def url(self, action_id: ObservationId) -> str:
        addresses = _addresses(self.env, self.environ)
        if action_id.startswith((ActionId.PUBLIC_GET, ActionId.PUBLIC_CORS, "suspended")):
            return addresses["media"]
        if action_id.startswith("archive-public"):
            return addresses["archive"]
        if action_id == ActionId.PUBLIC_LIST_ALIAS:
            return addresses["shown"]
        if action_id.startswith(
            (ActionId.LIST, ActionId.PUBLIC_LIST, "reach", "batch", "try-region", "try-path", "try-virtual")
        ):
            return addresses["bucket"]
        return addresses["object"]

    @property
    def evidence(self) -> Evidence:
        return Evidence(Run("abcdefghij", "2026-11-25T00:00:00Z", 1.0, "full"), tuple(self.rows.values()))

    @property
    def findings(self) -> tuple[Finding, ...]:
        return diagnose(self.settings, self.evidence).findings

    @property
    def named(self) -> tuple[str, ...]:
        """Ids of failures and warnings, in order."""
        return tuple(f.id for f in self.findings if f.severity is not Severity.NOTICE)


def healthy(env: str) -> ExaminedFile:
    """A run in which everything went well."""
    seen = ExaminedFile(env, {})
    for action_id in ActionId:
        status = _STATUS.get(action_id, 200)
        pictures = (ActionId.GET, ActionId.HEAD, ActionId.PUBLIC_GET)
        headers = {"content-type": "image/png"} if action_id in pictures else {}
        if action_id in FOLDER_VISITS:
            headers = {"access-control-allow-origin": "*"}
        seen = seen.row(action_id, status, outcome=Outcome.OK, headers=headers)
    return seen.row(ActionId.CLOCK, None, outcome=Outcome.OK, skew="0")


POLICY = f"{AWS}S3_ALIAS_HOST=files.example.com\nS3_PERMISSION=\n"
"""ACLs off, media opened by a policy, an alias host."""
HEALTHY = {env: healthy(env) for env in (AWS, CUSTOM, POLICY)}
"""One healthy run of each kind of env file."""
