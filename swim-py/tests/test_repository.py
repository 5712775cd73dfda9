"""The repository and its catalogues, by both clients."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import swim
from swim import errors

Ask = Callable[..., Any]


@pytest.fixture(params=["blocking", "awaited"])
def ask(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Ask]:
    """Calls a method of a client of either kind: ``ask("images", text="x")``."""
    config = {"data": str(tmp_path / "data")}
    if request.param == "blocking":
        with swim.Client(config) as client:
            yield lambda method, *arguments, **named: getattr(client, method)(*arguments, **named)
        return
    loop, later = asyncio.new_event_loop(), swim.AsyncClient(config)
    yield lambda method, *arguments, **named: loop.run_until_complete(getattr(later, method)(*arguments, **named))
    loop.run_until_complete(later.close())
    loop.close()


def imported(ask: Ask, tmp_path: Path, name: str, text: str = "made up", **known: Any) -> swim.Image:
    (tmp_path / name).write_text(text)
    image = ask("import_image", tmp_path / name, **known)
    assert isinstance(image, swim.Image)
    return image


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
    assert imported(ask, tmp_path, "a.bin", platform="IOS-XE").facts.platform.value == "ios_xe"
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
    assert (facts.platform.value, facts.platform.from_) == ("ios_xe", "file_name") and facts.platform["from"] == "file_name"


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
