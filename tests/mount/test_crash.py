"""kill -9 at random moments: what was fsynced is there, nothing is half there, uploads go on, once."""
import os
import random
import subprocess
import threading
import time

import harness

ROUNDS = int(os.environ.get("WALRUSFS_CRASH_ROUNDS", "5"))
SEED = int(os.environ.get("WALRUSFS_CRASH_SEED", str(random.randrange(1 << 30))))


class Crash(harness.MountTest):
    CONFIG = '[journal]\ninterval = "300ms"\n[pack]\nmax_age = "500ms"\nsize = "256KiB"\n'

    def write_until_it_dies(self, round_number, acknowledged, random_source):
        """Creates, fsyncs, renames and notes what was acknowledged; ends when the mount is gone."""
        try:
            for i in range(100_000):
                name = f"r{round_number}-{i:05d}"
                content = (name.encode() + b" ") * random_source.randrange(1, 3000)
                self.write("tmp-" + name, content, sync=True)
                os.rename(self.path("tmp-" + name), self.path(name))
                folder = os.open(self.mountpoint, os.O_RDONLY)
                os.fsync(folder)
                os.close(folder)
                acknowledged[name] = content
                self.write("unsynced-" + name, content)
        except OSError:
            pass  # the mount was killed under us, as planned

    def check(self, acknowledged):
        for name, content in acknowledged.items():
            self.assertEqual(self.read(name), content, name)
        for name in os.listdir(self.mountpoint):
            content = self.read(name)
            if name.startswith("unsynced-"):
                # Never synced: empty, a beginning with a hole, or all; never bytes that nobody wrote.
                want = (name.removeprefix("unsynced-").encode() + b" ") * 3000
                self.assertEqual(len(want[:len(content)]), len(content))
                for at in range(0, len(content), 4096):
                    piece = content[at:at + 4096]
                    self.assertIn(piece, (want[at:at + len(piece)], b"\0" * len(piece)), name)

    def test_kill_at_random_moments(self):
        print(f"seed {SEED}", flush=True)
        random_source = random.Random(SEED)
        self.format()
        acknowledged = {}
        for round_number in range(ROUNDS):
            pid = self.mount()
            self.check(acknowledged)
            writer = threading.Thread(target=self.write_until_it_dies, args=(round_number, acknowledged, random_source))
            writer.start()
            time.sleep(random_source.uniform(0.2, 3))
            self.kill(pid)
            writer.join(60)
            self.assertFalse(writer.is_alive(), "a write hangs in the dead mount")
        self.mount()
        self.check(acknowledged)
        self.assertGreater(len(acknowledged), ROUNDS)
        self.sync()
        self.umount()
        self.drop_cache()
        self.mount()
        self.check(acknowledged)
        status = self.status()
        network = self.json("localnet", "status")
        # Every pack that the index knows is one blob, and the network has no blob that no pack names.
        self.assertEqual(network["blobs"], status["packs"]["certified"])
        self.umount()
        self.assertIn("in order", self.run_cli("check", "vol").stdout)

    def test_rsync_gets_there_through_kills(self):
        """A real tree is copied with rsync; each kill is followed by a remount and the same rsync again."""
        source = self.top + "/source"
        self.tool("cp", "-a", os.environ.get("WALRUSFS_CRASH_TREE", "/usr/include/c++"), source)
        copy = ["rsync", "-aHAX", source + "/", self.mountpoint + "/"]
        random_source = random.Random(SEED + 1)
        self.format()
        for _ in range(ROUNDS):
            pid = self.mount()
            with subprocess.Popen(copy, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as rsync:
                time.sleep(random_source.uniform(0.1, 4))
                self.kill(pid)
                rsync.wait(120)
            self.assertFalse(self.status()["mountpoint"])
        self.mount()
        self.tool(*copy, "--delete")  # what an rsync that was ended left of its own
        self.sync()
        packs = self.status()["packs"]["certified"]
        self.umount()
        self.drop_cache()
        self.mount()
        self.assertEqual(self.tool("rsync", "-aHAXnic", "--delete", source + "/", self.mountpoint + "/"), "")
        self.assertEqual(self.json("localnet", "status")["blobs"], packs)
        self.umount()
        self.assertIn("in order", self.run_cli("check", "vol").stdout)

    def test_a_killed_mount_leaves_nothing_that_needs_hands(self):
        self.format()
        pid = self.mount()
        self.write("f", b"synced", sync=True)
        self.kill(pid)
        with self.assertRaises(OSError):
            os.listdir(self.mountpoint)
        self.mount()
        self.assertEqual(self.read("f"), b"synced")
        self.umount()
        self.assertFalse(harness.is_mounted(self.mountpoint))

    def test_umount_clears_what_a_killed_mount_left(self):
        self.format()
        pid = self.mount()
        self.kill(pid)
        self.assertIn("cleared", self.umount().stdout)
        self.assertEqual(os.listdir(self.mountpoint), [])

    def test_sigterm_journals_everything(self):
        self.format()
        pid = self.mount()
        self.write("f", b"not synced by anybody")
        os.kill(pid, 15)
        harness.wait_for(lambda: not harness.alive(pid), "the mount to end")
        self.assertFalse(harness.is_mounted(self.mountpoint))
        self.mount()
        self.assertEqual(self.read("f"), b"not synced by anybody")

    def test_bytes_of_a_file_that_stays_open_are_journaled_by_the_timer(self):
        """Bytes written to a file that stays open wait in the kernel; the mount fetches them every 5 seconds too."""
        self.format()
        pid = self.mount()
        with open(self.path("log"), "wb", buffering=0) as held:
            held.write(b"a line that nobody syncs\n" * 1000)
            harness.wait_for(lambda: self.status()["files"]["bytes"] == 25_000, "the bytes to be journaled")
            self.kill(pid)
        self.mount()
        self.assertEqual(self.read("log"), b"a line that nobody syncs\n" * 1000)

    def test_plain_umount_journals_everything(self):
        self.format()
        pid = self.mount()
        self.write("f", b"not synced by anybody")
        self.tool("umount", self.mountpoint)
        harness.wait_for(lambda: not harness.alive(pid), "the mount to end")
        self.mount()
        self.assertEqual(self.read("f"), b"not synced by anybody")


if __name__ == "__main__":
    harness.main()
