"""The beginning of ``s3probe.pyz``: it holds one compiled tree for each Python that it was built for."""

# Any Python 3 must be able to read this, to say that it is not the right one.
import sys
import zipfile

HERE = sys.path[0]
TAG = sys.implementation.cache_tag


def main() -> None:
    trees = sorted({name.partition("/")[0] for name in zipfile.ZipFile(HERE).namelist() if "/" in name})
    if TAG not in trees:
        known = ", ".join(tag[8] + "." + tag[9:] for tag in trees)  # cpython-311
        sys.stderr.write("s3probe.pyz is made for Python " + known + ", and " + sys.executable + " is " + TAG + ".\n")
        sys.exit(64)
    sys.path[0] = HERE + "/" + TAG
    from s3probe.__main__ import entry_point

    entry_point()


main()
