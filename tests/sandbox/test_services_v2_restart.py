"""A server that was killed: services of the second generation come back where they were, as the SDK sees them."""

import os
import signal
from pathlib import Path
from typing import Any

import httpx

from fmctl.sandbox import Sandbox

from .sdk_surface import sdk_home
from .sdk_world import sdk_client
from .services_v2_sdk import Sdk
from .services_v2_world import group, runtime, service, unit, upload_program
from .test_model_service import until
from .test_server import served
from .test_serving_restart import is_gone

OPEN = {"runtime_config": runtime(auth_type="NONE")}


def judge(info: dict[str, Any]) -> Sdk:
    from huaweicloudsdkmodelarts.v1 import model

    return Sdk(sdk_client(info), model)


def ask(found: Any) -> dict[str, Any]:
    answer = httpx.post(found.predict_url[0].urls[0], content="7", trust_env=False)
    return {"url": found.predict_url[0].urls[0], **answer.json()}


def test_services_come_back_after_a_kill_of_the_server(tmp_path: Path) -> None:
    """What was up is up again at the same address, in new processes; an update goes on, what was stopped stays so."""
    sandbox = Sandbox(tmp_path)
    upload_program(sandbox)
    sandbox.close()
    with sdk_home(tmp_path):
        with served(tmp_path) as (process, info):
            sdk = judge(info)
            up, stopped = sdk.running(**OPEN), sdk.running(name="stopped")
            key = sdk.create_key("app", "USER")["api_key"]
            sdk("stop_infer_service", service_id=stopped.id)
            sdk.settled(stopped.id)
            updating = sdk.running(name="updating", runtime_config=runtime(auth_type="API_KEY"))
            before = ask(up)
            newer = {"version": "1.0.1", "group_configs": [group(unit(envs={"VERSION": "two"}))]}
            sdk("update_infer_service", service_id=updating.id, body=newer)
            os.kill(process.pid, signal.SIGKILL)
            process.wait()
        until(lambda: is_gone(before["pid"]))
        with served(tmp_path) as (_, info):
            sdk = judge(info)
            after = ask(sdk.settled(up.id))
            moved = sdk.settled(updating.id)
            answer = httpx.post(moved.predict_url[0].urls[0], content="7", headers={"Authorization": key})
            rested = sdk("show_infer_service", service_id=stopped.id).status
            second = sdk.refused("create_infer_service", body=service(name="stopped"))

    assert (after["url"], after["pid"] != before["pid"]) == (before["url"], True)
    assert (moved.version.version, answer.json()["version"], rested) == ("1.0.1", "two", "STOPPED")
    assert second == (409, "ModelArts.3503")
