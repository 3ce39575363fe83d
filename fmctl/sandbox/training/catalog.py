"""What jobs can run on: engines, flavors and the one dedicated pool."""

from dataclasses import dataclass
from typing import Any

POOL_ID = "pool0a1b2c3d"
POOL_NODES = 4


@dataclass(frozen=True, slots=True)
class Engine:
    """A preset image; jobs name it by id, or by name and version."""

    name: str
    version: str

    @property
    def id(self) -> str:
        return self.version.replace("_", "-")

    def runs_on(self, flavor: "Flavor") -> bool:
        """Its image has the drivers of one kind of accelerator; without one, any image runs."""
        return flavor.pool or flavor.type == "CPU" or ("-cuda_" in self.version) == (flavor.type == "GPU")

    def wire(self) -> dict[str, Any]:
        return {
            "engine_id": self.id,
            "engine_name": self.name,
            "engine_version": self.version,
            "v1_compatible": False,
            "run_user": "1102",
        }


@dataclass(frozen=True, slots=True)
class Flavor:
    """A size of machine. `devices` counts accelerators; `pool` flavors exist in the dedicated pool alone."""

    id: str
    type: str
    cores: int
    memory: int
    max_num: int
    devices: int = 0
    product: str = ""
    pool: bool = False

    @property
    def name(self) -> str:
        return f"{self.type} {self.cores} cores {self.memory} GB" + (
            f" {self.devices}x{self.product}" * bool(self.devices)
        )

    @property
    def policy(self) -> str:
        return "economic" if self.id.endswith(".eco") else "regular"

    def detail(self) -> dict[str, Any]:
        """What a job says about its machine."""
        info: dict[str, Any] = {
            "max_num": self.max_num,
            "cpu": {"arch": "arm64" if self.type == "Ascend" else "x86", "core_num": self.cores},
            "memory": {"size": self.memory, "unit": "GB"},
            "disk": {"size": 50, "unit": "GB"},
        }
        if self.type == "GPU":
            info["gpu"] = {"unit_num": self.devices, "product_name": self.product, "memory": "32GB"}
        if self.type == "Ascend":
            info["npu"] = {"unit_num": str(self.devices), "product_name": self.product, "memory": "32GB"}
        return {"flavor_type": self.type, "billing": {"code": self.id, "unit_num": 1}, "flavor_info": info}


ENGINES = (
    Engine("PyTorch", "pytorch_2.1.0-cann_7.0.0-py_3.9-euler_2.10.7-aarch64"),
    Engine("PyTorch", "pytorch_1.11.0-cann_5.1.0-py_3.7-euler_2.8.3-aarch64"),
    Engine("PyTorch", "pytorch_1.8.0-cuda_10.2-py_3.7-ubuntu_18.04-x86_64"),
    Engine("MindSpore", "mindspore_2.2.0-cann_7.0.1-py_3.9-euler_2.10.7-aarch64"),
    Engine("MindSpore", "mindspore_1.7.0-cann_5.1.0-py_3.7-euler_2.8.3-aarch64"),
    Engine("TensorFlow", "tensorflow_2.1.0-cuda_10.1-py_3.7-ubuntu_18.04-x86_64"),
)

FLAVORS = (
    Flavor("modelarts.vm.cpu.2u", "CPU", 2, 8, 1),
    Flavor("modelarts.vm.cpu.8u", "CPU", 8, 32, 16),
    Flavor("modelarts.vm.cpu.8u.eco", "CPU", 8, 32, 16),
    Flavor("modelarts.p3.large.public", "GPU", 8, 64, 16, 1, "NVIDIA-V100"),
    Flavor("modelarts.p3.8xlarge.public", "GPU", 64, 512, 16, 8, "NVIDIA-V100"),
    Flavor("modelarts.kat1.xlarge", "Ascend", 24, 96, 16, 1, "Ascend-910"),
    Flavor("modelarts.kat1.8xlarge", "Ascend", 192, 720, 16, 8, "Ascend-910"),
    Flavor("modelarts.pool.visual.xlarge", "Ascend", 24, 96, POOL_NODES, 1, "Ascend-910", pool=True),
    Flavor("modelarts.pool.visual.2xlarge", "Ascend", 48, 192, POOL_NODES, 2, "Ascend-910", pool=True),
    Flavor("modelarts.pool.visual.4xlarge", "Ascend", 96, 384, POOL_NODES, 4, "Ascend-910", pool=True),
    Flavor("modelarts.pool.visual.8xlarge", "Ascend", 192, 720, POOL_NODES, 8, "Ascend-910", pool=True),
    Flavor("modelarts.pool.visual.16xlarge", "Ascend", 384, 1440, POOL_NODES, 16, "Ascend-910", pool=True),
)


def find_engine(engine: dict[str, Any]) -> Engine | None:
    """The preset engine that a request names."""
    names = (engine.get("engine_name"), engine.get("engine_version"))
    for known in ENGINES:
        if engine.get("engine_id") == known.id or (
            not engine.get("engine_id") and names == (known.name, known.version)
        ):
            return known
    return None


def find_flavor(flavor_id: str, *, pool: bool) -> Flavor | None:
    """The flavor of this id, among those of the pool or of the public machines."""
    return next((flavor for flavor in FLAVORS if flavor.id == flavor_id and flavor.pool == pool), None)
