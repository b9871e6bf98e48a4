"""The first that the executable runs: programs that it starts look for their libraries where they did before.

PyInstaller lets the loader find ours by a variable. A ``credential_process`` would inherit it, and crash on them.
"""

import os

if (before := os.environ.pop("LD_LIBRARY_PATH_ORIG", None)) is not None:
    os.environ["LD_LIBRARY_PATH"] = before
else:
    os.environ.pop("LD_LIBRARY_PATH", None)
