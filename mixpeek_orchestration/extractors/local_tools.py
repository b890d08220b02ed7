"""Command-line tools that a package may run: a fixed list, without a shell, with arguments that are looked at first."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import IO, Final

from mixpeek_orchestration.core.errors import ItemFailure, TransientItemFailure
from mixpeek_orchestration.core.ports.platform import ToolResult

PACKAGES: Final[Mapping[str, str]] = {
    "ffmpeg": "ffmpeg",
    "ffprobe": "ffmpeg",
    "convert": "imagemagick",
    "identify": "imagemagick",
    "magick": "imagemagick",
    "exiftool": "libimage-exiftool-perl",
    "mediainfo": "mediainfo",
    "sox": "sox",
    "soxi": "sox",
    "REDline": "",
    "art-cmd": "",
}
"""Every tool that may run, with the Debian package that brings it; the two of camera makers come from them."""

_FF: Final = frozenset({"ffmpeg", "ffprobe"})
_MAGICK: Final = frozenset({"convert", "identify", "magick"})
_PROTOCOLS: Final = "file,pipe"
_SCHEME: Final = re.compile(r"^[A-Za-z][A-Za-z0-9+.\-]*:")
_FF_PROTOCOL: Final = re.compile(
    r"^(?!file:|pipe:)(async|bluray|cache|concat|concatf|crypto|data|fd|ftp|gopher|hls|https?|ipfs|ipns|md5|mms\w*|rtmp\w*"
    r"|rtp|rtsp|sctp|sftp|smb|srt\w*|subfile|tcp|tee|tls|udp\w*|unix|zmq|ftps|amqp|rist|dtls|icecast|httpproxy)[:,]"
)
_FF_READS: Final = re.compile(r"(?<![A-Za-z_])a?movie\s*=|textfile\s*=|^lavfi$|\\")
"""What can read a file in ways that no look at the arguments finds; refused where only some folders may be read."""
_MAGICK_PREFIXES: Final = frozenset(
    [
        "xc",
        "canvas",
        "gradient",
        "radial-gradient",
        "pattern",
        "plasma",
        "png",
        "jpg",
        "jpeg",
        "gif",
        "webp",
        "tiff",
        "bmp",
        "ppm",
        "pgm",
        "rgb",
        "rgba",
        "gray",
        "null",
        "info",
        "histogram",
    ]
)
_FORBIDDEN: Final[Mapping[str, frozenset[str]]] = {
    "ffmpeg": frozenset(
        {"-protocol_whitelist", "-protocol_blacklist", "-filter_script", "-filter_complex_script"}
    ),
    "ffprobe": frozenset({"-protocol_whitelist", "-protocol_blacklist"}),
    "exiftool": frozenset({"-config", "-execute", "-if", "-p", "-stay_open", "-@", "-api"}),
    "convert": frozenset({"-script"}),
    "magick": frozenset({"-script"}),
}
_FORBIDDEN_WITHIN: Final = frozenset({"-safe", "-allowed_extensions", "-attach", "-dump_attachment"})
_OUTPUT_LIMIT: Final = 16 * 1024**2
_ENVIRONMENT: Final = ("PATH", "LANG", "LC_ALL", "LD_LIBRARY_PATH")


def run_locally(
    tool: str,
    args: Sequence[str | os.PathLike[str]],
    timeout: float = 600.0,
    *,
    within: Sequence[Path] = (),
    confine: Callable[[list[str]], list[str]] | None = None,
) -> ToolResult:
    """How the tool ended, whatever its return code.

    With `within`, every path among the arguments has to lie in one of these folders, and relative ones are meant in the
    first; `confine` turns the command into one that runs it in a jail.

    Raises `ItemFailure` for a tool or an argument that is not allowed and for a tool that is not installed,
    `TransientItemFailure` when it was not done in time; it and everything it started has ended then.
    """
    program = executable(tool)
    checked = checked_arguments(tool, [os.fspath(arg) for arg in args], within=within)
    command = [program, *checked] if confine is None else confine([program, *checked])
    folder = within[0] if within else None
    with tempfile.TemporaryDirectory(prefix="tool-") as home, contextlib.ExitStack() as files:
        out, err = (files.enter_context(tempfile.TemporaryFile()) for _ in range(2))
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=err,
            cwd=folder,
            env={**{n: os.environ[n] for n in _ENVIRONMENT if n in os.environ}, "HOME": home},
            start_new_session=True,
        )
        try:
            code = process.wait(timeout)
        except subprocess.TimeoutExpired:
            raise TransientItemFailure(
                f"{tool} was not done within {timeout:g} s.",
                field="timeout",
                value=timeout,
                fix="Give it more time, or less to do.",
            ) from None
        finally:
            _end(process)
        return ToolResult(code, _text(out), _text(err))


def executable(tool: str) -> str:
    """The program behind a tool; raises `ItemFailure` for one that is not allowed or not installed."""
    if tool not in PACKAGES:
        raise ItemFailure(
            f"The tool {tool!r} is not one that a package may run.",
            field="tool",
            value=tool,
            fix=f"There are {', '.join(PACKAGES)}.",
        )
    found = shutil.which(tool)
    if found is None and tool == "ffmpeg":
        import imageio_ffmpeg

        return str(imageio_ffmpeg.get_ffmpeg_exe())
    if found is None:
        package = PACKAGES[tool]
        raise ItemFailure(
            f"{tool} is not installed.",
            field="tool",
            value=tool,
            fix=f"apt-get install {package}" if package else f"Install {tool} from the maker of the camera.",
        )
    return found


def checked_arguments(tool: str, args: Sequence[str], *, within: Sequence[Path] = ()) -> list[str]:
    """The arguments to run with; raises `ItemFailure` for one that would reach outside of local files.

    ffmpeg's inputs may open `file` and `pipe` only, whatever a playlist in them says.
    """
    for before, arg in zip(["", *args], args, strict=False):
        if "\0" in arg:
            raise _refused(tool, arg, "it contains a NUL character")
        if _is_forbidden(tool, arg, within):
            raise _refused(tool, arg, "this option would lift a limit or run more")
        if "://" in arg or _reaches_out(tool, arg, before, within):
            raise _refused(tool, arg, "it names something that is not a local file")
        if within:
            _check_path(tool, arg, within)
    return _with_protocols(list(args)) if tool in _FF else list(args)


def _is_forbidden(tool: str, arg: str, within: Sequence[Path]) -> bool:
    option = arg.split(":")[0]
    if tool == "exiftool":
        option = re.sub(r"\d+$", "", option.lower())
    return option in _FORBIDDEN.get(tool, frozenset()) or (bool(within) and option in _FORBIDDEN_WITHIN)


def _reaches_out(tool: str, arg: str, before: str, within: Sequence[Path]) -> bool:
    if tool in _FF:
        return bool(_FF_PROTOCOL.match(arg) or (within and _FF_READS.search(arg)))
    if tool in _MAGICK:
        if arg.startswith(("@", "|")) or ":@" in arg:
            return True
        prefix = _SCHEME.match(arg) if before not in ("-define", "-set") else None
        return prefix is not None and prefix[0].rstrip(":").lower() not in _MAGICK_PREFIXES
    if tool == "exiftool":
        return "${" in arg  # which runs Perl
    return tool in ("sox", "soxi") and arg.startswith("|")


def _check_path(tool: str, arg: str, within: Sequence[Path]) -> None:
    """Every part of an argument that could be a path has to lie inside."""
    for part in re.split(r"[=,|;\[\]'\"\s]|(?<=[A-Za-z]):", arg):
        if not (part.startswith(("/", "~")) or ".." in Path(part).parts or part == arg):
            continue
        meant = (within[0] / part).resolve()
        if not any(meant.is_relative_to(folder.resolve()) for folder in within):
            raise _refused(tool, arg, f"it lies outside of {', '.join(map(str, within))}")


def _with_protocols(args: list[str]) -> list[str]:
    """With the list of allowed protocols before every input and at the front, where ffprobe wants it."""
    checked: list[str] = []
    for arg in args:
        if arg == "-i":
            checked += ["-protocol_whitelist", _PROTOCOLS]
        checked.append(arg)
    return checked if "-i" in args else ["-protocol_whitelist", _PROTOCOLS, *checked]


def _end(process: subprocess.Popen[bytes]) -> None:
    """Nothing that the tool started outlives it."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def _text(file: IO[bytes]) -> str:
    file.seek(0)
    return file.read(_OUTPUT_LIMIT).decode(errors="replace")


def _refused(tool: str, arg: str, why: str) -> ItemFailure:
    return ItemFailure(
        f"{tool} may not run with this argument: {why}.",
        field="args",
        value=arg,
        fix="Download what is remote with download_asset, and name local files.",
    )
