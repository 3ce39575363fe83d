"""Puts a fine-tuned model into a folder from which it can be imported as a model, and deployed."""

import json
import shutil
from pathlib import Path

from fmctl.sandbox.finetuning import language
from fmctl.sandbox.finetuning.language import Language

MODEL_TYPE = "Scikit_Learn"
"""Of the engines that models have, the one that asks for nothing but Python."""
WEIGHTS = "model/weights.json"
CONFIG = {
    "model_algorithm": "characters",
    "model_type": MODEL_TYPE,
    "apis": [
        {
            "url": "/",
            "method": "post",
            "request": {
                "Content-type": "application/json",
                "data": {
                    "type": "object",
                    "properties": {"prompt": {"type": "string"}, "max_tokens": {"type": "integer"}},
                },
            },
            "response": {
                "Content-type": "application/json",
                "data": {"type": "object", "properties": {"text": {"type": "string"}}},
            },
        }
    ],
}
SERVICE = '''\
"""The service of a fine-tuned model: {"prompt": ..., "max_tokens": ..., "temperature": ...} in, {"text": ...} out."""

from pathlib import Path

from language import END, Language
from model_service.python_model_service import XgSklServingBaseService


class CharacterService(XgSklServingBaseService):
    """Goes on from a prompt, as the training's examples went on from theirs."""

    def __init__(self, model_name, model_path):
        super().__init__(model_name, model_path)
        self.model = Language.load(Path(__file__).with_name("weights.json"))

    def _inference(self, data):
        prompt = END + str(data["prompt"]) + END if data.get("prompt") else END
        text = self.model.write(prompt, int(data.get("max_tokens", 60)), float(data.get("temperature", 0)))
        return {"text": text}
'''


def save_model(model: Language, folder: Path) -> None:
    """Weights, the code that reads them, and the service around it."""
    home = (folder / WEIGHTS).parent
    home.mkdir(parents=True, exist_ok=True)
    model.save(folder / WEIGHTS)
    (home / "config.json").write_text(json.dumps(CONFIG, indent=2))
    shutil.copyfile(str(language.__file__), home / "language.py")
    (home / "customize_service.py").write_text(SERVICE)
