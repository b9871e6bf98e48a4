"""The CORS rule in the form that each place takes: a console, a command line, another cloud's API. Pure, JSON-ready."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

from s3probe.knowledge.policies import cors_rule
from s3probe.knowledge.providers import CorsForm

_SHOWN = ("Content-Type", "Content-Length", "Content-Range", "Accept-Ranges")
"""What scripts may read of an answer, where a rule has to say so: a player reads the length and asks for ranges."""
_B2_READS = ("s3_get", "s3_head", "b2_download_file_by_name", "b2_download_file_by_id")
"""Reading, through B2's S3 API and through its own (backblaze.com/docs, "CORS rules", 2026-09)."""


def cors_in(form: CorsForm, headers: Sequence[str] = ("*",)) -> object:
    """The rule in that form. ``headers``: what browsers may send beside what they always may.

    Sources: AWS S3 User Guide, "Elements of a CORS configuration"; Cloudflare R2, "Configure CORS" (dashboard) and its
    API reference (wrangler), 2026-09; Google Cloud, "Set up and view CORS configurations", 2026-09.
    """
    (plain,) = cast("list[dict[str, Any]]", cors_rule()["CORSRules"])
    rule = {**plain, "AllowedHeaders": list(headers)}
    origins, methods, age = rule["AllowedOrigins"], rule["AllowedMethods"], rule["MaxAgeSeconds"]
    match form:
        case CorsForm.S3:
            return {"CORSRules": [rule]}
        case CorsForm.ARRAY:
            return [rule]
        case CorsForm.GOOGLE:
            return [{"origin": origins, "method": methods, "responseHeader": list(_SHOWN), "maxAgeSeconds": age}]
        case CorsForm.WRANGLER:
            allowed = {"origins": origins, "methods": methods, "headers": list(headers)}
            return {"rules": [{"allowed": allowed, "maxAgeSeconds": age}]}
        case CorsForm.B2:
            return [
                {
                    "corsRuleName": "mastodon",
                    "allowedOrigins": origins,
                    "allowedOperations": list(_B2_READS),
                    "allowedHeaders": list(headers),
                    "maxAgeSeconds": age,
                }
            ]
