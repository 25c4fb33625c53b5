"""The real nginx with the very files of deploy/nginx; only the two that are yours to edit are written here."""

import os
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

from tests.servers import free_port, stop, wait_for_port

DEPLOY = Path(__file__).resolve().parents[2] / "deploy"
OURS = ("proxy.conf", "tls.conf")

# What the package's own nginx.conf holds, in a folder of ours. Root's workers would give up their rights on it.
MAIN = """{user}
daemon off;
pid {folder}/nginx.pid;
error_log {folder}/error.log warn;
worker_processes 1;
events {{ worker_connections 4096; }}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    {edge}
    include {deploy}/nginx/wismo.conf;
}}
"""
CACHE = "proxy_cache_path {folder}/static keys_zone=wismo_static:1m;"


class Nginx:
    """In front of some web processes, on a free port, without TLS unless `listen` says so."""

    def __init__(self, folder: Path, ports: Sequence[int], *, listen: str = "", edge: str = "", port: int = 0) -> None:
        self.folder, self.ports = folder, ports
        self.port = port or free_port()
        self.process: subprocess.Popen[bytes] | None = None
        lines = folder / "wismo"
        lines.mkdir(parents=True)
        for name in OURS:
            shutil.copy(DEPLOY / "nginx/wismo" / name, lines)
        (lines / "listen.conf").write_text(listen or f"listen 127.0.0.1:{self.port};\n")
        upstream = "".join(f"server 127.0.0.1:{port} max_fails=1 fail_timeout=1s;\n" for port in ports)
        (lines / "upstream.conf").write_text(upstream)
        user = "user root;" if os.geteuid() == 0 else ""
        edge = edge or CACHE.format(folder=folder)
        (folder / "nginx.conf").write_text(MAIN.format(folder=folder, user=user, edge=edge, deploy=DEPLOY))

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        self.process = subprocess.Popen(self._command(), cwd="/")
        assert wait_for_port(self.port, self.process), self.said()

    def complaints(self) -> str:
        """What nginx finds wrong with the files: nothing, one hopes."""
        command = [*self._command(), "-t", "-q"]
        answer = subprocess.run(command, capture_output=True, text=True, cwd="/", check=False, timeout=30)
        return answer.stderr + (f"status {answer.returncode}" if answer.returncode else "")

    def said(self) -> str:
        return (self.folder / "error.log").read_text()

    def close(self) -> None:
        if self.process is not None:
            stop(self.process)

    def _command(self) -> list[str]:
        program = shutil.which("nginx") or "/usr/sbin/nginx"
        return [program, "-e", str(self.folder / "error.log"), "-c", str(self.folder / "nginx.conf")]
