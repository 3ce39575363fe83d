"""The package that a model's customize_service.py imports: the platform's base classes, without its engines.

A hosted process sees it under the platform's names, `model_service.pytorch_model_service` and so on, and never as part
of fmctl (see `serving_host/imports.py`). Nothing here needs torch or tensorflow: what the model needs, it imports.
"""
