"""Access control lists through the kernel, with the tools that people use, compared with the local disk."""
import os
import stat
import subprocess
import tempfile
import unittest

import harness

ACCESS, DEFAULT = "system.posix_acl_access", "system.posix_acl_default"
SOMEBODY, SOMEBODY_ELSE = 54321, 54322


def local_disk_keeps_acls():
    with tempfile.TemporaryDirectory() as folder:
        done = subprocess.run(["setfacl", "-m", "u:1234:r", folder], capture_output=True)
        return done.returncode == 0


class Acl(harness.MountTest):
    CONFIG = "[mount]\nallow_other = true\n"

    def setUp(self):
        super().setUp()
        os.chmod(self.top, 0o755)  # other users have to get through
        self.disk = self.top + "/disk"
        os.mkdir(self.disk)
        os.chmod(self.disk, 0o755)
        self.format()
        self.mount()
        os.chmod(self.mountpoint, 0o755)

    def renew(self):
        """What is left is what the network keeps."""
        self.sync()
        self.umount()
        self.drop_cache()
        self.mount()

    def mode(self, path):
        return stat.S_IMODE(os.lstat(path).st_mode)

    def in_both(self, script):
        """Runs a script in a folder on the local disk and in one of the mount, which must then look alike."""
        for top in (self.disk, self.mountpoint):
            self.tool("sh", "-euc", script, cwd=top)
        self.assert_same()

    def lists(self, top, name="."):
        """Every list below, in order of names: folders of different filesystems tell them in different order."""
        told = self.tool("getfacl", "-R", "-n", "-P", name, cwd=top)
        return "\n\n".join(sorted(told.split("\n\n")))

    def described(self, top):
        return self.lists(top) + self.tool("sh", "-c", "find . -printf '%p %M %U %G\\n' | sort", cwd=top)

    def assert_same(self):
        self.maxDiff = None
        self.assertEqual(self.described(self.mountpoint), self.described(self.disk))

    def as_user(self, uid, *command, groups=()):
        groups = ["--groups=" + ",".join(map(str, groups))] if groups else ["--clear-groups"]
        done = subprocess.run(["setpriv", f"--reuid={uid}", f"--regid={uid}", *groups, *command], capture_output=True)
        return done.returncode == 0

    def test_cp_a_keeps_modes(self):
        source = self.top + "/source"
        os.makedirs(source + "/open/closed")
        for name, mode in (("open", 0o755), ("open/closed", 0o700), ("open/group", 0o2775), ("plain", 0o640)):
            path = f"{source}/{name}"
            if name == "open/group":
                os.mkdir(path)
            elif name == "plain":
                os.close(os.open(path, os.O_CREAT | os.O_WRONLY))
            os.chmod(path, mode)
        self.tool("cp", "-a", source + "/.", self.mountpoint)
        for name in ("open", "open/closed", "open/group", "plain"):
            self.assertEqual(self.mode(self.path(name)), self.mode(f"{source}/{name}"), name)
            self.assertEqual(os.listxattr(self.path(name)), [], "a mode is no list")
        self.renew()
        self.assertEqual(self.mode(self.path("open/group")), 0o2775)

    @unittest.skipUnless(local_disk_keeps_acls(), "the local disk keeps no ACLs to compare with")
    def test_as_on_the_local_disk(self):
        self.in_both("touch f && setfacl -m u:54321:rwx,g:54322:r f")
        self.in_both("chmod 640 f")
        self.in_both("chmod g+w,o+x f")
        self.in_both("chmod 7777 f && chmod 0 f")
        self.in_both("setfacl -m m::rx f && setfacl -x u:54321 f")
        self.in_both("setfacl -b f")
        self.in_both("chmod 664 f && setfacl -m u::rw,g::r,o::- f")
        self.in_both("setfacl -m m::r f")  # a mask though nobody is named: stored
        self.in_both("mkdir d && setfacl -d -m u:54321:rwx,g::rx,o::- d && umask 077 && mkdir d/e && touch d/f d/e/f")
        self.in_both("umask 077 && mkfifo d/pipe && ln -s f d/link && mkdir -m 700 d/private && cp -a d d2")
        self.in_both("umask 022 && mkdir plain && touch plain/f && mkdir -m 1777 plain/tmp")
        self.in_both("mkdir s && chgrp 54322 s && chmod 2775 s && setfacl -d -m u:54321:rx s && mkdir s/t && touch s/f")
        self.in_both("setfacl -k d && touch d/late && mkdir d/late2")
        self.in_both("setfacl -R -m u:54322:rX d2 && setfacl -R -b s")
        self.in_both("chown 54321:54322 f d2 && chmod u+s f && chown 54322 f")
        self.renew()
        self.assert_same()

    def test_getfacl_setfacl_round_trip(self):
        os.makedirs(self.path("top/inner"))
        self.write("top/f", b"x")
        self.tool("setfacl", "-R", "-m", "u:1000:rwX,g:2000:r,m::rwx", self.path("top"))
        self.tool("setfacl", "-d", "-m", "u:1000:rwx,g:2000:-", self.path("top"))
        kept = self.tool("getfacl", "-R", "-n", "top", cwd=self.mountpoint)
        self.assertIn("user:1000:rwx", kept)
        self.assertIn("default:group:2000:---", kept)
        self.tool("setfacl", "-R", "-b", self.path("top"))
        self.assertNotIn("1000", self.tool("getfacl", "-R", "-n", "top", cwd=self.mountpoint))
        self.tool("setfacl", "--restore=-", cwd=self.mountpoint, input=kept)
        self.renew()
        self.assertEqual(self.tool("getfacl", "-R", "-n", "top", cwd=self.mountpoint), kept)

    def test_the_kernel_enforces(self):
        self.write("secret", b"x")
        os.chmod(self.path("secret"), 0o600)
        read = ("cat", self.path("secret"))
        append = ("sh", "-c", f"echo >> {self.path('secret')}")
        self.assertFalse(self.as_user(SOMEBODY, *read))
        self.tool("setfacl", "-m", f"u:{SOMEBODY}:r", self.path("secret"))
        self.assertTrue(self.as_user(SOMEBODY, *read))
        self.assertFalse(self.as_user(SOMEBODY, *append))
        self.assertFalse(self.as_user(SOMEBODY_ELSE, *read))
        self.renew()
        self.assertTrue(self.as_user(SOMEBODY, *read), "also after it came back from the network")
        self.assertFalse(self.as_user(SOMEBODY, *append))
        self.tool("setfacl", "-m", f"g:{SOMEBODY_ELSE}:rw", self.path("secret"))
        self.assertTrue(self.as_user(SOMEBODY_ELSE, *append))
        os.chmod(self.path("secret"), 0o600)  # the mask: nothing for anybody who is named
        self.assertFalse(self.as_user(SOMEBODY, *read))
        self.assertFalse(self.as_user(SOMEBODY_ELSE, *read))
        os.chmod(self.path("secret"), 0o640)
        self.assertTrue(self.as_user(SOMEBODY_ELSE, *read))
        self.assertFalse(self.as_user(SOMEBODY_ELSE, *append))
        self.tool("setfacl", "-b", self.path("secret"))
        self.assertFalse(self.as_user(SOMEBODY_ELSE, *read))

    def test_a_list_can_take_away(self):
        self.write("public", b"x")
        os.chmod(self.path("public"), 0o644)
        self.tool("setfacl", "-m", f"u:{SOMEBODY}:-", self.path("public"))
        self.assertFalse(self.as_user(SOMEBODY, "cat", self.path("public")))
        self.assertTrue(self.as_user(SOMEBODY_ELSE, "cat", self.path("public")))

    def test_default_lists_go_before_the_umask(self):
        os.mkdir(self.path("shared"))
        self.tool("setfacl", "-d", "-m", f"u:{SOMEBODY}:rwx,g::rx,o::-", self.path("shared"))
        for _ in range(2):  # the second time the folder comes from the network
            self.tool("sh", "-euc", "umask 077; cd shared; rm -rf f d; touch f; mkdir d; touch d/deep",
                      cwd=self.mountpoint)
            self.assertEqual(self.mode(self.path("shared/f")), 0o660)
            self.assertEqual(self.mode(self.path("shared/d")), 0o770)
            self.assertEqual(sorted(os.listxattr(self.path("shared/d"))), [ACCESS, DEFAULT])
            self.assertEqual(os.listxattr(self.path("shared/d/deep")), [ACCESS])
            self.tool("sh", "-euc", "umask 077; rm -rf f d; touch f; mkdir d", cwd=self.mountpoint)
            self.assertEqual(self.mode(self.path("f")), 0o600)
            self.assertEqual(self.mode(self.path("d")), 0o700)
            self.renew()

    def test_rsync_with_acls(self):
        source = self.top + "/source"
        os.makedirs(source + "/d/e")
        for i in range(30):
            with open(f"{source}/d/f{i}", "wb") as file:
                file.write(b"x" * i)
            os.chmod(f"{source}/d/f{i}", 0o600 + i)
            if i % 3 == 0:
                self.tool("setfacl", "-m", f"u:{1000 + i}:rw,g:{2000 + i}:r", f"{source}/d/f{i}")
        os.link(source + "/d/f3", source + "/d/hard")
        os.symlink("f3", source + "/d/soft")
        os.setxattr(source + "/d/f3", "user.note", b"beside the list")
        self.tool("setfacl", "-d", "-m", "u:1000:rwx,g:2000:rx", source + "/d")
        self.tool("setfacl", "-m", "u:1000:rwx,m::r", source + "/d/e")
        rsync = ("rsync", "-aHAX", source + "/", self.mountpoint + "/")
        self.tool(*rsync)
        self.renew()
        self.assertEqual(self.tool(*rsync, "-nic", "--delete"), "")
        want = self.lists(source, "d")
        self.assertIn("user:1027:rw-", want)
        self.assertEqual(self.lists(self.mountpoint, "d"), want)
        back = self.top + "/back"
        self.tool("rsync", "-aHAX", self.mountpoint + "/", back + "/")
        self.assertEqual(self.lists(back, "d"), want)

    def test_tar_with_acls(self):
        os.mkdir(self.path("from"))
        os.mkdir(self.path("to"))
        self.write("from/f", b"x")
        self.tool("setfacl", "-m", "u:1000:rw,g:2000:r", self.path("from/f"))
        self.tool("sh", "-euc", "tar --acls -cf - -C from . | tar --acls -xpf - -C to", cwd=self.mountpoint)
        want, got = (self.tool("getfacl", "-n", "f", cwd=self.path(name)) for name in ("from", "to"))
        self.assertEqual(got, want)

    def test_outsiders_lose_the_set_group_id_bit(self):
        """As with chmod(2): who is not in the file's group cannot keep the bit when changing the list."""
        for top in (self.disk, self.mountpoint):
            for name, groups in (("outside", ()), ("inside", (SOMEBODY_ELSE,))):
                path = f"{top}/{name}"
                os.close(os.open(path, os.O_CREAT | os.O_WRONLY))
                os.chown(path, SOMEBODY, SOMEBODY_ELSE)
                os.chmod(path, 0o2755)
                self.assertTrue(self.as_user(SOMEBODY, "setfacl", "-m", "u:1000:r", path, groups=groups))
            self.assertEqual(self.mode(top + "/outside"), 0o755)
            self.assertEqual(self.mode(top + "/inside"), 0o2755)

    def test_only_lists_are_taken(self):
        self.write("f", b"")
        os.chmod(self.path("f"), 0o640)
        for value in (b"text", b"\2\0\0\0\1\0", b"\1\0\0\0" + b"\0" * 8):
            with self.assertRaises(OSError):
                os.setxattr(self.path("f"), ACCESS, value)
        with self.assertRaises(PermissionError):
            os.setxattr(self.path("f"), DEFAULT, bytes.fromhex(
                "0200000001000700ffffffff04000500ffffffff20000000ffffffff"))
        self.assertEqual(self.mode(self.path("f")), 0o640)
        self.assertEqual(os.listxattr(self.path("f")), [])


if __name__ == "__main__":
    harness.main()
