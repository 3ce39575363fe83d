"""Saves images of jobs: INIT → CREATING → ACTIVE | CREATE_FAILED, by itself and in a thread."""

import logging
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

from fmctl.sandbox.account import Account
from fmctl.sandbox.images import BUCKET, key_of, pack, url_of
from fmctl.sandbox.store import Document

COLLECTION = "saved_images"
INIT, CREATING, ACTIVE, FAILED = "INIT", "CREATING", "ACTIVE", "CREATE_FAILED"
UNFINISHED = (INIT, CREATING)
STEP_SECONDS = 0.3
"""How long each state lasts at least, so that a watcher can see it."""
log = logging.getLogger(__name__)


class Images:
    """The images that were saved, by job and task."""

    def __init__(self, sandbox: Account) -> None:
        self._sandbox = sandbox
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="image")
        self._packing: dict[str, Future[int]] = {}

    def recover(self) -> None:
        """The job of an image that was not finished is gone."""
        for image in self._sandbox.store.find(COLLECTION, states=UNFINISHED):
            self._enter(image, FAILED, "The sandbox was restarted.")

    def get(self, task: str) -> Document | None:
        """The image of a task, `<job id>/<task>`."""
        return self._sandbox.store.get(COLLECTION, task)

    def begin(self, task: str, folder: Path, named: Document) -> Document:
        """Save what is in a folder under a name; returns at once."""
        now = self._sandbox.clock.now()
        image = {"task": task, "folder": str(folder), "status": INIT, "message": "", "since": now} | named
        image["create_time"] = round(now * 1000)
        self._save(image)
        return image

    def tick(self) -> None:
        now = self._sandbox.clock.now()
        for image in self._sandbox.store.find(COLLECTION, states=UNFINISHED):
            if now - image["since"] >= STEP_SECONDS:
                self._advance(image)

    def close(self) -> None:
        self._pool.shutdown(cancel_futures=True)

    def _advance(self, image: Document) -> None:
        task = image["task"]
        if image["status"] == INIT:
            self._packing[task] = self._pool.submit(pack, self._sandbox.objects, url_of(image), Path(image["folder"]))
            self._enter(image, CREATING)
        elif self._packing[task].done():
            packed = self._packing.pop(task)
            if error := packed.exception():
                log.warning("the image of %s was not saved: %s", task, error)
                self._enter(image, FAILED, f"The files cannot be read: {error}")
            else:
                self._enter(image, ACTIVE, f"{packed.result()} files are saved in /{BUCKET}/{key_of(url_of(image))}.")

    def _enter(self, image: Document, status: str, message: str = "") -> None:
        self._save(image | {"status": status, "message": message, "since": self._sandbox.clock.now()})

    def _save(self, image: Document) -> None:
        self._sandbox.store.put(COLLECTION, image["task"], image, state=image["status"])
