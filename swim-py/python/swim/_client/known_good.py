"""Known good values: what images must be, and the quarantine of those that are not."""

from __future__ import annotations

from os import PathLike
from typing import List, overload

from .. import _convert as convert
from .._convert import named
from .._values import Image, KnownGoodList, KnownGoodTaken, Rejudged, SaidOf
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
    ) -> KnownGoodTaken:
        """Takes a list of known good values from a file, in the place of the one of its ``name``, and judges every image by it.

        An image that contradicts a list is in quarantine (``image.quarantine``): no plan, no offer, no push. The signature
        is as in ``import_catalog``, and so is what is raised. What is not understood of the list is in ``list.remarks`` of
        the result. A signed list gives way to one that the same certificate has signed; otherwise it must be removed first.
        """
        arguments = {
            "path": path, "name": name, "signature": signature, "certificate": certificate, "root": root,
            "allow_unsigned": allow_unsigned,
        }
        return KnownGoodTaken(self.call("import_known_good", arguments))

    @overload
    def known_good(self) -> List[KnownGoodList]: ...
    @overload
    def known_good(self, *, image: None) -> List[KnownGoodList]: ...
    @overload
    def known_good(self, *, image: Image | str) -> List[SaidOf]: ...
    def known_good(self, *, image: Image | str | None = None) -> List[KnownGoodList] | List[SaidOf]:
        """The lists of known good values; or what each of them says of an image: ``judgement`` is ``matches``, ``contradicts`` or
        ``not_listed``.
        """
        if image is None:
            return convert.all_of(KnownGoodList, self.call("known_good", {"image": None}))
        return convert.all_of(SaidOf, self.call("known_good", {"image": named(image)}))

    def remove_known_good(self, name: str) -> Rejudged:
        """Removes a list of known good values and judges every image by those that are left. Raises ``NotFoundError``."""
        return Rejudged(self.call("remove_known_good", {"name": name}))

    def lift_quarantine(self, image: Image | str, *, by: str, reason: str) -> Image:
        """Lifts the quarantine of an image: the person ``by`` takes the responsibility, for a ``reason``. Both are kept.

        Raises ``NotFoundError``; ``ConflictError`` when the image is in no quarantine.
        """
        return Image(self.call("lift_quarantine", {"image": named(image), "by": by, "reason": reason}))
