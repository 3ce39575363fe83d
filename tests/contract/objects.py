"""The conversation about objects that fmctl itself would hold: written, listed, read."""

from __future__ import annotations

from .sdk_door import obs_client
from .site import Site
from .talk import Talk

NAMES = ("a.txt", "b/c d.txt", "b/e+f.txt", "ü/ß.txt")


def hold(talk: Talk) -> Talk:
    """What fmctl does with objects, through both clients."""
    folder, shelf = f"objects-{talk.door.name}/", talk.door.shelf()
    try:
        for name in NAMES:
            shelf.put(folder + name, name.encode())
        talk.keep("listed", {key.removeprefix(folder): found for key, found in shelf.list(folder).items()})
        talk.keep("read", {name: shelf.get(folder + name) for name in NAMES})
        talk.keep("absent", shelf.get(folder + "none"))
        talk.keep("elsewhere", shelf.list(folder + "none/"))
        shelf.put(folder + "a.txt", b"second")
        talk.keep("read again", shelf.get(folder + "a.txt"))
    finally:
        empty(talk.site, folder)
    talk.keep("left", shelf.list(folder))
    return talk


def empty(site: Site, folder: str) -> None:
    """Delete all objects below a folder of ours."""
    obs = obs_client(site)
    found = obs.listObjects(site.bucket, prefix=site.folder + folder)
    for item in found.body.contents if found.status < 300 else ():
        obs.deleteObject(site.bucket, item.key)
    obs.close()
