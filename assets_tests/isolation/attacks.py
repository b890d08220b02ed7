"""What hostile packages try. Every function returns what it got hold of, or raises because it was not let.

Standard library only, and in one file: it is copied into packages, and it is imported by workers by itself.
"""

# ruff: noqa: ARG001, SIM115 - every attack is called in one way, and leaves open what it can

import ctypes
import fcntl
import json
import mmap
import os
import resource
import signal
import socket
import struct
import subprocess
import sys
import threading
import time

_LIBC = ctypes.CDLL(None, use_errno=True)


def _syscall(number, *arguments):
    if os.uname().machine != "x86_64":
        raise OSError("the numbers of other machines differ")
    result = _LIBC.syscall(
        ctypes.c_long(number), *[ctypes.c_long(one) if isinstance(one, int) else one for one in arguments]
    )
    if result < 0:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code))
    return result


def _pipes():
    """The pipes that a worker talks to its parent through: requests, replies, asks, answers."""
    return [int(one) for one in sys.argv[1:5]]


def _send(pipe, number, text, payload=b"", *, text_size=None, payload_size=None):
    sizes = (
        len(text) if text_size is None else text_size,
        len(payload) if payload_size is None else payload_size,
    )
    os.write(pipe, struct.pack(">QIQ", number, *sizes) + text)
    view = memoryview(payload)
    while view:
        view = view[os.write(pipe, view[: 1 << 16]) :]


# files


def read_secret(world):
    return open(world["secret"]).read()


def list_home(world):
    return os.listdir(world["home"])


def write_home(world):
    return open(os.path.join(world["home"], "planted"), "w").write("x")


def overwrite_secret(world):
    return open(world["secret"], "w").write("x")


def truncate_secret(world):
    os.truncate(world["secret"], 0)


def truncate_by_open(world):
    os.close(os.open(world["secret"], os.O_RDONLY | os.O_TRUNC))


def remove_secret(world):
    os.unlink(world["secret"])


def rename_secret(world):
    os.rename(world["secret"], "mine")


def link_secret(world):
    os.link(world["secret"], "mine")
    return open("mine").read()


def symlink_secret(world):
    os.symlink(world["secret"], "mine")
    return open("mine").read()


def through_proc_root(world):
    return open("/proc/self/root" + world["secret"]).read()


def through_parent_cwd(world):
    return os.listdir(f"/proc/{world['parent']}/cwd")


def parent_environment(world):
    return open(f"/proc/{world['parent']}/environ").read()


def parent_environment_by_a_detour(world):
    return open(f"/proc/self/../{world['parent']}/environ").read()


def parent_memory(world):
    return open(f"/proc/{world['parent']}/mem", "rb").read(1)


def parent_arguments(world):
    return open(f"/proc/{world['parent']}/cmdline").read()


def accounts(world):
    return open("/etc/shadow").read()


def shared_memory(world):
    return open("/dev/shm/planted", "w").write("x")


def replace_a_given_file(world):
    return open(world["given"], "w").write("x")


def move_a_given_file(world):
    os.rename(world["given"], "mine")


def make_a_device(world):
    os.mknod("disk", 0o600 | 0o060000, os.makedev(8, 0))


# network


def own_port(world):
    return socket.create_connection(("127.0.0.1", world["port"]), 2)


def own_port_six(world):
    with socket.socket(socket.AF_INET6) as one:
        one.connect(("::ffff:127.0.0.1", world["port"]))


def fast_open(world):
    with socket.socket() as one:
        one.sendto(b"x", 0x20000000, ("127.0.0.1", world["port"]))


def multipath(world):
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM, 262) as one:
        one.connect(("127.0.0.1", world["port"]))


def datagram(world):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one:
        return one.sendto(b"x", ("127.0.0.1", world["port"]))


def unix_socket(world):
    with socket.socket(socket.AF_UNIX) as one:
        one.connect(world["socket"])


def unix_datagrams_through_a_pair(world):
    left, _ = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
    return left.sendto(b"x", world["socket"])


def reconnected_pair(world):
    left, _ = socket.socketpair()
    left.connect(world["socket"])


def netlink(world):
    return socket.socket(socket.AF_NETLINK, socket.SOCK_RAW)


def raw(world):
    return socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP)


def packet(world):
    return socket.socket(socket.AF_PACKET, socket.SOCK_RAW)


def listen(world):
    with socket.socket() as one:
        one.listen()


# other programs and processes


def shell(world):
    return subprocess.check_output(["/bin/sh", "-c", "id"])


def execute(world):
    os.execv("/bin/true", ["true"])


def spawn(world):
    return os.posix_spawn("/bin/true", ["true"], {})


def execute_from_memory(world):
    return os.memfd_create("program")


def fork(world):
    if os.fork() == 0:
        os._exit(0)


def vfork_by_clone(world):
    return _syscall(56, signal.SIGCHLD | 0x4100, 0, 0, 0, 0)


def clone3(world):
    arguments = (ctypes.c_uint64 * 11)()
    arguments[4] = signal.SIGCHLD
    if _syscall(435, arguments, ctypes.sizeof(arguments)) == 0:
        os._exit(0)


def trace_parent(world):
    _syscall(101, 16, world["parent"], 0, 0)


def read_parent_by_call(world):
    _syscall(310, world["parent"], 0, 0, 0, 0, 0)


def take_parents_files(world):
    return _syscall(434, world["parent"], 0)


def kill_parent(world):
    os.kill(world["parent"], signal.SIGKILL)


def kill_everybody(world):
    os.kill(-1, signal.SIGKILL)


def kill_a_high_number(world):
    _syscall(62, world["parent"] | (1 << 32), signal.SIGKILL)


def kill_parents_thread(world):
    _syscall(234, world["parent"], world["parent"], signal.SIGKILL)


def kill_parent_by_owner(world):
    reading, _ = os.pipe()
    fcntl.fcntl(reading, fcntl.F_SETOWN, world["parent"])


def kill_parent_by_high_owner(world):
    reading, _ = os.pipe()
    _syscall(72, reading, fcntl.F_SETOWN | (1 << 32), world["parent"])


def limit_parent(world):
    resource.prlimit(world["parent"], resource.RLIMIT_NOFILE, (8, 8))


def outlive_parent(world):
    if _LIBC.prctl(1, 0, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl")


def leave_the_group(world):
    os.setsid()


# the kernel


def new_namespace(world):
    _syscall(272, 0x10000000)


def mount(world):
    _syscall(165, 0, 0, 0, 0, 0)


def keys(world):
    return _syscall(250, 0, -3, 0)


def bpf(world):
    _syscall(321, 0, 0, 0)


def ring(world):
    buffer = (ctypes.c_char * 120)()
    return _syscall(425, 4, buffer)


def page_faults(world):
    return _syscall(323, 0)


def performance(world):
    _syscall(298, 0, 0, -1, -1, 0)


def watch_folders(world):
    return _syscall(294, 0)


def old_calls(world):
    """The 32-bit numbering, where kill is 37: the filter of the other numbering must not be passed by."""
    code = mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
    code.write(b"\xb8" + struct.pack("<I", 20) + b"\xcd\x80\xc3")  # mov eax, getpid; int 0x80; ret
    address = ctypes.addressof(ctypes.c_char.from_buffer(code))
    return ctypes.CFUNCTYPE(ctypes.c_long)(address)()


def hidden_memory(world):
    return _syscall(29, 0, 1 << 30, 0o1600)


# what it is told, and what it asks for


def credentials(world):
    found = [
        name
        for name in os.environ
        if any(mark in name for mark in ("KEY", "SECRET", "TOKEN", "RAY_", "MIXPEEK_", "AWS_"))
    ]
    found += [name for name in ("PLANTED",) if name.encode() in open("/proc/self/environ", "rb").read()]
    if not found:
        raise PermissionError("no credentials")
    return found


def _asked(name, **arguments):
    from mixpeek_orchestration.isolation.asking import parent

    return parent().ask(name, **arguments)


def ask_for_a_file(world):
    return _asked("download", url=f"file://{world['secret']}", suffix=None)


def ask_for_a_path_up(world):
    return _asked(
        "download", url=f"file://{world['store']}/../{os.path.basename(world['home'])}/token", suffix=None
    )


def ask_for_a_link(world):
    return _asked("download", url=f"file://{world['store']}/link", suffix=None)


def ask_for_our_port(world):
    return _asked("download", url=f"http://127.0.0.1:{world['port']}/", suffix=None)


def ask_for_our_port_by_number(world):
    return _asked("download", url=f"http://2130706433:{world['port']}/", suffix=None)


def ask_for_the_clouds_metadata(world):
    return _asked("download", url="http://169.254.169.254/latest/meta-data/", suffix=None)


def ask_with_our_keys(world):
    return _asked("download", url="s3://somebodys-bucket/key", suffix=None)


def ask_for_anything(world):
    return _asked("eval", code="1 + 1")


def ask_for_a_tool_on_a_secret(world):
    return _asked(
        "run_tool", tool="ffmpeg", args=["-f", "data", "-i", world["secret"], "-f", "data", "mine"], timeout=5
    )


def ask_for_a_model_by_path(world):
    return _asked("prefetch_model", model_id=world["home"], revision=None, allow_patterns=None)


DENIED = {name: one for name, one in list(globals().items()) if callable(one) and not name.startswith("_")}


# what ends a worker


def segfault(world):
    ctypes.string_at(0)


def leave(world):
    os._exit(7)


def kill_itself(world):
    os.kill(os.getpid(), signal.SIGKILL)


def abort(world):
    os.abort()


def loop(world):
    while True:
        pass


def sleep(world):
    time.sleep(3600)


def memory_bomb(world):
    kept = []
    while True:
        try:
            kept.append(os.urandom(1 << 20) * 16)
        except MemoryError:
            time.sleep(3600)


def thread_bomb(world):
    while True:
        try:
            threading.Thread(target=time.sleep, args=(3600,), daemon=True).start()
        except RuntimeError:  # there is no memory for the stack of another one
            time.sleep(3600)


def bottomless_folders(world):
    for _ in range(3000):
        os.mkdir("d")
        os.chdir("d")
    time.sleep(3600)


def close_the_pipes(world):
    for pipe in _pipes():
        os.close(pipe)
    time.sleep(3600)


def forged_length(world):
    _send(_pipes()[1], 1, b"", text_size=1 << 31)
    time.sleep(3600)


def forged_payload_length(world):
    _send(_pipes()[1], 1, b"{}", payload_size=1 << 62)
    time.sleep(3600)


def garbage(world):
    os.write(_pipes()[1], b"\xff" * 4096)
    time.sleep(3600)


def answer_for_another_call(world):
    _send(_pipes()[1], 4711, b"{}")
    time.sleep(3600)


def deep_json(world):
    deep = b'{"value":' + b"[" * 200_000 + b"]" * 200_000 + b"}"
    _send(_pipes()[1], world["number"], deep)
    time.sleep(3600)


def pickle_instead_of_json(world):
    _send(_pipes()[1], world["number"], b"\x80\x04\x95\x1b\x00\x00\x00cposix\nsystem\n")
    time.sleep(3600)


def an_error_that_is_none(world):
    _send(_pipes()[1], world["number"], b'{"error": 7}')
    time.sleep(3600)


def pickle_instead_of_arrow(world):
    _send(_pipes()[1], world["number"], b'{"table": true}', b"\x80\x04cposix\nsystem\n")
    time.sleep(3600)


def flood_of_questions(world):
    while True:
        _send(_pipes()[2], 1, json.dumps({"name": "wait", "arguments": {}}).encode())


def deep_question(world):
    for _ in range(3):
        _send(_pipes()[2], 1, b'{"name":' + b"[" * 200_000 + b"]" * 200_000 + b"}")
    os._exit(7)


DEADLY = {
    name: one
    for name, one in list(globals().items())
    if callable(one) and not name.startswith("_") and name not in DENIED
}


# what is ended inside the worker, or does nobody harm


def too_much_at_once(world):
    return len(bytearray(64 << 30))


def huge_file(world):
    with open("huge", "wb") as file:
        os.posix_fallocate(file.fileno(), 0, world["file_bytes"] + 1)


def quit_politely(world):
    sys.exit(3)


def interrupt(world):
    raise KeyboardInterrupt


def endless_recursion(world):
    return endless_recursion(world)


FAILING = {
    name: one
    for name, one in list(globals().items())
    if callable(one) and not name.startswith("_") and name not in DENIED and name not in DEADLY
}


def change_modes(world):
    os.chmod(world["secret"], 0o777)
    os.utime(world["secret"], (0, 0))
    os.chown(world["secret"], 1, 1)


def slow_parent_down(world):
    os.setpriority(os.PRIO_PROCESS, world["parent"], 19)
    os.sched_setaffinity(world["parent"], {0})


def chatter(world):
    for _ in range(100):
        os.write(1, b"x" * 65536)
        os.write(2, b"y" * 65536)


HARMLESS = {"change_modes": change_modes, "slow_parent_down": slow_parent_down, "chatter": chatter}
ALL = {**DENIED, **DEADLY, **FAILING, **HARMLESS}


class Attacker:
    """The entry of a worker that attacks on request."""

    def attack(self, name, world):
        result = ALL[name](world)
        return None if result is None else repr(result)[:200]

    def ping(self):
        return "pong"
