"""Commands as one types them, at the end of each ``--help`` and in the reference; and what other programs call them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

EXAMPLES: Mapping[str, Mapping[str, str]] = {
    "init": {"fmctl init my-set": "a folder with a set that works as it is"},
    "validate": {
        "fmctl validate -f manifests/": "every mistake, each with its place",
        "fmctl validate -f manifests/ --overlay prod": "as it will be in production",
    },
    "render": {
        "fmctl render -f manifests/ --overlay prod": "what is left when all is merged",
        "fmctl render -f manifests/ -l stage=train": "of some of it",
    },
    "explain": {
        "fmctl explain TrainingJob": "what a job may say",
        "fmctl explain TrainingJob.spec.inputs": "one field of it, with an example",
        "fmctl explain bootFile": "a field, wherever it is",
        "fmctl explain fmctl.yaml.policy": "a field of the project file",
        "fmctl explain FM0203": "a rule: its cause, what to do, an example",
    },
    "diff": {
        "fmctl diff -f manifests/": "what apply would do",
        "fmctl diff -f manifests/ --full": "with every field that changes",
        "fmctl diff -f manifests/ --target 'Service/*'": "of the services, and of what they need",
        "fmctl diff -f manifests/ --out plan.json": "to be applied as it is: fmctl apply --plan plan.json",
        "fmctl diff -f manifests/ -o text -o json=plan.json": "for people and for programs",
    },
    "apply": {
        "fmctl apply -f manifests/": "do what diff shows, and wait",
        "fmctl apply -f manifests/ --overlay prod": "with the differences of production",
        "fmctl apply -f manifests/ --prune -y": "remove what is no longer declared, too",
        "fmctl apply -f manifests/ --timeout 5h": "then leave the runs running and exit 9",
        "fmctl apply --plan plan.json": "exactly the plan that was reviewed",
    },
    "get": {
        "fmctl get": "all that carries a marker",
        "fmctl get Service -o wide": "services, with their addresses",
        "fmctl get -f manifests/ -w": "one set, and what changes in it",
        "fmctl get TrainingJob -A": "also the jobs that fmctl did not start",
    },
    "describe": {"fmctl describe TrainingJob/digits-finetune": "why it is as it is, and what to do next"},
    "logs": {
        "fmctl logs TrainingJob/digits-finetune --tail 20": "the end of it",
        "fmctl logs TrainingJob/digits-finetune -f": "as it is written",
        "fmctl logs TrainingJob/digits-finetune --task worker-1": "of the second node",
    },
    "events": {"fmctl events Service/digits --tail 10": "what happened to it last"},
    "history": {"fmctl history TrainingJob/digits-finetune": "all its runs, also those that are gone"},
    "status": {"fmctl status --context env": "where apply would go, before it goes there"},
    "graph": {
        "fmctl graph -f manifests/": "what needs what, as a tree",
        "fmctl graph -f manifests/ -o mermaid": "for a page of Markdown",
    },
    "predict": {
        "fmctl predict Service/digits --file request.json": "a body from a file",
        """fmctl predict Service/points --data '{"data": {"req_data": [{"x": 3}]}}'""": "a body as it is",
        "fmctl predict Service/cats --file cat.jpg --content-type multipart/form-data": "a file as a form",
    },
    "cp": {
        "fmctl cp TrainingJob/digits-finetune:train_url results": "all that this output holds",
        "fmctl cp TrainingJob/digits-finetune:train_url/model results": "one folder or file of it",
        "fmctl cp TrainingJob/digits-finetune results": "the output of a job that has one",
    },
    "wait": {
        "fmctl wait TrainingJob/digits-finetune --timeout 2h": "until it has ended",
        "fmctl wait Service/digits --for stopped": "until it is stopped",
    },
    "start": {"fmctl start Service/digits": "and wait until it answers"},
    "stop": {
        "fmctl stop Service/digits -y": "until it is started, or applied, again",
        "fmctl stop TrainingJob/digits-finetune -y": "the run that is going on",
    },
    "delete": {
        "fmctl delete Service/digits -y": "one thing",
        "fmctl delete -f manifests/ -y": "the whole set",
    },
    "schema": {
        "fmctl schema TrainingJob": "for an editor",
        "fmctl schema --write --dir schemas": "a file a kind",
    },
    "completion": {'eval "$(fmctl completion bash)"': "in ~/.bashrc"},
}
ELSEWHERE: Mapping[str, str] = {
    "plan": "diff",
    "preview": "diff",
    "deploy": "apply",
    "publish": "apply",
    "create": "apply",
    "run": "apply",
    "up": "apply",
    "finetune": "apply",
    "evaluate": "apply",
    "infer": "apply",
    "destroy": "delete",
    "rm": "delete",
    "remove": "delete",
    "down": "delete",
    "list": "get",
    "ls": "get",
    "show": "describe",
    "job-status": "describe",
    "model-status": "describe",
    "service-status": "describe",
    "log": "logs",
    "tail": "logs",
    "download": "cp",
    "copy": "cp",
    "lint": "validate",
    "check": "validate",
    "config": "status",
    "context": "status",
    "registry": "status",
    "whoami": "status",
    "invoke": "predict",
    "infers": "predict",
    "terminate": "stop",
    "restart": "start",
    "template": "render",
    "help": "--help",
}
"""What is typed by those who come from Terraform, kubectl, Helm or ``fm``, and the command that does it here."""

OPTIONS: Mapping[str, str] = {
    "--dry-run": "`fmctl diff` shows what `fmctl apply` would do",
    "-n": "the last lines are `--tail 20`; there are no namespaces, see `fmctl status`",
    "--namespace": "there are no namespaces; where you are says `fmctl status`",
}
"""The same for options."""
OF_FILES = frozenset({"diff", "apply", "validate", "render", "graph"})
OF_THINGS = frozenset({"get", "describe", "logs", "events", "history", "predict", "start", "stop"})


def epilog(command: str) -> str | None:
    """The end of a command's help; the lines stay as they are."""
    examples = EXAMPLES.get(command)
    if not examples:
        return None
    lines = [line for text, meaning in examples.items() for line in (f"  {text}", f"      {meaning}")]
    return "\n".join(["Examples:", "", "\b", *lines])


def elsewhere(arguments: Sequence[str], said: str) -> tuple[str, str] | None:
    """What to say about a command line that would do in another program: the error and its hint.

    ``said`` is what the parser says about it.
    """
    called, *words = [word for word in arguments if not word.startswith("-")] or [""]
    if called in ELSEWHERE:
        return f"error: no command {called!r}", f"here it is `fmctl {ELSEWHERE[called]}`"
    for option, hint in OPTIONS.items():
        if option in arguments and said.startswith(f"No such option: {option}"):
            return f"error: {called} has no option {option}", hint
    if said.startswith("Got unexpected extra argument") and words:
        return _too_many(called, words)
    return None


def _too_many(called: str, words: Sequence[str]) -> tuple[str, str] | None:
    if called in OF_FILES:
        return f"error: {called} takes no names", f"files are named with -f: fmctl {called} -f {words[0]}"
    if called in OF_THINGS and len(words) > 1:
        return "error: too many words", f"kind and name are one: fmctl {called} {words[0]}/{words[1]}"
    return None
