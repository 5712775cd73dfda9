"""Known good values: what images must be, and the quarantine of those that are not."""

from __future__ import annotations

from os import PathLike
from typing import List

from .. import _convert as convert
from .._convert import named
from .._values import Document, Image
from ._calls import Calls


class KnownGood(Calls):
    """Known good values: what images must be, and the quarantine of those that are not."""

    def import_known_good(
        self,
        path: str | PathLike[str],
        *,
        name: str | None = None,
        signature: str | PathLike[str] | None = None,
        certificate: str | PathLike[str] | None = None,
        root: str | PathLike[str] | None = None,
        allow_unsigned: bool = False,
    ) -> Document:
        """Takes a list of known good values from a file, in the place of the one of its ``name``, and judges every image by it.

        An image that contradicts a list is in quarantine (``image.quarantine``): no plan, no offer, no push. The signature
        is as in ``import_catalog``, and so is what is raised. What is not understood of the list is in ``list.remarks`` of
        the result. A signed list gives way to one that the same certificate has signed; otherwise it must be removed first.
        """
        arguments = {
            "path": path, "name": name, "signature": signature, "certificate": certificate, "root": root,
            "allow_unsigned": allow_unsigned,
        }
        return Document(self.call("import_known_good", arguments))

    def known_good(self, *, image: Image | str | None = None) -> List[Document]:
        """The lists of known good values; or what each of them says of an image: ``judgement`` is ``matches``, ``contradicts`` or
        ``not_listed``.
        """
        return convert.all_of(Document, self.call("known_good", {"image": None if image is None else named(image)}))

    def remove_known_good(self, name: str) -> Document:
        """Removes a list of known good values and judges every image by those that are left. Raises ``NotFoundError``."""
        return Document(self.call("remove_known_good", {"name": name}))

    def lift_quarantine(self, image: Image | str, *, by: str, reason: str) -> Image:
        """Lifts the quarantine of an image: the person ``by`` takes the responsibility, for a ``reason``. Both are kept.

        Raises ``NotFoundError``; ``ConflictError`` when the image is in no quarantine.
        """
        return Image(self.call("lift_quarantine", {"image": named(image), "by": by, "reason": reason}))
