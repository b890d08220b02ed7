"""The names that the documented security rules forbid to extractors, and what to write instead."""

from __future__ import annotations

from typing import Final


def _all(rule: str, *patterns: str) -> tuple[tuple[str, str], ...]:
    return tuple((pattern, rule) for pattern in patterns)


FORBIDDEN: Final = (
    *_all("SEC001", "subprocess", "subprocess.*", "_posixsubprocess", "_posixsubprocess.*"),
    *_all("SEC001", "os.system", "os.popen*", "os.exec*", "os.spawn*", "os.posix_spawn*", "os.fork*"),
    *_all("SEC001", "os.startfile", "os.kill", "os.killpg", "os._exit", "os.abort"),
    *_all("SEC001", "pty", "pty.*", "pexpect", "pexpect.*", "asyncio.create_subprocess_*"),
    *_all("SEC001", "asyncio.subprocess", "asyncio.subprocess.*", "anyio.run_process", "anyio.open_process"),
    *_all("SEC002", "builtins.eval", "builtins.exec", "builtins.compile", "runpy", "runpy.*"),
    *_all("SEC002", "code", "code.*", "codeop", "codeop.*", "types.CodeType", "types.FunctionType"),
    *_all("SEC003", "builtins.__import__", "importlib", "importlib.import_module", "importlib.reload"),
    *_all("SEC003", "importlib.__import__", "importlib.util.spec_from*", "importlib.util.module_from*"),
    *_all("SEC003", "importlib.util.LazyLoader", "importlib.machinery", "importlib.machinery.*"),
    *_all("SEC003", "importlib.abc", "importlib.abc.*", "imp", "imp.*", "zipimport", "zipimport.*"),
    *_all("SEC003", "pkgutil.resolve_name", "pkgutil.get_loader", "pkgutil.find_loader", "pydoc.locate"),
    *_all("SEC004", "ctypes", "ctypes.*", "_ctypes", "_ctypes.*", "cffi", "cffi.*"),
    *_all("SEC005", "socket", "socket.*", "_socket", "_socket.*", "socketserver", "socketserver.*"),
    *_all("SEC005", "asyncio.open_connection", "asyncio.start_server", "asyncio.open_unix_connection"),
    *_all("SEC005", "asyncio.start_unix_server", "http.server", "http.server.*", "telnetlib", "telnetlib.*"),
    *_all("SEC006", "multiprocessing", "multiprocessing.*", "_multiprocessing", "_multiprocessing.*"),
    *_all("SEC006", "multiprocess", "multiprocess.*", "billiard", "billiard.*", "torch.multiprocessing"),
    *_all("SEC006", "torch.multiprocessing.*", "concurrent.futures.ProcessPoolExecutor"),
    *_all("SEC006", "concurrent.futures.process", "concurrent.futures.process.*"),
    *_all("SEC007", "builtins.open", "io.open", "io.FileIO", "io.open_code", "_io", "_io.*", "codecs.open"),
    *_all("SEC007", "os.open", "os.fdopen", "fileinput", "fileinput.*", "tokenize.open"),
    *_all("SEC008", "builtins.setattr", "builtins.delattr"),
    *_all("SEC009", "pickle.load", "pickle.loads", "pickle.Unpickler", "_pickle", "_pickle.*"),
    *_all("SEC009", "shelve", "shelve.*", "marshal", "marshal.*", "dill.load", "dill.loads"),
    *_all("SEC009", "cloudpickle.load", "cloudpickle.loads", "yaml.unsafe_load", "pandas.read_pickle"),
    *_all("SEC010", "sys._getframe", "sys._current_frames", "sys.settrace", "sys.setprofile", "sys.modules"),
    *_all("SEC010", "sys.meta_path", "sys.path_hooks", "gc.get_objects", "gc.get_referrers", "builtins"),
    *_all("SEC010", "builtins.__builtins__", "__builtins__", "__loader__", "inspect.currentframe"),
)
"""(pattern of dotted names, rule). What an expression may mean is compared with these."""

ALLOWED: Final = ("importlib.metadata*", "importlib.resources*", "importlib.util", "importlib.util.find_spec")
"""Parts of a forbidden module that only look: they run nothing of what they find."""

INTERNALS: Final = frozenset(
    {
        *("__subclasses__", "__globals__", "__builtins__", "__code__", "__closure__", "__loader__"),
        *("f_globals", "f_locals", "f_builtins", "f_back", "gi_frame", "cr_frame", "ag_frame", "tb_frame"),
    }
)
"""Attributes by which code reaches names that it was not given."""

FIXES: Final = {
    "SEC001": 'Use run_tool("ffmpeg", […]) from the SDK for the documented tools; do the rest in Python.',
    "SEC002": "Use json.loads or ast.literal_eval for data, and functions for code.",
    "SEC003": "Write an import statement; inside a function where it is slow or optional.",
    "SEC004": "Use a library from PyPI, declared in `dependencies`.",
    "SEC005": "Use requests or httpx.",
    "SEC006": "Raise compute_profile.max_concurrency, or use parallel_io from the SDK for I/O.",
    "SEC007": "Use the library's own I/O (Image.open, pd.read_csv, torch.load), or open_asset from the SDK.",
    "SEC008": "Assign the attribute by its name, or keep the values in a dict.",
    "SEC009": "Keep data as JSON, safetensors, .npy or Parquet.",
    "SEC010": "Import what you need by its public name.",
    "SEC011": "Write the attribute out, or choose it from a dict of allowed ones.",
    "SEC012": "Import the names that you use.",
    "SEC013": 'Store it with `mixpeek secrets set NAME` and read it with `await container.secrets.get("NAME")`.',
    "SEC014": "Use a model whose class is in transformers, or put its code into the package.",
    "SEC015": "Leave verify on; give the certificate's path where it is your own.",
}
