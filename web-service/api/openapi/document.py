"""Makes the OpenAPI 3.1 document from the tables of interfaces, parameters and answers. It reads no request."""

from __future__ import annotations

import inspect
from collections.abc import Collection
from typing import Any

from api.call import Interface
from api.families import Family
from api.openapi import inputs, service
from api.openapi.answers import ANSWERS
from api.openapi.schemas import INT, TEXT, Answer, Schema, obj
from api.params import MAX_TEXT, Param

_JSON, _FORM, _MULTIPART = "application/json", "application/x-www-form-urlencoded", "multipart/form-data"
# Said by the security schemes, which travel in the query; in a body they stand beside the other parameters.
_CREDENTIALS = ("user", "auth_token", "expire")
_LARGEST = 10**18 - 1

_ABOUT = """The API of an open platform for multilingual subtitles. Parameters travel as GET parameters; as base64 of a
JSON dictionary in the GET parameter `data`; as a JSON body; as a form; or, where a package comes along, as multipart.
A negative answer that is foreseen has HTTP status 200 and an `rcode` other than 0."""

_ERROR = obj(
    {
        "message": TEXT | {"description": "for people"},
        "error": obj(
            {"code": INT | {"description": "the HTTP status"}, "message": TEXT, "request_id": TEXT},
            {"parameter": TEXT | {"description": "the parameter that is wrong, inside a manifest by its path"}},
        ),
    }
)
_ERRORS = {
    "400": "A parameter is missing or malformed.",
    "401": "Unknown user, wrong token, or a request key where none is accepted.",
    "419": "A good request key whose time is over.",
    "500": "The server failed; its log has the reason under the request_id.",
}
_SCHEMES = {
    "user": {"type": "apiKey", "in": "query", "name": "user", "description": "TLP username / API username"},
    "auth_token": {
        "type": "apiKey",
        "in": "query",
        "name": "auth_token",
        "description": "The secret key; or, with `expire`, a request key (docs/api.md).",
    },
    "expire": {
        "type": "apiKey",
        "in": "query",
        "name": "expire",
        "description": "UNIX time when the request key ends.",
    },
}


def document(pairs: Collection[tuple[Family, Interface]], server: str) -> dict[str, Any]:
    """The document of interfaces, each in its family; `server` is the URL or path below which they are."""
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "TLP Web Service",
            "version": "3",
            "description": _ABOUT,
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": server}],
        "tags": [
            *({"name": family.path} for family in dict.fromkeys(family for family, _ in pairs)),
            {"name": service.METRICS_TAG},
        ],
        "paths": {
            **{f"/{family.path}/{interface.name}": _path(family, interface) for family, interface in pairs},
            **service.PATHS,
        },
        "components": {
            "schemas": {"Error": _ERROR, **{_body_name(*pair): _body(*pair) for pair in pairs}},
            "responses": {
                status: {"description": words, "content": {_JSON: {"schema": {"$ref": "#/components/schemas/Error"}}}}
                for status, words in _ERRORS.items()
            },
            "securitySchemes": {**_SCHEMES, "basic": service.BASIC},
        },
    }


def _path(family: Family, interface: Interface) -> dict[str, Any]:
    made = {"GET": _get, "POST": _post}
    return {method.lower(): make(family, interface) for method, make in made.items() if method in interface.methods}


def _operation(method: str, family: Family, interface: Interface) -> dict[str, Any]:
    secret: dict[str, list[str]] = {"user": [], "auth_token": []}
    text = inspect.getdoc(interface.handler) or interface.name
    return {
        "operationId": f"{method}_{family.path}_{interface.name.replace('/', '_')}",
        "tags": [family.path],
        "summary": text.split(".")[0].replace("\n", " ") + ".",
        "description": text,
        "security": [secret, {**secret, "expire": []}] if interface.request_key else [secret],
        "responses": _responses(family, ANSWERS.get(interface.name, Answer({})), bool(interface.request_key)),
    }


def _get(family: Family, interface: Interface) -> dict[str, Any]:
    own = [
        {
            "name": param.name,
            "in": "query",
            "required": param.required,
            "description": param.about,
            "schema": _schema(param, family, in_json=False),
        }
        for param in interface.params
        if param.where == "any" and param.name not in _CREDENTIALS
    ]
    data = {
        "name": "data",
        "in": "query",
        "description": "Base64 of a JSON dictionary of parameters, instead of all others.",
        "schema": {
            "type": "string",
            "contentEncoding": "base64",
            "contentMediaType": _JSON,
            "contentSchema": _ref(family, interface),
        },
    }
    operation = _operation("get", family, interface)
    operation["responses"]["414"] = {"description": "The URL is longer than the server takes: send a POST."}
    return {**operation, "parameters": [*own, data]}


def _post(family: Family, interface: Interface) -> dict[str, Any]:
    content = {_JSON: {"schema": _ref(family, interface)}, _FORM: {"schema": _ref(family, interface)}}
    if interface.package:
        content[_MULTIPART] = {
            "schema": {
                "type": "object",
                "properties": {"json": _ref(family, interface), "pkg": {"contentMediaType": "application/zip"}},
                "required": ["json"],
            },
            "encoding": {"json": {"contentType": _JSON}, "pkg": {"contentType": "application/zip"}},
        }
    return {**_operation("post", family, interface), "requestBody": {"required": True, "content": content}}


def _responses(family: Family, answer: Answer, request_key: bool) -> dict[str, Any]:
    content: dict[str, Any] = {}
    if answer.good is not None or answer.codes:
        content[_JSON] = {"schema": answer.schema(family)}
    files = {kind: {"schema": {}} for kind in answer.files.get(family.path, ())}
    found: dict[str, Any] = {"200": {"description": "The answer.", "content": content | files}}
    if family.path in answer.ranges:
        found["206"] = {"description": "The byte range that was asked for.", "content": files}
        found["304"] = {"description": "The file is the one that the caller has."}
        found["416"] = {
            "description": "The file has no such range.",
            "content": {_JSON: {"schema": {"$ref": "#/components/schemas/Error"}}},
        }
    errors = [status for status in _ERRORS if request_key or status != "419"]
    return found | {status: {"$ref": f"#/components/responses/{status}"} for status in errors}


def _body(family: Family, interface: Interface) -> Schema:
    """The dictionary of parameters. User and token may also be in the query, so they are not required here."""
    own = {
        param.name: {**_schema(param, family, in_json=True), "description": param.about} for param in interface.params
    }
    required = [param.name for param in interface.params if param.required and param.name not in _CREDENTIALS]
    return {"type": "object", "properties": own, "required": required}


def _body_name(family: Family, interface: Interface) -> str:
    return f"{family.path}.{interface.name.replace('/', '.')}"


def _ref(family: Family, interface: Interface) -> Schema:
    return {"$ref": f"#/components/schemas/{_body_name(family, interface)}"}


def _schema(param: Param, family: Family, in_json: bool) -> Schema:
    if param.choices is not None:
        return {"enum": list(param.choices)} | ({} if param.default is None else {"default": param.default})
    if param.kind == "bool":
        return {"enum": [0, 1, True, False] if in_json else [0, 1]}
    if param.kind == "int":
        return {"type": "integer", "minimum": -_LARGEST, "maximum": _LARGEST}
    if param.kind == "str":
        return {"type": "string", "maxLength": MAX_TEXT} | ({"minLength": 1} if param.required else {})
    return inputs.schema(param.name, family)
