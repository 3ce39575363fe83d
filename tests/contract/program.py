"""What jobs run and models are made of: a program that waits, and a model that says what it is told."""

from __future__ import annotations

import json

from fmctl.objectstore.store import ObsStore

from .site import Site

CODE = "code/"
MODEL = "model-source/"
WAIT = """\
import time

print("hello", flush=True)
time.sleep(3600)
"""
CONFIG = {"model_type": "PyTorch", "apis": [{"url": "/", "method": "post"}]}
SERVICE = """\
from model_service.pytorch_model_service import PTServingBaseService


class Echo(PTServingBaseService):
    def __init__(self, model_name, model_path):
        self.model_name, self.model_path = model_name, model_path

    def _preprocess(self, data):
        return data

    def _inference(self, data):
        return data

    def _postprocess(self, data):
        return data
"""


def store(site: Site) -> ObsStore:
    """fmctl's own way to the objects of a site."""
    return ObsStore(site.obs, site.access_key, site.secret_key, site.security_token or None, region=site.region)


def upload_code(site: Site) -> None:
    """Put the program where a job looks for it."""
    store(site).write(site.url(f"{CODE}wait.py"), WAIT.encode())


def upload_model(site: Site) -> None:
    """Put the model where its import looks for it."""
    store(site).write(site.url(f"{MODEL}model/config.json"), json.dumps(CONFIG).encode())
    store(site).write(site.url(f"{MODEL}model/customize_service.py"), SERVICE.encode())
