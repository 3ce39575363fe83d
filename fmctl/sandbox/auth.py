"""Who is calling: a token or a signature, and whether it is for the project in the path."""

import hmac

from werkzeug.wrappers import Request

from fmctl.sandbox import tokens
from fmctl.sandbox.account import Account
from fmctl.sandbox.signature import BadSignature, SignedRequest, verify
from fmctl.sandbox.wire import WireError


def authenticate(sandbox: Account, request: Request, *, scoped: bool = True) -> str:
    """The user who made the request. A signature counts when there are both; `scoped` tokens are for a project."""
    if "Authorization" in request.headers:
        return _by_signature(sandbox, request)
    token = request.headers.get("X-Auth-Token", "")
    if not token:
        raise WireError(401, "ModelArts.0201", "No token or signature in the request.")
    return _by_token(sandbox, token, scoped)


def check_project(sandbox: Account, project_id: str) -> None:
    """Only the project of the credentials exists."""
    if not hmac.compare_digest(project_id.encode(), sandbox.credentials.project_id.encode()):
        raise WireError(404, "ModelArts.2786", "The project ID in the path is not the one of the credential.")


def signed_request(request: Request) -> SignedRequest:
    """What the signature of a request may cover."""
    headers = {name.lower(): value for name, value in request.headers.items()}
    query = request.query_string.decode("latin-1")
    return SignedRequest(request.method, request.path, query, headers, request.get_data())


def _by_signature(sandbox: Account, request: Request) -> str:
    owner = sandbox.credentials
    try:
        verify(signed_request(request), owner.access_key, owner.secret_key, sandbox.wall.now())
    except BadSignature as error:
        message = f"Incorrect IAM authentication information: {error}"
        raise WireError(401, "APIGW.0301", message) from error
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
        raise WireError(401, "ModelArts.0204", "The token is not scoped to a project.")
    if token.project_id != sandbox.credentials.project_id:
        raise WireError(403, "ModelArts.0210", "The token belongs to another project.")
    return token.user
