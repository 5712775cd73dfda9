"""The classes of values declare what Rust gives, and have it where there is a value and where there is none."""

from __future__ import annotations

import inspect
import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import rust
from conftest import Ask, Serve, imported
from vendor import CONTENT, DELETED, NAME, Vendor

import swim
from swim import errors
from swim._values.document import _declared

CLASSES = {name: value for name, value in vars(swim).items() if inspect.isclass(value) and issubclass(value, swim.Document)}

#: What the struct is called in Rust, where that is not the name of the class or there are several.
STRUCTS = {
    "Entry": "catalog/entry.rs::Entry", "Fact": "image/mod.rs::Field", "Job": "JobSummary",
    "Judged": "recommend/answer.rs::Judged", "RejudgedImage": "repo/known_good.rs::Judged",
    "Requirements": "RequirementRecord", "VendorCode": "Exception",
}
#: What no struct is of: put together for callers, or one of several things.
WITHOUT = {"Document", "Event", "Offered", "ParsedName", "Signed"}
#: What the class leaves to the mapping.
UNDECLARED = {"ErrorRecord": {"effect", "retry"}, "Plan": {"schema"}}

NAMES = sorted(CLASSES.keys() - WITHOUT)
CLASSES_OF = {STRUCTS.get(name, name): CLASSES[name] for name in NAMES}


@pytest.mark.parametrize("name", NAMES)
def test_a_class_declares_the_fields_of_its_struct(name: str) -> None:
    fields, declared = rust.fields(STRUCTS.get(name, name)), _declared(CLASSES[name])
    assert declared.keys() <= fields.keys(), "it declares what is never there"
    assert fields.keys() - declared.keys() == UNDECLARED.get(name, set())
    for field, said in declared.items():
        of = fields[field]
        if of.option:
            assert said.absent is None, f"{field} may be null or absent"
        elif of.absent:
            nothing = () if of.kind.startswith("Vec<") else False if of.kind == "bool" else None
            assert said.absent == nothing, f"{field} may be absent"
        else:
            assert said.absent is not None, f"{field} is always there"
        assert said.many == of.kind.startswith(("Vec<", "(", "[", "BTreeSet<")), field
        part = CLASSES_OF.get(re.sub(r"^Vec<(.*)>$", r"\1", of.kind))
        assert part is None or said.kind in (part, swim.SwimError), f"{field} has a class"


@pytest.mark.parametrize("name", sorted(CLASSES))
def test_nothing_of_a_class_hides_a_field(name: str) -> None:
    attributes = [attribute for of in CLASSES[name].__mro__ for attribute in inspect.get_annotations(of)]
    hidden = [attribute for attribute in attributes if attribute != "_fields" and hasattr(CLASSES[name], attribute)]
    assert not hidden and CLASSES[name].__doc__


def seen(value: Any) -> set[str]:
    """The classes of a value and of all in it; each has what it declares, and nothing else."""
    if isinstance(value, (tuple, list)):
        return {name for item in value for name in seen(item)}
    if not isinstance(value, swim.Document):
        return set()
    kind = type(value)
    names, declared = {kind.__name__}, _declared(kind)
    if kind is not swim.Document:
        assert value.keys() - declared.keys() <= UNDECLARED.get(kind.__name__, set()), kind
    for field, said in declared.items():
        plain = field if hasattr(value, field) and not hasattr(kind, field) else f"{field}_"
        if field in value:
            told = getattr(value, plain)
            assert told is not None or said.absent is None or said.kind in (Any, object), (kind, field)
        else:
            assert getattr(value, plain) == said.absent, (kind, field)
    for field in value:
        names |= seen(value[field])
    with pytest.raises(AttributeError, match="misspelt"):
        value.misspelt
    return names


@pytest.fixture
def vendor() -> Iterator[Vendor]:
    vendor = Vendor()
    yield vendor
    vendor.end()


@pytest.fixture
def config(tmp_path: Path, vendor: Vendor) -> dict[str, Any]:
    return {"data": str(tmp_path / "data"), **vendor.config}


def written(file: Path, document: Any) -> Path:
    file.write_text(json.dumps(document), encoding="utf-8")
    return file


def test_open_catalogues(ask: Ask, tmp_path: Path) -> None:
    path = {"from": "16.12.1", "via": ["17.3.1"]}
    whole = {"filename": "a.bin", "size": 5, "paths": [path], "forms": [], "crypto": {"k9": True}, "platform": "ios_xe"}
    lab = written(tmp_path / "lab.json", {"schema": 1, "entries": [{"filename": "b.bin"}, whole]})
    kept = ask("import_catalog", lab, allow_unsigned=True)
    assert type(kept) is swim.KeptCatalogue and kept.authenticity == "unsigned" and kept.generated is None
    bare, full = ask("catalog")
    assert type(bare) is type(full) is swim.Listed and isinstance(bare, swim.Entry)
    assert (bare.catalog, bare.signed, bare.filename) == ("lab.json", False, "b.bin")
    for field in ("size", "sha512", "sha256", "md5", "platform", "version", "alt_version", "feature_set", "image_type", "forms",
                  "provenance"):
        assert getattr(bare, field) is None and field not in bare
    assert bare.families == bare.advisories == bare.paths == () and bare.lifecycle.status == "active"
    for part, fields in (
        (bare.crypto, ("k9", "npe", "ldpe")),
        (bare.requires, ("ram_mib", "flash_mib", "bootrom", "base_version")),
        (bare.lifecycle, ("released", "suggested", "stage")),
    ):
        assert [getattr(part, field) for field in fields] == [None] * len(fields)
    assert full.forms == () and full.crypto.k9 is True and full.crypto.ldpe is None and full.size == 5
    assert (full.paths[0].from_, full.paths[0].via, full.paths[0].note) == ("16.12.1", ("17.3.1",), None)
    assert ask("catalogs") == [kept] and ask("remove_catalog", "lab.json") == kept and ask("catalogs") == []
    came, went = ask("catalog_audit")
    assert type(came) is swim.CatalogChange and came.before is None and came.now == kept and not came.allow_older
    assert went.now is None and type(went.before) is swim.KeptCatalogue and went.action == "removed"
    values = [kept, bare, full, came, went]
    assert seen(values) == {"KeptCatalogue", "Listed", "Crypto", "Requires", "Lifecycle", "UpgradePath", "CatalogChange"}


def test_who_signed(ask: Ask, tmp_path: Path) -> None:
    openssl = shutil.which("openssl")
    assert openssl is not None, "this test needs `openssl`"

    def run(*words: str) -> None:
        subprocess.run([openssl, *words], check=True, capture_output=True, cwd=tmp_path)

    written(tmp_path / "lab.json", {"schema": 1, "generated": "2026-11-30T00:00:00Z", "entries": []})
    run("genpkey", "-algorithm", "ed25519", "-out", "key.pem")
    run("pkey", "-in", "key.pem", "-pubout", "-out", "public.pem")
    run("pkeyutl", "-sign", "-inkey", "key.pem", "-rawin", "-in", "lab.json", "-out", "lab.sig")
    proof = {"signature": tmp_path / "lab.sig", "certificate": tmp_path / "public.pem"}
    kept = ask("import_catalog", tmp_path / "lab.json", **proof)
    assert type(kept.authenticity) is swim.Signed and type(kept.authenticity.signed) is swim.Signature
    assert kept.authenticity.signed.algorithm == "ed25519" and kept.generated == "2026-11-30T00:00:00Z"
    assert seen(kept) == {"KeptCatalogue", "Signed", "Signature"}


def test_known_good_values(ask: Ask, tmp_path: Path) -> None:
    good, bad = imported(ask, tmp_path, "a.bin"), imported(ask, tmp_path, "b.bin", "other")
    imported(ask, tmp_path, "c.bin", "third")
    values = [{"filename": "a.bin", "md5": good.digests.md5}, {"filename": "b.bin", "md5": "0" * 32}]
    file = written(tmp_path / "list.json", {"bulkHash": values})
    taken = ask("import_known_good", file, name="vendor", allow_unsigned=True)
    assert type(taken) is swim.KnownGoodTaken and type(taken.list) is swim.KnownGoodList
    assert taken.list.values_ == taken.list["values"] == 2 and callable(taken.list.values), "a mapping has its methods"
    assert taken.list.format is None and taken.list.authenticity == "unsigned" and taken.list.remarks == ()
    assert (taken.images.good, taken.images.not_listed, taken.images.released) == (1, 1, ())
    assert [(one.image, one.file_name) for one in taken.images.quarantined] == [(bad.id, "b.bin")]
    assert ask("known_good") == [taken.list] and type(ask("known_good")[0]) is swim.KnownGoodList
    said = [ask("known_good", image=name)[0] for name in ("a.bin", "b.bin", "c.bin")]
    assert [type(one) for one in said] == [swim.SaidOf] * 3
    assert [one.judgement for one in said] == ["matches", "contradicts", "not_listed"]
    assert [one.listed_as for one in said] == ["a.bin", "b.bin", None]
    assert said[0].compared == ("md5",) and said[0].differs == () == said[1].compared and len(said[1].differs) == 1
    gone = ask("remove_known_good", "vendor")
    assert type(gone) is swim.Rejudged and gone.released[0].file_name == "b.bin"
    assert seen([taken, said, gone]) == {"KnownGoodTaken", "KnownGoodList", "Rejudged", "RejudgedImage", "SaidOf"}


def test_the_repository(ask: Ask, tmp_path: Path) -> None:
    image = imported(ask, tmp_path, "c2960x-universalk9-mz.152-7.E10.bin")
    imported(ask, tmp_path, "a.bin", "unknown")
    groups = ask("image_groups")
    unknown = next(group for group in groups if group.image_type is None)
    assert type(unknown) is swim.TypeGroup and unknown.images == 1 and unknown.families[0].family is None
    assert "c2960x" in [family.family for group in groups for family in group.families]
    exported = ask("export_repository", tmp_path / "moved.tar")
    assert type(exported) is swim.Exported and exported.images == 2
    assert exported.bytes == (tmp_path / "moved.tar").stat().st_size
    ask("set_requirements", image, ram=5)
    unpacked = ask("import_repository", tmp_path / "moved.tar")
    assert type(unpacked) is swim.Unpacked and unpacked.imported == unpacked.healed == () and unpacked.present == 2
    assert type(unpacked.conflicts[0]) is swim.Conflict and unpacked.conflicts[0].image == image.id
    stored = next(file for file in (tmp_path / "data").rglob("*") if file.is_file() and file.read_bytes() == b"made up")
    stored.chmod(0o600)
    stored.write_bytes(b"rotten!")
    report = ask("scrub")
    assert type(report) is swim.ScrubReport and report.finished and report.images == 2 and report.healed == ()
    assert type(report.damaged[0]) is swim.Damage and report.damaged[0].why is None and report.damaged[0].image == image.id
    info = ask("image_info", image)
    assert info.usage == info.staged == info.referrers == () and info.damage == report.damaged[0]
    deleted = ask("remove_image", image)
    assert type(deleted) is swim.Deleted and (deleted.devices, deleted.used_by, deleted.overridden) == (0, (), ())
    audit = ask("image_audit")
    assert audit[0].overridden == () and audit[0].by is None
    values = [groups, exported, unpacked, report, info, deleted, audit]
    assert seen(values) >= {"TypeGroup", "FamilyGroup", "Exported", "Unpacked", "Conflict", "ScrubReport", "Damage", "Deleted"}


def test_what_needs_an_image(ask: Ask, tmp_path: Path) -> None:
    image = imported(ask, tmp_path, "a.bin")
    ask("add_devices", [{"id": "sw1", "at": {"host": "127.0.0.1"}, "platform": "ios", "login": {"user": "u"}, "host_key": "first_use"}])
    offered = ask("offer", image, "sw1", "http")
    (referrer,) = ask("image_info", image).referrers
    assert type(referrer) is swim.Referrer and (referrer.what, referrer.offer) == ("offer", offered.offer)
    assert referrer.job is referrer.server is referrer.path is None and "job" not in referrer
    (asked,) = ask("catalog_query_devices", ["sw1"])
    assert type(asked) is swim.FoundFor and asked.found is None and isinstance(asked.error, errors.NotFoundError)
    (failed,) = ask("recommend", ["sw1"])
    assert type(failed.settings) is swim.Settings and failed.settings.include_catalogue and failed.elsewhere == ()
    assert seen([referrer, asked, failed]) >= {"Referrer", "FoundFor", "Recommendation", "Settings"}
    ask("withdraw", offered)


def test_settings(ask: Ask) -> None:
    kept = ask("set_recommendation_settings", {"same_feature": True})
    assert type(kept) is swim.Settings and (kept.latest_maintenance, kept.same_feature) == (False, True)
    assert ask("set_recommendation_settings", kept) == ask("recommendation_settings") == kept
    assert seen(ask("recommendation_settings")) == {"Settings"}


def test_the_vendor(ask: Ask, vendor: Vendor) -> None:
    found = ask("catalog_query", images=[NAME, DELETED, "none.bin"])
    assert type(found) is swim.Found and found.unknown == ("none.bin",) and found.notes[0].code == "SW_ADV_IMAGE"
    image, deleted = found.images
    assert type(image) is swim.CatalogImage and type(image.entry) is swim.Entry and image.pid is None
    assert image.entry.size == len(CONTENT) and image.entry.platform == "ios_xe" and image.entry.sha256 is None
    assert image.software_type == "IOS XE Software" and not image.related and image.exceptions == ()
    assert deleted.exceptions[0].code == "is_Deleted" and deleted.entry.lifecycle.status == "withdrawn"
    first = ask("catalog_download", "C9300-24T", [NAME, DELETED])
    assert type(first) is swim.Downloaded and first.images == () and type(first.refused[0]) is swim.NotGranted
    assert first.refused[0].image == DELETED and isinstance(first.refused[0].error, errors.NotFoundError)
    assert type(first.forms[0]) is swim.Form and first.forms[0].kind == "eula" and first.forms[0].url is None
    k9, eula = ask("catalog_form", "k9"), ask("catalog_form", "eula")
    assert k9.url is None and k9.fields[0].choices[0].id == "COMM_OR_CIVIL"
    assert k9.fields[0].label is k9.fields[0].value is k9.fields[0].choices[0].input is None
    assert (eula.content, eula.url, eula.fields) == ("Please read.", f"{vendor.url}/form", ())
    said = ask("answer_form", {"form": "eula", "accepted": True, "by": "Ada Lovelace"}, images=[NAME])
    assert type(said) is swim.Acknowledged and said.taken and said.session_id is None
    (decision,) = ask("form_decisions")
    assert type(decision) is swim.FormDecision and decision.files == (NAME,) and decision.decision.by == "Ada Lovelace"
    for field in ("business_function", "countries", "comments"):
        assert getattr(decision.decision, field) is None
    done = ask("catalog_download", "C9300-24T", [NAME])
    assert type(done.images[0]) is swim.Fetched and done.images[0].image == ask("image", NAME)
    assert set(done.images[0].checked) == {"size", "md5", "sha512"} and done.images[0].resumed == ()
    assert done.refused == done.forms == ()
    assert seen([found, first, k9, eula, said, decision, done]) >= {
        "Found", "CatalogImage", "Entry", "VendorCode", "Downloaded", "NotGranted", "Form", "FormField", "Acknowledged",
        "FormDecision", "Decision", "Fetched",
    }


def test_devices_that_use_images(serve: Serve, vendor: Vendor, tmp_path: Path) -> None:
    fleet = serve({"id": "sw1"}, {"id": "sw2", "kind": "ios_switch"})
    fleet.config["catalog"] = vendor.config["catalog"]
    fleet.config["secrets"].update(vendor.config["secrets"])
    with swim.Client(fleet.config) as client:
        client.import_image(fleet.image)
        inspected = client.inspect(client.devices())
        top = client.top_images()
        assert [type(one) for one in top] == [swim.InUse] * 2 and top[0].images == () and top[0].devices == 1
        assert ("cat9k 17.6.3",) in [one.software for one in top]
        file = tmp_path / "cat9k_iosxe.17.06.03.SPA.bin"
        file.write_text("made up")
        image = client.import_image(file)
        uses = client.devices_using(image)
        assert {type(use) for use in uses} == {swim.Usage} and {use.device for use in uses} == {"sw1"}
        assert ("running", "release") in [(use.how, use.by) for use in uses]
        assert client.image_info(image).usage == tuple(uses)
        found = client.catalog_query_devices(client.devices())
        assert [one.error for one in found] == [None, None] and found[0].found is not None
        assert found[0].found.images[0].entry.filename == NAME
        (recommended,) = client.recommend(["sw2"])
        assert type(recommended.elsewhere[0]) is swim.Elsewhere and recommended.elsewhere[0].code == "family.platform"
        deleted = client.remove_image(image)
        assert (deleted.devices, deleted.used_by) == (1, ("sw1",))
        values: list[Any] = [inspected, top, uses, found, recommended, deleted]
        assert seen(values) >= {"Inspected", "InUse", "Usage", "FoundFor", "Found", "Elsewhere", "Settings", "Deleted"}
