"""The system calls of a jailed worker, as data: what it may call, and what is refused and how.

Whatever is not here does not exist for the worker (ENOSYS), so that calls of future kernels are out by default and
libraries take their fallbacks.
"""

from __future__ import annotations

from typing import Final

_FILES = """
access faccessat faccessat2 open openat openat2 close close_range creat read pread64 readv preadv preadv2 write pwrite64
writev pwritev pwritev2 lseek stat lstat fstat newfstatat fstatat64 statx statfs fstatfs getdents getdents64 getcwd chdir
fchdir dup dup2 dup3 fcntl fsync fdatasync sync_file_range ftruncate truncate fallocate fadvise64 readahead rename renameat
renameat2 mkdir mkdirat rmdir unlink unlinkat link linkat readlink readlinkat umask pipe pipe2 splice tee sendfile
copy_file_range ioctl
"""
_MEMORY = """
brk mmap munmap mremap mprotect madvise mincore msync mlock mlock2 munlock membarrier get_mempolicy set_mempolicy mbind
pkey_alloc pkey_free pkey_mprotect
"""
_THREADS = """
clone exit exit_group futex futex_waitv futex_wait futex_wake set_robust_list set_tid_address rseq gettid getpid getppid
getpgrp getpgid getsid sched_yield sched_getaffinity sched_getparam sched_getscheduler sched_get_priority_max
sched_get_priority_min getpriority arch_prctl prctl restart_syscall wait4 waitid getcpu
"""
_SIGNALS = """
rt_sigaction rt_sigprocmask rt_sigpending rt_sigreturn rt_sigsuspend rt_sigtimedwait sigaltstack signalfd signalfd4 pause
"""
_TIME = """
nanosleep clock_nanosleep clock_gettime clock_getres gettimeofday time times alarm setitimer getitimer timer_create
timer_settime timer_gettime timer_getoverrun timer_delete timerfd_create timerfd_settime timerfd_gettime
"""
_WAITING = """
poll ppoll select pselect6 epoll_create epoll_create1 epoll_ctl epoll_wait epoll_pwait epoll_pwait2 eventfd eventfd2
"""
_ABOUT = """
uname sysinfo getrusage getrlimit setrlimit getuid geteuid getgid getegid getresuid getresgid getgroups capget getrandom
"""
_PIPES = "recvfrom recvmsg sendto sendmsg shutdown getsockopt setsockopt getsockname getpeername"

ALLOWED: Final = tuple(
    " ".join((_FILES, _MEMORY, _THREADS, _SIGNALS, _TIME, _WAITING, _ABOUT, _PIPES)).split()
)
"""`clone` makes threads only; `socketpair` and the calls on it are how event loops wake themselves."""

ALLOWED_NETWORK: Final = ("connect", "sendmmsg", "recvmmsg")
"""Beside `ALLOWED`, for workers that may connect. `listen` is not here: it binds a free port unseen by Landlock."""

EXECUTE: Final = ("execve",)
"""Beside `ALLOWED`, for a process that is to become a tool."""

_REFUSED = """
execve execveat fork vfork ptrace process_vm_readv process_vm_writev kcmp pidfd_open pidfd_getfd pidfd_send_signal
tkill rt_sigqueueinfo rt_tgsigqueueinfo setpgid setsid mount umount2 pivot_root chroot unshare setns bpf keyctl add_key
request_key io_uring_setup userfaultfd perf_event_open memfd_create shmget shmat semget msgget mq_open symlink symlinkat
mknod mknodat bind listen accept accept4 inotify_init inotify_init1 fanotify_init
"""
REFUSED: Final = tuple(_REFUSED.split())
"""Answered with EPERM rather than ENOSYS: a clearer message for what packages do try. Memory that no process is charged
for (memfd, System V) could not be watched."""

_WITHOUT_EFFECT = """
chmod fchmod fchmodat fchmodat2 chown fchown lchown fchownat utime utimes utimensat futimesat flock sched_setaffinity
sched_setattr sched_setparam sched_setscheduler setpriority ioprio_set
"""
WITHOUT_EFFECT: Final = tuple(_WITHOUT_EFFECT.split())
"""Answered with success, and nothing happens. Landlock says nothing about them, they reach files and processes outside, and
copying a file must not fail because its mode cannot be set."""

_UNSUPPORTED = """
setxattr lsetxattr fsetxattr getxattr lgetxattr fgetxattr listxattr llistxattr flistxattr removexattr lremovexattr
fremovexattr
"""
UNSUPPORTED: Final = tuple(_UNSUPPORTED.split())
"""Answered with ENOTSUP, as a file system without attributes does."""
