"""Web servers that nobody here wrote, on loopback: Apache and nginx; and the published shapes of DCAT-AP 3.

`python -m tests.endpoints` puts them into build/servers. What cannot be had on a machine is left out, and the tests of
it are skipped with the reason.
"""

import os
import shutil
import subprocess
from pathlib import Path

from tests.endpoints import BUILD, Server, Unavailable, free_port

APACHE, NGINX = BUILD / "apache", BUILD / "nginx"
SHAPES = BUILD / "dcat-ap" / "dcat-ap-3.jsonld"

_APACHE = """ServerName localhost
Listen 127.0.0.1:{port}
PidFile {folder}/apache.pid
ErrorLog {folder}/error.log
LoadModule mpm_event_module {modules}/mod_mpm_event.so
LoadModule authz_core_module {modules}/mod_authz_core.so
LoadModule rewrite_module {modules}/mod_rewrite.so
LoadModule headers_module {modules}/mod_headers.so
LoadModule mime_module {modules}/mod_mime.so
LoadModule dir_module {modules}/mod_dir.so
TypesConfig {folder}/types
DocumentRoot {folder}/root
<Directory {folder}/root>
AllowOverride FileInfo
Options FollowSymLinks
Require all granted
</Directory>
"""
_NGINX = """pid {folder}/nginx.pid;
error_log {folder}/error.log;
daemon off;
master_process off;
events {{}}
http {{
access_log off;
client_body_temp_path {folder}/a;
proxy_temp_path {folder}/b;
fastcgi_temp_path {folder}/c;
uwsgi_temp_path {folder}/d;
scgi_temp_path {folder}/e;
include {folder}/rules.conf;
}}
"""


def _environment(folder: Path) -> dict[str, str]:
    libraries = sorted(str(each) for each in (*folder.glob("usr/lib/*-linux-gnu*"), *folder.glob("lib/*-linux-gnu*")))
    path = os.pathsep.join(filter(None, (*libraries, os.environ.get("LD_LIBRARY_PATH"))))
    return {**os.environ, "LD_LIBRARY_PATH": path} if libraries else dict(os.environ)


def _program(name: str, folder: Path) -> str | None:
    for program in (shutil.which(name), str(folder / "usr" / "sbin" / name)):
        if program and Path(program).is_file():
            command = [program, "-v"]
            tried = subprocess.run(command, capture_output=True, text=True, check=False, env=_environment(folder))
            if tried.returncode == 0:
                return program
    return None


def apache_program() -> str | None:
    """Return Apache's program, if it can be run."""
    return _program("apache2", APACHE)


def nginx_program() -> str | None:
    """Return nginx's program, if it can be run."""
    return _program("nginx", NGINX)


class WebServer(Server):
    """A running web server; `query` is its address."""

    def __init__(self, command: list[str], port: int, folder: Path, installed: Path) -> None:
        super().__init__(command, f"http://127.0.0.1:{port}", folder=folder, env=_environment(installed))


def apache(folder: Path, place: str, rules: str) -> WebServer:
    """Start Apache with rules in a file .htaccess.

    Args:
        folder: An empty folder for its files.
        place: The folder below the root of its documents that holds the rules.
        rules: The rules.

    Raises:
        Unavailable: It is not there.
    """
    program = apache_program()
    if program is None:
        raise Unavailable("Apache is not in build/servers; run: make servers")
    modules = next(
        each for each in (APACHE / "usr/lib/apache2/modules", Path("/usr/lib/apache2/modules")) if each.exists()
    )
    (folder / "root" / place).mkdir(parents=True, exist_ok=True)
    (folder / "types").write_text("text/html html\ntext/css css\ntext/javascript js\n")
    (folder / "root" / place / ".htaccess").write_text(rules, encoding="utf-8")
    port = free_port()
    configuration = folder / "apache.conf"
    configuration.write_text(_APACHE.format(port=port, folder=folder, modules=modules), encoding="utf-8")
    return WebServer([program, "-f", str(configuration), "-D", "FOREGROUND"], port, folder, APACHE)


def nginx(folder: Path, rules: str) -> WebServer:
    """Start nginx with rules for its context http; they listen at port 80, which is replaced by a free one.

    Raises:
        Unavailable: It is not there.
    """
    program = nginx_program()
    if program is None:
        raise Unavailable("nginx is not in build/servers; run: make servers")
    port = free_port()
    (folder / "rules.conf").write_text(rules.replace("listen 80;", f"listen 127.0.0.1:{port};"), encoding="utf-8")
    (folder / "nginx.conf").write_text(_NGINX.format(folder=folder), encoding="utf-8")
    command = [program, "-c", str(folder / "nginx.conf"), "-p", str(folder), "-e", str(folder / "error.log")]
    return WebServer(command, port, folder, NGINX)
