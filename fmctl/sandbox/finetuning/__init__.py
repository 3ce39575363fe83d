"""Fine-tuning: `python -m fmctl.sandbox.finetuning <folder>` is what a job runs that fine-tunes a base model.

The platform's base models are large and its own; in their place the sandbox has one that is tiny (`assets.py`). All
about it is computed: `examples.py` (what to learn from) → `tuning.py` (learning) → `language.py` (the model) and
`lowrank.py` (LoRA), and what comes of it in `records.py` and `artifacts.py`. `request.py` is what a job may ask for,
`checks.py` whether it can be had, `starting.py` from what a job starts, `views.py` what the API shows.
"""
