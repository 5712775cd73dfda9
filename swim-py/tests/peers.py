"""Real programs on loopback that the library talks to: OpenSSH's server and client, and the telnetd of GNU inetutils."""

from __future__ import annotations

import getpass
import os
import random
import shutil
import socket
import subprocess
import threading
import time
from pathlib import Path
from typing import Any

PLACES = "/usr/sbin:/usr/bin:/usr/local/sbin:/usr/local/bin:/sbin:/bin"
SSH = [
    "-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null", "-o", "LogLevel=ERROR",
    "-o", "NumberOfPasswordPrompts=1", "-o", "PubkeyAuthentication=no",
]

#: What telnetd runs instead of ``login``: asks like a router, and goes on to the device itself by SSH.
ROUTER = """#!/bin/sh
printf '\\nUser Access Verification\\n\\nUsername: '; read -r user || exit
stty -echo; printf 'Password: '; read -r password || exit; stty echo; printf '\\n'
[ "$user:$password" = "$({folder}/login)" ] || {{ printf '%% Login invalid\\n\\nUsername: '; read -r user; exit; }}
export SSH_ASKPASS={folder}/password SSH_ASKPASS_REQUIRE=force
exec {ssh} -tt {options} -p {port} "$user@127.0.0.1"
"""


def program(name: str, package: str) -> str:
    """The path of a program, or a failure that says what to install."""
    found = shutil.which(name, path=PLACES)
    assert found is not None, f"this test needs `{name}`: install the package {package}"
    return found


def prints(path: Path, text: str) -> Path:
    """A program that prints a secret."""
    path.write_text(f"#!/bin/sh\nprintf '%s\\n' '{text}'\n", encoding="utf-8")
    path.chmod(0o700)
    return path


def upload(folder: Path, file: Path, told: dict[str, Any]) -> None:
    """What a device does with an SFTP accept: logs in with what it was told, and uploads a file."""
    (folder / "batch").write_text(f"put {file} {told['path']}\n", encoding="utf-8")
    asker = prints(folder / "askpass", told["password"])
    command = [program("sftp", "openssh-client"), *SSH, "-o", "BatchMode=no", "-b", str(folder / "batch"),
               "-P", str(told["port"]), f"{told['user']}@127.0.0.1"]
    environment = {**os.environ, "SSH_ASKPASS": str(asker), "SSH_ASKPASS_REQUIRE": "force"}
    subprocess.run(command, env=environment, stdin=subprocess.DEVNULL, check=True, timeout=60, capture_output=True)


def free_port() -> int:
    """A port that no system gives to who asks for any: another program would get it before the server is there."""
    while True:
        port = random.randrange(16_384, 32_768)
        with socket.socket() as free:
            try:
                free.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port


class Sshd:
    """An sshd on a free port; ``key`` is the private key that it lets in."""

    def __init__(self, folder: Path) -> None:
        Path("/run/sshd").mkdir(exist_ok=True)
        self.user, self.port, self.key = getpass.getuser(), free_port(), folder / "user"
        for name in ("host", "user"):
            keygen = [program("ssh-keygen", "openssh-client"), "-q", "-t", "ed25519", "-N", "", "-f", str(folder / name)]
            subprocess.run(keygen, check=True)
        (folder / "sshd_config").write_text(
            f"Subsystem sftp internal-sftp\nPort {self.port}\nListenAddress 127.0.0.1\nHostKey {folder}/host\n"
            f"AuthorizedKeysFile {folder}/user.pub\nPidFile none\nUsePAM no\nStrictModes no\nPermitRootLogin yes\n"
            "PasswordAuthentication no\n",
            encoding="utf-8",
        )
        self.serving = subprocess.Popen(
            [program("sshd", "openssh-server"), "-D", "-E", folder / "log", "-f", folder / "sshd_config"]
        )
        for _ in range(200):
            with socket.socket() as door:
                if door.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            time.sleep(0.05)
        self.end()
        raise AssertionError("sshd did not start")

    def servers(self, folder: Path) -> list[dict[str, Any]]:
        """Image servers of a configuration: a good one, and one for each thing that is wrong; the key is ``key``."""

        def server(name: str, user: str = self.user, port: int = self.port, **more: Any) -> dict[str, Any]:
            door = {"protocol": "sftp", "port": port, "folder": str(folder), "login": {"user": user, "key": "key"}}
            host_key = more.pop("host_key", "first_use")
            return {"name": name, "host": "127.0.0.1", "host_key": host_key, "doors": [{**door, **more}]}

        return [
            server("good"),
            server("gone", port=1),
            server("stranger", user="swim-no-such-user"),
            server("nowhere", folder="/no/such/folder"),
            server("impostor", host_key={"pinned": "SHA256:" + "A" * 43}),
        ]

    #: What the self-test says of them.
    FAULTS = {
        "good": [], "gone": ["server.port_closed"], "stranger": ["server.login"], "nowhere": ["server.folder"],
        "impostor": ["server.host_key"],
    }

    def end(self) -> None:
        self.serving.kill()
        self.serving.wait(10)


class Telnetd:
    """A telnetd for each connection to a free port, as inetd starts it: behind it is a device that is reached by SSH."""

    def __init__(self, folder: Path, device: dict[str, Any], password: str) -> None:
        user, port = device["login"]["user"], device["at"]["port"]
        prints(folder / "login", f"{user}:{password}")
        prints(folder / "password", password)
        router = folder / "router"
        ssh = program("ssh", "openssh-client")
        router.write_text(ROUTER.format(folder=folder, ssh=ssh, options=" ".join(SSH), port=port), encoding="utf-8")
        router.chmod(0o700)
        self.command = [program("telnetd", "inetutils-telnetd"), "-h", "-E", str(router)]
        self.door = socket.create_server(("127.0.0.1", 0))
        self.port = int(self.door.getsockname()[1])
        self.sessions: list[subprocess.Popen[bytes]] = []
        self.over = False
        self.accepting = threading.Thread(target=self._accept, daemon=True)
        self.accepting.start()

    def _accept(self) -> None:
        while True:
            stream, _ = self.door.accept()
            with stream:
                if self.over:
                    return
                door = stream.fileno()
                self.sessions.append(subprocess.Popen(self.command, stdin=door, stdout=door, stderr=subprocess.DEVNULL))

    def device(self, device: dict[str, Any]) -> dict[str, Any]:
        """The same device, reached by Telnet."""
        return {**device, "at": {"host": "127.0.0.1", "port": self.port}, "telnet": True}

    def end(self) -> None:
        self.over = True
        socket.create_connection(("127.0.0.1", self.port)).close()
        self.accepting.join(10)
        self.door.close()
        for session in self.sessions:
            session.kill()
            session.wait(10)
