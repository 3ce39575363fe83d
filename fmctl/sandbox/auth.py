"""Who is calling: a token or a signature, and whether it is for the project in the path."""

import hmac
import re

from werkzeug.wrappers import Request

from fmctl.sandbox import temporary, tokens
from fmctl.sandbox.account import Account
from fmctl.sandbox.signature import ALGORITHM, BadSignature, SignedRequest, verify
from fmctl.sandbox.wire import WireError

PROJECT_ID = re.compile(r"[0-9a-f]{32}")


def authenticate(sandbox: Account, request: Request, *, scoped: bool = True) -> str:
    """The user who made the request. A signature counts when there are both; `scoped` tokens are for a project."""
    token, authorization = request.headers.get("X-Auth-Token", ""), request.headers.get("Authorization")
    # Clients of tokens put anything there to keep the SDK from signing.
    if authorization is not None and (authorization.startswith(ALGORITHM) or not token):
        return _by_signature(sandbox, request)
    if not token:
        raise WireError(401, "ModelArts.0201", "No token or signature in the request.")
    return _by_token(sandbox, token, scoped)


def check_project(sandbox: Account, project_id: str, *, first_api: bool = False) -> None:
    """Only the project of the credentials exists; the two generations of the API say so in different words."""
    if hmac.compare_digest(project_id.encode(), sandbox.credentials.project_id.encode()):
        return
    message = "The project ID in the path is not the one of the credential."
    if not first_api:
        raise WireError(404, "ModelArts.2786", message)
    raise WireError(403 if PROJECT_ID.fullmatch(project_id) else 400, "ModelArts.0210", message)


def signed_request(request: Request) -> SignedRequest:
    """What the signature of a request may cover."""
    headers = {name.lower(): value for name, value in request.headers.items()}
    query = request.query_string.decode("latin-1")
    return SignedRequest(request.method, request.path, query, headers, request.get_data())


def _by_signature(sandbox: Account, request: Request) -> str:
    owner, now = sandbox.credentials, sandbox.wall.now()
    try:
        access_key, secret_key = temporary.pair(owner, request.headers.get("X-Security-Token"), now)
        verify(signed_request(request), access_key, secret_key, now)
    except (BadSignature, temporary.ExpiredKey) as error:
        reason = str(error) or "the security token is expired"
        raise WireError(401, "APIGW.0301", f"Incorrect IAM authentication information: {reason}") from error
    return owner.user


def _by_token(sandbox: Account, text: str, scoped: bool) -> str:
    token = tokens.read(text, sandbox.credentials.secret_key)
    if token is None:
        raise WireError(401, "ModelArts.0203", "Invalid token.")
    if token.expires_at < sandbox.wall.now():
        raise WireError(401, "ModelArts.0202", "Expired token.")
    if not token.project_id and not scoped:
        return token.user
    if not token.project_id:
        raise WireError(401, "ModelArts.0212", "The token is not scoped to a project.")
    if token.project_id != sandbox.credentials.project_id:
        raise WireError(403, "ModelArts.0210", "The token belongs to another project.")
    return token.user
