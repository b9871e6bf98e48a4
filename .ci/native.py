"""Adds to a CycloneDX file what comes with this Python and is no package of it: python native.py FILE"""

from __future__ import annotations

import json
import platform
import pyexpat
import re
import ssl
import sys
import zlib
from pathlib import Path


def versions() -> dict[str, str]:
    """By name; those that are looked for when a hole is found."""
    found = re.search(r"\d+\.\d+\.\d+\w*", ssl.OPENSSL_VERSION)
    return {
        "cpython": platform.python_version(),
        "openssl": found[0] if found else ssl.OPENSSL_VERSION,
        "expat": pyexpat.EXPAT_VERSION.removeprefix("expat_"),
        "zlib": zlib.ZLIB_RUNTIME_VERSION,
    }


def main(name: str) -> None:
    file = Path(name)
    document = json.loads(file.read_text(encoding="utf-8"))
    for package, version in versions().items():
        purl = f"pkg:generic/{package}@{version}"
        component = {"type": "library", "bom-ref": purl, "name": package, "version": version, "purl": purl}
        document["components"].append(component)
    file.write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1])
