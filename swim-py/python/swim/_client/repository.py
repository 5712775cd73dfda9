"""The repository: its images, who uses them, and its care."""

from __future__ import annotations

from collections.abc import Iterable
from os import PathLike
from typing import List, Literal

from .. import _convert as convert
from .._convert import DeviceRef, all_named, ids, named
from .._values import Deleted, Exported, Image, ImageAudit, ImageInfo, InUse, ScrubReport, TypeGroup, Unpacked, Usage
from ._calls import Calls


class Repository(Calls):
    """The repository: its images, who uses them, and its care."""

    def images(
        self,
        *,
        text: str | None = None,
        file_name: str | None = None,
        internal_name: str | None = None,
        platform: str | None = None,
        family: str | None = None,
        version: str | None = None,
        feature_set: str | None = None,
        image_type: str | None = None,
        sort: Literal["imported", "file_name", "family", "version", "bytes"] = "imported",
        descending: bool = False,
        limit: int | None = None,
        after: Image | str | None = None,
    ) -> List[Image]:
        """The images of the repository that fit all of what is given.

        ``text`` is part of any field, in any case (of ids and digests: their first digits, four or more); the others are
        parts of one field: ``version="3.1"`` finds 3.12.02S and 3.13.01S. ``"=ios"`` is the whole field, ``"="`` one that
        is not known. A version is found in every spelling (``17.09.4``, ``17.9.4``; ``17.09`` what begins with it), and a
        platform as well (``iosxe``); one that there is not raises ``InvalidInputError``. For the next page give the last image of the one before as ``after``.

        >>> with tempfile.TemporaryDirectory() as folder, Client({"data": folder}) as client:
        ...     for version in ("03.12.02.S.154-2.S2", "03.13.01.S.154-3.S1", "03.16.05.S.155-3.S5"):
        ...         file = Path(folder, f"isr4300-universalk9.{version}.SPA.bin")
        ...         _ = file.write_text(version)
        ...         _ = client.import_image(file)
        ...     page = client.images(version="3.1", sort="version", descending=True, limit=2)
        ...     rest = client.images(version="3.1", sort="version", descending=True, after=page[-1])
        ...     [len(page), *(image.facts.version.value.text for image in rest)]
        [2, '3.12.2S']
        """
        arguments = {
            "text": text, "file_name": file_name, "internal_name": internal_name, "platform": platform,
            "family": family, "version": version, "feature_set": feature_set, "image_type": image_type, "sort": sort,
            "descending": descending, "limit": limit, "after": after,
        }
        return convert.all_of(Image, self.call("images", arguments))

    def image_groups(self) -> List[TypeGroup]:
        """The images by type (``image_type``), and in it by family (``families``), each with ``images`` and ``bytes``."""
        return convert.all_of(TypeGroup, self.call("image_groups", {}))

    def image_info(self, image: Image | str) -> ImageInfo:
        """Everything that is known of an image: ``image``, ``names``, ``devices`` (how many use it), ``usage``, ``staged``,
        ``referrers``, and ``damage`` (``None`` unless a scrub found any). Raises as ``image``.
        """
        return ImageInfo(self.call("image_info", {"image": named(image)}))

    def devices_using(
        self, image: Image | str, *, after: DeviceRef | None = None, limit: int | None = None
    ) -> List[Usage]:
        """Which devices use an image, by their last inventories: ``device``, ``how`` (``running``, ``boot_next``,
        ``committed``, ``installed``, ``on_flash``), and ``by`` what that is known (``name_and_size``, ``name``,
        ``release``). Of at most ``limit`` devices behind ``after``, by name. Raises as ``image``.
        """
        behind = None if after is None else ids([after])[0]
        arguments = {"image": named(image), "after": behind, "limit": limit}
        return convert.all_of(Usage, self.call("devices_using", arguments))

    def top_images(self, *, count: int = 10) -> List[InUse]:
        """The software that most devices run: ``software`` as they call it, ``devices``, and the ``images`` of the
        repository that it is: none when it was not imported, several when each of them may be it.
        """
        return convert.all_of(InUse, self.call("top_images", {"count": count}))

    def image_audit(self, *, image: Image | str | None = None) -> List[ImageAudit]:
        """What was done with images: who deleted or released which one, with the reason where one was given; of one image,
        also of one that is gone. Raises as ``image`` for one that neither is nor was there.
        """
        wanted = None if image is None else named(image)
        return convert.all_of(ImageAudit, self.call("image_audit", {"image": wanted}))

    def image(self, name: Image | str) -> Image:
        """One image as it is now: by id, first digits of the id (four or more; twelve are shown wherever one is), file name,
        or an earlier copy of it; a whole file name counts before the first digits of another image. So do all methods that
        take an image.

        Raises ``NotFoundError``; ``InvalidInputError`` when it could be several, naming them.
        """
        return Image(self.call("image", {"image": named(name)}))

    def remove_image(self, name: Image | str, *, reason: str | None = None) -> Deleted:
        """Deletes an image from the repository.

        Refused (``ConflictError``, which names each) while an unfinished job, an open offer or a copy on an image server
        refers to it; with a ``reason``, which is audited, the copies do not count. Devices keep theirs: ``used_by``
        names some of the ``devices`` that use it. Raises as ``image``.
        """
        return Deleted(self.call("remove_image", {"image": named(name), "reason": reason}))

    def export_repository(
        self, path: str | PathLike[str], *, images: Iterable[Image | str] | None = None
    ) -> Exported:
        """Writes all images, or these (an empty list is refused), with what is recorded of them into one file, a tar archive.

        Raises ``ConflictError`` when the file is there, ``IntegrityError`` for an image that is damaged, ``NoSpaceError``.

        >>> with tempfile.TemporaryDirectory() as folder, Client({"data": folder + "/a"}) as client:
        ...     _ = Path(folder, "made-up.bin").write_bytes(b"made up")
        ...     _ = client.import_image(folder + "/made-up.bin")
        ...     _ = client.export_repository(folder + "/moved.tar")
        ...     with Client({"data": folder + "/b"}) as other:
        ...         moved = other.import_repository(folder + "/moved.tar")
        ...         len(moved.imported), other.images() == client.images(), other.scrub().damaged
        (1, True, ())
        """
        arguments = {"path": path, "images": None if images is None else all_named(images)}
        return Exported(self.call("export_repository", arguments))

    def import_repository(self, path: str | PathLike[str]) -> Unpacked:
        """Reads a file of ``export_repository``: ``imported``, ``present``, ``healed``, and ``conflicts``: what the file
        says otherwise; what is here stays. Called again after a kill it completes what is missing.

        Raises ``NotFoundError``; ``IntegrityError`` with the member that is wrong; ``NoSpaceError``.
        """
        return Unpacked(self.call("import_repository", {"path": path}))

    def scrub(
        self, *, bytes_per_second: int | None = None, seconds: int | None = None, afresh: bool = False
    ) -> ScrubReport:
        """Reads every image again and tells which ones are ``damaged``: they are neither planned nor offered until the right
        file is imported again. A call that was interrupted, or ended after ``seconds``, is gone on with by the next one.
        Images that another release of swim has read are identified again: ``reread`` has those of which something else is known now.
        """
        arguments = {"bytes_per_second": bytes_per_second, "seconds": seconds, "afresh": afresh}
        return ScrubReport(self.call("scrub", arguments))
