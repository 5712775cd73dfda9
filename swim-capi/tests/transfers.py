"""Runs transfers.c and plays what it talks to, with real programs: a device that uploads by OpenSSH's sftp and one that
pulls by HTTPS, a device behind a telnetd, and image servers with faults.

    transfers.py PROGRAM FLEET [WRAPPER...]
"""

import hashlib
import json
import ssl
import subprocess
import sys
import tempfile
import urllib.request
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "swim-py/tests"))

from peers import Sshd, Telnetd, upload  # noqa: E402

PASSWORD = "canary-8c2f"
FLEET = {"password": PASSWORD, "devices": [{"id": "sw1"}, {"id": "edge1", "kind": "ios_switch"}]}
CORE = b"a core dump\n" * 20_000


def pull(told: dict) -> bytes:
    shown = hashlib.sha256(ssl.PEM_cert_to_DER_cert(told["certificate"])).hexdigest()
    assert told["fingerprint"].replace(":", "").lower() == shown
    trust = ssl.create_default_context(cadata=told["certificate"])
    url = f"https://127.0.0.1:{told['port']}/{told['path']}"
    with urllib.request.urlopen(url, timeout=30, context=trust) as answer:
        return answer.read()


def main() -> None:
    program, fleet, *wrapper = sys.argv[1:]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "images").mkdir()
        (folder / "core").write_bytes(CORE)
        command = [fleet, folder / "fleet", json.dumps(FLEET)]
        serving = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert serving.stdout is not None
        made = json.loads(serving.stdout.readline())
        sw1, edge1 = made["config"]["devices"]
        sshd, telnetd = Sshd(folder), Telnetd(folder, edge1, PASSWORD)
        # In real time: behind the telnetd is a login by SSH.
        del made["config"]["simulation"]
        made["config"] |= {
            "devices": [sw1, telnetd.device(edge1)],
            "offers": {"listen": "127.0.0.1", "https": {}},
            "servers": sshd.servers(folder / "images"),
        }
        made["config"]["secrets"]["key"] = {"file": str(sshd.key)}
        config, taken = folder / "config.json", folder / "taken"
        config.write_text(json.dumps(made["config"]), encoding="utf-8")
        running = subprocess.Popen(
            [*wrapper, program, config, made["ios_image"], taken], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        assert running.stdin is not None and running.stdout is not None
        image = Path(made["ios_image"]).read_bytes()
        said = []
        try:
            for line in running.stdout:
                what, text = line.split(" ", 1)
                told = json.loads(text)
                said.append(what)
                if what == "accept":
                    upload(folder, folder / "core", told)
                elif what == "offer":
                    assert pull(told) == image
                elif what == "receipt":
                    content = CORE if told["protocol"] == "sftp" else image
                    assert told["bytes"] == len(content), told
                    assert told.get("completed") == (None if told["protocol"] == "sftp" else 1), told
                    assert told["compared"] == "none", told
                    # Of an offer we know which image it is, of an upload it was computed.
                    assert told["digest"] == hashlib.sha256(content).hexdigest(), told
                else:
                    found = {c["server"]: [f["code"] for f in c["findings"]] for c in told if "server" in c}
                    assert found == Sshd.FAULTS, told
                    assert not any("left_behind" in c for c in told)
                running.stdin.write("\n")
                running.stdin.flush()
            assert running.wait(60) == 0
            assert said == ["accept", "receipt", "offer", "receipt", "checked"], said
            assert taken.read_bytes() == CORE and not list((folder / "images").iterdir())
            assert len(telnetd.sessions) == 1
        finally:
            running.kill()
            telnetd.end()
            sshd.end()
            serving.communicate("")
    print("an upload by sftp, a pull by HTTPS, a login by telnet and the self-test of five servers: passed")


if __name__ == "__main__":
    main()
