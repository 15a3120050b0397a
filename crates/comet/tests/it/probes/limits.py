# Uses up what there is, and ends in every way there is.
import resource
import signal
import socket
import subprocess
import threading
import time

from base import *

KEPT = []


def fine(event):
    """The next call: works, alone, in a sandbox of the full size."""
    block = b"x" * (16 << 20)
    write("/tmp/fine", block[: 1 << 20])
    child = subprocess.run(["/bin/echo", "fine"], capture_output=True, text=True)
    os.unlink("/tmp/fine")
    return {"said": child.stdout.strip(), "pids": running(), "self": os.getpid(), "size": len(block)}


def allocate(event):
    KEPT.append(b"x" * (event["mb"] << 20))
    return len(KEPT[-1])


def allocate_slowly(event):
    while True:
        KEPT.append(b"x" * (4 << 20))


def child_allocates(event):
    code = "x = []\nwhile True: x.append(b'x' * (4 << 20))"
    done = subprocess.run([sys.executable, "-I", "-S", "-c", code], capture_output=True)
    return done.returncode


def fill(event):
    """Fills a folder; how much fitted until the error."""
    size, block = 0, b"x" * (1 << 20)
    try:
        for number in range(event["mb"]):
            with open("%s/fill%d" % (event["folder"], number), "wb") as file:
                file.write(block)
            size += 1
    except OSError as error:
        return {"error": name(error.errno), "mb": size}
    return {"error": None, "mb": size}


def empty(event):
    for folder in ("/tmp", "/dev/shm"):
        for entry in os.listdir(folder):
            os.unlink(os.path.join(folder, entry))
    return os.statvfs("/tmp").f_bavail * os.statvfs("/tmp").f_frsize


def sysv(event):
    libc.shmat.restype = ctypes.c_void_p
    size = event["mb"] << 20
    segment = libc.shmget(0, ctypes.c_size_t(size), 0o1600)
    if segment < 0:
        return name(ctypes.get_errno())
    address = libc.shmat(segment, None, 0)
    for offset in range(0, size, 4096):
        ctypes.memset(address + offset, 1, 1)
    return "ok"


def inodes(event):
    count = 0
    os.mkdir("/tmp/many")
    try:
        while count < 200000:
            os.close(os.open("/tmp/many/%d" % count, os.O_CREAT | os.O_WRONLY))
            count += 1
    except OSError as error:
        return {"error": name(error.errno), "count": count}
    return {"error": None, "count": count}


def large_file(event):
    with open("/tmp/large", "wb", buffering=0) as file:
        written = 0
        try:
            while written < event["mb"] << 20:
                written += file.write(b"x" * 65536)
        except OSError as error:
            return {"error": name(error.errno), "bytes": written}
    return {"error": None, "bytes": written}


def open_files(event):
    try:
        while True:
            KEPT.append(os.open("/dev/null", os.O_RDONLY))
    except OSError as error:
        count = len(KEPT)
        for number in KEPT:
            os.close(number)
        KEPT.clear()
        return {"error": name(error.errno), "count": count}


def threads(event):
    stop, started = threading.Event(), []
    try:
        for _ in range(2000):
            one = threading.Thread(target=stop.wait)
            one.start()
            started.append(one)
    except RuntimeError as error:
        return {"error": str(error), "count": len(started)}
    finally:
        stop.set()
        for one in started:
            one.join()
    return {"error": None, "count": len(started)}


def busy(event):
    end = time.monotonic() + event["seconds"]
    before = time.process_time()
    while time.monotonic() < end:
        pass
    return time.process_time() - before


def fork_bomb(event):
    mark(event["mark"])
    while True:
        try:
            os.fork()
        except OSError:
            pass


def family(event):
    """A tree of processes, some with sessions of their own, and then no end."""
    if os.fork() == 0:
        mark(event["mark"])
        if os.fork() == 0:
            os.setsid()
            os.fork()
        while True:
            time.sleep(1)
    time.sleep(event.get("seconds", 60))
    return "over"


def daemon(event):
    reader, writer = os.pipe()
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            mark(event["mark"])
            for number in range(0, 3):
                os.close(number)
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
            signal.signal(signal.SIGHUP, signal.SIG_IGN)
            os.write(writer, b"up")
            os.close(writer)
            while True:
                time.sleep(1)
        os._exit(0)
    os.wait()
    os.close(writer)
    return os.read(reader, 2).decode()


def stubborn_daemon(event):
    """A subreaper whose child starts another one whenever it is looked at."""
    if os.fork() == 0:
        libc.prctl(36, 1, 0, 0, 0)
        mark(event["mark"])
        while True:
            pid = os.fork()
            if pid == 0:
                time.sleep(0.001)
                os._exit(0)
            os.waitpid(pid, 0)
    time.sleep(0.05)
    return "up"


def zombies(event):
    for _ in range(event["count"]):
        if os.fork() == 0:
            os._exit(0)
    return "done"


def print_endlessly(event):
    while True:
        print("x" * 1000, flush=False)


def print_one_line(event):
    while True:
        sys.stdout.write("y" * 65536)


def sleep(event):
    time.sleep(event["seconds"])
    return "slept"


def kill_self(event):
    os.kill(os.getpid(), event["signal"])
    time.sleep(10)


def exit_now(event):
    print("last words")
    sys.stdout.flush()
    os._exit(event["code"])


def exit_by_exception(event):
    sys.exit(event["code"])


def raise_error(event):
    raise ValueError("as asked")


def abort(event):
    os.abort()


def segfault(event):
    ctypes.string_at(0)


def recurse(event):
    return recurse(event)


def recurse_in_c(event):
    # repr of a nested list recurses on the C stack.
    sys.setrecursionlimit(1 << 30)
    value = []
    for _ in range(1 << 20):
        value = [value]
    return len(repr(value))


def close_everything(event):
    os.closerange(0, 1000)
    return "closed"


def write_garbage(event):
    os.write(3, event["bytes"].encode("latin-1"))
    time.sleep(1)
    return "written"


def write_packet(event):
    os.write(4, event["bytes"].encode("latin-1"))
    time.sleep(1)
    return "written"


def frame(text):
    body = text.encode()
    os.write(3, len(body).to_bytes(4, "big") + body)


def forge(event):
    """Answers, chunks and an Init answer for calls that are not running."""
    for other in event["ids"]:
        frame('{"type":3,"request_id":"%s","output":"forged"}' % other)
        frame('{"type":7,"request_id":"%s","data":"Zm9yZ2Vk"}' % other)
    frame('{"type":3,"request_id":"init","error":{"kind":"init","message":"forged"},"fatal":true}')
    frame('{"type":4}')
    time.sleep(0.05)
    return "mine"


def forge_own(event):
    frame('{"type":7,"request_id":"%s","data":"Zm9yZ2Vk"}' % event["id"])
    return "mine"


def swallow_stop(event):
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    time.sleep(60)


def large_answer(event):
    return "x" * (event["mb"] << 20)


handler = dispatch(globals())
