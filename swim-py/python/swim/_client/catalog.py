"""Catalogues: the vendor's software service, and open ones."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from os import PathLike
from typing import Any, List, Literal

from .. import _convert as convert
from .._convert import DeviceRef, as_list, ids
from .._values import (
    Acknowledged, CatalogChange, Downloaded, Form, FormDecision, Found, FoundFor, KeptCatalogue, Listed,
)
from ._calls import Calls


class Catalogues(Calls):
    """Catalogues: the vendor's software service, and open ones."""

    def set_catalog_login(
        self, client_id: str, client_secret: str, *, user: str | None = None, password: str | None = None
    ) -> None:
        """Changes who we are at the vendor's software service, also for clients that are opened later on the same data.

        ``client_secret`` and ``password`` *name* secrets of the configuration. Raises ``InvalidInputError`` for one that
        there is not.
        """
        arguments = {"client_id": client_id, "client_secret": client_secret, "user": user, "password": password}
        self.call("set_catalog_login", arguments)

    def catalog_query(
        self,
        *,
        pid: str | None = None,
        current: str | None = None,
        output: str | None = None,
        images: Iterable[str] | None = None,
    ) -> Found:
        """Asks the vendor for images: of a product that runs the release ``current`` (``output``: a release, default
        ``latest``), or by their names (``images``), of a product (``pid``) or of all.

        Raises ``InvalidInputError`` for what is missing, ``NotFoundError`` when the vendor has nothing, ``AuthError``,
        ``NotEntitledError``; ``details["code"]`` is the vendor's code.
        """
        named = None if images is None else as_list(images)
        given = {"pid": pid, "current": current, "output": output, "images": named}
        # A question by names takes no releases, not even absent ones.
        arguments = {name: value for name, value in given.items() if value is not None}
        return Found(self.call("catalog_query", arguments))

    def catalog_query_devices(self, devices: Iterable[DeviceRef], *, output: str | None = None) -> List[FoundFor]:
        """Asks the vendor for images of at most 20 devices, by the model and the version of their last inventories.

        Each result has its ``device`` and ``found`` or ``error``.
        """
        arguments = {"devices": ids(devices), "output": output}
        return convert.all_of(FoundFor, self.call("catalog_query", arguments))

    def catalog_download(
        self, pid: str, images: Iterable[str], *, decisions: Iterable[Mapping[str, Any]] = ()
    ) -> Downloaded:
        """Brings images of a product from the vendor into the repository; size and digests are the vendor's, or nothing stays.

        The result has ``images``, ``refused`` (each with its ``error``) and ``forms``: those must be answered by a person
        first. ``decisions`` are what people decided, e.g. ``{"form": "k9", "accepted": True, "by": "Ada Lovelace",
        "business_function": "commercial_or_civil"}``; nothing is ever accepted without one, and each is recorded.

        Raises ``AgreementRequiredError`` for a form that was declined, and as ``catalog_query``.
        """
        arguments = {"pid": pid, "images": as_list(images), "decisions": as_list(decisions)}
        return Downloaded(self.call("catalog_download", arguments))

    def catalog_form(self, form: Literal["k9", "eula"]) -> Form:
        """The text of a form of the vendor, for a person to read (``content``, ``url``). Nothing is answered by this."""
        return Form(self.call("catalog_form", {"form": form}))

    def answer_form(self, decision: Mapping[str, Any], *, images: Iterable[str] = ()) -> Acknowledged:
        """Tells the vendor what a person decided about a form, for these files; the decision is recorded before.

        Raises ``InvalidInputError`` for a decision without its person or its fields, ``AgreementRequiredError`` when the
        vendor does not take it.
        """
        return Acknowledged(self.call("answer_form", {"decision": decision, "images": as_list(images)}))

    def form_decisions(self) -> List[FormDecision]:
        """What people decided about forms of the vendor, oldest first: ``at``, ``decision`` and ``files``."""
        return convert.all_of(FormDecision, self.call("form_decisions", {}))

    def import_catalog(
        self,
        path: str | PathLike[str],
        *,
        name: str | None = None,
        signature: str | PathLike[str] | None = None,
        certificate: str | PathLike[str] | None = None,
        root: str | PathLike[str] | None = None,
        allow_unsigned: bool = False,
        allow_older: bool = False,
    ) -> KeptCatalogue:
        """Takes an open catalogue from a file, in the place of the one of its ``name``.

        ``signature`` is the file of the detached signature (RSA with SHA-512, or Ed25519), ``certificate`` that of the
        certificate or public key, ``root`` that of what the certificate must come from. Without a signature it is taken
        only with ``allow_unsigned``. One that was made before the one that is here, or is not signed by the certificate that
        has signed that one, is taken only with ``allow_older``.

        Raises ``ConflictError`` for those, ``IntegrityError`` for a signature that is not of these bytes, ``AuthError``
        for a certificate that is not good, ``InvalidInputError`` for what is no catalogue, with the place of what is wrong.
        """
        arguments = {
            "path": path, "name": name, "signature": signature, "certificate": certificate, "root": root,
            "allow_unsigned": allow_unsigned, "allow_older": allow_older,
        }
        return KeptCatalogue(self.call("import_catalog", arguments))

    def catalog(self, *, text: str | None = None) -> List[Listed]:
        """The images of all open catalogues; ``text`` is looked for in the file names.

        >>> with tempfile.TemporaryDirectory() as folder, Client({"data": folder + "/data"}) as client:
        ...     file = Path(folder, "lab.json")
        ...     _ = file.write_text('{"schema": 1, "entries": [{"filename": "a.bin", "version": "17.9.5"}]}')
        ...     taken = client.import_catalog(file, allow_unsigned=True)
        ...     taken.authenticity, [(entry.catalog, entry.version) for entry in client.catalog()]
        ('unsigned', [('lab.json', '17.9.5')])
        """
        return convert.all_of(Listed, self.call("catalog", {"text": text}))

    def catalogs(self) -> List[KeptCatalogue]:
        """The open catalogues that are kept: ``name``, ``imported``, ``authenticity``, ``generated`` and how many ``entries``.

        >>> with tempfile.TemporaryDirectory() as folder, Client({"data": folder + "/data"}) as client:
        ...     file = Path(folder, "lab.json")
        ...     _ = file.write_text('{"schema": 1, "entries": [{"filename": "a.bin"}]}')
        ...     _ = client.import_catalog(file, allow_unsigned=True)
        ...     [(one.name, one.entries) for one in client.catalogs()], client.remove_catalog("lab.json").entries
        ([('lab.json', 1)], 1)
        """
        return convert.all_of(KeptCatalogue, self.call("catalogs", {}))

    def remove_catalog(self, name: str) -> KeptCatalogue:
        """Removes an open catalogue and returns what it was: what it said counts no longer, images of the repository stay.

        A catalogue of its name is taken afterwards whatever its age and signer; ``catalog_audit`` shows that. Raises
        ``NotFoundError``.
        """
        return KeptCatalogue(self.call("remove_catalog", {"name": name}))

    def catalog_audit(self) -> List[CatalogChange]:
        """Which open catalogues were ``imported``, ``replaced`` and ``removed`` (``action``), oldest first."""
        return convert.all_of(CatalogChange, self.call("catalog_audit", {}))
