"""The repository and its catalogues, by both clients."""

from __future__ import annotations

import asyncio
import json
import shutil
from pathlib import Path

import pytest
from conftest import Ask, imported

import swim
from swim import errors


def test_an_image_or_its_name(ask: Ask, tmp_path: Path) -> None:
    image = imported(ask, tmp_path, "a.bin")
    for wanted in (image, image.id, image.id[:12], "a.bin"):
        assert ask("image", wanted) == image and ask("image_info", wanted).image.id == image.id
        assert ask("devices_using", wanted) == [] and ask("known_good", image=wanted) == []
        assert ask("requirements", wanted).file_name == "a.bin" and ask("image_audit", image=wanted) == []
        with pytest.raises(errors.ConflictError, match="quarantine"):
            ask("lift_quarantine", wanted, by="Ada", reason="built here")
    assert image.id[:12] in repr(image)
    assert ask("export_repository", tmp_path / "moved.tar", images=[image]).images == 1
    assert ask("remove_image", image).image == image.id and ask("images") == []
    for named in (image, image.id[:12], image.id[:4], "a.bin", None):
        assert [line.action for line in ask("image_audit", image=named)] == ["deletion begun", "deleted"]
    for method in ("image", "image_info", "devices_using", "remove_image"):
        with pytest.raises(errors.NotFoundError):
            ask(method, image)
        with pytest.raises(errors.InvalidInputError, match="image"):
            ask(method, {"file_name": "a.bin"})
    with pytest.raises(errors.NotFoundError):
        ask("image_audit", image="b.bin")


def test_a_beginning_of_two_ids_is_refused(ask: Ask, tmp_path: Path) -> None:
    seen: dict[str, swim.Image] = {}
    for n in range(2000):
        # Of a few hundred files two share their first four digits.
        image = imported(ask, tmp_path, f"{n}.bin", str(n))
        other = seen.setdefault(image.id[:4], image)
        if other != image:
            break
    for method in ("image", "image_info", "remove_image", "requirements"):
        with pytest.raises(errors.InvalidInputError, match="any of 2 images") as raised:
            ask(method, image.id[:4])
        assert image.id in str(raised.value) and other.id in str(raised.value)
    assert ask("image", image.id[:12]) == image
    ask("remove_image", image), ask("remove_image", other)
    with pytest.raises(errors.InvalidInputError, match="any of 2 images"):
        ask("image_audit", image=image.id[:4])


def test_a_platform_that_nobody_knows(ask: Ask, tmp_path: Path) -> None:
    for wrong in ("ios_xy", "IOS-XY", "cat9k"):
        with pytest.raises(errors.InvalidInputError, match=f"platform = .*{wrong}.* there are aci, .* ios_xe, ios_xr"):
            imported(ask, tmp_path, "a.bin", platform=wrong)
    assert ask("images") == []
    assert imported(ask, tmp_path, "a.bin", platform="IOS-XE").facts["platform"].value == "ios_xe"
    with pytest.raises(errors.InvalidInputError, match='platform = "ios_xy": .* there are aci'):
        ask("images", platform="ios_xy")
    assert len(ask("images", platform="iosxe")) == 1 and ask("images", platform="nxos") == []
    with pytest.raises(errors.UnsupportedError, match="there are ios, ios_xe"):
        swim.compare_versions("toaster", "1", "2")


def test_a_version_in_any_spelling(ask: Ask, tmp_path: Path) -> None:
    imported(ask, tmp_path, "cat9k_iosxe.17.09.04a.SPA.bin")
    imported(ask, tmp_path, "isr4300-universalk9.03.12.02.S.154-2.S2.SPA.bin", "another")
    for version, found in [("17.09.4a", 1), ("=17.9.4a", 1), ("17.09", 1), ("3.12.02S", 1), ("17.09.05", 0)]:
        assert len(ask("images", version=version)) == found, version


def test_the_words_of_names_and_of_facts(ask: Ask, tmp_path: Path) -> None:
    name = "cat9k_iosxe.17.09.04a.SPA.bin"
    told, facts = swim.parse_filename(name), imported(ask, tmp_path, name).facts
    assert (told.platform, told.family, told.image_type) == ("iosxe", "cat9k_iosxe", "xe-bundle")
    for field in ("platform", "family", "version", "image_type", "feature_set", "k9", "signature"):
        assert told.facts[field] == facts[field], field
    platform = facts.platform
    assert platform is not None and (platform.value, platform.from_) == ("ios_xe", "file_name") == (platform.value, platform["from"])


def catalogue(tmp_path: Path, generated: str, name: str) -> Path:
    file = tmp_path / "lab.json"
    file.write_text(json.dumps({"schema": 1, "generated": generated, "entries": [{"filename": name}]}))
    return file


def test_an_older_catalogue_needs_allow_older(ask: Ask, tmp_path: Path) -> None:
    ask("import_catalog", catalogue(tmp_path, "2026-11-30T00:00:00Z", "new.bin"), allow_unsigned=True)
    older = catalogue(tmp_path, "2026-11-29T00:00:00Z", "old.bin")
    with pytest.raises(errors.ConflictError) as raised:
        ask("import_catalog", older, allow_unsigned=True)
    assert raised.value.details["field"] == "allow_older"
    assert [entry.filename for entry in ask("catalog")] == ["new.bin"], "the newer one stays"
    ask("import_catalog", older, allow_unsigned=True, allow_older=True)
    assert [entry.filename for entry in ask("catalog")] == ["old.bin"]
    assert [(one.name, one.entries) for one in ask("catalogs")] == [("lab.json", 1)]
    assert ask("remove_catalog", "lab.json").name == "lab.json"
    assert ask("catalogs") == [] and ask("catalog") == []
    with pytest.raises(errors.NotFoundError):
        ask("remove_catalog", "lab.json")
    assert [line.action for line in ask("catalog_audit")] == ["imported", "replaced", "removed"]


def test_why_a_source_could_not_be_read(ask: Ask, tmp_path: Path) -> None:
    kept = ask("add_collection", "depot", {"url": {"url": "http://127.0.0.1:1/images/"}})
    assert kept.source.from_ == kept.source["from"] and "url" in kept.source.from_
    (ran,) = ask("collect", name="depot")
    assert ran.name == "depot" and isinstance(ran.run, swim.Run)
    assert ran.run.error is not None and ran.run.error.kind == "unreachable"
    assert ran.run.error.message in repr(ran.run) and ran.run.results == () and ran.run.failed == 0
    file = tmp_path / "c2960x-universalk9-mz.152-7.E10.bin"
    file.write_text("made up")
    ask("add_collection", "depot", {"file": {"path": str(file)}})
    (ran,) = ask("collect", name="depot")
    assert ran.run.error is None and ran.run.imported == 1 and "error" not in repr(ran.run)


def test_what_may_be_absent_is_none_and_what_is_misspelt_is_an_error(ask: Ask, tmp_path: Path) -> None:
    image = imported(ask, tmp_path, "a.bin")
    assert image.quarantine is None and image.quarantine_lifted is None and image.overrides is None
    facts = image.facts
    assert facts.damage == () and facts.version is None and facts.embedded_sum is None and facts.min_boot_rom is None
    assert len(facts.remarks) == 1, "a form that is not known is remarked"
    info = ask("image_info", image)
    assert info.damage is None and info.image == image and info.image.quarantine is None
    kept = ask("add_collection", "here", {"file": {"path": str(tmp_path / "a.bin")}}, again=True)
    assert kept.due is None and kept.last is None and kept.claimed is None
    assert kept.source.schedule is None and kept.source.only == () and kept.source.again
    assert ask("collect", name="here")[0].run.error is None
    (again,) = ask("collections")
    assert again.last.results[0].error is None and again.last.results[0].image == image.id
    for value, name in ((image, "quarantin"), (facts, "damages"), (kept, "dues"), (kept.source, "again_"), (info, "name")):
        with pytest.raises(AttributeError, match=name):
            getattr(value, name)
        assert not hasattr(value, name)
    assert "quarantine" not in image and image.get("quarantine") is None, "a mapping has what JSON has"


def test_a_file_of_that_name_counts_before_the_digits_of_an_id(ask: Ask, tmp_path: Path) -> None:
    image = imported(ask, tmp_path, "a.bin")
    assert ask("image", image.id[:4]) == image
    other = imported(ask, tmp_path, image.id[:4], "another text")
    assert ask("image", image.id[:4]) == other and ask("image", image.id[:5]) == image


def test_numbers_and_keys_of_nothing_are_refused(ask: Ask, tmp_path: Path) -> None:
    image = imported(ask, tmp_path, "a.bin", platform="ios", version="15.2(7)E10")
    ask("add_devices", [{"id": "sw1", "at": {"host": "h"}, "platform": "ios", "login": {"user": "u"}, "host_key": "first_use"}])
    plan = ask("plan", image, [])
    for field, method, arguments, named in (
        ("count", "top_images", (), {"count": 0}),
        ("limit", "devices_using", (image,), {"limit": 0}),
        ("port", "push", (image, "sw1", "flash:x.bin"), {"port": 0}),
        ("uses", "offer", (image, "sw1", "http"), {"uses": 0}),
        ("seconds", "offer", (image, "sw1", "http"), {"seconds": 0}),
        ("key", "submit", (plan, plan.digest), {"key": " "}),
        ("policy.transfers", "plan", (image, []), {"policy": {"transfers": []}}),
        (r"policy.accept_unknown\[0\]", "analyse", (image, []), {"policy": {"accept_unknown": ["ram"]}}),
    ):
        with pytest.raises(errors.InvalidInputError, match=rf"{field} = "):
            ask(method, *arguments, **named)


def test_a_list_of_nothing_is_not_all(ask: Ask, tmp_path: Path) -> None:
    image = imported(ask, tmp_path, "a.bin")
    for method, arguments, named in (
        ("baseline", (), {"devices": []}),
        ("commit", ("1",), {"devices": []}),
        ("export_repository", (tmp_path / "moved.tar",), {"images": []}),
        ("restore_requirements", (image,), {"fields": []}),
        ("add_collection", ("x", {"devices": {"devices": []}}), {}),
        ("add_collection", ("x", {"file": {"path": "y"}}), {"schedule": {}}),
    ):
        with pytest.raises(errors.InvalidInputError, match=r"= (\[\]|\{\}): "):
            ask(method, *arguments, **named)
    assert ask("baseline").results == () and ask("restore_requirements", image).history == ()


def test_a_platform_against_the_header(ask: Ask, tmp_path: Path) -> None:
    (tmp_path / "x.bin").write_bytes(b"\x1e\xf1\xd0\xba" * 8)
    told = swim.identify(tmp_path / "x.bin")
    assert told.platform is not None and told.platform.from_ == "header"
    image = ask("import_image", tmp_path / "x.bin", platform="ios")
    assert (image.facts.platform.value, image.facts.platform.from_) == ("ios", "user")
    remark = f"a person says platform ios, the header of the file says {told.platform.value}: the person's word counts"
    assert remark in image.facts.remarks
    right = ask("import_image", tmp_path / "x.bin", platform=told.platform.value)
    assert not [remark for remark in right.facts.remarks if "a person says" in remark]


def test_a_closed_client_leaves_nothing_behind(ask: Ask, tmp_path: Path) -> None:
    for n in range(20):
        data = tmp_path / f"closed-{n}"
        with swim.Client({"data": data}) as client:
            client.set_recommendation_settings(client.recommendation_settings())
        assert not list(data.glob("*-wal")) and not list(data.glob("*-shm"))
        shutil.rmtree(data)
        assert not data.exists()

    async def later(data: Path) -> None:
        async with swim.AsyncClient({"data": data}) as client:
            await client.set_recommendation_settings(await client.recommendation_settings())
        shutil.rmtree(data)

    asyncio.run(later(tmp_path / "later"))
    assert not (tmp_path / "later").exists()


def test_a_name_as_a_path_and_no_data_folder() -> None:
    name = "cat9k_iosxe.17.09.04a.SPA.bin"
    assert swim.parse_filename(Path("/images") / name) == swim.parse_filename(name)
    with pytest.raises(errors.InvalidInputError, match='data = ""'):
        swim.Client({"data": ""})
