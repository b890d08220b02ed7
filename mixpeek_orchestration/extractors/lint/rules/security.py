"""Rules of the security scan."""

from __future__ import annotations

from functools import partial
from typing import Final

from mixpeek_orchestration.core.finding import Severity
from mixpeek_orchestration.extractors.lint.rule import Category, Rule

_FILE: Final = "processors/core.py"
_error = partial(Rule, category=Category.SECURITY, severity=Severity.ERROR, file=_FILE)
_warning = partial(Rule, category=Category.SECURITY, severity=Severity.WARNING, file=_FILE)

RULES: Final = (
    _error(
        id="SEC001",
        title="Processes are started or ended",
        why="An extractor shares its machine; programs run through run_tool, which knows the documented ones.",
        bad='import os\n\n\ndef convert(path):\n    os.system(f"ffmpeg -i {path} out.mp4")\n',
        good="from shared.extractors.sdk import run_tool\n\n\n"
        'def convert(path):\n    run_tool("ffmpeg", ["-i", path, "out.mp4"])\n',
    ),
    _error(
        id="SEC002",
        title="Text is run as code",
        why="Whoever writes the text decides what the extractor does.",
        bad="def parsed(text):\n    return eval(text)\n",
        good="import json\n\n\ndef parsed(text):\n    return json.loads(text)\n",
    ),
    _error(
        id="SEC003",
        title="Modules are imported by computed name",
        why="A reviewer cannot see what is loaded.",
        bad='import importlib\n\n\ndef load(name):\n    return importlib.import_module(f"processors.{name}")\n',
        good="def load():\n    from . import core\n\n    return core\n",
    ),
    _error(
        id="SEC004",
        title="Native memory is reached",
        why="ctypes calls any function of any library, past every other rule.",
        bad="import ctypes\n",
        good="import struct\n",
    ),
    _error(
        id="SEC005",
        title="Sockets are opened",
        why="HTTP goes through requests or httpx, where limits and proxies hold.",
        bad="import socket\n",
        good="import httpx\n",
    ),
    _error(
        id="SEC006",
        title="Processes are forked for work",
        why="The platform runs several workers; processes of their own would fight over the same cores.",
        bad="from multiprocessing import Pool\n",
        good="from concurrent.futures import ThreadPoolExecutor\n",
    ),
    _error(
        id="SEC007",
        title="Files are opened directly",
        why="Files belong to libraries and to the SDK, which know where an extractor may read and write.",
        bad="def content(path):\n    with open(path) as file:\n        return file.read()\n",
        good="import pandas as pd\n\n\ndef content(path):\n    return pd.read_csv(path)\n",
    ),
    _error(
        id="SEC008",
        title="Attributes are set or deleted by name",
        why="setattr and delattr change what a reviewer has read, also in other people's modules.",
        bad="def configure(model, name, value):\n    setattr(model, name, value)\n",
        good="def configure(model, value):\n    model.threshold = value\n",
    ),
    _error(
        id="SEC009",
        title="Data is read in a format that can run code",
        why="pickle, shelve and marshal call what the bytes name.",
        bad="import pickle\n\n\ndef loaded(raw):\n    return pickle.loads(raw)\n",
        good="import json\n\n\ndef loaded(raw):\n    return json.loads(raw)\n",
    ),
    _warning(
        id="SEC010",
        title="The interpreter's internals are used",
        why="Frames, globals and subclasses reach every name that the other rules forbid.",
        bad="def every():\n    return object.__subclasses__()\n",
        good="def every():\n    return [int, str]\n",
    ),
    _warning(
        id="SEC011",
        title="An attribute of a powerful module is chosen at run time",
        why="Which function that is, no reader can tell.",
        bad="import os\n\n\ndef call(name):\n    return getattr(os, name)()\n",
        good='import os\n\n\ndef size():\n    return getattr(os, "cpu_count")()\n',
    ),
    _error(
        id="SEC012",
        title="A powerful module is imported with a star",
        why="Its dangerous functions come along under bare names.",
        bad="from os import *\n",
        good="from os import path\n",
    ),
    _warning(
        id="SEC013",
        title="The source holds a credential",
        why="The archive is stored, shown and downloaded; a secret is encrypted at rest and given at run time.",
        bad='KEY = "AKIA' + "ABCDEFGHIJKLMNOP" + '"\n',
        good='async def key(container):\n    return await container.secrets.get("AWS_KEY")\n',
    ),
    _warning(
        id="SEC014",
        title="A model may bring its own code",
        why="trust_remote_code downloads Python from the model's repository and runs it.",
        bad="def load(model_class):\n"
        '    return model_class.from_pretrained("some/model", trust_remote_code=True)\n',
        good='def load(model_class):\n    return model_class.from_pretrained("some/model")\n',
    ),
    _warning(
        id="SEC015",
        title="Certificates are not checked",
        why="Anyone on the way can read and change what is sent.",
        bad="import httpx\n\n\ndef fetch(url):\n    return httpx.get(url, verify=False)\n",
        good="import httpx\n\n\ndef fetch(url):\n    return httpx.get(url)\n",
    ),
)
