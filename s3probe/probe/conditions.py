"""Makes the conditions of a run: the file's own, and those in which one thing is fixed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from s3probe.probe.request_form import WireForm
from s3probe.probe.session import Conditions
from s3probe.probe.tools import Tools
from s3probe.probe.wire import Wire
from s3probe.settings.mastodon import remade
from s3probe.settings.model import Credentials, Settings


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
        assuming: tuple[str, ...] = (),
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
        return Conditions(settings, wire, assuming, credentials, clock_offset)

    def changed(self, conditions: Conditions, assumption: str = "", /, **env: str | None) -> Conditions:
        """``conditions`` with other environment variables (``None`` removes one); its other fixes stay."""
        said = assumption or "; ".join(f"{name}={value or ''}" for name, value in env.items())
        return self.of(
            remade(conditions.settings, **env),
            (*conditions.assuming, said),
            credentials=conditions.credentials,
            form=conditions.wire.form,
            clock_offset=conditions.clock_offset,
        )
