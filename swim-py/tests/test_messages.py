"""What is wrong is said by its field, its value and what is allowed, in no words of Rust."""

import gzip
import inspect
import json
import re

import pytest

import swim
from swim import errors

#: Words of readers and of types of Rust.
RUST = re.compile(
    r"\b(u8|u16|u32|u64|usize|i64|f64|struct|variant|enum|expected|invalid type|untagged|sequence|deserializ\w+|serde|"
    r"Option|Duration|newtype|tuple)\b"
)


@pytest.fixture
def client(tmp_path):
    with swim.Client({"data": str(tmp_path / "data")}) as client:
        file = tmp_path / "c2960x-universalk9-mz.152-7.E10.bin"
        file.write_bytes(b"made up")
        client.import_image(file)
        device = {"id": "sw1", "at": {"host": "127.0.0.1", "port": 1}, "platform": "ios", "login": {"user": "u"}}
        client.add_devices([{**device, "host_key": "first_use"}])
        yield client


IMAGE = "c2960x-universalk9-mz.152-7.E10.bin"
WHOLE = "must be a whole number from"

CASES = [
    (lambda c: c.set_requirements(IMAGE, ram=-5), f"ram = -5: it is in bytes and {WHOLE} 1 to 999999999999999"),
    (lambda c: c.set_requirements(IMAGE, flash="8 GB"), f'flash = "8 GB": it is in bytes and {WHOLE} 1 to 999999999999999'),
    (lambda c: c.restore_requirements(IMAGE, fields=["rom"]), 'fields[0] = "rom": must be ram, flash or boot_rom'),
    (lambda c: c.import_image("x.bin", min_ram=1.5), f"min_ram = 1.5: it is in bytes and {WHOLE} 1 to 999999999999999"),
    (lambda c: c.images(limit=-1), f"limit = -1: {WHOLE} 0 to 4294967295"),
    (lambda c: c.images(sort="size"), 'sort = "size": must be imported, file_name, family, version or bytes'),
    (lambda c: c.images(descending=1), "descending = 1: must be true or false"),
    (lambda c: c.images(text=5), "text = 5: must be a text"),
    (lambda c: c.images(after={"id": "zz"}), 'after.id = "zz": 64 hexadecimal digits'),
    (lambda c: c.accept("sw1", "scp", ""), 'file = "": it must name a file'),
    (lambda c: c.import_catalog(""), 'path = "": must be the path of a file'),
    (lambda c: c.images(after=5), "after = 5: must be an image, its id or its file name"),
    (lambda c: c.analyse(IMAGE, "sw1"), 'devices = "sw1": must be a list'),
    (lambda c: c.analyse(IMAGE, 5), "devices = 5: must be a list"),
    (lambda c: c.analyse(IMAGE, [{"name": "sw1"}]), "devices[0] = an object with 1 field: must be a text"),
    (lambda c: c.analyse(IMAGE, ["sw1", ""]), 'devices[1] = "": 1 to 253 characters without white space'),
    (lambda c: c.analyse(IMAGE, [], policy=[]), "policy = a list of 0: must be an object"),
    (lambda c: c.analyse(IMAGE, [], policy={"activte": "off"}), 'policy.activte = "off": there is no such field'),
    (lambda c: c.analyse(IMAGE, [], policy={"activate": "both"}), 'policy.activate = "both": must be off, sequential or parallel'),
    (lambda c: c.analyse(IMAGE, [], policy={"link": {"tftp_block": -1}}), f"policy.link.tftp_block = -1: {WHOLE} 0"),
    (lambda c: c.analyse(IMAGE, [], policy={"transfers": [["scp"]]}), "policy.transfers[0] = a list of 1: must be a list"),
    (lambda c: c.analyse(IMAGE, [], knowledge={"standing": "gone"}), 'knowledge.standing = "gone": must be '),
    (lambda c: c.recommend(["sw1"], settings={"newest": True}), "settings.newest = true: there is no such field"),
    (lambda c: c.submit({"schema": 1}, "x"), "plan."),
    (lambda c: c.add_collection("", {"file": {"path": "x"}}), 'name = "": 1 to 253 characters without white space'),
    (lambda c: c.add_collection("x", {"ulr": {}}), "from = (an object): must be url, file or devices"),
    (lambda c: c.add_collection("x", {"file": {}}), "from.file.path = (absent): must be given"),
    (
        lambda c: c.add_collection("x", {"file": {"path": "x"}}, schedule={"cron": "0 25 * * *"}),
        'schedule.cron = "0 25 * * *": its hour is 25, and must be 0 to 23',
    ),
    (
        lambda c: c.add_collection("x", {"file": {"path": "x"}}, schedule={"at": "tomorrow"}),
        'schedule.at = "tomorrow": must be a time such as 2026-11-24T01:30:00Z',
    ),
    (lambda c: c.import_from(url="http://h/x", device="sw1"), "device = sw1: `url` is given too"),
    (lambda c: c.import_from(), "give `url` or `device`"),
    (lambda c: c.import_from(url="gopher://u:hunter2@h/x"), "its scheme gopher is none of http, https"),
    (lambda c: c.import_from(url="file:///tmp/x.bin"), "import_image takes its path"),
    (lambda c: c.import_from(url="http://h/x", port=70000), f"port = 70000: {WHOLE} 0 to 65535"),
    (lambda c: c.import_from(url="http://h/x", port=80), "port = 80: it is for `device`"),
    (lambda c: c.import_from(url="http://h/x", protocols=["sftp"]), "protocols = sftp: it is for `device`"),
    (lambda c: c.import_from(url="http://h/x", host_key="first_use"), "host_key = (given): only servers of sftp and scp"),
    (lambda c: swim.identify(b"x"), "path: a bytes cannot be passed on"),
    (lambda c: swim.identify(None), "path is missing from the arguments of identify"),
    (lambda c: swim.identify(""), 'path = "": must be the path of a file'),
    (lambda c: swim.identify(__file__, file_name=b"x"), "file_name: a bytes cannot be passed on"),
    (lambda c: swim.identify(__file__, file_name="a/b"), "file_name = "),
    (lambda c: swim.identify(__file__, file_name=""), "file_name = "),
    (lambda c: swim.identify(__file__, file_name="x" * 300), "file_name = "),
    (lambda c: swim.parse_filename(b"x"), "name: a bytes cannot be passed on"),
    (lambda c: swim.parse_filename(None), "name is missing from the arguments of parse_filename"),
    (lambda c: swim.compare_versions("ios", b"15.2(7)E", "15.2(7)E1"), "a: a bytes cannot be passed on"),
    (lambda c: swim.compare_versions("ios", "15.2(7)E", None), "b is missing from the arguments of compare_versions"),
    (lambda c: swim.compare_versions(b"ios", "15.2(7)E", "15.2(7)E"), "platform: a bytes cannot be passed on"),
    (lambda c: c.offer(IMAGE, "sw1", "smtp"), 'protocol = "smtp": must be '),
    (lambda c: c.offer(IMAGE, "sw 1", "http"), 'device = "sw 1": 1 to 253 characters without white space'),
    (lambda c: c.withdraw(-1), f"offer = -1: {WHOLE} 0"),
    (lambda c: c.fetch("sw1", "x", "y", sha256="zz"), 'sha256 = "zz": 64 hexadecimal digits'),
    (lambda c: c.cancel("x", how="softly"), 'how = "softly": must be gently or now'),
    (lambda c: c.catalog_form("gdpr"), 'form = "gdpr": must be k9 or eula'),
    (lambda c: c.answer_form({"form": "k9"}), "decision.accepted = (absent): must be given"),
    (lambda c: c.scrub(seconds="x"), f'seconds = "x": {WHOLE} 0'),
    (lambda c: c.wait("x", timeout=-1), "timeout = -1: must be a number of seconds, 0 or more"),
    (lambda c: c.call("devices", {"colour": 1}), "colour = 1: there is no such argument of devices: it takes none"),
    (lambda c: c.call("image", {}), "image is missing from the arguments of image"),
]


@pytest.mark.parametrize(("mistake", "words"), CASES)
def test_the_field_the_value_and_what_is_allowed(client, mistake, words):
    with pytest.raises(swim.SwimError) as raised:
        mistake(client)
    told = str(raised.value)
    assert words in told
    assert raised.value.kind == "invalid_input"
    assert not RUST.search(told), told
    assert "read input" not in told.removeprefix("read input"), told
    assert "hunter2" not in repr(vars(raised.value))


FILL = {
    "image": IMAGE, "name": "x", "device": "sw1", "devices": ["sw1"], "path": "nothing.bin", "file": "nothing.bin",
    "protocol": "http", "offer": 1, "job": "x", "plan": {}, "approval": "x", "source": {"file": {"path": "x"}}, "by": "Ada",
    "reason": "x", "form": "k9", "decision": {}, "pid": "x", "images": ["x"], "client_id": "x", "client_secret": "x",
    "settings": {}, "offered": 1,
}


def test_no_wrong_argument_of_any_verb_is_told_in_words_of_rust(client, tmp_path):
    """Every parameter of every method, given values of all wrong kinds."""
    tried = 0
    for name, verb in inspect.getmembers(swim.Client, inspect.isfunction):
        if name.startswith("_") or name in ("call", "close", "watch", "export_repository", "inspect", "baseline", "fetch"):
            continue
        parameters = [p for p in inspect.signature(verb).parameters.values() if p.name != "self"]
        given = {p.name: FILL[p.name] for p in parameters if p.default is p.empty}
        for parameter in parameters:
            if parameter.name == "timeout":
                continue
            for wrong in (-5, 1.5, "", "\u0000", [], [[]], {}, {"a": 1}, True, None):
                tried += 1
                try:
                    getattr(client, name)(**{**given, parameter.name: wrong})
                except swim.SwimError as e:  # anything else fails the test
                    told = f"{e} {e.details} {e.causes}"
                    assert not RUST.search(told), (name, parameter.name, wrong, told)
                    assert e.kind != "internal", (name, parameter.name, wrong, told)
    assert tried > 1000


def test_a_catalogue_is_taken_as_it_is_understood_or_not_at_all(client, tmp_path):
    file = tmp_path / "catalog.json"

    def refused(entry, **more):
        file.write_text(json.dumps({"schema": 1, "entries": [{"filename": "a.bin"}, entry], **more}))
        with pytest.raises(errors.InvalidInputError) as raised:
            client.import_catalog(file, allow_unsigned=True)
        assert not RUST.search(str(raised.value))
        return str(raised.value)

    assert "entries[1].requirments = an object with 1 field: there is no such field: it may be filename," in refused(
        {"filename": "b.bin", "requirments": {"ram_mib": 1}}
    )
    assert f'entries[1].size = "big": {WHOLE} 0' in refused({"filename": "b.bin", "size": "big"})
    assert "colour = 1: there is no such field" in refused({"filename": "b.bin"}, colour=1)
    assert client.catalog() == []
    file.write_text("{\n]")
    with pytest.raises(errors.InvalidInputError, match="line 2: not valid JSON"):
        client.import_catalog(file, allow_unsigned=True)


def test_what_of_a_list_is_not_understood_is_said(client, tmp_path):
    file = tmp_path / "list.json"

    def take(*entries):
        file.write_text(json.dumps({"bulkHash": list(entries)}))
        return client.import_known_good(file, name="vendor", allow_unsigned=True)

    good = {"filename": "a.bin", "md5": "a" * 32}
    assert take(good, {"filename": "b.bin", "md5": "b" * 32}).list.remarks == ()
    remarks = take(good, {"filename": "c.bin", "shasum": "x"}).list.remarks
    assert remarks[0] == 'a field "shasum" is passed over: at bulkHash[1]'
    assert remarks[1] == "a file without a digest is passed over: at bulkHash[1]"
    assert remarks[2].startswith("a file of the list before is not in this one, b.bin")
    assert client.known_good()[0].remarks == remarks
    for entries, words in [
        ([good, {"filename": "b.bin", "md5": "12"}], 'bulkHash[1].md5 = "12": must be 32 hexadecimal digits'),
        ([good, {"filename": 5}], "bulkHash[1].filename = 5: must be a text"),
        ([{"fileName": "a.bin", "md5": "a" * 32}], "it has no value of a file: a digest without a file name"),
    ]:
        with pytest.raises(errors.InvalidInputError) as raised:
            take(*entries)
        assert words in str(raised.value)


def test_what_is_no_archive_is_called_that(client, tmp_path):
    for name, content, words in [
        ("x.bin", b"x" * 2000, "another kind of file"),
        ("x.gz", gzip.compress(bytes(range(256)) * 9), "compressed with gzip"),
        ("empty", b"", "empty"),
    ]:
        file = tmp_path / name
        file.write_bytes(content)
        with pytest.raises(errors.IntegrityError) as raised:
            client.import_repository(file)
        assert str(raised.value).startswith(f"import repository: {file}: it is no archive of a repository but {words}")


def test_errors_of_an_export_are_about_the_export(client, tmp_path):
    file = tmp_path / "moved.tar"
    file.write_bytes(b"")
    with pytest.raises(errors.ConflictError, match="^export repository: .*moved.tar is there already"):
        client.export_repository(file)
    with pytest.raises(errors.NotFoundError, match="^export repository: "):
        client.export_repository(tmp_path / "nowhere" / "moved.tar")


def test_a_configuration_names_the_place_and_no_value(tmp_path):
    device = {"id": "sw1", "at": {"host": "h", "prot": "hunter2"}, "platform": "ios", "login": {"user": "u"}}
    with pytest.raises(errors.InvalidInputError) as raised:
        swim.Client({"data": str(tmp_path), "devices": [device]})
    assert "devices[0].at.prot = (a text): there is no such field: it may be host or port" in str(raised.value)
    file = tmp_path / "hosts.toml"
    file.write_text("data = 'x'\n[secrets.lab]\nvalue = 5\n")
    with pytest.raises(errors.InvalidInputError, match="line 3: secrets.lab.value = .a number.: must be a text"):
        swim.Client(file)
