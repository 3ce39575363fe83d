"""The WSGI application of one instance: `POST /` predicts, the health path tells whether the model is well."""

from __future__ import annotations

import json
import logging
import subprocess
from collections.abc import Callable, Iterable
from typing import Any

from werkzeug.datastructures import FileStorage, MultiDict
from werkzeug.wrappers import Request, Response

from .orders import Orders

log = logging.getLogger("serving")

MALFORMED = "ModelArts.4105"
NO_SUCH_API = "ModelArts.4204"
MODEL_RAISED = "ModelArts.4503"


class ModelApp:
    """One loaded model behind HTTP."""

    def __init__(self, service: Any, orders: Orders) -> None:
        self._service = service
        self._orders = orders

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        """The WSGI entry."""
        return self._answer(Request(environ))(environ, start_response)

    def _answer(self, request: Request) -> Response:
        if request.method == "GET" and request.path == self._orders.health_url:
            return self._health()
        if request.path != self._orders.api_url:
            return _error(404, NO_SUCH_API, f"The model has no API at {request.path}.")
        if request.method != self._orders.api_method:
            allowed = self._orders.api_method
            response = _error(405, NO_SUCH_API, f"{request.method} is not allowed here; the API takes {allowed}.")
            response.headers["Allow"] = allowed
            return response
        return self._predict(request)

    def _predict(self, request: Request) -> Response:
        try:
            data = _data(request)
        except (ValueError, RecursionError):  # the latter: nested deeper than Python's parser follows
            return _error(400, MALFORMED, "The request body is not valid JSON.")
        try:
            return _result(self._service.inference(data))
        except (Exception, SystemExit) as error:  # exiting ends this thread only, and nobody would answer
            # The caller learns what failed; how it failed is for whoever reads the service's log.
            log.exception("inference failed")
            return _error(500, MODEL_RAISED, f"The model raised {type(error).__name__}: {error}")

    def _health(self) -> Response:
        try:
            self._service.ping()
            self._run_health_command()
        except Exception as error:
            log.exception("health check failed")
            return _error(503, MODEL_RAISED, f"The model is not healthy: {type(error).__name__}: {error}")
        return _json(200, {"status": "ok"})

    def _run_health_command(self) -> None:
        if self._orders.health_command:
            subprocess.run(  # the model's author wrote this command for /bin/sh
                ["/bin/sh", "-c", self._orders.health_command], check=True, timeout=self._orders.health_timeout
            )


def _data(request: Request) -> Any:
    """The input as scripts expect it: the JSON value, or the form as `{field: {file name: open file}}`."""
    if request.mimetype == "multipart/form-data":
        return _fields(request.form) | _files(request.files)
    if request.mimetype == "application/x-www-form-urlencoded":
        return _form_or_json(request)
    body = request.get_data()
    return json.loads(body) if body else dict(request.args)


def _form_or_json(request: Request) -> Any:
    """curl names this type when `-d` is all that it was told, so a JSON body is taken for what it is."""
    body = request.get_data(cache=True, parse_form_data=False)
    try:
        return json.loads(body)
    except ValueError:
        return _fields(request.form)


def _fields(form: MultiDict[str, str]) -> dict[str, Any]:
    return {name: values[0] if len(values) == 1 else values for name, values in form.lists()}


def _files(files: MultiDict[str, FileStorage]) -> dict[str, Any]:
    return {name: {file.filename: file.stream for file in storages} for name, storages in files.lists()}


def _result(value: Any) -> Response:
    if isinstance(value, bytes):
        return Response(value, mimetype="application/octet-stream")
    return _json(200, value)


def _error(status: int, code: str, message: str) -> Response:
    readable = message.encode(errors="replace").decode()  # halves of characters cannot be sent
    return _json(status, {"error_code": code, "error_msg": readable})


def _json(status: int, value: Any) -> Response:
    return Response(json.dumps(value, ensure_ascii=False, default=_plain), status=status, mimetype="application/json")


def _plain(value: Any) -> Any:
    """numpy's and torch's arrays and scalars, without importing either."""
    if hasattr(value, "tolist"):
        return value.tolist()
    msg = f"{type(value).__name__} is not JSON serializable"
    raise TypeError(msg)
