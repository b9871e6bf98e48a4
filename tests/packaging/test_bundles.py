"""``s3probe.pyz`` and the executable do all that an installed s3probe does, with nothing beside them."""

from __future__ import annotations

import json
import os
import signal
import stat
import sys
import sysconfig
import threading
import time
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from s3probe.sandbox.sandbox import Sandbox
from s3probe.sandbox.scenario import KEY_ID, SECRET
from tests.exhaustive import EXHAUSTIVE
from tests.missing import reason
from tests.packaging.bundles import Started, empty_root, made
from tests.packaging.conftest import once
from tests.production import local
from tests.production.hostile import Interceptor, Turn

pytestmark = [
    pytest.mark.neighbours("the bundles"),
    pytest.mark.skipif(not EXHAUSTIVE, reason="building them takes minutes"),
]

TOKEN = "a token of the role"


@pytest.fixture(scope="module")
def zipapp(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return once(tmp_path_factory, "zipapp", partial(made, "zipapp")) / "s3probe.pyz"


@pytest.fixture(scope="module")
def executable(tmp_path_factory: pytest.TempPathFactory) -> Path:
    if not sysconfig.get_config_var("Py_ENABLE_SHARED"):
        pytest.skip(reason("libpython", "libpython3-dev"))
    return once(tmp_path_factory, "executable", partial(made, "executable")) / f"s3probe-linux-{os.uname().machine}"


@pytest.fixture(params=["zipapp", "executable"])
def bundle(request: pytest.FixtureRequest, tmp_path: Path) -> Started:
    """One of the two; what it unpacks is unpacked below ``tmp_path``."""
    file = str(request.getfixturevalue(request.param))
    (tmp_path / "unpacked").mkdir()
    # -I and -S: none of the packages that are installed here
    command = (sys.executable, "-I", "-S", file) if request.param == "zipapp" else (file,)
    return Started(command, {"TMPDIR": str(tmp_path / "unpacked"), "AWS_EC2_METADATA_DISABLED": "true"})


@pytest.fixture
def box() -> Iterator[Sandbox]:
    with Sandbox(local.scenario().world) as running:
        yield running


def test_a_healthy_storage_is_healthy(bundle: Started, box: Sandbox, tmp_path: Path) -> None:
    done = bundle.run("check", local.env_file(tmp_path, box.http_port))
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("✔ Media storage works")
    assert list((tmp_path / "unpacked").iterdir()) == []


def test_a_fault_is_named_and_its_fix_is_tried(bundle: Started, box: Sandbox, tmp_path: Path) -> None:
    file = local.env_file(tmp_path, box.http_port, S3_PERMISSION="public-reed")
    done = bundle.run("check", "--format", "json", file)
    told = json.loads(done.stdout)
    assert (done.returncode, told["verdict"]) == (2, "failure")
    assert told["findings"][0]["fixes"][0]["proof"]["state"] == "tried"


@pytest.mark.parametrize("argv", [("explain", "--list"), ("schema",), ("policy", "iam", "-"), ("lint", "-")])
def test_texts_and_data_are_there(bundle: Started, argv: tuple[str, ...], tmp_path: Path) -> None:
    env = local.env_file(tmp_path, 9)
    done = bundle.run(*(str(env) if word == "-" else word for word in argv))
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout


def test_the_list_of_public_suffixes_is_there(bundle: Started, box: Sandbox, tmp_path: Path) -> None:
    def restricted(turn: Turn) -> None:
        first, rest = turn.ask().split(b"\r\n", 1)
        turn.say(first + b"\r\nCross-Origin-Resource-Policy: same-site\r\n" + rest)
        turn.keep = True

    with Interceptor(box.http_port, lambda _turn: restricted) as gate:
        file = local.env_file(tmp_path, gate.port, LOCAL_DOMAIN="social.example.co.uk")
        done = bundle.run("check", "--format", "json", file)
    found = {finding["id"] for finding in json.loads(done.stdout)["findings"]}
    assert "resource-policy-forbids-embedding" in found


def of_a_container(port: int, **more: str) -> dict[str, str]:
    """Mastodon's environment there, in which no key pair stands."""
    lines = (line.split("=", 1) for line in local.env_text(port).splitlines())
    return {name: value for name, value in lines if not name.startswith("AWS_")} | more


@contextmanager
def security_token_service() -> Iterator[str]:
    """AWS's STS as far as a role of a pod or an instance asks it."""
    answer = f"""<AssumeRoleWithWebIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">
    <AssumeRoleWithWebIdentityResult><Credentials><AccessKeyId>{KEY_ID}</AccessKeyId>
    <SecretAccessKey>{SECRET}</SecretAccessKey><SessionToken>{TOKEN}</SessionToken>
    <Expiration>2999-01-01T00:00:00Z</Expiration></Credentials></AssumeRoleWithWebIdentityResult>
    </AssumeRoleWithWebIdentityResponse>""".encode()

    class RoleHandler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/xml")
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), RoleHandler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def test_a_role_is_asked_as_the_sdk_asks_it(bundle: Started, tmp_path: Path) -> None:
    """For that the SDK reads its own description of the service."""
    (tmp_path / "token").write_text("of the pod")
    scenario = local.scenario()
    with Sandbox(scenario.with_user(token=TOKEN).world) as box, security_token_service() as endpoint:
        environ = of_a_container(
            box.http_port,
            AWS_ROLE_ARN="arn:aws:iam::123456789012:role/media",
            AWS_WEB_IDENTITY_TOKEN_FILE=str(tmp_path / "token"),
            AWS_ENDPOINT_URL_STS=endpoint,
            AWS_REGION=local.REGION,
        )
        done = bundle.run("check", "--environ", "--format", "json", **environ)
    assert done.returncode == 0, done.stdout
    assert list((tmp_path / "unpacked").iterdir()) == []


def test_a_program_that_gives_the_keys_finds_its_own_libraries(bundle: Started, box: Sandbox, tmp_path: Path) -> None:
    program = tmp_path / "keys"
    keys = json.dumps({"Version": 1, "AccessKeyId": KEY_ID, "SecretAccessKey": SECRET})
    program.write_text(f"#!/bin/sh\n[ \"${{LD_LIBRARY_PATH-none}}\" = none ] && echo '{keys}'\n")
    program.chmod(0o700)
    (tmp_path / "config").write_text(f"[default]\ncredential_process = {program}\n")
    environ = of_a_container(box.http_port, AWS_CONFIG_FILE=str(tmp_path / "config"))
    done = bundle.run("check", "--environ", "--format", "json", **environ)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("name", ["SIGTERM", "SIGINT"])
@pytest.mark.parametrize("whole_group", [False, True])
def test_a_signal_is_waited_for(bundle: Started, tmp_path: Path, name: str, whole_group: bool) -> None:
    """A terminal sends Ctrl-C to all processes at once; the executable is two, and its first hands signals on."""
    number = signal.Signals[name]
    with Sandbox(local.scenario().with_world(latency=0.3).world) as box:
        process = bundle.start("check", local.env_file(tmp_path, box.http_port))
        while not any(seen.operation == "PutObject" for seen in box.requests):
            assert process.poll() is None
            time.sleep(0.01)
        (os.killpg if whole_group else os.kill)(process.pid, number)
        out, err = process.communicate(timeout=60)
        assert (process.returncode, out) == (128 + number, "")
        # before it stands that the clean-up has begun, and for a second Ctrl-C that it takes its time
        assert err.splitlines()[-1].startswith(f"Interrupted by {name}, after the clean-up.")
        assert local.ours_in(box) == []
    assert list((tmp_path / "unpacked").iterdir()) == []


def test_the_demo_is_had_elsewhere(bundle: Started) -> None:
    done = bundle.run("demo")
    assert done.returncode == 64
    assert "pipx run --spec 's3probe[sandbox]' s3probe demo" in done.stderr


def test_the_zipapp_holds_compiled_code_alone(zipapp: Path) -> None:
    """Compiling takes ten times as long as a run does, and an archive cannot keep what was compiled."""
    with zipfile.ZipFile(zipapp) as archive:
        names = archive.namelist()
    assert [name for name in names if name.endswith(".py")] == ["__main__.py"]
    assert len([name for name in names if name.endswith(".pyc")]) > 300
    assert stat.S_IMODE(zipapp.stat().st_mode) == 0o755
    assert zipapp.read_bytes().startswith(b"#!/usr/bin/env python3\n")


def test_the_zipapp_says_which_python_it_wants(zipapp: Path) -> None:
    other = "import sys, runpy; sys.implementation.cache_tag = 'cpython-39'; runpy.run_path(sys.argv[1])"
    done = Started((sys.executable, "-I", "-S", "-c", other)).run(zipapp)
    assert done.returncode == 64
    assert done.stderr.startswith(f"s3probe.pyz is made for Python {sys.version_info.major}.{sys.version_info.minor},")
    assert "cpython-39" in done.stderr


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may change the root folder")
def test_the_executable_brings_all_but_the_c_library(executable: Path, box: Sandbox, tmp_path: Path) -> None:
    """No Python, no certificate authorities, no environment, no /proc."""
    root = empty_root(tmp_path / "root", executable)
    alone = Started(("/usr/sbin/chroot", str(root), "/s3probe"))
    healthy = local.env_file(root, box.http_port)
    assert alone.run("check", f"/{healthy.name}").returncode == 0
    # whom to trust comes with it where the machine has no list
    untrusted = local.env_file(root, box.https_port, "tls.env", S3_PROTOCOL="https")
    text = untrusted.read_text().replace("http://", "https://")
    untrusted.write_text(text)
    told = json.loads(alone.run("check", "--format", "json", "/tls.env").stdout)
    assert told["findings"][0]["id"] == "tls-certificate-bad"


def test_a_release_says_what_is_in_it(executable: Path, tmp_path: Path) -> None:
    for file in (made("sbom", tmp_path) / "s3probe.cdx.json", executable.with_name(f"{executable.name}.cdx.json")):
        listed = {one["name"]: one["version"] for one in json.loads(file.read_text())["components"]}
        assert {"boto3", "botocore", "urllib3", "certifi"} <= listed.keys()
        assert listed.keys().isdisjoint({"pip", "pyinstaller", "pytest", "moto"})
        assert ({"cpython", "openssl"} <= listed.keys()) is (file.name != "s3probe.cdx.json")
