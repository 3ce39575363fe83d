"""What services can run on: specifications of the public pool, and dedicated pools."""

from dataclasses import dataclass

from fmctl.sandbox.training.catalog import POOL_ID

CUSTOM = "custom"
POOLS = frozenset({POOL_ID})


@dataclass(frozen=True, slots=True)
class Specification:
    """One kind of node in the public pool."""

    name: str
    arch: str
    cpu: int
    memory_gib: int
    accelerator: str = ""
    accelerators: int = 0

    @property
    def category(self) -> str:
        """CPU, GPU or NPU."""
        return {"": "CPU", "P4": "GPU"}.get(self.accelerator, "NPU")


SPECIFICATIONS = (
    Specification("modelarts.vm.cpu.2u", "x86_64", 2, 8),
    Specification("modelarts.vm.cpu.8u", "x86_64", 8, 32),
    Specification("modelarts.vm.gpu.pnt004", "x86_64", 8, 64, "P4", 1),
    Specification("modelarts.vm.ai1.snt3", "x86_64", 2, 8, "Ascend", 1),
    Specification("modelarts.vm.ai1.snt3.arm", "aarch64", 3, 6, "Ascend", 1),
)
NAMES = frozenset(specification.name for specification in SPECIFICATIONS)
