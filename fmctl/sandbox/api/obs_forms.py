"""OBS: an object sent with an HTML form, by somebody who was given a signed policy and no key.

POST /{bucket} with multipart/form-data
"""

import base64
from collections.abc import Mapping
from contextlib import closing
from datetime import datetime
from typing import Any, BinaryIO, cast

from werkzeug.datastructures import FileStorage
from werkzeug.wrappers import Response

from fmctl.sandbox import strict_json, temporary
from fmctl.sandbox.api.obs_call import ObsCall, empty, header_value, xml
from fmctl.sandbox.object_info import BYTES, About
from fmctl.sandbox.objects import ObsError
from fmctl.sandbox.obs_signature import BadObsSignature, verify_policy
from fmctl.sandbox.obs_xml import node

# Fields that a policy does not have to name.
FREE = {"policy", "signature", "accesskeyid", "awsaccesskeyid", "file", "x-amz-signature", "submit"}


def post_object(call: ObsCall) -> Response:
    """Store the file of the form; 204, or the status that it asks for."""
    with closing(call.request):  # and with it the files of the form
        return _post(call)


def _post(call: ObsCall) -> Response:
    fields = {name.lower(): value for name, value in call.request.form.items()}
    file = call.request.files.get("file")
    if file is None or not fields.get("key"):
        raise ObsError(400, "InvalidArgument", "A form has the fields key and file.")
    now = call.sandbox.wall.now()
    token = fields.get("x-obs-security-token") or fields.get("x-amz-security-token")
    try:
        verify_policy(fields, *temporary.pair(call.sandbox.credentials, token, now))
    except temporary.ExpiredKey as error:
        raise BadObsSignature("ExpiredToken", "The provided token has expired.") from error
    fields["key"] = fields["key"].replace("${filename}", file.filename or "")
    _check_policy(fields | {"bucket": call.bucket}, now)
    info = call.objects.put(call.bucket, fields["key"], cast(BinaryIO, file.stream), about=_about(fields, file))
    tag = f'"{info.etag}"'
    if fields.get("success_action_status") == "201":
        return xml(node("PostResponse", Bucket=call.bucket, Key=info.key, ETag=tag), 201)
    return empty(200 if fields.get("success_action_status") == "200" else 204, ETag=tag)


def _about(fields: Mapping[str, str], file: FileStorage) -> About:
    marks = [(prefix, name) for name in fields for prefix in ("x-obs-meta-", "x-amz-meta-") if name.startswith(prefix)]
    meta = {name.removeprefix(prefix): header_value(fields[name]) for prefix, name in marks}
    return About(header_value(fields.get("content-type") or file.content_type or BYTES), meta)


def _check_policy(fields: Mapping[str, str], now: float) -> None:
    """Every condition must hold, and every field that can be misused must have one."""
    try:
        policy: dict[str, Any] = strict_json.loads(base64.b64decode(fields["policy"]))
        ends, conditions = datetime.fromisoformat(policy["expiration"]).timestamp(), list(policy["conditions"])
    except (ValueError, KeyError, TypeError) as error:
        raise ObsError(400, "InvalidPolicyDocument", "The content of the form does not meet the conditions.") from error
    if ends < now:
        raise BadObsSignature("AccessDenied", "Invalid according to Policy: Policy expired.")
    named = {name for condition in conditions for name in _holds(condition, fields)}
    if extra := sorted(fields.keys() - named - FREE - {"bucket"}):
        raise BadObsSignature("AccessDenied", f"Invalid according to Policy: Extra input fields: {', '.join(extra)}.")


def _holds(condition: Any, fields: Mapping[str, str]) -> set[str]:
    """The fields that a condition names, if it holds: {field: value}, or [operator, $field, value]."""
    wanted, only_start = _read(condition), isinstance(condition, list) and condition[:1] == ["starts-with"]
    holds = wanted is not None and all(
        fields.get(name, "").startswith(value) if only_start else fields.get(name) == value
        for name, value in wanted.items()
    )
    if wanted is None or not holds:
        raise BadObsSignature("AccessDenied", f"Invalid according to Policy: Policy Condition failed: {condition}")
    return set(wanted)


def _read(condition: Any) -> Mapping[str, str] | None:
    """What a condition says of which fields; None when it is none."""
    match condition:
        case dict():
            return {str(name).lower(): str(value) for name, value in condition.items()}
        case ["eq" | "starts-with", str(name), value]:
            return {name.removeprefix("$").lower(): str(value)}
        case ["content-length-range", int(), int()]:
            return {}
        case _:
            return None
