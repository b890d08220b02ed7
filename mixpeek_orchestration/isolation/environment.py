"""The environment variables of a worker: a short list is passed on, everything else (credentials first) is not."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final

_PASSED: Final = (
    "PATH",
    "LANG",
    "LC_ALL",
    "LC_CTYPE",
    "TZ",
    "LD_LIBRARY_PATH",
    "OMP_NUM_THREADS",
    "MKL_NUM_THREADS",
    "TOKENIZERS_PARALLELISM",
    "CUDA_VISIBLE_DEVICES",
    "NVIDIA_VISIBLE_DEVICES",
    "NVIDIA_DRIVER_CAPABILITIES",
    "HF_HUB_OFFLINE",
    "TRANSFORMERS_OFFLINE",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
)


def worker_environment(ours: Mapping[str, str], *, home: Path, temporary: Path) -> dict[str, str]:
    """The variables of a jailed worker, which has a home of its own."""
    passed = {name: ours[name] for name in _PASSED if name in ours}
    own = {
        "HOME": str(home),
        "USER": "package",
        "LOGNAME": "package",
        "TMPDIR": str(temporary),
        "XDG_CACHE_HOME": str(home / ".cache"),
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONUNBUFFERED": "1",
        "PYTHONNOUSERSITE": "1",
        "RES_OPTIONS": "use-vc",  # names are asked over TCP, because a jailed worker has no UDP
    }
    return passed | own
