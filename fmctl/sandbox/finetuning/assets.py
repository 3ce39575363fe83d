"""The one base model that the sandbox has: made when it is needed, always the same, from the text below."""

from dataclasses import dataclass

from fmctl.sandbox.finetuning.language import END, Language


@dataclass(frozen=True, slots=True)
class Asset:
    """A base model as jobs name it."""

    id: str
    name: str
    version: str
    description: str
    model_type: str = "TextGeneration"
    series: str = "fmctl"


BASE = Asset(
    "fmctl-characters-1.0.0",
    "fmctl-characters",
    "1.0.0",
    "A tiny model of English characters that stands in for the base models of the platform.",
)
ROUNDS = 4
RATE = 0.15
TEXT = """\
The model reads a line and says what comes next.
A small model learns from a few lines, and a large model learns from many.
When the training is over, the weights are written to a file.
The file is put into a bucket, and the service reads it from there.
What is the loss? It is how surprised the model was by what it read.
The first loss is high, and the last one should be lower.
If the loss does not fall, the rate may be too low, or the data may be wrong.
Please write a short answer to the question of the user.
The answer is yes. The answer is no. The answer is not known.
There is a time to train, a time to test and a time to deploy.
A job has a name, a queue, a machine and an end.
One job waits for another, and both of them write a log.
The user asks, the model answers, and the user asks again.
Keep what is good, change what is not, and write down why.
How many lines are in the log? There are ten, and one of them is an error.
"""


def base_model() -> Language:
    """The base model with its weights."""
    made = Language()
    for _ in range(ROUNDS):
        for line in TEXT.splitlines():
            made.learn(END, line + END, RATE)
    return made
