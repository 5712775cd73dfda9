"""The peers: what is installed, and servers of our own configuration on a tmpfs and free ports."""

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import time
from pathlib import Path

PACKAGES = ["openssh-server", "openssh-client", "vsftpd", "lftp", "curl", "nginx-light", "atftp", "tftp-hpa", "iperf3", "iproute2"]
# Both want the same port and cannot be installed side by side: they run from where they are unpacked.
UNPACKED = ["tftpd-hpa", "atftpd"]
POLICY = Path("/usr/sbin/policy-rc.d")


def install():
    """Installs what is missing, without starting a service."""
    missing = [p for p in PACKAGES if subprocess.run(["dpkg", "-s", p], capture_output=True, check=False).returncode]
    if not missing:
        return
    own = not POLICY.exists()
    if own:
        POLICY.write_text("#!/bin/sh\nexit 101\n")
        POLICY.chmod(0o755)
    try:
        quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        subprocess.run(["apt-get", "update", "-q"], check=True, env=quiet)
        subprocess.run(["apt-get", "install", "-y", "-q", "--no-install-recommends", *missing], check=True, env=quiet)
    finally:
        if own:
            POLICY.unlink()


def unpacked(package, cache):
    """Where a package that cannot be installed is unpacked."""
    where = cache / package
    if not where.exists():
        with tempfile.TemporaryDirectory() as folder:
            # apt drops its rights to download; the folder must be writable for that user.
            os.chmod(folder, 0o777)
            subprocess.run(["apt-get", "download", "-q", package], cwd=folder, check=True)
            (deb,) = Path(folder).glob("*.deb")
            subprocess.run(["dpkg", "-x", str(deb), str(where)], check=True)
    return where


def python(cache, *packages):
    """The interpreter of a virtual environment with these packages."""
    where = cache / "venv"
    if not (where / "bin" / "python").exists():
        subprocess.run(["python3", "-m", "venv", str(where)], check=True)
    subprocess.run([str(where / "bin" / "pip"), "install", "-q", *packages], check=True)
    return str(where / "bin" / "python")


def free_port(kind=socket.SOCK_STREAM):
    with socket.socket(socket.AF_INET, kind) as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Bench:
    """A folder in memory with an image and a store, and the servers that were started; all end with the `with` block."""

    def __init__(self, ours, cache, size_mib):
        self.ours, self.cache, self.size_mib, self.servers = ours, cache, size_mib, []
        cache.mkdir(parents=True, exist_ok=True)

    def __enter__(self):
        self.folder = Path(tempfile.mkdtemp(prefix="swim-peers-", dir="/dev/shm"))
        self.folder.chmod(0o755)
        return self

    def __exit__(self, *_):
        for process in self.servers:
            process.terminate()
        for process in self.servers:
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)

    def image(self, mib):
        """A file of random bytes, its digest, and the store that has it."""
        import json

        path, store = self.folder / f"image-{mib}.bin", self.folder / "store"
        if not path.exists():
            with open(path, "wb") as f:
                for _ in range(mib):
                    f.write(os.urandom(1 << 20))
        command = [self.ours, "import", "--store", str(store), str(path)]
        told = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        return str(path), ["--store", str(store), "--image", json.loads(told)["image"]]

    def file(self, name):
        return str(self.folder / name)

    def start(self, command, port=None, wrap=None, host="127.0.0.1"):
        """Starts a server in the foreground; waits until it takes connections."""
        full = wrap(command) if wrap else command
        process = subprocess.Popen(full, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=open(self.file("log"), "ab"))
        self.servers.append(process)
        until = time.monotonic() + 10
        while port and not wrap and time.monotonic() < until:
            try:
                socket.create_connection((host, port), 1).close()
                return process
            except OSError:
                time.sleep(0.02)
        time.sleep(0.7)
        if process.poll() is not None:
            raise RuntimeError(f"{command[0]} ended at once: {Path(self.file('log')).read_text()[-400:]}")
        return process

    def sshd(self, wrap=None, extra=""):
        """Port, process and the user's key."""
        os.makedirs("/run/sshd", exist_ok=True)
        for key in ("host", "user"):
            if not os.path.exists(self.file(key)):
                subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", self.file(key)], check=True)
        port = free_port()
        config = f"""Port {port}\nHostKey {self.file("host")}\nAuthorizedKeysFile {self.file("user.pub")}\nPidFile none
UsePAM no\nStrictModes no\nPermitRootLogin yes\nPasswordAuthentication no\nSubsystem sftp internal-sftp
MaxStartups 500\nMaxSessions 10\n{extra}\n"""
        Path(self.file(f"sshd-{port}")).write_text(config)
        return port, self.start(["/usr/sbin/sshd", "-D", "-e", "-f", self.file(f"sshd-{port}")], port, wrap)

    def nginx(self):
        port = free_port()
        at = str(self.folder)
        temps = " ".join(f"{n}_temp_path {at}/temp;" for n in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
        Path(self.file("nginx")).write_text(
            f"daemon off; master_process off; user root; pid {at}/nginx.pid; worker_rlimit_nofile 4096;"
            f"events {{ worker_connections 2048; }} http {{ access_log off; sendfile on; {temps} client_max_body_size 0;"
            f"server {{ listen 127.0.0.1:{port} backlog=1024; root {at}; dav_methods PUT; }} }}"
        )
        return port, self.start(["/usr/sbin/nginx", "-p", at, "-c", self.file("nginx"), "-e", self.file("log")], port)

    def vsftpd(self, user):
        port, (low, high) = free_port(), (40000, 40999)
        Path(self.file("vsftpd")).write_text(
            f"background=NO\nlisten=YES\nlisten_port={port}\nlisten_address=127.0.0.1\nlocal_enable=YES\nwrite_enable=YES\n"
            f"chroot_local_user=YES\nallow_writeable_chroot=YES\nseccomp_sandbox=NO\nlocal_root={self.folder}\n"
            f"pasv_min_port={low}\npasv_max_port={high}\nxferlog_enable=NO\npam_service_name=vsftpd\n"
        )
        os.chown(self.folder, pwd.getpwnam(user).pw_uid, -1)
        return port, self.start(["/usr/sbin/vsftpd", self.file("vsftpd")], port)
