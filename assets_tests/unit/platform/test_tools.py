"""`run_tool`: a fixed list, no shell, arguments that stay with local files."""

from __future__ import annotations

import json
import os
import shutil
import socket
import wave
from pathlib import Path

import pytest

from mixpeek_orchestration.core.errors import ItemFailure, TransientItemFailure
from mixpeek_orchestration.extractors.container import use_platform
from mixpeek_orchestration.extractors.local_tools import PACKAGES, checked_arguments, executable, run_locally
from mixpeek_orchestration.extractors.tools import run_tool
from mixpeek_orchestration.warehouse.platform import NamespacePlatform

DOCUMENTED = "ffmpeg ffprobe convert identify magick exiftool mediainfo sox soxi REDline art-cmd".split()  # noqa: SIM905


@pytest.fixture
def sound(tmp_path: Path) -> Path:
    """A tenth of a second of silence."""
    path = tmp_path / "in.wav"
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(8000)
        file.writeframes(b"\0" * 1600)
    return path


def test_the_documented_tools_may_run() -> None:
    """The list is the one of Mixpeek's documentation."""
    assert sorted(PACKAGES) == sorted(DOCUMENTED)


def test_ffmpeg_really_runs(platform: NamespacePlatform, sound: Path, tmp_path: Path) -> None:
    """As documented: -y, -i, an output; with a platform, and without one."""
    for number in range(2):
        output = tmp_path / f"out {number}; touch x.flac"
        with use_platform(platform if number else None):
            result = run_tool("ffmpeg", ["-y", "-i", sound, output], timeout=60)
        assert result.returncode == 0, result.stderr
        assert output.stat().st_size > 0
    assert "ffmpeg version" in result.stderr
    assert not (tmp_path / "x.flac").exists()


def test_a_failure_is_a_return_code(tmp_path: Path) -> None:
    """A tool that ran and failed did run: its code and what it said come back."""
    result = run_locally("ffmpeg", ["-i", str(tmp_path / "missing.wav"), "-f", "null", "-"])
    assert result.returncode != 0
    assert "No such file" in result.stderr
    assert json.loads(json.dumps(result.as_dict())) == result.as_dict()


def test_an_unknown_tool_is_refused() -> None:
    """Neither a shell nor a path to a program is a tool."""
    for tool in ("bash", "/bin/sh", "ffmpeg; ls", "../ffmpeg", "python3", ""):
        with pytest.raises(ItemFailure, match="not one that a package may run"):
            run_locally(tool, [])


def test_a_missing_tool_names_its_package(monkeypatch: pytest.MonkeyPatch) -> None:
    """The fix is the command that installs it; ffmpeg is there without one."""
    monkeypatch.setenv("PATH", "/nonexistent")
    with pytest.raises(ItemFailure, match="apt-get install libimage-exiftool-perl"):
        run_locally("exiftool", [])
    with pytest.raises(ItemFailure, match="maker of the camera"):
        run_locally("REDline", [])
    assert os.access(executable("ffmpeg"), os.X_OK)


def test_a_tool_that_takes_too_long_is_ended() -> None:
    """The error is transient and says how long it had."""
    endless = ["-f", "lavfi", "-re", "-i", "anullsrc", "-f", "null", "-"]
    with pytest.raises(TransientItemFailure, match=r"not done within 0\.5 s"):
        run_locally("ffmpeg", endless, 0.5)


@pytest.mark.parametrize(
    ("tool", "arg"),
    [
        ("ffmpeg", "http://127.0.0.1:8080/x"),
        ("ffmpeg", "concat:/etc/passwd|/etc/shadow"),
        ("ffmpeg", "subfile,,start,0,end,9,,:/etc/passwd"),
        ("ffmpeg", "data:text/plain,hello"),
        ("ffmpeg", "crypto:x"),
        ("ffmpeg", "tcp:127.0.0.1:80"),
        ("ffmpeg", "unix:/run/docker.sock"),
        ("ffmpeg", "-protocol_whitelist"),
        ("ffmpeg", "-filter_script:v"),
        ("ffprobe", "https://example.com/x.mp4"),
        ("convert", "msl:script.xml"),
        ("convert", "label:@/etc/passwd"),
        ("identify", "https://example.com/x.png"),
        ("magick", "-script"),
        ("magick", "@list.txt"),
        ("exiftool", "-IF"),
        ("exiftool", "-Comment<${filename;system('id')}"),
        ("exiftool", "-@"),
        ("sox", "|cat /etc/passwd"),
        ("mediainfo", "http://127.0.0.1/"),
        ("ffmpeg", "a\0b"),
    ],
)
def test_arguments_that_reach_out_are_refused(tool: str, arg: str) -> None:
    """Protocols, scripts, pipes and options that lift limits never reach a tool."""
    with pytest.raises(ItemFailure, match="may not run with this argument"):
        checked_arguments(tool, ["-y", arg])


@pytest.mark.parametrize(
    ("tool", "args"),
    [
        ("ffmpeg", ["-y", "-i", "in.mp4", "-vf", "scale=320:240,fps=1", "-ss", "00:00:01.5", "out_%03d.jpg"]),
        ("ffmpeg", ["-i", "in.mp4", "-map", "0:v:0", "-c:v", "libx264", "-crf", "23", "file:out.mp4"]),
        ("ffmpeg", ["-i", "in.mp4", "-f", "image2pipe", "-"]),
        ("ffprobe", ["-v", "quiet", "-print_format", "json", "-show_format", "in.mp4"]),
        ("convert", ["in.png", "-resize", "50%", "-define", "webp:lossless=true", "png:out.png"]),
        ("convert", ["xc:red", "-size", "10x10", "out.png"]),
        ("exiftool", ["-json", "-IFD0:Make", "in.jpg"]),
        ("REDline", ["--i", "in.R3D", "--o", "out", "--format", "201", "--resize", "2"]),
    ],
)
def test_ordinary_arguments_pass(tool: str, args: list[str]) -> None:
    """The documented calls and usual ones go through as they are, ffmpeg's with its list of protocols."""
    checked = checked_arguments(tool, args)
    assert [arg for arg in checked if arg not in ("-protocol_whitelist", "file,pipe")] == args


@pytest.mark.parametrize(
    "args",
    [
        ["-i", "/etc/passwd"],
        ["-i", "../outside"],
        ["-i", "inside/../../outside"],
        ["-i", "file:/etc/passwd"],
        ["-i", "in.mp4", "-vf", "subtitles=/etc/passwd"],
        ["-i", "in.mp4", "-vf", "drawtext=textfile=x"],
        ["-f", "lavfi", "-i", "movie=in.mp4"],
        ["-i", "in.mp4", "-vf", r"subtitles=\/etc\/passwd"],
        ["-f", "concat", "-safe", "0", "-i", "list.txt"],
        ["-i", "in.mp4", "-f", "tee", "[f=mp4]/tmp/x|out.mp4"],
        ["-i", "link"],
    ],
)
def test_a_confined_tool_stays_in_its_folders(args: list[str], tmp_path: Path) -> None:
    """With `within`, no path among the arguments, also inside a filter or behind a link, leads out."""
    (tmp_path / "link").symlink_to("/etc/passwd")
    with pytest.raises(ItemFailure, match="may not run"):
        checked_arguments("ffmpeg", args, within=[tmp_path])


def test_a_confined_tool_works_in_its_folder(sound: Path, tmp_path: Path) -> None:
    """Relative and absolute paths inside are fine."""
    args = ["-y", "-i", sound.name, "-af", "volume=0.5", str(tmp_path / "out.wav")]
    result = run_locally("ffmpeg", args, 60, within=[tmp_path])
    assert result.returncode == 0, result.stderr


def test_a_playlist_cannot_name_a_remote_file(tmp_path: Path) -> None:
    """ffmpeg follows what a playlist says, but not out of local files: nobody calls the server that it names."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        remote = f"http://127.0.0.1:{listener.getsockname()[1]}/x.ts"
        (tmp_path / "list.m3u8").write_text(
            f"#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\n{remote}\n#EXT-X-ENDLIST\n"
        )
        result = run_locally("ffmpeg", ["-i", "list.m3u8", "-f", "null", "-"], 60, within=[tmp_path])
        listener.setblocking(False)
        with pytest.raises(BlockingIOError):
            listener.accept()
    assert result.returncode != 0


def test_a_tool_inherits_no_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keys in our environment do not reach a tool; its home is an empty folder."""
    fake = tmp_path / "mediainfo"
    fake.write_text("#!/bin/sh\nenv\n")
    fake.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    monkeypatch.setenv("OPENAI_API_KEY", "sk-openai")
    assert shutil.which("mediainfo") == str(fake)
    result = run_locally("mediainfo", [])
    assert "sk-openai" not in result.stdout
    assert "HOME=/" in result.stdout


def test_uploaded_files_have_an_address_of_ours(platform: NamespacePlatform, sound: Path) -> None:
    """The content can be read back from the URL; the same content has the same one."""
    from mixpeek_orchestration.extractors.sdk import open_asset, upload_asset

    with use_platform(platform):
        url = upload_asset(sound, "ns_1", "org", "obj_1")
        assert url == upload_asset(str(sound))
        with pytest.raises(ItemFailure, match="no such file"):
            upload_asset("missing.wav")
    with open_asset(url) as path:
        assert Path(path).read_bytes() == sound.read_bytes()
