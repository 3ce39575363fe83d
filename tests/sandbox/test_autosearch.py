"""Hyper-parameter search through Huawei's SDK: jobs whose trials really run, and what is told of them."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from typing import Any

import pytest

from fmctl.sandbox.server import Server

from .conftest import running
from .jobs import job, upload_code
from .sdk_surface import sdk_home
from .sdk_world import sdk_client
from .test_process_runner import until

SOURCE = """import argparse, pathlib, signal, sys, time
parser = argparse.ArgumentParser()
for name in ("lr", "layers", "train_url", "wait"):
    parser.add_argument("--" + name)
given = parser.parse_args()
lr, layers = float(given.lr), int(given.layers)
for epoch in (1, 2):
    print("loss=nan", "loss=9e999", "loss=1e200", "loss=.", sep=chr(10))
    print(f"epoch {epoch} loss={(lr - 0.3) ** 2 + 0.1 * layers + 0.5 / epoch:.6f} size={layers}", flush=True)
if given.train_url:
    pathlib.Path(given.train_url, "model.txt").write_text(f"{given.lr} {given.layers}")
def end(*_):
    time.sleep(0.2)
    print("saved what there was", flush=True)
    sys.exit(0)
if given.wait and lr > 0.5:
    signal.signal(signal.SIGTERM, end)
    time.sleep(60)
if lr < 0:
    raise SystemExit(3)
"""
LOSS = {"name": "loss", "mode": "min", "regex": r"loss=([0-9.ena]+)"}
SIZE = {"name": "size", "mode": "max", "regex": r"(?<=size=)\d+"}
LR = {"name": "lr", "param_type": "continuous", "lower_bound": "0", "upper_bound": "1"}
LAYERS = {"name": "layers", "param_type": "discrete", "discrete_values": ["1", "2"]}
OUT = {"name": "train_url", "remote": {"obs": {"obs_url": "/fmctl-demo/out/"}}}


def grid(steps: int) -> dict[str, Any]:
    """A search of so many rates, from 0 to 1, with 1 and 2 layers."""
    return searching([LR | {"discrete_points_num": str(steps)}, LAYERS], "grid_search")


def searching(parameters: list[dict[str, Any]], *names: str, **settings: object) -> dict[str, Any]:
    params = [{"key": key, "value": str(value), "type": "Integer"} for key, value in settings.items()]
    algorithms = [{"name": name, "params": params} for name in names]
    return {"reward_attrs": [LOSS, SIZE], "search_params": parameters, "algo_configs": algorithms}


class Searches:
    """Jobs that search, through the SDK's own methods."""

    def __init__(self, server: Server) -> None:
        from huaweicloudsdkmodelarts.v1 import model

        self.server = server
        self.client = sdk_client(server.info)
        self.model = model

    def start(self, name: str, auto_search: dict[str, Any], **changes: Any) -> str:
        policies = {"auto_search": auto_search}
        known = {"kind": "autosearch_job", "algorithm__policies": policies, "algorithm__outputs": [OUT]}
        body = job(name, **known | changes)
        made = self.client.create_training_job(self.model.CreateTrainingJobRequest(body=body))
        return str(made.metadata.id)

    def shown(self, job_id: str) -> Any:
        return self.ask("show_training_job_details", job_id)

    def ask(self, method: str, job_id: str, **query: Any) -> Any:
        name = "".join(word.capitalize() for word in method.split("_")) + "Request"
        return getattr(self.client, method)(getattr(self.model, name)(training_job_id=job_id, **query))

    def finish(self, name: str, auto_search: dict[str, Any], **changes: Any) -> str:
        job_id = self.start(name, auto_search, **changes)
        until(lambda: self.shown(job_id).status.phase in ("Completed", "Failed", "Abnormal"))
        return job_id

    def trials(self, job_id: str, **page: int) -> list[dict[str, Any]]:
        """The rows by the names of their columns, the config as it came: of that object the SDK makes text."""
        answer = self.ask("show_auto_search_trials", job_id, **page)
        header, raw = answer.items.header, answer.to_json_object()["items"]["data"]
        rows = _named(header, answer.items.data)
        assert all(isinstance(value, str) for row in rows for value in row.values())
        return [row | {"config": one["config"]} for row, one in zip(rows, _named(header, raw), strict=True)]


def _named(header: list[str], data: list[list[Any]]) -> list[dict[str, Any]]:
    return [dict(zip(header, row, strict=True)) for row in data]


@pytest.fixture(scope="module")
def searches(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Searches]:
    folder = tmp_path_factory.mktemp("search")
    with sdk_home(folder), running(Server(folder / "state")) as server:
        upload_code(server.sandbox, SOURCE)
        yield Searches(server)


@pytest.fixture(scope="module")
def searched(searches: Searches) -> str:
    """A search of six combinations that has ended."""
    return searches.finish("six", grid(3), algorithm__parameters=[{"name": "lr", "value": "9"}])


def test_every_combination_is_tried_once(searches: Searches, searched: str) -> None:
    """Each trial runs the job's code with values of its own, and is told with the rewards that it has logged."""
    trials = searches.trials(searched)

    assert searches.shown(searched).kind == "autosearch_job"
    assert [str(number) for number in range(6)] == [trial[""] for trial in trials]
    assert {(lr, layers) for lr in (0, 0.5, 1) for layers in (1, 2)} == {
        (trial["config"]["lr"], trial["config"]["layers"]) for trial in trials
    }
    for trial in trials:
        config = trial["config"]
        loss = (config["lr"] - 0.3) ** 2 + 0.1 * config["layers"] + 0.25
        assert float(trial["loss"]) == pytest.approx(loss, abs=1e-6)
        assert (trial["reward_attr"], trial["best_reward"]) == (trial["loss"], trial["loss"])
        assert (trial["done"], trial["status"], trial["training_iteration"]) == ("True", "TERMINATED", "2")
        assert float(trial["size"]) == config["param/layers"]


def test_a_job_shows_what_it_searches(searches: Searches, searched: str) -> None:
    """In the SDK's own types, as it was asked for."""
    found = searches.shown(searched).algorithm.policies.auto_search
    rate, layers = found.search_params

    assert [("loss", "min", LOSS["regex"]), ("size", "max", SIZE["regex"])] == [
        (one.name, one.mode, one.regex) for one in found.reward_attrs
    ]
    assert ("lr", "continuous", "0", "1", "3") == (
        rate.name,
        rate.param_type,
        rate.lower_bound,
        rate.upper_bound,
        rate.discrete_points_num,
    )
    assert ["grid_search"] == [one.name for one in found.algo_configs]
    assert ["1", "2"] == layers.discrete_values


def test_the_outputs_are_those_of_the_best_trial(searches: Searches, searched: str) -> None:
    """Of what the trials have left, the job's outputs are what the best of them has."""
    objects = searches.server.sandbox.objects
    best = min(searches.trials(searched), key=lambda trial: float(trial["loss"]))["config"]

    assert ["out/model.txt"] == [info.key for info in objects.list("fmctl-demo", "out/").objects]
    assert f"{best['lr']} {best['layers']}" == objects.get("fmctl-demo", "out/model.txt").decode()


def test_trials_come_in_pages_and_one_by_one(searches: Searches, searched: str) -> None:
    """The offset counts pages; one trial has a row for each time that it wrote its reward, the last of them done."""
    page = searches.ask("show_auto_search_trials", searched, limit=4, offset=1)
    trial = searches.trials(searched)[1]
    one = searches.ask("show_auto_search_per_trial", searched, trial_id=trial["trial_id"])
    rows = _named(one.header, one.data)

    assert (6, 2, 4, 1, "") == (page.total, page.count, page.limit, page.offset, page.group_by)
    assert ["4", "5"] == [row[0] for row in page.items.data]
    assert ["False", "True"] == [row["done"] for row in rows]
    assert ["1", "2"] == [row["training_iteration"] for row in rows]
    assert trial["loss"] == rows[1]["reward_attr"]
    assert float(rows[0]["loss"]) - float(rows[1]["loss"]) == pytest.approx(0.25)


def test_parameters_are_weighed(searches: Searches, searched: str) -> None:
    """The share of a parameter in the variance of rewards, and its deviation; its picture is an object in OBS."""
    analysis = searches.ask("show_auto_search_params_analysis", searched)
    means = {name: float(share.partition("/")[0]) for name, share in analysis.data}
    path = searches.ask("show_auto_search_param_analysis_result_path", searched, parameter_name="lr").file_path
    picture = ET.fromstring(searches.server.sandbox.objects.get(*path.removeprefix("/").split("/", 1)))

    assert ["parameters", "the mean/std of importance"] == analysis.header
    assert 1 >= means["lr"] > means["layers"] >= 0
    assert 6 == len(picture.findall("{http://www.w3.org/2000/svg}circle"))


def test_a_trial_is_stopped_early(searches: Searches) -> None:
    """The trial ends, what it has written counts, and the search goes on; a trial that has ended cannot be stopped."""
    from huaweicloudsdkcore.exceptions.exceptions import ClientRequestException

    parameters = [{"name": "wait", "value": "1"}]
    job_id = searches.start("stop", grid(2), algorithm__parameters=parameters)
    until(lambda: len(searches.trials(job_id)) == 3 and searches.trials(job_id)[2]["loss"] != "")
    going = [trial["trial_id"] for trial in searches.trials(job_id)]
    stopped = searches.ask("show_auto_search_trial_early_stop", job_id, trial_id=going[2])
    until(lambda: len(searches.trials(job_id)) == 4)
    trials = searches.trials(job_id)
    with pytest.raises(ClientRequestException) as refused:
        searches.ask("show_auto_search_trial_early_stop", job_id, trial_id=going[0])
    searches.ask("delete_training_job", job_id)

    assert going[2] == stopped.earlystop_trial
    assert ("True", "TERMINATED", "0.84") == (trials[2]["done"], trials[2]["status"], trials[2]["loss"][:4])
    assert ("False", "RUNNING") == (trials[3]["done"], trials[3]["status"])
    assert (409, "ModelArts.2796") == (refused.value.status_code, refused.value.error_code)


@pytest.mark.parametrize("name", ["bayes_opt_search", "tpe_search", "anneal_search", "random_search"])
def test_a_search_stays_within_its_bounds(searches: Searches, name: str) -> None:
    """Whatever the algorithm: as many trials as asked for, values within their bounds, whole numbers where declared."""
    bounds = {"name": "layers", "param_type": "continuous", "lower_bound": "1", "upper_bound": "4"}
    declared = [{"name": "layers", "value": "1", "constraint": {"type": "Integer"}}]
    auto_search = searching([LR, bounds], name, num_samples=7)
    configs = [
        trial["config"] for trial in searches.trials(searches.finish(name, auto_search, algorithm__parameters=declared))
    ]

    assert 7 == len(configs) == len({config["lr"] for config in configs})
    assert all(0 <= config["lr"] <= 1 and config["layers"] in (1, 2, 3, 4) for config in configs)


def test_what_is_excluded_is_not_tried(searches: Searches) -> None:
    """Combinations of skip_search_params are left out, also where only some of the values are named.

    The job has no outputs, and needs none to search.
    """
    auto_search = grid(3) | {"skip_search_params": '[{"layers": 2}, {"lr": "0.5", "layers": "1"}]'}
    configs = [
        trial["config"] for trial in searches.trials(searches.finish("skip", auto_search, algorithm__outputs=[]))
    ]

    assert [(0, 1), (1, 1)] == [(config["lr"], config["layers"]) for config in configs]


def test_a_trial_that_fails_is_not_the_best(searches: Searches) -> None:
    """It is told as an error and the search goes on; a search of nothing but failures is a job that has failed."""
    lr = {"name": "lr", "param_type": "discrete", "discrete_values": ["-1", "0"]}
    half = searches.finish("half", searching([lr, LAYERS], "grid_search"))
    bad = searches.finish("bad", searching([lr | {"discrete_values": ["-1"]}, LAYERS], "grid_search"))

    assert ["ERROR", "ERROR", "TERMINATED", "TERMINATED"] == [trial["status"] for trial in searches.trials(half)]
    assert ("Completed", "Failed") == (searches.shown(half).status.phase, searches.shown(bad).status.phase)


def test_a_stopped_search_has_no_trial_that_runs(searches: Searches) -> None:
    """Terminating the job ends the trial as well, which has its time to come to an end; no other one begins."""
    job_id = searches.start("end", grid(2), algorithm__parameters=[{"name": "wait", "value": "1"}])
    until(lambda: len(searches.trials(job_id)) == 3)
    action = searches.model.JobActionType(action_type="terminate")
    until(lambda: searches.trials(job_id)[2]["loss"] != "")
    searches.ask("stop_training_job", job_id, body=action)
    until(lambda: searches.shown(job_id).status.phase == "Terminated")
    log = searches.ask("show_training_job_logs_preview", job_id, task_id="worker-0").content

    assert ["True"] * 3 == [trial["done"] for trial in searches.trials(job_id)]
    assert "saved what there was" in log


def test_the_algorithms_are_listed_with_their_settings(searches: Searches) -> None:
    """Those of ModelArts have its names and defaults; all of them can be asked for with what is listed."""
    found = searches.client.show_search_algorithms(searches.model.ShowSearchAlgorithmsRequest())
    settings = {one.name: {item.key: (item.value, item.type) for item in one.params} for one in found.search_algo_list}

    assert found.search_algo_count == len(settings) == 5
    assert {"gamma", "n_initial_points", "num_samples", "seed"} == settings["tpe_search"].keys()
    assert {("ucb", "String"), ("2.5", "Float"), ("20", "Integer")} <= set(settings["bayes_opt_search"].values())


def test_each_algorithm_has_a_template(searches: Searches) -> None:
    """A YAML template that names the algorithm and its settings."""
    client, model = searches.client, searches.model
    (kind,) = client.show_auto_search_yaml_templates_info(model.ShowAutoSearchYamlTemplatesInfoRequest()).yaml_templates
    names = set()
    for name in kind.algorithm_names:
        where = {"algorithm_type": kind.algorithm_type_en, "algorithm_name": name}
        found = client.show_auto_search_yaml_template_content(model.ShowAutoSearchYamlTemplateContentRequest(**where))
        assert f"{name}.yaml" == found.file_name
        names |= set(re.findall(r"^search_algorithm:\n  type: (\w+)$", found.content, re.MULTILINE))

    listed = client.show_search_algorithms(model.ShowSearchAlgorithmsRequest()).search_algo_list
    assert names == {one.name for one in listed}


WRONG = [
    {"reward_attrs": []},
    {"reward_attrs": [LOSS | {"mode": "most"}]},
    {"reward_attrs": [LOSS, LOSS]},
    {"reward_attrs": [LOSS | {"regex": "("}]},
    {"reward_attrs": [LOSS | {"regex": "a{99999999999}"}]},
    {"search_params": []},
    {"search_params": [LR | {"lower_bound": "2"}]},
    {"search_params": [LR | {"upper_bound": "nan"}]},
    {"search_params": [LR | {"lower_bound": "-1e308", "upper_bound": "1e308"}]},
    {"search_params": [LR | {"param_type": "log"}]},
    {"search_params": [LR, LR]},
    {"search_params": [LAYERS | {"discrete_values": []}]},
    {"search_params": [LR], "algo_configs": [{"name": "grid_search"}]},
    {"algo_configs": []},
    {"algo_configs": [{"name": "luck"}]},
    {"algo_configs": [{"name": "tpe_search", "params": [{"key": "gamma", "value": "2"}]}]},
    {"algo_configs": [{"name": "tpe_search", "params": [{"key": "delta", "value": "2"}]}]},
    {"algo_configs": [{"name": "bayes_opt_search", "params": [{"key": "kind", "value": "x"}]}]},
    {"skip_search_params": "lr=1"},
    {"skip_search_params": "[" * 100_000},
]


@pytest.mark.parametrize("change", WRONG, ids=lambda change: str(change)[:60])
def test_a_search_that_cannot_be_run_is_refused(searches: Searches, change: dict[str, Any]) -> None:
    """What is wrong with it is said when the job is created."""
    from huaweicloudsdkcore.exceptions.exceptions import ClientRequestException

    with pytest.raises(ClientRequestException) as refused:
        searches.start("wrong", grid(2) | change)

    assert (400, "ModelArts.2788") == (refused.value.status_code, refused.value.error_code)


def test_a_job_of_this_kind_must_search(searches: Searches) -> None:
    """And what is told of searches is not told of other jobs."""
    from huaweicloudsdkcore.exceptions.exceptions import ClientRequestException

    with pytest.raises(ClientRequestException) as refused:
        searches.start("none", {})
    body = searches.model.CreateTrainingJobRequest(body=job("plain"))
    plain = searches.client.create_training_job(body).metadata.id
    with pytest.raises(ClientRequestException) as other:
        searches.trials(plain)

    assert ("ModelArts.2788", "ModelArts.2858") == (refused.value.error_code, other.value.error_code)
