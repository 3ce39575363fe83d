"""Images of jobs: what a job that runs has in its working folder, kept under a name, for other jobs to begin with.

Nothing here is a container. A saved image is an archive of files in OBS; a job whose `engine.image_url` names it finds
these files in its own working folder.
"""

import io
import shutil
import tarfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from fmctl.sandbox.objects import Objects, ObsError

BUCKET = "fmctl-sandbox"


def url_of(image: Mapping[str, Any]) -> str:
    """How a job names an image."""
    return f"{image['namespace']}/{image['name']}:{image['tag']}"


def key_of(url: str) -> str:
    """Where an image is kept, whatever registry stands before its name."""
    *_, namespace, name = ("", *url.split("/"))
    return f"images/{namespace}/{name}.tar.gz"


def pack(objects: Objects, url: str, folder: Path) -> int:
    """Save the files of a folder as an image; says how many."""
    if not folder.is_dir():
        raise FileNotFoundError("there are none: the job has ended")
    packed, count = io.BytesIO(), 0
    with tarfile.open(fileobj=packed, mode="w:gz") as archive:
        for path, name in _files(folder):
            archive.add(path, name, recursive=False)
            count += 1
    packed.seek(0)
    with objects.background():
        objects.put(BUCKET, key_of(url), packed)
    return count


def unpack(objects: Objects, url: str, folder: Path) -> int | None:
    """Put the files of a saved image into a folder; None when no such image was saved here."""
    try:
        content = objects.open(BUCKET, key_of(url))
    except ObsError:
        return None
    count, home = 0, folder.resolve()
    with content, tarfile.open(fileobj=content, mode="r:gz") as archive:
        for member in archive:
            source, target = archive.extractfile(member), (home / member.name).resolve()
            if source is None or not target.is_relative_to(home):
                continue
            target.parent.mkdir(parents=True, exist_ok=True)
            with target.open("wb") as sink:
                shutil.copyfileobj(source, sink)
            target.chmod(member.mode)
            count += 1
    return count


def _files(folder: Path) -> Iterator[tuple[Path, str]]:
    """Regular files, with their names below the folder."""
    for path in sorted(folder.rglob("*")):
        if path.is_file() and not path.is_symlink():
            yield path, path.relative_to(folder).as_posix()
