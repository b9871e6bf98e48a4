"""Makes the conditions of an examination, and those of experiments, which differ from them in one thing."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from types import MappingProxyType

from s3probe.evidence.observations import NO_CHANGES
from s3probe.probe.request_form import WireForm
from s3probe.probe.session import Conditions
from s3probe.probe.tools import Tools
from s3probe.probe.wire import Wire
from s3probe.records import dataclass
from s3probe.settings.mastodon import remade
from s3probe.settings.model import SECRET_NAMES, Credentials, Settings

_NOT_TOLD = SECRET_NAMES | {"AWS_ACCESS_KEY_ID"}


@dataclass(frozen=True, slots=True)
class ConditionsMaker:
    """Builds :class:`Conditions` objects with one set of tools. Nothing is sent."""

    tools: Tools
    credentials: Credentials
    """Those that sign when the settings name none (the SDK's chain)."""
    form: WireForm

    def of(
        self,
        settings: Settings,
        changes: Mapping[str, str | None] = NO_CHANGES,
        *,
        credentials: Credentials | None = None,
        form: WireForm | None = None,
        clock_offset: float = 0.0,
    ) -> Conditions:
        """The conditions of these settings. ``clock_offset`` seconds are added to this machine's time."""

        def clock() -> datetime:
            return self.tools.clock.now() + timedelta(seconds=clock_offset)

        pair = credentials or settings.credentials or self.credentials
        wire = Wire(settings, pair, form or self.form, clock, self.tools.invocation_id)
        return Conditions(settings, wire, changes, credentials, clock_offset)

    def changed(self, conditions: Conditions, **env: str | None) -> Conditions:
        """``conditions`` with other environment variables (``None`` removes one). A secret's text is not told."""
        return self.of(
            remade(conditions.settings, **env),
            MappingProxyType({name: value for name, value in env.items() if name not in _NOT_TOLD}),
            credentials=conditions.credentials,
            form=conditions.wire.form,
            clock_offset=conditions.clock_offset,
        )
