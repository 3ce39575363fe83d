"""OBS signatures as the server verifies them, against signatures that the official SDK made."""

from calendar import timegm

import pytest

from fmctl.sandbox.obs_signature import BadObsSignature, ObsRequest, sign_v2, sign_v4, string_to_sign, verify

AK, SK = "AKEXAMPLE0000000FAKE", "SKexample0000000000000000000000000000FAKE"
DATE = "Fri, 20 Nov 2026 10:00:00 GMT"
NOW = float(timegm((2026, 11, 20, 10, 0, 0)))
CONFIG = "models/resnet/model/config.json"
CONTENT = {"content-md5": "XUFAKrxLKna5cZ2REBfFkg==", "content-type": "application/json"}


def obs(method: str, key: str = "", *query: tuple[str, str], bucket: str = "demo-bucket", **headers: str) -> ObsRequest:
    """Host style, prefix OBS."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return ObsRequest(method, f"/{key}", query, {"date": DATE, "authorization": "OBS x"} | named, bucket)


def aws(method: str, path: str, *query: tuple[str, str], **headers: str) -> ObsRequest:
    """Path style, prefix AWS."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return ObsRequest(method, path, query, {"date": DATE, "authorization": "AWS x"} | named)


VECTORS = {
    "T1": (obs("PUT", CONFIG, **CONTENT, x_obs_meta_owner="alice"), "8IuMKP4t/GJZb6fH+UldN4nZ538="),
    "T2": (aws("PUT", f"/demo-bucket/{CONFIG}", **CONTENT, x_amz_meta_owner="alice"), "x4V61jlF/anycKw5ZqVVFwMrE9M="),
    "T3": (obs("HEAD"), "wCX3fGdo77fTklMsU8Sf2uLc/E0="),
    "T4": (aws("HEAD", "/demo-bucket"), "7e0t42JG0h9yWsEIeYeWxdOc2vw="),
    "T5": (
        obs("GET", "", ("prefix", "models/"), ("max-keys", "1000"), ("delimiter", "/")),
        "8KSU6nwqtoBnoDIOwlQwbtR9OGo=",
    ),
    "T6": (obs("GET", "", ("location", "")), "bhPqx5JgFGTfqp6mrtdAZgX4hqA="),
    "T7": (aws("GET", "/demo-bucket", ("location", "")), "LXASNRQqSvlKjjpYN9wAVjEp8xk="),
    "T8": (obs("PUT", "big.bin", ("partNumber", "1"), ("uploadId", "UP/1=")), "EsxX+dEKvq37PIvaX02BHDe6+T0="),
    "T9": (obs("GET", "k", x_obs_security_token="TOK"), "BqvN2Rx4c9XOqVZl9Gohg3vxjSw="),
    "T10": (obs("GET", "k", x_obs_date=DATE), "CLn+I5Ay6nGbZ2Q8GBRoV56sShI="),
    "T11": (obs("GET", "dir/a b+c~é.json"), "4YAjnXslOB5vanJmipnis/1jes0="),
    "T13": (obs("GET", "", bucket="", x_obs_location="true"), "/9ETQeUwDGNmy+9co+wOa09iZ6g="),
}


@pytest.mark.parametrize("name", VECTORS)
def test_the_signatures_of_the_sdk_verify(name: str) -> None:
    """Both prefixes, host and path style, with whatever is signed besides the path."""
    made, signature = VECTORS[name]
    prefix = made.headers["authorization"].split()[0]
    headers = {**made.headers, "authorization": f"{prefix} {AK}:{signature}"}
    verify(ObsRequest(made.method, made.path, made.query, headers, made.bucket_host), AK, SK, NOW)

    assert signature == sign_v2(made, SK)


def test_a_link_is_signed_with_its_end() -> None:
    """T12: in a link the time of its end stands where the date stands in a header signature."""
    expires = "1795168800"
    query = [("AccessKeyId", AK), ("Expires", expires), ("Signature", "asKhEKycqduLcI5d3nxfFjRAQSo=")]
    link = ObsRequest("GET", "/models/x.bin", query, {}, "demo-bucket")
    verify(link, AK, SK, NOW)

    assert f"GET\n\n\n{expires}\n/demo-bucket/models/x.bin" == string_to_sign(link, expires)
    with pytest.raises(BadObsSignature, match="expired"):
        verify(link, AK, SK, float(expires) + 1)


@pytest.mark.parametrize(
    ("path", "signature"),
    [
        ("/models/a b.json", "566c41af1afa43ec57970ba8776d71f789f7c358a6bcb3cb0c179fd9e2b01a98"),
        ("/demo-bucket/models/a b.json", "f2a3da3badd9db7bc4205d42257c88c907d31da8db2cc0f079378d63371c9de2"),
    ],
)
def test_version_4_is_understood(path: str, signature: str) -> None:
    """V4a and V4b: the path and the query are signed as they are encoded on the wire."""
    headers = {
        "content-type": "application/json",
        "date": DATE,
        "host": "demo-bucket.obs.cn-north-4.example.com"
        if path.startswith("/models")
        else "obs.cn-north-4.example.com",
        "x-amz-content-sha256": "UNSIGNED-PAYLOAD",
    }
    made = ObsRequest("PUT", path, [("partNumber", "1"), ("uploadId", "UP/1=")], headers)
    scope, names = "20261120/cn-north-4/s3/aws4_request", sorted(headers)

    assert signature == sign_v4(made, scope, names, "20261120T100000Z", SK)


@pytest.mark.parametrize(
    ("authorization", "now", "code"),
    [
        (f"AWS {AK}:{'A' * 27}=", NOW, "SignatureDoesNotMatch"),
        ("AWS SOMEBODY:7e0t42JG0h9yWsEIeYeWxdOc2vw=", NOW, "InvalidAccessKeyId"),
        (f"AWS {AK}:7e0t42JG0h9yWsEIeYeWxdOc2vw=", NOW + 901, "RequestTimeTooSkewed"),
        ("", NOW, "AccessDenied"),
    ],
)
def test_a_wrong_signature_says_what_is_wrong(authorization: str, now: float, code: str) -> None:
    """The code tells a wrong key, a wrong signature, a wrong clock and no signature apart."""
    made = ObsRequest("HEAD", "/demo-bucket", [], {"date": DATE, "authorization": authorization})
    with pytest.raises(BadObsSignature) as caught:
        verify(made, AK, SK, now)

    assert code == caught.value.code
