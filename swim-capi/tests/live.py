"""Runs live.c against simulated switches, and looks for their passwords where anything was written down.

    live.py PROGRAM FLEET all PACE
    live.py PROGRAM FLEET free PACE [WRAPPER...]     only the client that is freed in the middle, e.g. under valgrind

PACE is how much faster time runs for the client. It may be less than that of the devices: then they answer early, and a
slow machine does not make calls time out.
"""

import json
import subprocess
import sys
import tempfile
from pathlib import Path

CANARY = "canary-4b1d"
FLEET = {
    "password": CANARY,
    "enable": f"{CANARY}-enable",
    "devices": [*({"id": f"sw{n}"} for n in range(1, 5)), {"id": "sw5", "faults": [{"fault": "comes_back_on_old"}]}],
}
# Seconds that a program may take.
LIMIT = 600


def holding(word: str, *places: Path) -> list[str]:
    """The files that have this word in them."""
    files = [f for place in places for f in ([place] if place.is_file() else place.rglob("*")) if f.is_file()]
    assert files, places
    return [str(f) for f in files if word.encode() in f.read_bytes()]


def config(folder: Path, made: dict, name: str, **changes: object) -> Path:
    path = folder / f"{name}.json"
    path.write_text(json.dumps({**made["config"], **changes}), encoding="utf-8")
    return path


def with_a_key(folder: Path, made: dict) -> None:
    """A private key with a passphrase, which the devices refuse before they take the password."""
    key = folder / "key"
    passphrase = f"{CANARY}-passphrase"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", passphrase, "-f", key], check=True)
    made["config"]["secrets"] |= {"key": {"file": str(key)}, "passphrase": {"value": passphrase}}
    for device in made["config"]["devices"]:
        device["login"] |= {"key": "key", "key_passphrase": "passphrase"}


def main() -> None:
    program, fleet, what, pace, *wrapper = sys.argv[1:]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        serving = subprocess.Popen(
            [fleet, folder / "fleet", json.dumps(FLEET)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        try:
            assert serving.stdout is not None
            made = json.loads(serving.stdout.readline())
            made["config"]["simulation"]["pace"] = int(pace)
            if what == "all":
                run(folder, made, program)
            else:
                subprocess.run(
                    [*wrapper, program, "free", config(folder, made, "config"), made["image"]], check=True, timeout=LIMIT
                )
                print(f"{what}: passed")
        finally:
            serving.communicate("")


def run(folder: Path, made: dict, program: str) -> None:
    (folder / "keys").mkdir()
    with_a_key(folder / "keys", made)
    # What the programs write, by themselves and through the library.
    written = folder / "written"
    written.mkdir()
    record, errors = written / "record.txt", written / "errors.txt"
    data = Path(made["config"]["data"])
    right = config(folder, made, "config")
    other = folder / "other"
    secrets = {**made["config"]["secrets"], "lab": {"value": f"{CANARY}-wrong"}}
    wrong = config(folder, made, "wrong", data=str(other), secrets=secrets)

    def live(*words: object, **how: object) -> subprocess.Popen:
        command = [program, *map(str, words)]
        with errors.open("a") as err:
            return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=err, text=True)

    def ended(process: subprocess.Popen, text: str = "") -> None:
        out, _ = process.communicate(text, timeout=LIMIT)
        (written / "output.txt").open("a").write(out)
        assert process.returncode == 0, errors.read_text()

    upgrade = live("upgrade", right, wrong, made["image"], record)
    assert upgrade.stdout is not None
    line = upgrade.stdout.readline().split()
    if line[:1] != ["held"]:
        ended(upgrade)
    job = line[1]
    # While the client is open, the last entries are in the log that the database writes ahead.
    assert holding(job, data / "swim.db-wal"), "the write-ahead log holds the job"
    assert not holding(CANARY, data, other, written)
    ended(upgrade, "\n")
    ended(live("release", right, job, record))
    ended(live("free", right, made["image"]))

    # The lookout works: it finds the passwords where they were given, and the job where it is kept.
    assert len(holding(CANARY, right, wrong)) == 2
    assert holding(job, data / "swim.db") and holding(job, record)
    assert not holding(CANARY, data, other, written), holding(CANARY, data, other, written)
    kinds = sorted({line.split(":")[0] for line in record.read_text().splitlines()})
    print(f"{record.stat().st_size} bytes of {', '.join(kinds)}: no password in them, nor in the data folder")


if __name__ == "__main__":
    main()
