"""fmctl: a declarative reconciler for Huawei ModelArts."""

__version__ = "0.1.0"
