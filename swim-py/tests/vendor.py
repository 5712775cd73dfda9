"""A small vendor's service on loopback: tokens, metadata, links, forms and files, in the shapes of its fourth generation."""

from __future__ import annotations

import hashlib
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

NAME, DELETED = "cat9k_iosxe.17.09.05.SPA.bin", "cat9k_iosxe.17.09.03.SPA.bin"
CONTENT = b"made up, as the vendor has it"


class Vendor(ThreadingHTTPServer):
    """Serves two images of one product, one of which was taken back. Its form is to be answered once."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Answers)
        self.url = f"http://127.0.0.1:{self.server_address[1]}"
        self.accepted = False
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def config(self) -> dict[str, Any]:
        """What a client is told of it."""
        login = {"client_id": "lab", "client_secret": "vendor"}
        return {
            "catalog": {"url": self.url, "token_url": f"{self.url}/token", "login": login},
            "secrets": {"vendor": {"value": "word"}},
        }

    def end(self) -> None:
        self.shutdown()
        self.server_close()


def _image(name: str) -> dict[str, Any]:
    deleted = {"isDeleted": "Y", "exception": _codes("is_Deleted")} if name == DELETED else {}
    sums = {"md5": hashlib.md5(CONTENT).hexdigest(), "sha512": hashlib.sha512(CONTENT).hexdigest()}
    return {"imageGuid": name[:17], "name": name, "size": str(len(CONTENT)), "minDram": "8192", **sums, **deleted}


def _codes(*codes: str) -> list[dict[str, str]]:
    return [{"exceptionCode": code, "exceptionMessage": f"words of {code}"} for code in codes]


class _Answers(BaseHTTPRequestHandler):
    server: Vendor

    def log_message(self, *_: Any) -> None:
        pass

    def _answer(self, body: Any) -> None:
        sent = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(sent)))
        self.end_headers()
        self.wfile.write(sent)

    def do_GET(self) -> None:
        if self.path.startswith("/file"):
            return self._answer(CONTENT)
        field = {"fieldId": "BUS_FUNCTION", "inputType": "radioButton", "childFieldDetails": [{"fieldId": "COMM_OR_CIVIL"}]}
        if self.path.endswith("/k9"):
            return self._answer({"statusCode": "K9_ACCEPTANCE_REQUIRED", "k9Content": [field]})
        self._answer({"webForm": f"{self.server.url}/form", "eulaContent": "Please read."})

    def do_POST(self) -> None:
        text = self.rfile.read(int(self.headers["Content-Length"]))
        if self.path == "/token":
            return self._answer({"access_token": "shown", "token_type": "Bearer", "expires_in": 3600})
        asked = json.loads(text)
        if "/metadata/" in self.path:
            return self._answer(self._metadata(asked))
        if "/compliance/" in self.path:
            self.server.accepted = True
            return self._answer({"statusCode": "SUCCESS", "statusMessage": "The answer was taken."})
        codes = _codes() if self.server.accepted else _codes("EULA_FORM_AR")
        link = {"url": f"{self.server.url}/file", "token": "of-the-link"} if self.server.accepted else {}
        downloads = [{**link, "imageGuid": guid, "exception": codes} for guid in asked["imageGuids"]]
        form = {} if self.server.accepted else {"acceptanceForm": {"eulaContent": "Please read."}}
        self._answer({"sessionId": "1", "retryId": "1", "downloads": downloads, **form})

    def _metadata(self, asked: dict[str, Any]) -> dict[str, Any]:
        wanted = asked.get("imageNames", [NAME, DELETED])
        releases = [
            {"version": name[12:20], "isSuggested": "Y", "images": [_image(name)]} for name in (NAME, DELETED) if name in wanted
        ]
        system = {"softwareTypeName": "IOS XE Software", "operatingSystems": [{"name": "IOS XE", "releases": releases}]}
        return {
            "pagination": {"pageIndex": "1", "lastIndex": "1"},
            "metadataTransId": "7",
            "invalidImages": [name for name in wanted if name not in (NAME, DELETED)],
            "metadata": [{"pid": asked.get("pid"), "products": [{"mdfId": "286", "softwareTypes": [system]}]}],
            "exception": _codes("SW_ADV_IMAGE"),
        }
