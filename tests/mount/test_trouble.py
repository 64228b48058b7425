"""Bad input and trouble: each gets a clear sentence and the right exit status, and loses nothing."""
import errno
import json
import os
import shutil
import socket
import sqlite3
import subprocess
import threading
import urllib.request
from http.server import BaseHTTPRequestHandler, HTTPServer

import harness

FAILED, USAGE, NOT_FOUND, BUSY, CORRUPT, UNAVAILABLE, WRONG_KEY, NO_SPACE, NEWER = 1, 2, 3, 4, 5, 6, 7, 8, 9


class Mountpoint(harness.MountTest):
    def test_missing(self):
        self.format()
        self.cli_fails(NOT_FOUND, "mount", "vol", self.top + "/nowhere", says=["does not exist", "mkdir"])

    def test_a_file(self):
        self.format()
        open(self.top + "/file", "w").close()
        self.cli_fails(FAILED, "mount", "vol", self.top + "/file", says="is not a folder")

    def test_not_empty(self):
        self.format()
        open(self.mountpoint + "/file", "w").close()
        self.cli_fails(BUSY, "mount", "vol", self.mountpoint, says="not empty")

    def test_already_mounted(self):
        self.format()
        self.format("other")
        self.mount()
        self.cli_fails(BUSY, "mount", "other", self.mountpoint, says="mounted on")


class Volume(harness.MountTest):
    def test_unknown(self):
        self.format("photos")
        self.cli_fails(NOT_FOUND, "mount", "fotos", self.mountpoint,
                       says=["no volume 'fotos'", "photos", "walrusfs format"])

    def test_bad_name(self):
        for name in ("", ".hidden", "a/b", "x" * 65, "space here"):
            self.cli_fails(USAGE, "format", name)
        self.format("x" * 64)

    def test_exists(self):
        self.format()
        self.cli_fails(BUSY, "format", "vol", says="already")

    def test_mounted_elsewhere(self):
        self.format()
        pid = self.mount()
        os.mkdir(self.top + "/second")
        self.cli_fails(BUSY, "mount", "vol", self.top + "/second", says=str(pid))

    def test_made_by_a_newer_version(self):
        self.format()
        with sqlite3.connect(self.home("data/volumes/vol/index.sqlite")) as index:
            index.execute("PRAGMA user_version = 999")
        index.close()
        self.cli_fails(NEWER, "mount", "vol", self.mountpoint, says=["newer", "999"])

    def test_corrupt_index_is_kept(self):
        self.format()
        path = self.home("data/volumes/vol/index.sqlite")
        with open(path, "r+b") as index:
            index.write(b"garbage" * 500)
        with open(path, "rb") as index:
            before = index.read()
        for command in (("mount", "vol", self.mountpoint), ("check", "vol")):
            self.cli_fails(CORRUPT, *command, says=["index.sqlite is damaged", "backup", "packs.txt",
                                                    "pack extract --volume vol"])
        with open(path, "rb") as index:
            self.assertEqual(index.read(), before)

    def test_files_come_back_without_the_index(self):
        """What the message about a damaged index advises works, also when the local network has to be started."""
        for encrypted in (True, False):
            name = "secret" if encrypted else "public"
            self.format(name, *([] if encrypted else ["--public"]))
            self.mount(name)
            os.mkdir(self.path("folder"))
            content = os.urandom(300_000)
            self.write("folder/first", content)
            self.sync(name)
            self.write("second", b"written later")
            self.umount(name=name)
            self.run_cli("localnet", "stop")
            folder = self.home("data/volumes/" + name)
            for suffix in ("", "-wal", "-shm"):
                if os.path.exists(folder + "/index.sqlite" + suffix):
                    os.remove(folder + "/index.sqlite" + suffix)
            self.cli_fails(CORRUPT, "mount", name, self.mountpoint, says=["is missing", folder + "/packs.txt"])
            with open(folder + "/packs.txt") as packs:
                blobs = [line.split()[1] for line in packs if not line.startswith("#")]
            self.assertGreaterEqual(len(blobs), 2)
            restored = self.top + "/restored-" + name
            for blob in blobs:
                self.run_cli("pack", "extract", "--volume", name, "--to", restored, blob)
            with open(restored + "/folder/first", "rb") as file:
                self.assertEqual(file.read(), content)
            with open(restored + "/second", "rb") as file:
                self.assertEqual(file.read(), b"written later")
            self.cli_fails(NOT_FOUND, "pack", "list", "--volume", name, "A" * 43, says="does not have this blob")

    def test_wrong_key(self):
        self.format()
        self.format("other")
        shutil.copy(self.home("data/volumes/other/key"), self.home("data/volumes/vol/key"))
        self.cli_fails(WRONG_KEY, "mount", "vol", self.mountpoint, says="not the key of volume 'vol'")
        os.remove(self.home("data/volumes/vol/key"))
        self.cli_fails(WRONG_KEY, "mount", "vol", self.mountpoint, says="AGE-SECRET-KEY")

    def test_open_key(self):
        self.format()
        key = self.home("data/volumes/vol/key")
        os.chmod(key, 0o644)
        self.cli_fails(WRONG_KEY, "mount", "vol", self.mountpoint, says=["0644", "chmod 600 " + key])
        os.chmod(key, 0o600)
        self.mount()

    def test_commands_for_no_volume(self):
        self.format("photos")
        for command in ("status", "umount", "sync"):
            self.cli_fails(NOT_FOUND, command, "fotos", says=["'fotos' is neither a volume", "photos",
                                                              "walrusfs status"])
            self.cli_fails(NOT_FOUND, command, "/nowhere", says="/nowhere is not in a mounted volume")

    def test_passphrase(self):
        with open(self.top + "/right", "w") as file:
            file.write("correct horse\n")
        with open(self.top + "/wrong", "w") as file:
            file.write("battery staple\n")
        self.format("vol", "--passphrase-file", self.top + "/right")
        self.assertFalse(os.path.exists(self.home("data/volumes/vol/key")))
        self.cli_fails(WRONG_KEY, "mount", "--passphrase-file", self.top + "/wrong", "vol", self.mountpoint,
                       says="does not open the key")
        self.mount("vol", None, "--passphrase-file", self.top + "/right")
        self.write("f", b"x")

    def test_the_key_file_is_private_and_never_in_json(self):
        shown = json.loads(self.run_cli("format", "--json", "vol").stdout)
        self.assertNotIn("AGE-SECRET-KEY", json.dumps(shown))
        info = os.stat(self.home("data/volumes/vol/key"))
        self.assertEqual(info.st_mode & 0o777, 0o600)
        self.mount()
        self.umount()
        with open(self.home("data/volumes/vol/mount.log")) as log:
            self.assertNotIn("AGE-SECRET-KEY", log.read())


class Configuration(harness.MountTest):
    def test_unknown_key_names_the_line(self):
        self.format()
        with open(self.home("config.toml"), "w") as config:
            config.write("[spool]\nsize = \"1GiB\"\nsise = 3\n")
        self.cli_fails(USAGE, "mount", "vol", self.mountpoint, says=["config.toml:3", "sise", "size"])

    def test_unknown_section_and_bad_values(self):
        self.format()
        for text, says in (("[spol]\n", "config.toml:1"), ("[spool]\nsize = \"many\"\n", "64MiB"),
                           ("[mount]\nthreads = 0\n", "from 1 to 64"), ("[mount]\nthreads = 65\n", "from 1 to 64"),
                           ("[network]\nbackend = \"ftp\"\n", "local"), ("not toml\n", "config.toml:1")):
            with open(self.home("config.toml"), "w") as config:
                config.write(text)
            self.cli_fails(USAGE, "config", says=says)

    def test_help_everywhere(self):
        top = self.run_cli("--help").stdout
        for command in ("format", "mount", "umount", "status", "sync", "info", "blob-id", "codec", "pack", "check",
                        "localnet", "config", "version"):
            self.assertIn(command, top)
            self.assertIn(command, self.run_cli(command, "--help").stdout)
        self.cli_fails(USAGE, "frobnicate")
        self.cli_fails(USAGE, "mount")


class Spool(harness.MountTest):
    CONFIG = '[pack]\nmax_age = "1h"\n'

    def staging_files(self):
        found = []
        for folder, _, names in os.walk(self.home("data/volumes/vol/spool")):
            if "/lost" in folder:
                continue
            paths = [os.path.join(folder, name) for name in names]
            found += [path for path in paths if os.path.getsize(path) == 100_000]
        return found

    def prepare(self):
        self.format()
        self.mount()
        self.write("f", os.urandom(100_000), sync=True)
        self.umount("--now")
        files = self.staging_files()
        self.assertEqual(len(files), 1)
        return files[0]

    def test_truncated_staging_file(self):
        staging = self.prepare()
        os.truncate(staging, 50_000)
        self.mount()
        with self.assertRaises(OSError) as caught:
            self.read("f")
        self.assertEqual(caught.exception.errno, errno.EIO)
        with open(self.home("data/volumes/vol/mount.log")) as log:
            self.assertIn("f", log.read())

    def test_missing_staging_file(self):
        os.remove(self.prepare())
        self.mount()
        with self.assertRaises(OSError) as caught:
            self.read("f")
        self.assertEqual(caught.exception.errno, errno.EIO)
        self.write("g", b"the rest of the volume works")
        self.assertEqual(self.read("g"), b"the rest of the volume works")

    def test_unknown_staging_file_is_kept(self):
        staging = self.prepare()
        stranger = os.path.join(os.path.dirname(staging), "ffffffff")
        shutil.copy(staging, stranger)
        self.mount()
        self.assertEqual(self.status()["spool"]["lost_files"], 1)
        told = self.run_cli("status").stdout
        self.assertIn("lost      1 file", told)
        self.assertIn(self.home("data/volumes/vol/spool/lost"), told)
        lost = [os.path.join(f, n) for f, _, ns in os.walk(self.home("data/volumes/vol/spool/lost")) for n in ns]
        self.assertEqual(len(lost), 1)
        self.assertEqual(os.path.getsize(lost[0]), 100_000)

    def test_umount_says_what_waits(self):
        self.format()
        self.mount()
        self.write("f", os.urandom(100_000))
        self.assertIn("kept on this machine only", self.umount("--now").stdout)
        self.mount()
        self.assertIn("the network keeps everything", self.umount().stdout)


class SpoolBound(harness.MountTest):
    CONFIG = '[pack]\nmax_age = "1h"\n[spool]\nsize = "8MiB"\n'

    def test_a_full_spool_makes_room_or_says_so(self):
        """A copy larger than the spool goes through, since back-pressure waits for uploads."""
        self.format()
        self.mount()
        content = os.urandom(1 << 20)
        for i in range(24):
            self.write(f"f{i}", content, sync=True)
        for i in range(24):
            self.assertEqual(self.read(f"f{i}"), content)
        self.assertLessEqual(self.status()["spool"]["staging_bytes"], 8 << 20)


class FullDisk(harness.MountTest):
    """The disk under spool and index is a small tmpfs."""
    CONFIG = '[pack]\nmax_age = "1h"\n[spool]\nsize = "1GiB"\n'

    def setUp(self):
        super().setUp()
        os.makedirs(self.home("data/volumes"))
        self.tool("mount", "-t", "tmpfs", "-o", "size=160m", "tmpfs", self.home("data/volumes"))

    def test_enospc_is_clean_and_passes(self):
        self.format()
        self.mount()
        self.write("safe", b"s" * 1_000_000, sync=True)
        filler = self.home("data/volumes/filler")
        with open(filler, "wb") as file:
            free = os.statvfs(filler).f_bavail * 4096
            file.write(b"x" * max(0, free - (4 << 20)))
        # The network cannot take anything off our hands: its publisher is gone.
        self.run_cli("localnet", "stop")
        with self.assertRaises(OSError) as caught:
            for i in range(64):
                self.write(f"f{i}", os.urandom(1 << 20), sync=True)
        self.assertEqual(caught.exception.errno, errno.ENOSPC)
        self.assertEqual(self.read("safe"), b"s" * 1_000_000)
        os.remove(filler)
        self.run_cli("localnet", "start")
        self.write("after", b"room again", sync=True)
        self.assertEqual(self.read("after"), b"room again")
        # The first sync may tell, once, that writes were refused; after that everything is well again.
        first = self.run_cli("sync", "vol", check=False)
        if first.returncode != 0:
            self.assertEqual(first.returncode, NO_SPACE)
            self.assertIn("their programs were told", first.stderr)
            self.sync()
        self.umount()
        self.assertIn("in order", self.run_cli("check", "vol").stdout)


class FullCacheDisk(harness.MountTest):
    """The disk under the cache is too small for anything: that costs time, and nothing else."""
    CONFIG = '[cache]\nmemory = "64KiB"\n'

    def test_reading_goes_on(self):
        os.makedirs(self.home("cache"))
        self.tool("mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", self.home("cache"))
        self.format()
        self.mount()
        content = os.urandom(4 << 20)
        self.write("f", content)
        self.umount()
        self.mount()
        for _ in range(2):
            self.assertEqual(self.read("f"), content)
        self.write("g", b"writing, too", sync=True)
        self.umount()


class LocalNetwork(harness.MountTest):
    def stored(self, name):
        """A file of a stopped network that has something."""
        self.format()
        self.mount()
        self.write("f", b"kept")
        self.umount()
        self.run_cli("localnet", "stop")
        return self.home("data/localnet/" + name)

    def flip_a_bit(self, path, at):
        with open(path, "r+b") as file:
            content = bytearray(file.read())
            content[at] ^= 1
            file.seek(0)
            file.write(content)
        return bytes(content)

    def test_what_a_network_cannot_be(self):
        for arguments in (["--nodes", "0"], ["--nodes", "101"], ["--shards", "3"], ["--shards", "1001"]):
            self.cli_fails(USAGE, "localnet", "start", *arguments)
        self.run_cli("localnet", "start", "--nodes", "4", "--shards", "10")
        for arguments in (["--nodes", "5"], ["--shards", "11"]):
            self.cli_fails(USAGE, "localnet", "start", *arguments, says=["4 nodes and 10 shards", "add-node"])
        self.run_cli("localnet", "start", "--nodes", "4", "--shards", "10")
        self.cli_fails(USAGE, "localnet", "stop-node", "--", "-1")
        self.cli_fails(USAGE, "localnet", "stop-node", "4", says="there is no node 4")

    def test_damaged_chain(self):
        path = self.stored("chain.sqlite")
        damaged = self.flip_a_bit(path, 5)
        self.cli_fails(CORRUPT, "mount", "vol", self.mountpoint,
                       says=["the chain of the local network", path, "left as they are", "backup"])
        with open(path, "rb") as file:
            self.assertEqual(file.read(), damaged)
        self.flip_a_bit(path, 5)  # as if a backup was put in its place
        self.mount()
        self.drop_cache()
        self.assertEqual(self.read("f"), b"kept")

    def test_damaged_ledger_of_an_older_version(self):
        folder = self.home("data/localnet")
        shutil.copytree(os.path.join(os.path.dirname(__file__), "../compat/localnet-with-ledger-file"), folder)
        path = folder + "/ledger"
        with open(path, "rb") as file:
            second_line = file.read().index(b"\n") + 1
        damaged = self.flip_a_bit(path, second_line + 40)
        failed = self.cli_fails(CORRUPT, "localnet", "start",
                                says=["the ledger of the local network", path, "line 2", "left as they are", "backup"])
        with open(path, "rb") as file:
            self.assertEqual(file.read(), damaged)
        # The registration of the blob is lost, its certification is not: what the message says is enough.
        command = failed.stderr.split("take the line out with: ")[1].split(" (this keeps")[0]
        self.tool(*command.split())
        with open(path + ".damaged", "rb") as file:
            self.assertEqual(file.read(), damaged)
        self.run_cli("localnet", "start")
        network = self.json("localnet", "status")
        self.assertEqual(network["epoch"], 2)
        blob = network["aggregator"] + "/v1/blobs/Bp-uSWDM8j3At3o8p1jK6Xq_Rs_p7YwFm3uXNRalJDA"
        self.assertEqual(urllib.request.urlopen(blob).read(), b"deletable, until epoch 4")

    def end_as_told(self, message):
        """What a message about localnet.json advises."""
        with open(self.home("data/localnet/localnet.lock")) as lock:
            pid = int(lock.read())
        self.tool("sh", "-c", message.split("end it with ")[1].split(";")[0])
        harness.wait_for(lambda: not harness.alive(pid), "the network to end")

    def test_damaged_addresses(self):
        path = self.stored("localnet.json")
        with open(path, "w") as file:
            file.write("{")
        self.mount()
        self.assertEqual(self.read("f"), b"kept")
        with open(path, "w") as file:
            file.write("{")
        failed = self.cli_fails(CORRUPT, "localnet", "status", says=[path, "end it with kill"])
        self.umount("--now")
        self.end_as_told(failed.stderr)
        self.mount()
        self.assertEqual(self.read("f"), b"kept")

    def test_deleted_addresses(self):
        path = self.stored("localnet.json")
        self.mount()
        os.remove(path)
        failed = self.cli_fails(NOT_FOUND, "localnet", "status", says=[path, "end it with kill"])
        self.umount("--now")
        self.end_as_told(failed.stderr)
        self.mount()
        self.assertEqual(self.read("f"), b"kept")

    def test_one_of_other_numbers_is_used_as_it_is(self):
        self.run_cli("localnet", "start", "--nodes", "5", "--shards", "16")
        self.run_cli("localnet", "stop")
        self.format()
        self.mount()
        self.assertEqual(self.json("localnet", "status")["shards"], 16)

    def test_status_tells_what_there_is(self):
        self.format()
        self.mount()
        self.write("f", os.urandom(200_000))
        self.sync()
        self.run_cli("localnet", "stop-node", "1")
        told = self.run_cli("localnet", "status").stdout
        for text in ("aggregator http://", "publisher  http://", "node 0     runs, ", "node 1     STOPPED, ",
                     "of 13 shards", "1, 1", "times as much"):
            self.assertIn(text, told)


class Nonsense(BaseHTTPRequestHandler):
    """A publisher and aggregator that answers nonsense."""

    def do_GET(self):
        self._answer(self.server.answers.get("GET", (200, b"<html>hello</html>")))

    def do_PUT(self):
        left = int(self.headers.get("Content-Length", 0))
        while left > 0:
            left -= len(self.rfile.read(min(left, 1 << 16)))
        self._answer(self.server.answers["PUT"])

    def _answer(self, answer):
        status, body = answer
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args):
        pass


class BadNetwork(harness.MountTest):
    CONFIG = '[pack]\nmax_age = "200ms"\n'

    def serve(self, put, get=(404, b"")):
        server = HTTPServer(("127.0.0.1", 0), Nonsense)
        server.answers = {"PUT": put, "GET": get}
        threading.Thread(target=server.serve_forever, daemon=True).start()
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        return f"http://127.0.0.1:{server.server_port}"

    def mount_over(self, url):
        self.format("vol", "--backend", "http", "--aggregator", url, "--publisher", url, "--shards", "13")
        self.mount()
        self.write("f", b"precious", sync=True)

    def expect_trouble(self, text):
        status = harness.wait_for(lambda: self.status()["upload"]["last_error"] and self.status(), "trouble to be told")
        self.assertIn(text, status["upload"]["last_error"])
        self.assertGreater(status["upload"]["pending_bytes"], 0)
        self.assertEqual(self.read("f"), b"precious")
        self.cli_fails(UNAVAILABLE, "sync", "--timeout", "1s", "vol")
        self.assertEqual(self.state(self.path("f")), "journaled")

    def test_error_inside_200(self):
        body = json.dumps({"error": {"blobId": None, "failurePhase": "certify", "errorMsg": "too few nodes"}}).encode()
        self.mount_over(self.serve((200, body)))
        self.expect_trouble("too few nodes")

    def test_html(self):
        self.mount_over(self.serve((200, b"<html>welcome</html>")))
        self.expect_trouble("127.0.0.1")

    def test_server_errors(self):
        self.mount_over(self.serve((503, b"overloaded")))
        self.expect_trouble("503")

    def test_refused(self):
        for status, reason in ((400, b"bad query"), (403, b"not you")):
            with self.subTest(status):
                self.mount_over(self.serve((status, reason)))
                self.expect_trouble(reason.decode())
                self.umount("--now")
                shutil.rmtree(self.home("data/volumes/vol"))

    def test_an_aggregator_that_serves_something_else(self):
        """What the publisher says it keeps is believed only once it was read back."""
        network = self.json("localnet", "start")
        nonsense = self.serve((500, b""), (200, b"<html>hello</html>"))
        self.format("vol", "--backend", "http", "--aggregator", nonsense, "--publisher", network["publisher"],
                    "--shards", str(harness.SHARDS))
        self.mount()
        self.write("f", b"precious", sync=True)
        self.expect_trouble("reading back")
        self.assertEqual(self.status()["packs"]["certified"], 0)

    def test_reading_from_a_network_that_is_gone(self):
        network = self.json("localnet", "start")
        self.format("vol", "--backend", "http", "--aggregator", network["aggregator"], "--publisher",
                    network["publisher"], "--shards", str(harness.SHARDS))
        self.mount()
        self.write("f", os.urandom(300_000))
        self.umount()
        self.drop_cache()
        self.run_cli("localnet", "stop")
        self.mount()
        with self.assertRaises(OSError) as caught:
            self.read("f")
        self.assertEqual(caught.exception.errno, errno.EIO)
        self.assertEqual(os.stat(self.path("f")).st_size, 300_000)
        self.run_cli("localnet", "start")
        self.assertEqual(len(self.read("f")), 300_000)

    def test_nobody_there(self):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        self.mount_over(f"http://127.0.0.1:{port}")
        self.expect_trouble("127.0.0.1")


if __name__ == "__main__":
    harness.main()
