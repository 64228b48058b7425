"""What the tests of real mounts share: a home of their own, a local network, mounts, and cleaning up.

Every test class gets a temporary WALRUSFS_HOME. Whatever happens, its mounts are taken away and the
processes that it started (and no others) are ended.
"""
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest

BINARY = os.environ.get("WALRUSFS_BINARY", "walrusfs")
# Small networks keep the tests fast; the code paths are those of the big ones.
NODES, SHARDS = 4, 13


class Failed(Exception):
    def __init__(self, args, code, out, err):
        super().__init__(f"{' '.join(args)}: exit {code}\n{out}\n{err}")
        self.code, self.out, self.err = code, out, err


def wait_for(condition, what, seconds=60):
    """Waits for a condition; slow machines get the time that they need."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        value = condition()
        if value:
            return value
        time.sleep(0.02)
    raise AssertionError(f"waited {seconds} s for {what}")


def alive(pid):
    try:
        with open(f"/proc/{pid}/stat") as stat:
            zombie = stat.read().rsplit(")", 1)[1].split()[0] == "Z"
        # Of a killed process the first thread may be a zombie while others still hold its files.
        return not zombie or len(os.listdir(f"/proc/{pid}/task")) > 1
    except FileNotFoundError:
        return False


def is_mounted(path):
    with open("/proc/self/mountinfo") as table:
        return any(line.split()[4] == path for line in table)


class MountTest(unittest.TestCase):
    CONFIG = ""  # TOML for every volume of the test

    def setUp(self):
        self.top = os.path.realpath(tempfile.mkdtemp(prefix="walrusfs-test-"))
        self.addCleanup(self._clean)
        self.env = dict(os.environ, WALRUSFS_HOME=self.top + "/home")
        self.mountpoint = self.top + "/mnt"
        os.mkdir(self.mountpoint)
        os.makedirs(self.top + "/home")
        self.set_config(self.CONFIG)
        self.pids = set()

    def set_config(self, text):
        with open(self.top + "/home/config.toml", "w") as config:
            config.write(f"[localnet]\nnodes = {NODES}\nshards = {SHARDS}\n" + text)

    # --- the program ---

    def run_cli(self, *args, check=True, stdin="", timeout=120):
        done = subprocess.run([BINARY, *args], env=self.env, input=stdin, capture_output=True, text=True,
                              timeout=timeout, errors="surrogateescape")
        if check and done.returncode != 0:
            raise Failed([BINARY, *args], done.returncode, done.stdout, done.stderr)
        return done

    def cli_fails(self, code, *args, says=()):
        done = self.run_cli(*args, check=False)
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        for text in [says] if isinstance(says, str) else says:
            self.assertIn(text, done.stderr)
        return done

    def json(self, *args):
        return json.loads(self.run_cli(*args, "--json").stdout)

    def format(self, name="vol", *args):
        return self.run_cli("format", *args, name)

    def mount(self, name="vol", where=None, *args):
        where = where or self.mountpoint
        self.run_cli("mount", *args, name, where)
        pid = self.status(name)["pid"]
        self.pids.add(pid)
        net = self.home("data/localnet/localnet.json")
        if os.path.exists(net):
            with open(net) as state:
                self.pids.add(json.load(state)["pid"])
        return pid

    def umount(self, *args, name="vol"):
        return self.run_cli("umount", *args, name)

    def sync(self, name="vol", wait="certified"):
        return self.run_cli("sync", f"--wait={wait}", name)

    def status(self, name="vol"):
        return self.json("status", name)[0]

    def state(self, path):
        return os.getxattr(path, "user.walrus.state", follow_symlinks=False).decode()

    def home(self, path):
        return os.path.join(self.top, "home", path)

    def drop_cache(self):
        shutil.rmtree(self.home("cache"), ignore_errors=True)

    def kill(self, pid):
        os.kill(pid, signal.SIGKILL)
        wait_for(lambda: not alive(pid), f"process {pid} to end")

    # --- small helpers ---

    def path(self, *parts):
        return os.path.join(self.mountpoint, *parts)

    def write(self, name, content, sync=False):
        with open(self.path(name), "wb") as file:
            file.write(content)
            if sync:
                file.flush()
                os.fsync(file.fileno())

    def read(self, name):
        with open(self.path(name), "rb") as file:
            return file.read()

    def tool(self, *args, check=True, **more):
        done = subprocess.run(args, capture_output=True, text=True, errors="surrogateescape", timeout=600, **more)
        if check and done.returncode != 0:
            raise Failed(args, done.returncode, done.stdout, done.stderr)
        return done.stdout

    def _clean(self):
        with open("/proc/self/mountinfo") as table:
            ours = [line.split()[4] for line in table if line.split()[4].startswith(self.top + "/")]
        for path in reversed(ours):
            subprocess.run(["umount", "-l", path], capture_output=True)
        for pid in self._own_processes():
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                continue
            wait_for(lambda: not alive(pid), f"process {pid} to end")
        shutil.rmtree(self.top, ignore_errors=True)

    def _own_processes(self):
        """Processes whose environment names this test's home: those that it started."""
        mark = f"WALRUSFS_HOME={self.top}/home".encode()
        found = []
        for name in os.listdir("/proc"):
            if not name.isdigit() or int(name) == os.getpid():
                continue
            try:
                with open(f"/proc/{name}/environ", "rb") as environ:
                    if mark in environ.read().split(b"\0"):
                        found.append(int(name))
            except (FileNotFoundError, PermissionError, ProcessLookupError):
                pass
        return found


def main():
    unittest.main(argv=[sys.argv[0], "-v", *sys.argv[1:]])
