# This file is part of the sanprivacy project.
# It is subject to the license terms in the LICENSE file found in the top-level directory
# of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.
"""The page, and POST /perturb for it and for programs."""

import asyncio
import concurrent.futures
import dataclasses
import enum
import logging
import pathlib
import typing

import cv2
from fastapi import FastAPI, Query, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import FileResponse, JSONResponse, Response
from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException

import sanprivacy
from protection import FORMATS, LABELS, PROTOTYPES, Protection, Refused

FOLDER = pathlib.Path(__file__).resolve().parent
SAMPLE = FOLDER.parents[2] / "data" / "portraits" / "woman-curls.jpg"
WAITING = 8  # photos that each thread may have waiting, itself included
UPLOAD_SECONDS = 60
HEADERS = {  # nothing is loaded from elsewhere, and nothing is kept
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; "
                               "connect-src 'self'; "
                               "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "Cache-Control": "no-store", "X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer"}

Prototype = enum.Enum("Prototype", {name: name for name in PROTOTYPES}, type=str)
Label = enum.Enum("Label", {name: name for name in LABELS}, type=str)
Format = enum.Enum("Format", {name.lower(): name.lower() for name in FORMATS}, type=str)


@dataclasses.dataclass
class Limits:
    max_bytes: int = 20 << 20
    max_pixels: int = 25000000
    threads: int = 2  # photos at the same time


class WithHeaders:
    """Adds HEADERS to every answer."""

    def __init__(self, app):
        self.app = app

    async def __call__(self, scope, receive, send):
        async def send_with_headers(message):
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(HEADERS)
            await send(message)

        await self.app(scope, receive, send_with_headers)


async def read_body(request, max_bytes):
    """The file of a request. Of a file that is too large the rest is read, too, but not kept: only then does the client
    see the answer."""
    content, too_large = bytearray(), False
    async for part in request.stream():
        too_large = too_large or len(content) + len(part) > max_bytes
        content = bytearray() if too_large else content + part
    if too_large:
        raise Refused(413, f"The file is too large; at most {max_bytes / (1 << 20):g} MB are taken.")
    if not content:
        raise Refused(400, "The file is empty: the body of the request must be an image file.")
    return bytes(content)


async def body_of(request, max_bytes):
    try:
        return await asyncio.wait_for(read_body(request, max_bytes), UPLOAD_SECONDS)
    except asyncio.TimeoutError:
        raise Refused(408, f"The file did not arrive within {UPLOAD_SECONDS} seconds.") from None


def make_app(limits=None, models=None, same_person=None):
    """The application. Networks that cannot be loaded are an error here, not when the first photo comes."""
    limits = limits or Limits()
    protection = Protection(limits.max_pixels, models, same_person)
    threads = concurrent.futures.ThreadPoolExecutor(limits.threads, "photo")
    threads.submit(lambda: protection.networks).result()
    places = asyncio.Semaphore(limits.threads * WAITING)
    app = FastAPI(title="sanprivacy", version=sanprivacy.__version__, docs_url=None, redoc_url=None)

    async def in_thread(function, *arguments):
        return await asyncio.get_running_loop().run_in_executor(threads, function, *arguments)

    app.add_middleware(WithHeaders)

    @app.exception_handler(Refused)
    async def refused(request, error):
        return JSONResponse({"error": str(error)}, error.status)

    @app.exception_handler(RequestValidationError)
    async def wrong_option(request, error):
        return JSONResponse({"error": "; ".join(f"{e['loc'][1]}: {e['msg']}" for e in error.errors())}, 422)

    @app.exception_handler(HTTPException)
    async def no_such_page(request, error):
        return JSONResponse({"error": f"{error.detail}: there is /, and POST /perturb."}, error.status_code)

    @app.exception_handler(cv2.error)
    async def failed(request, error):
        logging.error("%s", error.err)
        return JSONResponse({"error": "The photo could not be protected; the server's log says why."}, 500)

    for path, name, kind in (("/", "page.html", "text/html"), ("/page.css", "page.css", "text/css"),
                             ("/page.js", "page.js", "text/javascript")):
        app.add_api_route(path, lambda name=name, kind=kind: FileResponse(FOLDER / name, media_type=kind),
                          include_in_schema=False)
    if SAMPLE.exists():
        app.add_api_route("/sample.jpg", lambda: FileResponse(SAMPLE, media_type="image/jpeg"), include_in_schema=False)

    @app.post("/perturb", response_class=Response, responses={200: {"content": {"image/*": {},
                                                                                "application/json": {}}}})
    async def perturb(request: Request, prototype: typing.List[Prototype] = Query([Prototype.opposite]),
                      strength: float = Query(1, gt=0, le=2), label: typing.Optional[Label] = None,
                      format: typing.Optional[Format] = None):
        """The body is an image file; the answer is the protected image, in the same format unless `format` says
        otherwise.

        With `Accept: application/json` it is JSON: the faces, one output for each `prototype`, and how each network
        reads them."""
        unknown = sorted(set(request.query_params) - {"prototype", "strength", "label", "format"})
        if unknown:
            raise Refused(422, f"{unknown[0]}: there is no such parameter; expected prototype, strength, label or "
                               "format")
        if request.headers.get("content-type", "").startswith("multipart/"):
            raise Refused(400, "The body is a form; the image file itself is expected, as curl --data-binary "
                               "@photo.jpg sends it.")
        as_json = "application/json" in request.headers.get("accept", "")
        if len(prototype) > 1 and not as_json:
            raise Refused(422, "prototype: several are answered as JSON only (Accept: application/json)")
        if places.locked():
            raise Refused(503, "Too many photos are waiting; try again in a moment.")
        async with places:
            content = await body_of(request, limits.max_bytes)
            options = strength, label and label.value, format and format.value.upper()
            if as_json:
                return JSONResponse(await in_thread(protection.report, content,
                                                    [p.value for p in dict.fromkeys(prototype)], *options))
            image, image_format, faces = await in_thread(protection.image, content, prototype[0].value, *options)
            return Response(image, media_type=f"image/{image_format.lower()}", headers={"X-Faces": str(faces)})

    return app
