"""Answers predictions. ModelArts loads this file from model/, next to the weights, and calls the methods below.

Request:  {"data": {"req_data": [{"pixels": [64 whole numbers from 0 to 16]}, ...]}}
Answer:   {"predictions": [{"label": 7, "probability": 0.98}, ...]}, in the order of the request

It imports nothing from the training code, which is not there when it serves.
"""

from __future__ import annotations

import json
import math
import os
from operator import mul

from model_service.pytorch_model_service import PTServingBaseService

PIXELS = 64
DARKEST = 16


class DigitsService(PTServingBaseService):
    def __init__(self, model_name, model_path):
        """The platform's model_path is the weights or their folder, depending on what it finds there."""
        super().__init__(model_name, model_path)
        folder = model_path if os.path.isdir(model_path) else os.path.dirname(model_path)
        with open(os.path.join(folder, "digits.json"), encoding="utf-8") as file:
            self.layers = json.load(file)

    def _preprocess(self, data):
        return [scaled(item, f"data.req_data[{index}]") for index, item in enumerate(requested(data))]

    def _inference(self, data):
        return [probabilities(self.layers, pixels) for pixels in data]

    def _postprocess(self, data):
        best = [max(range(len(digit)), key=digit.__getitem__) for digit in data]
        return {
            "predictions": [{"label": label, "probability": round(digit[label], 4)} for label, digit in zip(best, data)]
        }


def requested(body):
    """The list of digits in a request, or a ValueError that says what a request looks like."""
    data = body.get("data") if isinstance(body, dict) else None
    items = data.get("req_data") if isinstance(data, dict) else None
    if not isinstance(items, list) or not items:
        raise ValueError('expected {"data": {"req_data": [{"pixels": [...]}]}} with at least one digit')
    return items


def scaled(item, where):
    pixels = item.get("pixels") if isinstance(item, dict) else None
    if not isinstance(pixels, list) or len(pixels) != PIXELS:
        raise ValueError(f"{where}.pixels: expected a list of {PIXELS} numbers")
    for index, pixel in enumerate(pixels):
        if isinstance(pixel, bool) or not isinstance(pixel, int) or not 0 <= pixel <= DARKEST:
            raise ValueError(f"{where}.pixels[{index}]: expected a whole number from 0 to {DARKEST}, not {pixel!r}")
    return [pixel / DARKEST for pixel in pixels]


def probabilities(layers, pixels):
    hidden = [max(0.0, value) for value in forward(layers["hidden"], pixels)]
    values = forward(layers["output"], hidden)
    largest = max(values)  # subtracted, so that exp cannot overflow
    powers = [math.exp(value - largest) for value in values]
    total = sum(powers)
    return [power / total for power in powers]


def forward(layer, signal):
    return [bias + sum(map(mul, row, signal)) for row, bias in zip(layer["weights"], layer["bias"])]
