"""Resolve: canonical forms, hashes, digests, edges and their order."""

from __future__ import annotations

import hashlib
import random
from pathlib import Path
from typing import Any

import pytest
import yaml
from declared import Manifest, job, model, resource, resources, service
from hypothesis import given
from hypothesis import strategies as st

from fmctl.domain.problem import ManifestError, UsageError
from fmctl.domain.resource import ResourceId
from fmctl.folders import digest, files
from fmctl.kinds import KINDS

WHOLE_JOB = """
apiVersion: fmctl/v1
kind: TrainingJob
metadata: {name: digits-train}
spec:
  task: finetune
  description: All that a job can say
  algorithm:
    code: obs://fmctl-demo/code/
    bootFile: train.py
    engine: {name: PyTorch, version: pytorch_2.1.0-cann_7.0.0-py_3.9-euler_2.10.7-aarch64}
  parameters: {epochs: 3, lr: 1e-4, momentum: 0.90, nesterov: true}
  env: {LOG_LEVEL: info, DB_PASSWORD: {valueFrom: {env: DB_PASSWORD}}}
  inputs:
    - {name: data_url, from: obs://fmctl-demo/data/}
    - {name: base_url, from: obs://fmctl-demo/base/weights.bin}
  outputs: [{name: train_url, to: obs://fmctl-demo/out/}]
  resources: {pool: pool-1, devices: 8, nodes: 2}
  volumes: [{server: "10.0.0.8:/", path: /mnt/sfs, readOnly: true}]
  logs: obs://fmctl-demo/logs/
  maxDuration: 2h
  priority: 2
  retries: {infra: 3, user: 1}
  rerun: "2"
"""
WHOLE_MODEL = """
apiVersion: fmctl/v1
kind: ModelVersion
metadata: {name: digits-1-0-0}
spec:
  model: digits
  version: 1.0.0
  description: Reads digits
  type: PyTorch
  runtime: pytorch_1.8.0-cpu-py_3.7
  source: {jobRef: digits-train, output: train_url}
  config: {apis: [{url: /, method: post}]}
"""
WHOLE_SERVICE = """
apiVersion: fmctl/v1
kind: Service
metadata: {name: digits, labels: {team: vision}}
spec:
  serviceName: Digits_Prod
  description: Reads digits
  models:
    - {modelRef: digits-1-0-0, weight: 100, resources: {cpu: 8, memory: 32Gi, npu: 1}, instances: 2, env: {LEVEL: info}}
  autoStop: 2h
  pool: pool-1
"""

# The test vectors of the hashes. They are a public interface: live names and markers hold them. When one of them has
# to change, a new hash function is added to HASHES and these values go on as the vectors of the old one.
VECTORS = {
    "TrainingJob/digits-train": ("31dfbbb748", "5b670ee8a5"),
    "ModelVersion/digits-1-0-0": ("73d13bc5b1", "297c40b050"),
    "Service/digits": ("04bda70699", "04bda70699"),
}


def test_hashes_are_as_published() -> None:
    """The same manifests have the same hashes in every release of fmctl."""
    found = {str(r.id): (r.hash, r.marker) for r in resources(WHOLE_JOB, WHOLE_MODEL, WHOLE_SERVICE)}

    assert VECTORS == found


def test_a_hash_is_that_of_canonical_json() -> None:
    """Anybody can compute a hash: SHA-256 over JSON with sorted keys and no spaces, its first ten hex digits."""
    form = (
        '{"kind":"Service","labels":{"team":"vision"},"name":"digits","spec":{"autoStop":7200,'
        '"description":"Reads digits","models":[{"env":{"LEVEL":"info"},"instances":2,"modelRef":"%s",'
        '"resources":{"cpu":8.0,"memory":32768,"npu":1},"weight":100}],"pool":"pool-1","serviceName":"Digits_Prod"}}'
    )
    _, version, live = resources(WHOLE_JOB, WHOLE_MODEL, WHOLE_SERVICE)

    assert hashlib.sha256((form % version.hash).encode()).hexdigest()[:10] == live.marker


def test_a_digest_is_as_published(tmp_path: Path) -> None:
    """The digest of a folder is what `sha256sum` prints for its files in order, hashed again."""
    (tmp_path / "sub").mkdir()
    (tmp_path / "b.txt").write_bytes(b"two\n")
    (tmp_path / "a.txt").write_bytes(b"one\n")
    (tmp_path / "sub" / "ä.bin").write_bytes(b"\x00\xff")
    # sha256sum a.txt b.txt sub/ä.bin | sha256sum
    vector = "a0a87307db3b94ec898aad0bf1896f0e84120672edd0096f15f3f4ae01c25cf0"

    found = digest(tmp_path, "./folder")

    assert (vector, 3, 10) == (found.digest, found.files, found.size)


# ------------------------------------------------------------------ canonical form

SAME: dict[str, tuple[Manifest, Manifest]] = {
    "60m is 1h": (job(maxDuration="60m"), job(maxDuration="1h")),
    "1d is 24h": (job(maxDuration="1d"), job(maxDuration="24h")),
    "a folder of code needs no slash": (
        job(algorithm={**job()["spec"]["algorithm"], "code": "obs://fmctl-demo/code"}),
        job(algorithm={**job()["spec"]["algorithm"], "code": "obs://fmctl-demo/code//"}),
    ),
    "a folder of outputs needs no slash": (
        job(outputs=[{"name": "o", "to": "obs://fmctl-demo/out"}]),
        job(outputs=[{"name": "o", "to": "obs://fmctl-demo/out/"}]),
    ),
    "a default says nothing": (
        job(retries={"infra": 2, "user": 0}, onSpecChange="error", state="running", task="train"),
        job(),
    ),
    "one node is the default": (job(resources={"flavor": "f", "nodes": 1}), job(resources={"flavor": "f"})),
    "an empty list says nothing": (job(inputs=[], volumes=[], parameters={}), job()),
    "{value: x} is x": (job(env={"A_TOKEN": {"value": "x"}}), job(env={"A_TOKEN": {"value": "x"}}, retries={})),
    "a service's minutes": (service(autoStop="120m"), service(autoStop="2h")),
    "memory in Gi or Mi": (
        service("s", {"modelId": "m", "weight": 100, "resources": {"cpu": 1, "memory": "1Gi"}}, pool="p"),
        service("s", {"modelId": "m", "weight": 100, "resources": {"cpu": 1, "memory": "1024Mi"}}, pool="p"),
    ),
    "one instance is the default": (
        service("s", {"modelId": "m", "weight": 100, "flavor": "f", "instances": 1}),
        service("s", {"modelId": "m", "weight": 100, "flavor": "f"}),
    ),
    "the path to the whole output": (
        model(source={"from": "obs://fmctl-demo/digits"}),
        model(source={"from": "obs://fmctl-demo/digits/"}),
    ),
}


@pytest.mark.parametrize(("one", "other"), SAME.values(), ids=SAME.keys())
def test_two_spellings_of_one_thing_have_one_hash(one: Manifest, other: Manifest) -> None:
    """What means the same has the same canonical form, and so the same hashes."""
    needed = [model()] if one["kind"] == "Service" and "modelRef" in one["spec"]["models"][0] else []
    first, second = resource(*needed, one), resource(*needed, other)

    assert (first.hash, first.marker) == (second.hash, second.marker)


def text(parameter: str) -> str:
    """A job as a user writes it, since the text of a scalar is the value."""
    return f"""
apiVersion: fmctl/v1
kind: TrainingJob
metadata: {{name: train}}
spec:
  algorithm: {{image: org/img:1, command: python train.py}}
  resources: {{flavor: modelarts.vm.cpu.2u}}
  parameters: {{lr: {parameter}}}
"""


@pytest.mark.parametrize(("one", "other"), [("0.1", "0.10"), ("1e-4", "0.0001"), ("true", "True"), ("1", "1.0")])
def test_parameters_are_text(one: str, other: str) -> None:
    """Two texts are two values, since the program sees the text."""
    assert resource(text(one)).hash != resource(text(other)).hash


@pytest.mark.parametrize("quoted", ['"0.10"', "'0.10'"])
def test_quotes_are_not_part_of_a_parameter(quoted: str) -> None:
    """A number in quotes and the same number without are one text."""
    assert resource(text("0.10")).hash == resource(text(quoted)).hash


names = st.from_regex(r"[a-z][a-z0-9_]{0,8}", fullmatch=True)
values = st.text("abcdefghij0123456789._-", min_size=1, max_size=12)
keys = st.from_regex(r"[a-z0-9][a-z0-9_.]{0,9}(/[a-z0-9][a-z0-9_.]{0,9}){0,2}/?", fullmatch=True)


def shuffled(value: Any, chance: random.Random) -> Any:
    """The same mapping with its keys in another order, all the way down."""
    if isinstance(value, dict):
        items = list(value.items())
        chance.shuffle(items)
        return {key: shuffled(item, chance) for key, item in items}
    return [shuffled(item, chance) for item in value] if isinstance(value, list) else value


@given(
    st.dictionaries(names, values, max_size=5),
    st.dictionaries(names, keys, max_size=4),
    st.dictionaries(names, keys, max_size=3),
    st.randoms(use_true_random=False),
)
def test_order_is_no_content(
    parameters: dict[str, str], inputs: dict[str, str], outputs: dict[str, str], chance: random.Random
) -> None:
    """Neither the order of keys nor that of inputs and outputs is in a hash."""
    come = [{"name": name, "from": f"obs://fmctl-demo/{key}"} for name, key in inputs.items()]
    go = [{"name": name, "to": f"obs://fmctl-demo/{name}/{key}"} for name, key in outputs.items()]
    one = job(parameters=parameters, inputs=come, outputs=go)
    other = shuffled(job(parameters=parameters, inputs=come[::-1], outputs=go[::-1]), chance)

    assert resource(one).hash == resource(other).hash


@given(st.dictionaries(names, values, min_size=1, max_size=5), st.data())
def test_every_parameter_is_content(parameters: dict[str, str], data: st.DataObject) -> None:
    """Another value, another name, or one parameter less is another run."""
    name = data.draw(st.sampled_from(sorted(parameters)))
    without = {key: value for key, value in parameters.items() if key != name}
    hashes = {
        resource(job(parameters=changed)).hash
        for changed in (parameters, without, {**parameters, name: parameters[name] + "x"}, {**without, name + "x": "1"})
    }

    assert 4 == len(hashes)


# ------------------------------------------------------------------ what is in a hash, and what is not

OUTSIDE: dict[str, Any] = {
    "task": "evaluate",
    "description": "other words",
    "state": "stopped",
    "retries": {"user": 3},
    "onSpecChange": "runAfter",
    "deletionPolicy": "Delete",
    "maxDuration": "5h",
    "logs": "obs://fmctl-demo/logs/",
    "ignoreDifferences": ["spec.priority"],
}


@pytest.mark.parametrize("field", OUTSIDE)
def test_what_the_result_does_not_depend_on_is_in_the_marker_alone(field: str) -> None:
    """Such an edit starts no run, and yet it shows."""
    before, after = resource(job()), resource(job(**{field: OUTSIDE[field]}))

    assert before.hash == after.hash
    assert before.marker != after.marker


def test_priority_and_requires_are_outside_the_hash_too() -> None:
    """When a run starts is not what it computes."""
    pool = {"pool": "p", "devices": 1}
    first = resource(job(resources=pool))
    second = resource(job("other"), job(resources=pool, priority=3, requires=["other"]))

    assert first.hash == second.hash
    assert first.marker != second.marker


def test_labels_are_in_the_marker_alone() -> None:
    """Labels are what the user set, and no content."""
    labelled = job()
    labelled["metadata"] = {"name": "train", "labels": {"team": "vision"}}

    assert resource(job()).hash == resource(labelled).hash
    assert resource(job()).marker != resource(labelled).marker


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("algorithm", {"image": "org/img:1", "command": "python train.py"}),
        ("env", {"A": "b"}),
        ("inputs", [{"name": "data", "from": "obs://fmctl-demo/data/"}]),
        ("resources", {"flavor": "modelarts.vm.cpu.8u"}),
        ("volumes", [{"server": "10.0.0.8:/", "path": "/mnt/sfs"}]),
        ("rerun", "1"),
        ("outputs", [{"name": "train_url", "to": "obs://fmctl-demo/elsewhere/"}]),
    ],
)
def test_what_the_result_depends_on_is_in_the_run_hash(field: str, value: Any) -> None:
    """Such an edit is another run."""
    assert resource(job()).hash != resource(job(**{field: value})).hash


def test_the_name_is_in_the_hash() -> None:
    """Two jobs of one content are two jobs."""
    assert resource(job("one")).hash != resource(job("two")).hash


def test_a_secret_counts_by_its_reference() -> None:
    """A hash holds where a secret comes from; whose value it has nobody knows at plan time."""
    one = resource(job(env={"DB_PASSWORD": {"valueFrom": {"env": "A"}}}))
    other = resource(job(env={"DB_PASSWORD": {"valueFrom": {"env": "B"}}}))

    assert one.hash != other.hash


def test_a_reference_is_the_hash_of_what_it_points_to() -> None:
    """A change of the first job is a change of all that is made of it, known at plan time."""
    chain = [model(source={"jobRef": "train", "output": "train_url"}), service()]
    before = resources(job(), *chain)
    after = resources(job(parameters={"lr": "1"}), *chain)

    assert all(one.hash != other.hash for one, other in zip(before, after, strict=True))


def test_an_edit_outside_the_hash_stops_at_its_resource() -> None:
    """What is made of a job does not change when only the job's description does."""
    chain = [model(source={"jobRef": "train", "output": "train_url"}), service()]
    before = resources(job(), *chain)[1:]
    after = resources(job(description="other words"), *chain)[1:]

    assert [(r.hash, r.marker) for r in before] == [(r.hash, r.marker) for r in after]


def test_use_run_stands_for_the_hash() -> None:
    """What is made of an adopted run depends on the name of that run, whatever is declared beside it."""
    follower = job("second", inputs=[{"name": "m", "jobRef": "train", "output": "train_url"}])
    first, second = (
        resource({**job(), "spec": {"useRun": run, "outputs": job()["spec"]["outputs"]}}, follower)
        for run in ("job-a", "job-b")
    )

    assert first.hash != second.hash


def test_a_model_is_marked_with_its_hash() -> None:
    """Nothing can be rewritten on a published version, so its marker holds what can never change."""
    made = resource(model(description="words"))

    assert made.hash == KINDS["ModelVersion"].marker(made, "demo").hash


def test_the_hash_before_a_rerun_is_remembered() -> None:
    """A new value of rerun is told apart from a new content by the hashes of its earlier values."""
    plain, first, second = (resource(job(**({"rerun": value} if value else {}))) for value in ("", "1", "2"))

    assert {plain.hash, first.hash} <= second.older
    assert resource(job(parameters={"lr": "2"})).hash not in second.older


# ------------------------------------------------------------------ order


def test_resources_come_after_what_they_need() -> None:
    """The order is that of the references, whatever the order of the files."""
    declared = [service(), model(source={"jobRef": "b", "output": "train_url"}), job("b", requires=["a"]), job("a")]
    found = resources(*declared)

    assert ["TrainingJob/a", "TrainingJob/b", "ModelVersion/digits-1-0-0", "Service/digits"] == [
        str(r.id) for r in found
    ]
    assert (ResourceId("TrainingJob", "a"),) == found[1].needs


@given(st.permutations(range(6)))
def test_the_order_of_files_does_not_matter(order: list[int]) -> None:
    """Every order of the same documents gives the same resources in the same order."""
    chain = [job("a"), job("b", requires=["a"]), job("c", requires=["a"]), job("d", requires=["b", "c"]), model()]
    declared = [*chain, service()]

    assert resources(*declared) == resources(*(declared[index] for index in order))


def test_a_cycle_is_printed() -> None:
    """References that form a cycle are a mistake, told at the first of them with the whole way."""
    with pytest.raises(ManifestError) as caught:
        resources(job("a", requires=["c"]), job("b", requires=["a"]), job("c", requires=["b"]))
    [problem] = caught.value.problems
    line = yaml.safe_dump(job("a", requires=["c"]), sort_keys=False).splitlines()[problem.source.line - 1]

    assert "TrainingJob/a -> TrainingJob/c -> TrainingJob/b -> TrainingJob/a" in problem.message
    assert ("FM0401", "- c") == (problem.rule, line.strip())


def test_long_chains_are_no_trouble() -> None:
    """A chain is as long as its users like, beyond what recursion could follow."""
    chain = [job("j0"), *(job(f"j{n}", requires=[f"j{n - 1}"]) for n in range(1, 1200))]

    assert "j1199" == resources(*chain)[-1].name


# ------------------------------------------------------------------ folders


def tree(root: Path, **content: str) -> Path:
    """Files by name, with ``__`` for a slash."""
    for name, body in content.items():
        path = root / name.replace("__", "/").replace("_dot_", ".")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(body)
    return root


def test_a_digest_is_content_and_names_alone(tmp_path: Path) -> None:
    """Modes and times are nobody's content; a byte and a name are."""
    first = digest(tree(tmp_path / "a", x="1", sub__y="2"), "a").digest
    second = tree(tmp_path / "b", sub__y="2", x="1")
    (second / "x").chmod(0o755)

    assert first == digest(second, "b").digest
    assert first != digest(tree(tmp_path / "c", x="1", sub__y="3"), "c").digest
    assert first != digest(tree(tmp_path / "d", x="1", sub__z="2"), "d").digest


def test_some_files_are_always_ignored(tmp_path: Path) -> None:
    """What tools leave behind is no content."""
    root = tree(tmp_path, a="1", _dot_git__HEAD="x", __pycache__x="")
    tree(root / "__pycache__", a_dot_pyc="x")
    tree(root / ".ipynb_checkpoints", a="x")
    (root / "b.pyc").write_text("x")
    (root / ".DS_Store").write_text("x")

    assert "a" in files(root)
    assert not {"b.pyc", ".DS_Store", ".git/HEAD", "__pycache__/a.pyc", ".ipynb_checkpoints/a"} & set(files(root))


def test_fmctlignore_is_a_gitignore(tmp_path: Path) -> None:
    """`.fmctlignore` decides as `.gitignore` would, and is content itself."""
    root = tree(tmp_path, keep="1", drop_dot_log="1", data__big="1", data__small="1")
    (root / ".fmctlignore").write_text("*.log\ndata/*\n!data/small\n")

    assert [".fmctlignore", "data/small", "keep"] == list(files(root))


def test_links_inside_are_followed(tmp_path: Path) -> None:
    """A symbolic link that stays inside the folder is what it points to."""
    root = tree(tmp_path, real__x="1")
    (root / "alias").symlink_to(root / "real")
    (root / "y").symlink_to("real/x")

    assert ["alias/x", "real/x", "y"] == list(files(root))


@pytest.mark.parametrize("target", ["../outside", "nowhere", "."])
def test_links_that_leave_dangle_or_loop_are_told(tmp_path: Path, target: str) -> None:
    """A link out of the folder, to nothing or to itself has no content that could be uploaded."""
    (tmp_path / "outside").mkdir()
    root = tree(tmp_path / "root", a="1")
    (root / "link").symlink_to(target)

    with pytest.raises(UsageError, match="symbolic link"):
        files(root)


def test_a_folder_that_is_not_there_is_a_problem_with_a_place(tmp_path: Path) -> None:
    """A local folder that cannot be read is told like every other mistake in a manifest."""
    manifest = job(algorithm={**job()["spec"]["algorithm"], "code": "./nowhere"})
    with pytest.raises(ManifestError) as caught:
        resource(manifest, file=str(tmp_path / "job.yaml"))

    assert [("FM0203", 7)] == [(problem.rule, problem.source.line) for problem in caught.value.problems]


def test_a_local_folder_counts_by_its_content(tmp_path: Path) -> None:
    """Where a folder stands is not content; what is in it is."""
    for name, body in (("one", "1"), ("two", "1"), ("three", "2")):
        tree(tmp_path / name / "code", train_dot_py=body)
    hashes = [
        resource(
            job(algorithm={**job()["spec"]["algorithm"], "code": "./code"}), file=str(tmp_path / name / "job.yaml")
        ).hash
        for name in ("one", "two", "three")
    ]

    assert hashes[0] == hashes[1] != hashes[2]
