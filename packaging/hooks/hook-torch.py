"""torch for inference on the CPU: what its own import and the networks need, in place of the whole package."""

from __future__ import annotations

from pathlib import Path

from PyInstaller.compat import is_win
from PyInstaller.utils.hooks import collect_dynamic_libs, get_package_paths

_TESTS = ("backend_with_compiler", "jitbackend_test", "torchbind_test", "aoti_custom_ops")
"""Libraries of torch's own tests."""

binaries = [
    (file, folder)
    for file, folder in collect_dynamic_libs("torch", search_patterns=["*.dll", "*.dylib", "lib*.so", "lib*.so.*"])
    if Path(folder).parts[-1] == "lib" and not any(test in Path(file).name for test in _TESTS)
]
if not is_win:
    # `import torch` stops without it, though it only runs where tensors are shared between processes.
    binaries.append((str(Path(get_package_paths("torch")[1]) / "bin" / "torch_shm_manager"), "torch/bin"))

# Named by torch's compiled part, where no import statement tells of them.
hiddenimports = [
    "torch._meta_registrations",
    "torch._jit_internal",
    "torch.jit._builtins",
    "torch.utils._config_module",
]

# Compilers of models, training on several machines, and torch's tests: nothing that an edit needs.
excludedimports = [
    "torch._inductor",
    "torch._dynamo",
    "torch.testing._internal.common_cuda",
    "torch.testing._internal.common_device_type",
    "torch.testing._internal.common_methods_invocations",
    "torch.testing._internal.common_utils",
    "torch.testing._internal.distributed",
    "torch.testing._internal.opinfo",
    "torch.utils.tensorboard",
    "torch.utils.benchmark",
    "torch.utils.bottleneck",
    "torch.utils.hipify",
    "torch.onnx",
    "torch.contrib",
    "torch.distributed.elastic",
    "torch.distributed.fsdp",
    "torch.distributed.checkpoint",
    "torch.distributed.pipelining",
    "torch.distributed.tensor",
    "torch.distributed.optim",
    "torch.distributed._composable",
    "torch.distributed._spmd",
    "torch.distributed._tools",
    "torch.ao.pruning",
    "torch.ao.ns",
]

# torch reads the source of these while they are imported: comments in its settings, types of overloaded functions.
module_collection_mode = dict.fromkeys(
    (
        "torch._export.config",
        "torch._functorch.config",
        "torch.compiler.config",
        "torch.distributed.config",
        "torch.functional",
        "torch.fx.experimental._config",
        "torch.nn.functional",
        "torch.nn.modules.rnn",
        "torch.utils.serialization.config",
    ),
    "pyz+py",
)

# Without symbolic links to the libraries beside the program: torch looks for its folder.
bindepend_symlink_suppression = ["**/torch/lib/*.so*"]
