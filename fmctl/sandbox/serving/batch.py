"""Batch services: a run reads the input from OBS, asks the model about it, and writes the answers to OBS.

Below dest_path a run leaves `infer-result-<service id>.manifest`, with a line for each file of the input, and the
folder `infer-result-<service id>/` with a `<file>_result.txt` for each. It fails when it failed for any of the files.
"""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import Any

from fmctl.sandbox.models.locations import parse_folder
from fmctl.sandbox.objects import Objects, ObsError
from fmctl.sandbox.serving.batch_inputs import BadInput, Source, requests, sources
from fmctl.sandbox.serving.instances import Answer, Instance, InstanceLost, InstanceTooSlow, Query
from fmctl.sandbox.serving.traffic import Traffic

TIMEOUT = 120.0
ATTEMPTS = 3  # an instance that ends takes its request with it: another one is asked
PAUSE = 0.05
BUSY = 4  # files at a time

log = logging.getLogger(__name__)

Element = Mapping[str, Any]
Service = Mapping[str, Any]
Hold = Callable[[Any, Any], Instance | None]
Take = Callable[[], Instance | None]
Record = Callable[[bool], None]


class _Cancelled(Exception):
    """Nobody waits for the run any more."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a run ended: how many files it read, and why it failed, if it did."""

    files: int = 0
    failure: str = ""


class BatchRun:
    """One run, in a thread of its own. `take` hands out an instance that answers, `record` counts a request."""

    def __init__(self, objects: Objects, service_id: str, element: Element, take: Take, record: Record) -> None:
        self.outcome: Outcome | None = None
        self._objects = objects
        self._service_id = service_id
        self._element = element
        self._take = take
        self._record = record
        self._cancelled = threading.Event()
        self._thread = threading.Thread(target=self._main, name=f"batch {service_id}", daemon=True)
        self._thread.start()

    def cancel(self) -> None:
        """End it without results; requests that are on their way are not waited for."""
        self._cancelled.set()

    def join(self) -> None:
        """Wait for its end."""
        self._thread.join()

    def _main(self) -> None:
        with self._objects.background():
            try:
                self.outcome = self._run()
            except _Cancelled:
                pass
            except (BadInput, ObsError) as error:
                self.outcome = Outcome(failure=str(error))
            except Exception:
                log.exception("the run of batch service %s was lost", self._service_id)
                self.outcome = Outcome(failure="The sandbox failed to run the service; its log says more.")

    def _run(self) -> Outcome:
        found = sources(self._objects, self._element)
        if not found:
            message = f"there is nothing at {self._element['src_path']}"
            raise BadInput(message)
        with ThreadPoolExecutor(min(int(self._element["instance_count"]), BUSY)) as pool:
            lines = [*pool.map(self._line, found)]
        self._write(".manifest", "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines).encode())
        failed = [line for line in lines if line["result"] == "FAILED"]
        why = f"{len(failed)} of {len(lines)} files failed; {failed[0]['source']}: " if failed else ""
        return Outcome(len(lines), why + str(failed[0]["error_message"]) if failed else "")

    def _line(self, source: Source) -> dict[str, str]:
        """What the manifest says of one file; its answers are stored, as far as there are any."""
        answers, failure = [], ""
        with self._objects.background():
            try:
                for query in requests(self._element, source, self._objects.get(source.bucket, source.key)):
                    answer = self._ask(query)
                    answers.append(answer.body)
                    failure = failure or _failure(answer)
            except (BadInput, ObsError) as error:
                failure = str(error)
            address = self._write(f"/{source.name}_result.txt", b"\n".join(answers)) if answers else ""
        if failure:
            return {"source": source.url, "result": "FAILED", "error_message": failure}
        return {"source": source.url, "result": "SUCCESSFUL", "inference-loc": address}

    def _ask(self, query: Query) -> Answer:
        for instance in self._instances():
            failed = True
            try:
                answer = instance.send(query, TIMEOUT)
                failed = answer.status >= 400
                return answer
            except InstanceTooSlow as error:
                message = f"the model did not answer within {TIMEOUT:.0f} seconds"
                raise BadInput(message) from error
            except InstanceLost:
                log.info("an instance of batch service %s ended before it answered", self._service_id)
            finally:
                instance.release()
                self._record(failed)
        message = f"{ATTEMPTS} instances ended before they answered"
        raise BadInput(message)

    def _instances(self) -> Iterator[Instance]:
        """As many as may be tried, each when it is ready."""
        for _ in range(ATTEMPTS):
            while (instance := self._take()) is None:
                if self._cancelled.wait(PAUSE):
                    raise _Cancelled
            if self._cancelled.is_set():
                instance.release()
                raise _Cancelled
            yield instance

    def _write(self, name: str, content: bytes) -> str:
        bucket, prefix = parse_folder(self._element["dest_path"])
        key = f"{prefix}infer-result-{self._service_id}{name}"
        self._objects.put(bucket, key, content)
        return f"obs://{bucket}/{key}"


class Batches:
    """The runs that are under way, one for each service. `hold` finds an instance of an element of a service."""

    def __init__(self, objects: Objects, hold: Hold, traffic: Traffic) -> None:
        self._objects = objects
        self._hold = hold
        self._traffic = traffic
        self._runs: dict[str, BatchRun] = {}

    def run(self, service: Service, element: Element) -> BatchRun:
        """The run of a service, begun now unless it was before."""
        service_id, model_id = service["service_id"], element["model_id"]

        def record(failed: bool) -> None:
            self._traffic.record(service_id, model_id, failed=failed)

        if service_id not in self._runs:
            take = partial(self._hold, service, element)
            self._runs[service_id] = BatchRun(self._objects, service_id, element, take, record)
        return self._runs[service_id]

    def end(self, service_id: str) -> None:
        """Whether it is over or not."""
        if run := self._runs.pop(service_id, None):
            run.cancel()

    def close(self) -> None:
        """End all runs, and wait until they are."""
        runs = [*self._runs.values()]
        for run in runs:
            run.cancel()
        for run in runs:
            run.join()


def _failure(answer: Answer) -> str:
    return "" if answer.status < 400 else f"{answer.status} {answer.body.decode(errors='replace')[:500]}"
