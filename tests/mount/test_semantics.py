"""POSIX semantics through the kernel: what programs that know nothing of Walrus expect of a folder."""
import errno
import fcntl
import mmap
import os
import stat
import subprocess

import harness


class Semantics(harness.MountTest):
    def setUp(self):
        super().setUp()
        self.format()
        self.mount()

    def assertErrno(self, number, call, *args, **more):
        with self.assertRaises(OSError) as caught:
            call(*args, **more)
        self.assertEqual(errno.errorcode[caught.exception.errno], errno.errorcode[number])

    def remount(self):
        self.umount("--now")
        self.mount()

    def test_bytes_come_back(self):
        for size in (0, 1, 4095, 4096, 4097, 131072, 3_000_000):
            content = os.urandom(size)
            self.write(f"f{size}", content)
            self.assertEqual(self.read(f"f{size}"), content)
            self.assertEqual(os.stat(self.path(f"f{size}")).st_size, size)
        self.remount()
        self.assertEqual(os.stat(self.path("f3000000")).st_size, 3_000_000)
        self.assertEqual(self.read("f4097")[4096:4097], self.read("f4097")[-1:])

    def test_names(self):
        long_name = "n" * 255
        self.write(long_name, b"x")
        self.assertEqual(self.read(long_name), b"x")
        self.assertErrno(errno.ENAMETOOLONG, self.write, "n" * 256, b"x")
        raw = os.fsencode(self.mountpoint) + b"/\xff\xfe\x80 not utf-8 \n\t"
        with open(raw, "wb") as file:
            file.write(b"odd")
        self.assertIn(b"\xff\xfe\x80 not utf-8 \n\t", os.listdir(os.fsencode(self.mountpoint)))
        self.remount()
        with open(raw, "rb") as file:
            self.assertEqual(file.read(), b"odd")
        self.assertErrno(errno.EPERM, os.mkdir, self.path(".walrusfs"))

    def test_folders(self):
        os.makedirs(self.path("a/b/c"))
        self.assertEqual(os.stat(self.path("a")).st_nlink, 3)
        self.assertErrno(errno.ENOTEMPTY, os.rmdir, self.path("a/b"))
        self.assertErrno(errno.EEXIST, os.mkdir, self.path("a"))
        self.assertErrno(errno.ENOENT, os.rmdir, self.path("nothing"))
        os.rmdir(self.path("a/b/c"))
        os.rmdir(self.path("a/b"))
        self.assertEqual(os.stat(self.path("a")).st_nlink, 2)
        self.write("file", b"")
        self.assertErrno(errno.ENOTDIR, os.rmdir, self.path("file"))
        self.assertErrno(errno.EISDIR, os.unlink, self.path("a"))

    def test_rename(self):
        self.write("one", b"1")
        self.write("two", b"2")
        os.rename(self.path("one"), self.path("two"))
        self.assertEqual(self.read("two"), b"1")
        self.assertErrno(errno.ENOENT, os.stat, self.path("one"))
        os.mkdir(self.path("d"))
        self.assertErrno(errno.EISDIR, os.rename, self.path("two"), self.path("d"))
        self.assertErrno(errno.ENOTDIR, os.rename, self.path("d"), self.path("two"))
        os.mkdir(self.path("d/inner"))
        self.assertErrno(errno.EINVAL, os.rename, self.path("d"), self.path("d/inner/x"))
        os.mkdir(self.path("empty"))
        os.rename(self.path("d/inner"), self.path("empty"))
        self.assertEqual(os.listdir(self.path("d")), [])
        self.tool("mv", "--no-clobber", self.path("two"), self.path("empty"))
        self.assertTrue(os.path.exists(self.path("empty/two")))

    def test_rename_over_an_open_file_keeps_it_readable(self):
        self.write("old", b"old content")
        self.write("new", b"new content")
        with open(self.path("old"), "rb") as held:
            os.rename(self.path("new"), self.path("old"))
            self.assertEqual(held.read(), b"old content")
            self.assertEqual(os.fstat(held.fileno()).st_nlink, 0)
        self.assertEqual(self.read("old"), b"new content")

    def test_unlink_while_open(self):
        with open(self.path("gone"), "w+b") as held:
            held.write(b"still here")
            held.flush()
            os.unlink(self.path("gone"))
            self.assertErrno(errno.ENOENT, os.stat, self.path("gone"))
            held.write(b", more")
            held.seek(0)
            self.assertEqual(held.read(), b"still here, more")

    def test_links(self):
        self.write("a", b"shared")
        os.link(self.path("a"), self.path("b"))
        self.assertEqual(os.stat(self.path("a")).st_nlink, 2)
        self.assertEqual(os.stat(self.path("a")).st_ino, os.stat(self.path("b")).st_ino)
        os.unlink(self.path("a"))
        self.assertEqual(self.read("b"), b"shared")
        os.symlink("x" * 4095, self.path("long"))
        self.assertEqual(os.readlink(self.path("long")), "x" * 4095)
        os.mkdir(self.path("d"))
        self.assertErrno(errno.EPERM, os.link, self.path("d"), self.path("e"))
        self.remount()
        self.assertEqual(os.readlink(self.path("long")), "x" * 4095)

    def test_modes_owners_times(self):
        self.write("f", b"x")
        os.chmod(self.path("f"), 0o4751)
        os.chown(self.path("f"), 1234, 4321)
        os.chmod(self.path("f"), 0o4751)
        os.utime(self.path("f"), ns=(1_234_567_890_123_456_789, -1_000_000_001))
        self.remount()
        info = os.stat(self.path("f"))
        self.assertEqual(stat.S_IMODE(info.st_mode), 0o4751)
        self.assertEqual((info.st_uid, info.st_gid), (1234, 4321))
        self.assertEqual((info.st_atime_ns, info.st_mtime_ns), (1_234_567_890_123_456_789, -1_000_000_001))

    def test_mtime_set_after_writing_sticks(self):
        with open(self.path("f"), "wb", buffering=0) as file:
            file.write(b"x" * 100_000)
            os.utime(file.fileno(), ns=(5, 6))
        self.assertEqual(os.stat(self.path("f")).st_mtime_ns, 6)
        self.remount()
        self.assertEqual(os.stat(self.path("f")).st_mtime_ns, 6)

    def test_special_files(self):
        os.mkfifo(self.path("fifo"))
        os.mknod(self.path("dev"), stat.S_IFCHR | 0o600, os.makedev(5, 77))
        self.remount()
        self.assertTrue(stat.S_ISFIFO(os.lstat(self.path("fifo")).st_mode))
        self.assertEqual(os.lstat(self.path("dev")).st_rdev, os.makedev(5, 77))

    def test_xattrs(self):
        self.write("f", b"")
        os.setxattr(self.path("f"), "user.colour", b"blue")
        self.assertErrno(errno.EEXIST, os.setxattr, self.path("f"), "user.colour", b"x", os.XATTR_CREATE)
        self.assertErrno(errno.ENODATA, os.setxattr, self.path("f"), "user.no", b"x", os.XATTR_REPLACE)
        os.setxattr(self.path("f"), "user.big", b"v" * 65536)
        self.remount()
        self.assertEqual(os.getxattr(self.path("f"), "user.colour"), b"blue")
        self.assertEqual(os.getxattr(self.path("f"), "user.big"), b"v" * 65536)
        self.assertEqual(sorted(os.listxattr(self.path("f"))), ["user.big", "user.colour"])
        os.removexattr(self.path("f"), "user.colour")
        self.assertErrno(errno.ENODATA, os.getxattr, self.path("f"), "user.colour")

    def test_walrus_attributes_tell_the_state(self):
        self.write("f", b"bytes", sync=True)
        self.assertEqual(self.state(self.path("f")), "journaled")
        self.sync()
        self.assertEqual(self.state(self.path("f")), "certified")
        self.assertEqual(len(os.getxattr(self.path("f"), "user.walrus.blob_id")), 43)
        self.assertErrno(errno.EPERM, os.setxattr, self.path("f"), "user.walrus.state", b"anchored")
        self.assertNotIn("user.walrus.state", os.listxattr(self.path("f")))

    def test_sparse_files(self):
        with open(self.path("s"), "wb") as file:
            file.seek(50_000_000)
            file.write(b"end")
            file.flush()
            self.assertGreater(os.lseek(file.fileno(), 0, os.SEEK_DATA), 0)
        self.assertLess(os.stat(self.path("s")).st_blocks * 512, 2_000_000)
        with open(self.path("s"), "rb") as file:
            data = os.lseek(file.fileno(), 0, os.SEEK_DATA)
            self.assertGreater(data, 40_000_000)
            self.assertLessEqual(data, 50_000_000)
            self.assertEqual(os.lseek(file.fileno(), 0, os.SEEK_HOLE), 0)
            self.assertErrno(errno.ENXIO, os.lseek, file.fileno(), 50_000_003, os.SEEK_DATA)
            self.assertEqual(os.pread(file.fileno(), 4, 1000), b"\0\0\0\0")

    def test_lseek_sees_what_was_just_written(self):
        with open(self.path("s"), "w+b", buffering=0) as file:
            os.ftruncate(file.fileno(), 10_000_000)
            os.pwrite(file.fileno(), b"data", 5_000_000)
            self.assertLessEqual(os.lseek(file.fileno(), 0, os.SEEK_DATA), 5_000_000)

    def test_truncate_and_append(self):
        self.write("f", b"0123456789")
        os.truncate(self.path("f"), 4)
        self.assertEqual(self.read("f"), b"0123")
        os.truncate(self.path("f"), 8)
        self.assertEqual(self.read("f"), b"0123\0\0\0\0")
        with open(self.path("f"), "ab") as file:
            file.write(b"tail")
        self.assertEqual(self.read("f"), b"0123\0\0\0\0tail")
        os.close(os.open(self.path("f"), os.O_WRONLY | os.O_TRUNC))
        self.assertEqual(self.read("f"), b"")
        self.assertErrno(errno.EFBIG, os.truncate, self.path("f"), (1 << 50) + 1)
        os.truncate(self.path("f"), 1 << 50)
        self.assertEqual(os.stat(self.path("f")).st_size, 1 << 50)

    def test_fallocate(self):
        self.write("f", b"A" * 100_000)
        self.tool("fallocate", "--punch-hole", "--offset", "4096", "--length", "8192", self.path("f"))
        content = self.read("f")
        self.assertEqual(content[4096:12288], b"\0" * 8192)
        self.assertEqual(content[12288:], b"A" * (100_000 - 12288))
        self.tool("fallocate", "--length", "200000", self.path("f"))
        self.assertEqual(os.stat(self.path("f")).st_size, 200_000)

    def test_mmap_shared_and_private(self):
        self.write("f", b"0" * 10_000)
        with open(self.path("f"), "r+b") as file:
            with mmap.mmap(file.fileno(), 0) as shared:
                shared[5000:5004] = b"WALR"
                shared.flush()
            with mmap.mmap(file.fileno(), 0, mmap.MAP_PRIVATE) as private:
                private[0:4] = b"mine"
                self.assertEqual(private[5000:5004], b"WALR")
        self.remount()
        content = self.read("f")
        self.assertEqual(content[5000:5004], b"WALR")
        self.assertEqual(content[:4], b"0000")

    def test_copy_file_range(self):
        content = os.urandom(1_000_000)
        self.write("src", content)
        with open(self.path("src"), "rb") as src, open(self.path("dst"), "wb") as dst:
            left = len(content)
            while left:
                left -= os.copy_file_range(src.fileno(), dst.fileno(), left)
        self.assertEqual(self.read("dst"), content)

    def test_locks_between_processes(self):
        self.write("f", b"")
        with open(self.path("f"), "r+b") as file:
            fcntl.lockf(file, fcntl.LOCK_EX)
            other = subprocess.run(["flock", "--nonblock", self.path("f"), "true"], capture_output=True)
            self.assertEqual(other.returncode, 0)  # flock and POSIX locks are apart, as on any local disk
            fcntl.flock(file, fcntl.LOCK_EX)
            other = subprocess.run(["flock", "--nonblock", self.path("f"), "true"], capture_output=True)
            self.assertEqual(other.returncode, 1)

    def test_readdir_while_names_come_and_go(self):
        os.mkdir(self.path("d"))
        for i in range(3000):
            os.close(os.open(self.path(f"d/{i:05d}"), os.O_CREAT))
        seen = []
        with os.scandir(self.path("d")) as entries:
            for count, entry in enumerate(entries):
                seen.append(entry.name)
                if count == 100:
                    os.unlink(self.path("d/02999"))
                    os.close(os.open(self.path("d/new"), os.O_CREAT))
        stable = [name for name in seen if name not in ("02999", "new")]
        self.assertEqual(sorted(stable), [f"{i:05d}" for i in range(2999)])

    def test_permissions_are_checked(self):
        self.write("secret", b"x")
        os.chmod(self.path("secret"), 0o600)
        as_nobody = ["setpriv", "--reuid=65534", "--clear-groups"]
        done = subprocess.run([*as_nobody, "cat", self.path("secret")], capture_output=True)
        self.assertNotEqual(done.returncode, 0)

    def test_statfs(self):
        info = os.statvfs(self.mountpoint)
        self.assertGreater(info.f_bavail, 0)
        self.assertEqual(info.f_namemax, 255)


if __name__ == "__main__":
    harness.main()
