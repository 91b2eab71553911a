"""The files by which a server is run for others: read by the programs that they are for, where those are there."""

import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import ROOT, commands
from tests.endpoints.web import nginx_program

FILES = ROOT / "docs/how-to/deploy"


def _options(line: str) -> list[str]:
    """Return the options of `serve` in a command."""
    words = shlex.split(line.replace('"', "").replace(",", " ").replace("[", " ").replace("]", " "))
    return [word for word in words[words.index("serve") :] if word.startswith("--")]


@pytest.mark.parametrize(("name", "begin"), [("whatworks.service", "ExecStart="), ("Containerfile", "CMD [")])
def test_commands_are_those_of_the_tool(name: str, begin: str) -> None:
    """Each option is one of `whatworks serve`."""
    (line,) = [line for line in (FILES / name).read_text().splitlines() if line.startswith(begin) and "serve" in line]
    known = {option for parameter in commands()["serve"].params for option in parameter.opts}
    assert set(_options(line.removeprefix(begin))) <= known
    assert "--host" in line


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="needs systemd-analyze")
def test_the_unit_is_one(tmp_path: Path) -> None:
    """Systemd reads it without a complaint; the command is one that is here."""
    text = (FILES / "whatworks.service").read_text()
    unit = tmp_path / "whatworks.service"
    unit.write_text(re.sub(r"^ExecStart=\S+", f"ExecStart={sys.executable}", text, flags=re.MULTILINE))
    command = ["systemd-analyze", "verify", "--man=no", str(unit)]
    found = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    complaints = [line for line in (found.stdout + found.stderr).splitlines() if "whatworks" in line]
    assert not complaints


@pytest.mark.skipif(nginx_program() is None, reason="nginx is not in build/servers; run: make servers")
def test_nginx_reads_the_proxy(tmp_path: Path) -> None:
    """`nginx -t` takes it, within a configuration that holds nothing else."""
    whole = tmp_path / "nginx.conf"
    include = f"include {FILES / 'nginx.conf'};"
    kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    places = " ".join(f"{kind}_temp_path {tmp_path}/{kind};" for kind in kinds)
    whole.write_text(
        f"pid {tmp_path}/pid; error_log {tmp_path}/error; events {{}} http {{ access_log off; {places} {include} }}"
    )
    command = [str(nginx_program()), "-t", "-c", str(whole), "-p", str(tmp_path), "-e", str(tmp_path / "early")]
    found = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert found.returncode == 0, found.stderr


def test_the_image_runs_as_an_ordinary_user() -> None:
    """Nothing is run as root, and nothing comes from an address but the base image."""
    lines = [line for line in (FILES / "Containerfile").read_text().splitlines() if not line.startswith("#")]
    words = [line.split(" ", 1)[0] for line in lines if line]
    assert set(words) <= {"FROM", "COPY", "RUN", "USER", "WORKDIR", "ENV", "EXPOSE", "STOPSIGNAL", "HEALTHCHECK", "CMD"}
    assert words.index("USER") < words.index("CMD")
    assert "root" not in next(line for line in lines if line.startswith("USER"))
