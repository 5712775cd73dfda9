"""FTP: curl and lftp against ours at vsftpd, and our offer against vsftpd with curl."""

import os
import pwd
import secrets
import subprocess

from harness import Case, Method, faster, leaner, timed
from offered import Offered, can

USER = "swim-bench"


class Account:
    """A user of this machine that exists while the benchmarks run: vsftpd lets in nobody else."""

    def __init__(self, home):
        self.home = home

    def __enter__(self):
        self.password = secrets.token_hex(12)
        if any(u.pw_name == USER for u in pwd.getpwall()):
            # What a run left that was killed.
            subprocess.run(["userdel", USER], check=True)
        command = ["useradd", "--no-create-home", "--home-dir", self.home, "--shell", "/bin/sh", USER]
        subprocess.run(command, check=True)
        subprocess.run(["chpasswd"], input=f"{USER}:{self.password}\n", text=True, check=True)
        return self

    def __exit__(self, *_):
        subprocess.run(["userdel", USER], check=False)


def clients(bench, image, port, server, password, verb):
    """curl, lftp and ours; all of them write the same file."""
    source, name = image[0], os.path.basename(image[0])
    # What vsftpd shows as its root is the folder of the bench.
    made = bench.file(f"{verb}ed")
    url = f"ftp://127.0.0.1:{port}/{os.path.basename(made) if verb == 'push' else name}"
    ends = ["-T", source, url] if verb == "push" else ["-o", made, url]
    curl = ["curl", "-s", "-S", "--user", f"{USER}:{password}", *ends]
    line = f"put {source} -o {os.path.basename(made)}" if verb == "push" else f"get {name} -o {made}"
    lftp = ["lftp", "-u", f"{USER},{password}", "-e", f"set ftp:ssl-allow no; {line}; bye", "-p", str(port), "127.0.0.1"]
    login, place = ["--user", USER], [bench.ours, verb, "ftp", "127.0.0.1", str(port)]
    if verb == "push":
        ours = [*place, os.path.basename(made), *image[1], *login, "--fresh"]
    else:
        ours = [*place, name, made, *login]

    def method(title, command):
        return Method(title, lambda: timed(command, server, {"TRANSFER_PASSWORD": password})[0], made=made)

    return [method("curl", curl), method("lftp", lftp), method("ours ftp", ours)]


def loopback(bench, _quick):
    image, size = bench.image(bench.size_mib), bench.size_mib * 1.048576
    with Account(str(bench.folder)) as account:
        port, server = bench.vsftpd(USER)
        for verb, least in (("push", 0.95), ("fetch", 1.15)):
            methods = clients(bench, image, port, server, account.password, verb)
            bars = [faster("ours ftp", ["curl", "lftp"], least), leaner("ours ftp", ["curl", "lftp"], 1.0)]
            yield Case(f"FTP {verb}, {bench.size_mib} MiB, loopback, vsftpd", size, methods, bars, source=image[0])
        if not can(bench.ours, "ftp", "pull"):
            return
        made = bench.file("pulled")
        theirs = clients(bench, image, port, server, account.password, "fetch")[0]
        theirs.name, theirs.made = "curl from vsftpd", bench.file("fetched")
        offer = Offered(bench, "ftp", image)
        ours = Method("curl from our offer", lambda: offer.pull(made), made=made)
        yield Case("FTP offer pulled by curl, loopback", size, [theirs, ours], [faster(ours.name, [theirs.name], 1)], image[0])
        offer.close()


SECTIONS = {"FTP": loopback}
