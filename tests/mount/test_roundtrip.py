"""The main promise: a tree goes in, the cache goes away, and every byte, name, time, mode, link and xattr is there."""
import os
import shutil
import stat
import subprocess

import harness


def make_tree(top):
    """A small tree with one of everything."""
    os.makedirs(top + "/deep/er/and/deeper")
    for i in range(300):
        with open(f"{top}/deep/f{i}", "wb") as file:
            file.write(os.urandom(i * 37 % 9000))
    with open(top + "/big", "wb") as file:
        file.write(os.urandom(3_000_000) + b"compressible " * 500_000)
    with open(top + "/sparse", "wb") as file:
        file.seek(20_000_000)
        file.write(b"x")
    os.symlink("deep/f1", top + "/link")
    os.symlink("nowhere", top + "/dangling")
    os.link(top + "/deep/f7", top + "/deep/er/hard")
    os.mkfifo(top + "/fifo")
    os.mknod(top + "/device", stat.S_IFCHR | 0o640, os.makedev(5, 77))
    with open(os.fsencode(top) + b"/not \xff utf-8", "wb") as file:
        file.write(b"odd")
    with open(top + "/deep/" + "n" * 255, "wb") as file:
        file.write(b"long name")
    os.setxattr(top + "/big", "user.note", b"\0binary\xff")
    os.chmod(top + "/deep/f3", 0o4711)
    os.chown(top + "/deep/f4", 1000, 1001)
    os.utime(top + "/deep/f5", ns=(1, 1_600_000_000_123_456_789))
    os.utime(top + "/deep/er", ns=(1, 1_500_000_000_987_654_321))


class RoundTrip(harness.MountTest):
    def rsync(self, *flags):
        return self.tool("rsync", "-aHAX", *flags, self.source + "/", self.mountpoint + "/")

    def setUp(self):
        super().setUp()
        self.source = self.top + "/source"
        os.mkdir(self.source)
        make_tree(self.source)

    def round_trip(self, *format_flags):
        self.format("vol", *format_flags)
        self.mount()
        self.rsync()
        self.sync()
        status = self.status()
        self.assertEqual(status["upload"]["pending_bytes"], 0)
        self.assertEqual(status["spool"]["staging_bytes"], 0)
        self.umount()
        self.drop_cache()
        self.mount()
        self.assertEqual(self.rsync("-nic", "--delete"), "")
        self.assertEqual(self.rsync("-i"), "")
        self.umount()
        self.assertIn("in order", self.run_cli("check", "vol").stdout)

    def test_encrypted(self):
        self.round_trip()

    def test_public(self):
        self.round_trip("--public")

    def test_changes_without_bytes_are_certified_too(self):
        self.format()
        self.mount()
        self.rsync()
        self.sync()
        os.chmod(self.path("big"), 0o444)
        os.rename(self.path("deep"), self.path("moved"))
        os.unlink(self.path("sparse"))
        os.symlink("x", self.path("another"))
        self.sync()
        # (Linux allows no user.* attributes on symlinks, so "another" cannot be asked.)
        for name in ("big", "moved", "moved/f1"):
            self.assertEqual(self.state(self.path(name)), "certified", name)
        self.umount()
        self.drop_cache()
        self.mount()
        self.assertEqual(stat.S_IMODE(os.stat(self.path("big")).st_mode), 0o444)
        self.assertEqual(os.readlink(self.path("another")), "x")
        self.assertFalse(os.path.exists(self.path("sparse")))
        with open(self.source + "/deep/f299", "rb") as want:
            self.assertEqual(self.read("moved/f299"), want.read())

    def test_changes_without_bytes_are_not_called_safe_too_early(self):
        """States, sync and umount tell the truth about renames and modes, after a remount as well."""
        self.set_config('[pack]\nmax_age = "1h"\n')
        self.format()
        self.mount()
        self.write("p", b"p")
        self.write("q", b"q")
        self.sync()
        os.rename(self.path("p"), self.path("p2"))
        os.chmod(self.path("q"), 0o711)
        self.sync(wait="journaled")
        self.assertIn("on this machine only", self.umount("--now").stdout)
        self.mount("vol", None, "--read-only")
        for name in ("p2", "q"):
            self.assertEqual(self.state(self.path(name)), "journaled", name)
        self.cli_fails(1, "sync", "vol", says="read-only mount uploads nothing")
        self.umount()
        self.mount()
        self.sync()
        for name in ("p2", "q"):
            self.assertEqual(self.state(self.path(name)), "certified", name)

    def test_umount_does_not_pull_the_folder_from_under_a_program(self):
        self.format()
        self.mount()
        with open(self.path("held"), "wb") as held:
            held.write(b"x")
            self.cli_fails(4, "umount", "vol", says="in use")
        self.assertIn("is unmounted", self.umount().stdout)

    def test_partial_overwrite_of_a_stored_file(self):
        self.format()
        self.mount()
        content = bytearray(os.urandom(4_000_000))
        self.write("f", content)
        self.sync()
        with open(self.path("f"), "r+b") as file:
            file.seek(1_234_567)
            file.write(b"changed in the middle")
        content[1_234_567:1_234_567 + 21] = b"changed in the middle"
        self.assertEqual(self.read("f"), bytes(content))
        self.sync()
        self.umount()
        self.drop_cache()
        self.mount()
        self.assertEqual(self.read("f"), bytes(content))

    def test_stock_tools_open_a_pack(self):
        shown = self.format().stdout
        key = next(word for word in shown.split() if word.startswith("AGE-SECRET-KEY-1"))
        with open(self.top + "/key.txt", "w") as file:
            file.write(key + "\n")
        self.mount()
        self.write("hello", b"hello, stock tools\n" * 1000)
        self.sync()
        blob = os.getxattr(self.path("hello"), "user.walrus.blob_id").decode()
        url = self.json("localnet", "status")["aggregator"] + "/v1/blobs/" + blob
        out = self.top + "/out"
        os.mkdir(out)
        # One shell pipeline, as a user would type it.
        self.tool("sh", "-c", f"curl -sf {url} | age -d -i {self.top}/key.txt | zstd -dq | tar x -C {out}")
        with open(out + "/hello", "rb") as file:
            self.assertEqual(file.read(), b"hello, stock tools\n" * 1000)
        listed = self.run_cli("pack", "list", "--volume", "vol", url).stdout
        self.assertIn("hello", listed)
        self.assertIn("check out", self.run_cli("pack", "verify", "--identity", self.top + "/key.txt", url).stdout)

    def test_deleting_the_cache_while_mounted(self):
        self.format()
        self.mount()
        self.rsync()
        self.sync()
        shutil.rmtree(self.home("cache"))
        subprocess.run(["sh", "-c", "echo 3 > /proc/sys/vm/drop_caches"], capture_output=True)
        self.assertEqual(self.rsync("-nic", "--delete"), "")


if __name__ == "__main__":
    harness.main()
