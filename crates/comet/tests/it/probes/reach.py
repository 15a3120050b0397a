# Tries to reach what is not the function's: processes, files, devices, sockets, memory.
import socket
import stat
import subprocess
import time

from base import *


def processes(event):
    return {"pids": pids(), "self": os.getpid()}


def pid_one(event):
    found = {}
    for file in ("environ", "mem", "maps", "smaps", "auxv", "stack", "pagemap", "syscall", "io", "map_files"):
        path = "/proc/1/" + file
        found[file] = attempt(os.listdir if file == "map_files" else read, path)
    for link in ("exe", "cwd", "root", "ns/mnt", "ns/user", "ns/pid"):
        found[link] = attempt(os.readlink, "/proc/1/" + link)
    found["fd"] = attempt(os.listdir, "/proc/1/fd")
    found["fd/3"] = attempt(os.open, "/proc/1/fd/3", os.O_RDWR)
    found["mem for writing"] = attempt(os.open, "/proc/1/mem", os.O_RDWR)
    found["oom_score_adj"] = attempt(write, "/proc/1/oom_score_adj", b"1000")
    found["ptrace"] = call(101, 16, 1, 0, 0)
    found["ptrace seize"] = call(101, 0x4206, 1, 0, 0)
    found["process_vm_readv"] = call(310, 1, 0, 0, 0, 0, 0)
    found["process_vm_writev"] = call(311, 1, 0, 0, 0, 0, 0)
    pidfd = os.pidfd_open(1)
    found["pidfd_getfd"] = call(438, pidfd, 3, 0)
    found["prlimit"] = call(302, 1, 7, 0, ctypes.create_string_buffer(16))
    os.close(pidfd)
    return found


def signal_pid_one(event):
    for number in range(1, 65):
        if number not in (32, 33):
            try:
                os.kill(1, number)
            except OSError as error:
                return name(error.errno)
    # A signal that had an effect would have it now.
    time.sleep(0.05)
    return "alive"


def signal_everyone(event):
    try:
        os.kill(-1, 9)
    except ProcessLookupError:
        pass
    return "alive"


def write_read_only(event):
    found = {}
    for folder in event["folders"]:
        found[folder] = attempt(write, folder + "/probe")
        found[folder + " chmod"] = attempt(os.chmod, folder, 0o777)
    for file in event["files"]:
        found[file] = attempt(lambda: open(file, "ab").close())
    return found


def write_private(event):
    found = {}
    for folder in ("/tmp", "/dev/shm", "/var/tmp"):
        found[folder] = attempt(write, folder + "/probe")
    return found


def read_host(event):
    return {path: attempt(os.stat, path) for path in event["paths"]}


def root_listing(event):
    return {"root": sorted(os.listdir("/")), "dev": sorted(os.listdir("/dev")), "sys": os.listdir("/sys"),
            "run": os.listdir("/run"), "tmp": os.listdir("/tmp"), "shm": os.listdir("/dev/shm")}


def mounts(event):
    return [line.split()[1:4] for line in open("/proc/self/mounts")]


def devices(event):
    found = {}
    for device in ("kmsg", "mem", "port", "sda", "vda", "loop0", "loop-control", "fuse", "net/tun", "kvm", "tty",
                   "ptmx", "console", "vhost-vsock", "hwrng", "uinput", "disk"):
        found[device] = attempt(os.open, "/dev/" + device, os.O_RDONLY)
    found["mknod char"] = attempt(os.mknod, "/tmp/kmsg", stat.S_IFCHR | 0o666, os.makedev(1, 11))
    found["mknod block"] = attempt(os.mknod, "/tmp/disk", stat.S_IFBLK | 0o666, os.makedev(8, 0))
    return found


def proc_files(event):
    found = {}
    for path in ("sys/kernel/hostname", "sys/kernel/core_pattern", "sys/vm/drop_caches", "sys/net/ipv4/ip_forward",
                 "sys/kernel/ns_last_pid", "sys/fs/file-max", "sysrq-trigger"):
        found[path] = attempt(write, "/proc/" + path)
    return found


def proc_secrets(event):
    found = {}
    for file in ("keys", "key-users", "timer_list", "kmsg", "kcore", "kallsyms", "iomem", "sched_debug", "kpageflags"):
        try:
            found[file] = len([line for line in read("/proc/" + file).splitlines()
                               if not line.startswith(b"0" * 16)])
        except OSError as error:
            found[file] = name(error.errno)
    return found


def sockets(event):
    found = {}
    for title, family, kind, protocol in (
        ("vsock", 40, 1, 0), ("packet", 17, 3, 0), ("packet dgram", 17, 2, 0), ("netlink audit", 16, 3, 9),
        ("netlink uevent", 16, 3, 15), ("netlink netfilter", 16, 3, 12), ("netlink generic", 16, 3, 16),
        ("alg", 38, 5, 0), ("bluetooth", 31, 3, 1), ("can", 29, 3, 1), ("xdp", 44, 3, 0), ("key", 15, 3, 2),
        ("tipc", 30, 2, 0), ("rds", 21, 5, 0), ("raw", 2, 3, 1), ("raw6", 10, 3, 58), ("smc", 43, 1, 0),
        ("kcm", 41, 2, 0), ("qipcrtr", 42, 2, 0), ("nfc", 39, 5, 0), ("ax25", 3, 2, 0),
    ):
        found[title] = attempt(lambda: socket.socket(family, kind, protocol).close())
    return found


def useful_sockets(event):
    """What a program may rightly use inside."""
    found = {}
    for title, family, kind, protocol in (("unix", 1, 1, 0), ("tcp", 2, 1, 0), ("udp", 2, 2, 0), ("route", 16, 3, 0)):
        found[title] = attempt(lambda: socket.socket(family, kind, protocol).close())
    with socket.socket() as listener, socket.socket() as client:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        found["own loopback"] = attempt(client.connect, listener.getsockname())
    return found


def connect(event):
    found = {"interfaces": [entry[1] for entry in socket.if_nameindex()]}
    for host, port in event["tcp"]:
        with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as one:
            one.settimeout(2)
            try:
                one.connect((host, port))
                found[host] = "ok"
            except OSError as error:
                found[host] = name(error.errno) if error.errno else type(error).__name__
    for path in event["abstract"]:
        with socket.socket(socket.AF_UNIX) as one:
            found["abstract " + path] = attempt(one.connect, "\0" + path)
    for path in event["unix"]:
        for kind in (socket.SOCK_STREAM, socket.SOCK_SEQPACKET):
            with socket.socket(socket.AF_UNIX, kind) as one:
                found[path] = attempt(one.connect, path)
    return found


def descriptors(event):
    found = {}
    for number in os.listdir("/proc/self/fd"):
        try:
            found[number] = os.readlink("/proc/self/fd/" + number).split(":")[0]
        except FileNotFoundError:
            pass  # the listing itself
    return found


def environment(event):
    text = b"\0".join(attempt_read("/proc/%d/environ" % pid) for pid in pids())
    text += b"\0".join(attempt_read("/proc/%d/cmdline" % pid) for pid in pids())
    return {"names": sorted(os.environ), "canary": event["canary"].encode() in text,
            "canary in memory": event["canary"][::-1] in str(os.environ)}


def attempt_read(path):
    try:
        return read(path)
    except OSError:
        return b""


def identity(event):
    fields = status()
    wanted = ("Uid", "Gid", "Groups", "CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb", "NoNewPrivs", "Seccomp")
    found = {field: fields[field] for field in wanted}
    found["setuid"] = attempt(os.setuid, 0)
    found["setgid"] = attempt(os.setgid, 0)
    found["setgroups"] = attempt(os.setgroups, [0])
    found["chown"] = attempt(lambda: (write("/tmp/own"), os.chown("/tmp/own", 0, 0)))
    found["uid_map"] = read("/proc/self/uid_map").split()[2].decode()
    found["oom"] = read("/proc/self/oom_score_adj").strip().decode()
    found["core"] = fields.get("CoreDumping", "0")
    return found


def set_user_id(event):
    """Programs with the set-user-id bit give no rights."""
    found = {}
    for folder in ("/usr/bin", "/usr/sbin", "/usr/lib/openssh"):
        for entry in os.listdir(folder) if os.path.isdir(folder) else ():
            path = os.path.join(folder, entry)
            if os.stat(path, follow_symlinks=False).st_mode & stat.S_ISUID:
                found[path] = bool(os.statvfs(path).f_flag & os.ST_NOSUID)
    su = subprocess.run(["/usr/bin/su", "-c", "id", "root"], stdin=subprocess.DEVNULL, capture_output=True)
    copy = "/tmp/id"
    write(copy, open("/usr/bin/id", "rb").read())
    os.chmod(copy, 0o6755)
    own = subprocess.run([copy, "-u"], capture_output=True, text=True)
    return {"nosuid": found, "su": su.returncode, "su says": su.stdout.decode(), "own": own.stdout.strip()}


def shared_memory(event):
    """Makes or looks for a SysV segment, a file and a name that another sandbox could see."""
    flags = 0o666 | (0o1000 if event["make"] else 0)
    found = {"shm": call(29, event["key"], 4096, flags), "sem": call(64, event["key"], 1, flags),
             "msg": call(68, event["key"], flags)}
    if event["make"]:
        for folder in ("/tmp", "/dev/shm"):
            write(folder + "/left", b"left")
    found["files"] = [path for path in ("/tmp/left", "/dev/shm/left") if os.path.exists(path)]
    found["mq"] = call(240, ctypes.create_string_buffer(b"probe"), 0o102, 0o600, 0)
    found["host"] = socket.gethostname()
    with socket.socket(socket.AF_UNIX) as one:
        found["abstract"] = attempt(one.connect, "\0probe")
    if event["make"]:
        globals()["kept"] = socket.socket(socket.AF_UNIX)
        kept.bind("\0probe")
        kept.listen()
    return found


def hold(event):
    time.sleep(event["seconds"])
    return os.getuid()


handler = dispatch(globals())
