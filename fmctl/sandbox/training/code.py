"""What a job runs: code, boot file and engine in OBS, or an image with a command."""

from typing import Any

from fmctl.sandbox.objects import Objects, split_url
from fmctl.sandbox.training.catalog import find_engine
from fmctl.sandbox.training.checks import Fields, mapping
from fmctl.sandbox.wire import WireError

MAX_FILES = 1000
MAX_DEPTH = 32
MAX_BYTES = 5 << 30
USER_HOME = "/home/ma-user"
CODE_HOME = USER_HOME + "/modelarts/user-job-dir"
RESERVED = tuple(f"{USER_HOME}/{name}" for name in ("modelarts", "modelarts-dev", "infer"))


def check_source(algorithm: Fields, objects: Objects) -> None:
    """One of: a custom image with its command; code, boot file and engine."""
    if algorithm.get("subscription_id"):
        raise WireError(400, "ModelArts.2755", "algorithm not found.")
    engine = mapping(algorithm, "engine")
    _check_local(algorithm)
    preset = bool(engine.get("engine_id") or engine.get("engine_name") or engine.get("engine_version"))
    if not preset and (engine.get("image_url") or algorithm.get("command")):
        if not (engine.get("image_url") and algorithm.get("command")):
            raise WireError(400, "ModelArts.2806", "A custom image needs both command and engine.image_url.")
        if algorithm.get("code_dir"):
            _check_code_dir(algorithm["code_dir"], objects)
        return
    _check_code_dir(algorithm.get("code_dir"), objects)
    _check_boot_file(algorithm["code_dir"], algorithm.get("boot_file"), objects)
    if find_engine(engine) is None:
        named = engine.get("engine_id") or f"{engine.get('engine_name')} {engine.get('engine_version')}"
        raise WireError(400, "ModelArts.2780", f"Engine {named} not found.")


def _check_local(algorithm: Fields) -> None:
    """Where the code is put in the container; not where the platform keeps its own things."""
    local = str(algorithm.get("local_code_dir") or CODE_HOME).rstrip("/")
    if local != CODE_HOME and not local.startswith(CODE_HOME + "/"):
        parts = local.split("/")
        reserved = any(local == folder or local.startswith(folder + "/") for folder in RESERVED)
        if parts[:2] != ["", "home"] or len(parts) < 3 or ".." in parts or local == USER_HOME or reserved:
            message = f"Invalid local_code_dir {local}: a folder below /home is expected, but none of the platform's."
            raise WireError(400, "ModelArts.2857", message)
    working = algorithm.get("working_dir")
    if working and not working.startswith("/"):
        raise WireError(400, "ModelArts.2859", f"Invalid working_dir {working}: an absolute path is expected.")


def _check_code_dir(code_dir: Any, objects: Objects) -> None:
    if code_dir and not code_dir.startswith(("/", "obs://")):
        raise WireError(400, "ModelArts.2802", f"Invalid codeDir path: {code_dir}: /bucket/folder/ is expected.")
    bucket, key = split_folder(code_dir or "")
    if not objects.has_bucket(bucket):
        raise _no_code(code_dir)
    files, size = 0, 0
    for info in objects.walk(bucket, key):
        files, size = files + 1, size + info.size
        if files > MAX_FILES:
            raise WireError(400, "ModelArts.2759", f"code_dir {code_dir} has more than {MAX_FILES} files.")
        if info.key[len(key) :].count("/") >= MAX_DEPTH:
            raise WireError(400, "ModelArts.2760", f"code_dir {code_dir} is more than {MAX_DEPTH} folders deep.")
        if size > MAX_BYTES:
            raise WireError(400, "ModelArts.2761", f"code_dir {code_dir} has more than {MAX_BYTES >> 30} GB.")
    if not files:
        raise _no_code(code_dir)


def code_tree(code_dir: str, objects: Objects) -> Fields:
    """The folders and files of a code_dir, each with its name, a folder with its children."""
    bucket, key = split_folder(code_dir)
    root: Fields = {"name": f"{key.rstrip('/').rpartition('/')[2]}/", "children": []}
    for info in objects.walk(bucket, key):
        node = root
        *folders, name = info.key[len(key) :].split("/")
        for folder in folders:
            node = _child(node, f"{folder}/")
        if name:
            node["children"].append({"name": name})
    return root


def _child(node: Fields, name: str) -> Fields:
    known: dict[str, Fields] = {child["name"]: child for child in node["children"]}
    if name not in known:
        known[name] = {"name": name, "children": []}
        node["children"].append(known[name])
    return known[name]


def split_folder(url: str) -> tuple[str, str]:
    """Bucket and prefix of what is below a folder, whether or not its address ends with a slash."""
    bucket, key = split_url(url)
    return bucket, f"{key.rstrip('/')}/" if key else ""


def _no_code(code_dir: Any) -> WireError:
    return WireError(400, "ModelArts.2757", f"Invalid code_dir {code_dir!r}: it must be a folder that holds objects.")


def _check_boot_file(code_dir: str, boot_file: Any, objects: Objects) -> None:
    bucket, key = split_url(boot_file) if isinstance(boot_file, str) else ("", "")
    if not key or key.endswith("/"):
        raise WireError(400, "ModelArts.2758", f"Invalid boot_file {boot_file!r}.")
    if not f"{bucket}/{key}".startswith("/".join(split_folder(code_dir))):
        raise WireError(400, "ModelArts.2792", f"boot_file {boot_file} is not in code_dir {code_dir}.")
    if objects.head(bucket, key) is None:
        raise WireError(400, "ModelArts.2758", f"Invalid boot_file {boot_file}: there is no such object.")
