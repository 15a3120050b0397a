# What all probes share: calls by number, and answers as names of errors.
import ctypes
import errno
import os
import sys

libc = ctypes.CDLL(None, use_errno=True)
libc.syscall.restype = ctypes.c_long


def name(number):
    return errno.errorcode.get(number, str(number))


def attempt(action, *arguments):
    """`ok`, or the name of the error."""
    try:
        action(*arguments)
    except OSError as error:
        return name(error.errno)
    return "ok"


def read(path):
    with open(path, "rb") as file:
        return file.read(4096)


def write(path, data=b"x"):
    with open(path, "wb") as file:
        file.write(data)


def call(number, *arguments):
    """`ok`, or the name of the error, of a system call by number."""
    ctypes.set_errno(0)
    values = [ctypes.c_void_p(a) if isinstance(a, int) else a for a in arguments]
    result = libc.syscall(ctypes.c_long(number), *values)
    return name(ctypes.get_errno()) if result == -1 else "ok"


def status():
    fields = {}
    for line in open("/proc/self/status"):
        key, _, value = line.partition(":")
        fields[key] = value.strip()
    return fields


def pids():
    return sorted(int(entry) for entry in os.listdir("/proc") if entry.isdigit())


def running():
    """Pids of those that are more than an entry that nobody waited for."""
    return [pid for pid in pids() if state_of(pid) not in ("Z", "")]


def state_of(pid):
    try:
        return read("/proc/%d/stat" % pid).decode().rpartition(") ")[2][0]
    except OSError:
        return ""


def mark(text):
    """A name for this process that the host sees."""
    libc.prctl(15, text.encode(), 0, 0, 0)


def dispatch(names):
    return lambda event, context: names[event["probe"]](event)
