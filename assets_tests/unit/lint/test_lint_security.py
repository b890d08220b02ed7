"""The security scan: what it finds under which names, what it leaves alone, and what it is known to miss."""

from __future__ import annotations

from pathlib import Path

import pytest

from mixpeek_orchestration.extractors.lint import lint_files, scan_directory
from mixpeek_orchestration.extractors.lint.documentation import reference

from .base_package import PACKAGE

CAUGHT = {
    "SEC001": [
        "import subprocess",
        "import subprocess as sp\nsp.run(['ls'])",
        "from subprocess import run",
        "import os\nos.system('ls')",
        "import os as o\no.system('ls')",
        "from os import system",
        "from os import system as s\ns('ls')",
        "import os\nrun = os.system",
        "import os\nx = os\nx.popen('ls')",
        "import os\ngetattr(os, 'system')('ls')",
        "import os\ngetattr(os, 'sys' + 'tem')('ls')",
        "import os\nos.__dict__['system']('ls')",
        "import os\nvars(os)['system']('ls')",
        "import sys\nsys.modules['os'].system('ls')",
        "import os\nos.execv('/bin/ls', [])",
        "import os\nos.spawnlp(os.P_WAIT, 'ls', 'ls')",
        "import os\nos.fork()",
        "import os\nos.posix_spawn('/bin/ls', [], {})",
        "import posix\nposix.system('ls')",
        "import asyncio\nasync def f():\n    await asyncio.create_subprocess_exec('ls')",
        "import asyncio\nasync def f():\n    await asyncio.create_subprocess_shell('ls')",
        "from asyncio import create_subprocess_exec",
        "import os, functools\nfunctools.partial(os.system, 'ls')()",
        "import os\nlist(map(os.system, ['ls']))",
        "import os\ndef f(run=os.system):\n    run('ls')",
        "import os\n(lambda run=os.popen: run('ls'))()",
        "import os\nif (o := os):\n    o.system('ls')",
        "import os\nclass A:\n    run = os.system",
        "def f():\n    import os\n    def g():\n        os.system('ls')",
        "import random\nrandom._os.system('ls')",
        "import polars\npolars.os.system('ls')",
        "import pty\npty.spawn('/bin/sh')",
        "try:\n    import subprocess\nexcept ImportError:\n    subprocess = None",
        "import os\n(os if True else None).system('ls')",
    ],
    "SEC002": [
        "eval('1')",
        "exec('x = 1')",
        "compile('1', 'f', 'eval')",
        "run = eval",
        "import builtins\nbuiltins.eval('1')",
        "import builtins as b\nb.exec('1')",
        "from builtins import eval as run",
        "__builtins__['eval']('1')",
        "__builtins__.eval('1')",
        "globals()['__builtins__'].eval('1')",
        "import builtins\ngetattr(builtins, 'eval')('1')",
        "list(map(eval, ['1']))",
        "if False:\n    eval = None\neval('1')",
        "import runpy\nrunpy.run_path('x.py')",
        "import code\ncode.interact()",
        "class A:\n    def eval(self):\n        return eval('1')",
    ],
    "SEC003": [
        "__import__('os')",
        "import importlib",
        "import importlib\nimportlib.import_module('os')",
        "from importlib import import_module",
        "import importlib.util\nimportlib.util.spec_from_file_location('x', 'x.py')",
        "import importlib as i\ni.reload(i)",
        "import builtins\nbuiltins.__import__('os')",
        "import zipimport",
        "import pydoc\npydoc.locate('os.system')",
    ],
    "SEC004": ["import ctypes", "from ctypes import CDLL", "import ctypes.util", "import cffi"],
    "SEC005": [
        "import socket",
        "from socket import create_connection",
        "import socketserver",
        "import http.server",
        "import asyncio\nasync def f():\n    await asyncio.open_connection('h', 1)",
    ],
    "SEC006": [
        "import multiprocessing",
        "from multiprocessing import Process",
        "import multiprocessing.pool",
        "from concurrent.futures import ProcessPoolExecutor",
        "import concurrent.futures\nconcurrent.futures.ProcessPoolExecutor()",
        "import torch.multiprocessing as mp",
    ],
    "SEC007": [
        "open('x')",
        "with open('x') as f:\n    f.read()",
        "import io\nio.open('x')",
        "import os\nos.open('x', 0)",
        "import codecs\ncodecs.open('x')",
        "from io import open as read",
        "import builtins\nbuiltins.open('x')",
    ],
    "SEC008": ["setattr(object, 'x', 1)", "delattr(object, 'x')", "put = setattr"],
    "SEC009": [
        "import pickle\npickle.loads(b'')",
        "from pickle import load",
        "import shelve",
        "import marshal",
        "import pandas as pd\npd.read_pickle('x')",
    ],
    "SEC010": [
        "().__class__.__base__.__subclasses__()",
        "(lambda: 0).__globals__",
        "import sys\nsys._getframe()",
        "def f(e):\n    return e.__traceback__.tb_frame.f_globals",
    ],
    "SEC011": ["import os\ndef f(name):\n    return getattr(os, name)"],
    "SEC012": ["from os import *", "from builtins import *", "from asyncio import *"],
    "SEC013": ["KEY = 'sk-" + "a" * 40 + "'", "TOKEN = 'hf_" + "a" * 34 + "'"],
}
INNOCENT = [
    "def f(model):\n    model.eval()\n    return model",
    "import torch\nmodel = torch.nn.Linear(1, 1).eval()",
    "import re\nWORDS = re.compile(r'\\w+')",
    "import torch\nstate = torch.load('weights')",
    "import torch\nmodel = torch.compile(torch.nn.Linear(1, 1))",
    "import pandas as pd\nframe = pd.read_csv('x')",
    "def f(frame):\n    return frame.eval('a + b')",
    "from PIL import Image\ndef f(path):\n    return Image.open(path)",
    "from PIL.Image import open\ndef f(path):\n    return open(path)",
    "import gzip\ndef f(path):\n    return gzip.open(path)",
    "import os\npath = os.path.join(os.environ.get('HOME', ''), 'x')\nos.makedirs('x', exist_ok=True)\nos.unlink('x')",
    "import os\nprint(os.cpu_count(), os.getpid())",
    "def f(shell):\n    return shell.system('ls'), shell.exec('x'), shell.open('y'), shell.popen()",
    "def f(self):\n    return self.os.system('ls')",
    "def f(open):\n    return open('x')",
    "def compile(text):\n    return text\ncompile('x')",
    "class Door:\n    def open(self):\n        return 1\nDoor().open()",
    "value = getattr('text', 'upper')()\nhas = hasattr('text', 'upper')",
    "import requests\nimport httpx\nrequests.get('https://example.com')",
    "import importlib.metadata\nversion = importlib.metadata.version('numpy')",
    "from importlib import resources\nprint(resources)",
    "from concurrent.futures import ThreadPoolExecutor\nThreadPoolExecutor()",
    "import asyncio\nasync def f():\n    await asyncio.sleep(0)\n    await asyncio.gather()",
    "import pickle\nraw = pickle.dumps({})",
    "import json\njson.loads('{}')\nimport io\nio.BytesIO(b'')",
    "import logging\nimport math\nimport numpy as np\nimport onnxruntime\nimport transformers\nlogging.info(math.pi)",
    "evaluate = {'eval': 1, 'exec': 2, 'open': 3}\nprint(evaluate['eval'])",
    "text = 'eval(1) and os.system and subprocess'",
    "class A:\n    def __init__(self):\n        self.open = self.exec = self.system = None",
    "import cv2\ndef f(path):\n    return cv2.imread(path)",
]
KNOWN_MISSES = {
    "operator.attrgetter": "import operator, os\noperator.attrgetter('system')(os)('ls')",
    "operator.methodcaller": "import operator, os\noperator.methodcaller('system', 'ls')(os)",
    "string.Formatter": "import os, string\nstring.Formatter().get_field('0.system', [os], {})[0]('ls')",
    "pydantic.ImportString": "from pydantic import ImportString, TypeAdapter\nTypeAdapter(ImportString).validate_python('os.system')('ls')",
    "match class pattern": "import os\nmatch os:\n    case object(system=run):\n        run('ls')",
    "a name built at run time": "import os\nname = ''.join(['sys', 'tem'])\nos.__dict__[name]('ls')",
    "a function that hands a module on": "import os\ndef module():\n    return os\nmodule().system('ls')",
    "a module in a list": "import os\n[os][0].system('ls')",
    "an instance attribute": "import os\nclass A:\n    def __init__(self):\n        self.o = os\n    def f(self):\n        self.o.system('ls')",
    "a library's own loader": "import pandas as pd\npd.eval('1 + 1')",
    "files through pathlib": "from pathlib import Path\nPath('/etc/passwd').read_text()",
    "object.__setattr__": "object.__setattr__(int, 'x', 1)",
    "a definition that never runs": "if False:\n    def eval(text):\n        return text\neval('1')",
}


def security(code: str) -> set[str]:
    """The security rules that the code breaks."""
    return {one.rule for one in lint_files({"helper.py": code}) if one.rule.startswith("SEC")}


@pytest.mark.parametrize(("rule", "code"), [(rule, code) for rule, codes in CAUGHT.items() for code in codes])
def test_forbidden_names_are_found(rule: str, code: str) -> None:
    """A forbidden name is found under its aliases, through getattr, dicts of modules and other scopes."""
    assert rule in security(code)


@pytest.mark.parametrize("code", INNOCENT)
def test_innocent_code_is_left_alone(code: str) -> None:
    """Methods and names that only look like forbidden ones, and allowed libraries, give no alarm."""
    assert security(code) == set()


@pytest.mark.parametrize("code", KNOWN_MISSES.values(), ids=KNOWN_MISSES.keys())
def test_known_misses(code: str) -> None:
    """What a scan of source cannot see: the reason why what a package may do is decided elsewhere. A way that is
    found one day moves up into the table of what is caught."""
    assert security(code) == set()


def test_the_scan_says_what_it_is_worth() -> None:
    """The reference says that a scan is a review aid and no boundary."""
    assert "review aid, not a boundary" in reference()


def test_every_line_is_found_once() -> None:
    """An import and the uses of what it imported are one finding, at the import."""
    found = lint_files(
        {**PACKAGE, "helper.py": "import subprocess\nsubprocess.run([])\nsubprocess.call([])\n"}
    )
    assert [(one.rule, one.line) for one in found] == [("SEC001", 1)]


def test_security_findings_cannot_be_suppressed() -> None:
    """A comment takes no security rule off its line, and saying so is a finding too."""
    found = lint_files({**PACKAGE, "helper.py": "import socket  # mixpeek: ignore[SEC005]\n"})
    assert [one.rule for one in found] == ["SEC005", "SUP001"]


def test_a_folder_is_scanned_for_security_alone(tmp_path: Path) -> None:
    """scan_directory gives the security findings; in strict mode warnings fail it too. Tests are not scanned."""
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests/test_it.py").write_text("import subprocess\n")
    (tmp_path / "pipeline.py").write_text("def f(e):\n    return e.__globals__\n")
    assert scan_directory(tmp_path).passed
    strict = scan_directory(str(tmp_path), strict_mode=True)
    assert (strict.passed, strict.files_scanned, [one.rule for one in strict.violations]) == (
        False,
        1,
        ["SEC010"],
    )
