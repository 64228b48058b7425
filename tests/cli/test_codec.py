"""`walrusfs blob-id` and `walrusfs codec` as a person or a script uses them: round trips, damage of every kind, bad
input, exit statuses. No mount, no network.
"""
import hashlib
import json
import os
import pty
import random
import re
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import time
import unittest

BINARY = os.environ.get("WALRUSFS_BINARY", "walrusfs")
MANUAL = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "packaging", "walrusfs.1")
VECTORS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "vectors")

OK, FAILED, USAGE, NOT_FOUND, BUSY, CORRUPT = 0, 1, 2, 3, 4, 5


def stream(seed, size):
    """Repeatable noise, as tests/vectors describes it."""
    out, counter = bytearray(), 0
    while len(out) < size:
        out += hashlib.sha256(seed.encode() + counter.to_bytes(8, "little")).digest()
        counter += 1
    return bytes(out[:size])


def name_of(axis, index):
    return f"{axis}-{index:05}.bcs"


class CodecTest(unittest.TestCase):
    def setUp(self):
        self.top = os.path.realpath(tempfile.mkdtemp(prefix="walrusfs-codec-"))
        self.addCleanup(shutil.rmtree, self.top, ignore_errors=True)
        self.env = dict(os.environ, WALRUSFS_HOME=self.top + "/home", TMPDIR=self.top)
        self.env.pop("WALRUSFS_CODEC", None)
        self.slivers = self.path("slivers")

    # --- verbs ---

    def path(self, *parts):
        return os.path.join(self.top, *parts)

    def write(self, name, content):
        with open(self.path(name), "wb") as file:
            file.write(content)
        return self.path(name)

    def read(self, *parts):
        with open(self.path(*parts), "rb") as file:
            return file.read()

    def sparse(self, name, size):
        with open(self.path(name), "wb") as file:
            file.truncate(size)
        return self.path(name)

    def run_cli(self, *args, code=OK, says=(), **more):
        done = subprocess.run([BINARY, *args], env=self.env, cwd=self.top, capture_output=True, timeout=600, **more)
        done.stdout, done.stderr = done.stdout.decode(errors="replace"), done.stderr.decode(errors="replace")
        self.assertEqual(done.returncode, code, f"{args}\n{done.stdout}\n{done.stderr}")
        for text in [says] if isinstance(says, str) else says:
            self.assertIn(text, done.stderr)
        return done

    def json(self, *args, code=OK):
        return json.loads(self.run_cli(*args, "--json", code=code).stdout)

    def start(self, *args, **more):
        process = subprocess.Popen([BINARY, *args], env=self.env, cwd=self.top, stdout=subprocess.PIPE,
                                   stderr=subprocess.PIPE, **more)
        self.addCleanup(self.end, process)
        return process

    @staticmethod
    def end(process):
        if process.poll() is None:
            process.kill()
        process.communicate()

    def wait_until(self, condition, process):
        """Until a condition holds; fails when the process ends before that."""
        while not condition():
            if process.poll() is not None:
                self.fail(f"ended too early: {process.communicate()}")
            time.sleep(0.002)

    def encode(self, blob, shards=13, *args):
        self.write("blob", blob)
        shutil.rmtree(self.slivers, ignore_errors=True)
        return self.json("codec", "encode", "--shards", str(shards), "-o", self.slivers, *args, "blob")

    def decode(self, *args, **more):
        if os.path.exists(self.path("out")):
            os.remove(self.path("out"))
        done = self.run_cli("codec", "decode", self.slivers, "-o", "out", *args, **more)
        self.assertEqual([n for n in os.listdir(self.top) if n.startswith("out.")], [])
        return done

    def decodes_to(self, blob, *args, **more):
        done = self.decode(*args, **more)
        self.assertEqual(self.read("out"), blob)
        return done

    def does_not_decode(self, code, **more):
        done = self.decode(code=code, **more)
        self.assertFalse(os.path.exists(self.path("out")))
        return done

    def remove(self, axis, indices):
        for index in indices:
            os.remove(self.path(self.slivers, name_of(axis, index)))

    def damage(self, file):
        with open(self.path(self.slivers, file), "r+b") as sliver:
            sliver.seek(-5, os.SEEK_END)
            byte = sliver.read(1)[0]
            sliver.seek(-5, os.SEEK_END)
            sliver.write(bytes([byte ^ 0x40]))

    def bad_files(self, code=CORRUPT):
        return {file["file"] for file in self.json("codec", "verify", self.slivers, code=code)["files"]
                if not file["good"]}


class RoundTrip(CodecTest):
    def test_sizes_around_symbols_and_rows(self):
        rows, columns = 5, 9  # of 13 shards
        step = rows * columns * 2
        for size in [0, 1, 2, 3, columns * 2, step - 1, step, step + 1, 64 * step - 1, 64 * step + 1, 1_000_001]:
            with self.subTest(size=size):
                blob = stream(f"size {size}", size)
                said = self.encode(blob)
                self.assertEqual((said["bytes"], said["slivers"], said["shards"]), (size, 26, 13))
                self.decodes_to(blob)
                self.decodes_to(blob, "--strict")

    def test_known_answers(self):
        """Blob ID, metadata and slivers are those of the official encoder."""
        with open(os.path.join(VECTORS, "blobs.json")) as file:
            cases = [c for c in json.load(file)["cases"] if c["n"] <= 31 and c["size"] <= 1_000_000]
        self.assertGreater(len(cases), 20)
        for case in random.Random(1).sample(cases, 20):
            with self.subTest(n=case["n"], size=case["size"]):
                said = self.encode(stream(case["seed"], case["size"]), case["n"])
                self.assertEqual(said["blob_id"], case["blob_id"])
                metadata = hashlib.sha256(self.read("slivers", "metadata.bcs")).hexdigest()
                self.assertEqual(metadata, case["metadata_with_id_bcs_sha256"])
                for axis, indices in [("primary", range(case["n"])), ("secondary", reversed(range(case["n"])))]:
                    digests = [hashlib.sha256(self.read("slivers", name_of(axis, i))).digest() for i in indices]
                    self.assertEqual(hashlib.sha256(b"".join(digests)).hexdigest(), case[axis + "_slivers_digest"])

    def test_two_thirds_gone_and_some_bad(self):
        rng = random.Random(7)
        blob = stream("two thirds", 200_000)
        self.encode(blob, 1000)
        kept = rng.sample(range(1000), 390)
        self.remove("primary", set(range(1000)) - set(kept))
        self.remove("secondary", rng.sample(range(1000), 724))
        self.assertEqual(len(os.listdir(self.slivers)), 2000 // 3 + 1)
        hurt = {name_of("primary", index) for index in rng.sample(kept, 50)}
        for file in hurt:
            self.damage(file)
        done = self.decodes_to(blob)
        named = {line.split("/")[-1].split(":")[0] for line in done.stderr.splitlines()}
        self.assertTrue(named)
        self.assertLessEqual(named, hurt)
        self.assertEqual(self.bad_files(), hurt)

    def test_exactly_enough_and_one_less(self):
        blob = stream("enough", 100_000)
        for axis, gone, enough in [("primary", "secondary", 5), ("secondary", "primary", 9)]:
            with self.subTest(axis=axis):
                self.encode(blob)
                self.remove(gone, range(13))
                self.remove(axis, range(13 - enough))
                self.decodes_to(blob)
                self.remove(axis, [12])
                self.does_not_decode(NOT_FOUND, says="too few good slivers: decoding takes 5 primary or 9 secondary")

    def test_the_other_axis_when_one_is_bad(self):
        blob = stream("axes", 100_000)
        self.encode(blob)
        for index in range(9):
            self.damage(name_of("primary", index))
        said = json.loads(self.decodes_to(blob, "--json").stdout)
        self.assertEqual((said["axis"], said["slivers"]), ("secondary", 9))
        self.assertEqual(len(said["bad"]), 9)
        for index in range(5):
            self.damage(name_of("secondary", index))
        self.does_not_decode(CORRUPT, says="14 of them bad")

    def test_batches_of_one_sliver_are_the_same(self):
        blob = stream("batches", 300_000)
        self.encode(blob)
        os.rename(self.slivers, self.path("usual"))
        self.encode(blob, 13, "--memory", "1", "--threads", "3")
        for file in sorted(os.listdir(self.slivers)):
            self.assertEqual(self.read("usual", file), self.read("slivers", file), file)

    def test_chosen_slivers(self):
        self.encode(b"x", 13, "--slivers", "primary:0-2,secondary:12,pair:11-12,primary:2")
        primary = [name_of("primary", i) for i in (0, 1, 2, 11, 12)]
        secondary = [name_of("secondary", i) for i in (0, 1, 12)]
        self.assertEqual(sorted(os.listdir(self.slivers)), ["metadata.bcs", *primary, *secondary])

    def test_names_without_leading_zeros_count(self):
        blob = stream("zeros", 1000)
        self.encode(blob)
        for index in range(13):
            os.rename(self.path("slivers", name_of("primary", index)), self.path("slivers", f"primary-{index}.bcs"))
        shutil.copy(self.path("slivers", "primary-1.bcs"), self.path("slivers", name_of("primary", 1)))
        self.remove("secondary", range(13))
        self.decodes_to(blob)

    def test_standard_input(self):
        blob = stream("pipe", 123_457)
        self.write("blob", blob)
        self.run_cli("codec", "encode", "--shards", "13", "-o", self.slivers, "-", input=blob)
        self.decodes_to(blob)
        self.run_cli("codec", "encode", "--shards", "13", "-", input=blob, code=USAGE, says="--output")

    def test_default_folder(self):
        self.write("blob", b"abc")
        self.run_cli("codec", "encode", "--shards", "4", "blob")
        self.assertTrue(os.path.exists(self.path("blob.slivers", "metadata.bcs")))


class Damage(CodecTest):
    def setUp(self):
        super().setUp()
        self.blob = stream("damage", 50_000)
        self.blob_id = self.encode(self.blob)["blob_id"]

    def hurt(self, how):
        """Every kind of bad file, each under the name of a sliver; answers with those names."""
        file = self.path("slivers", name_of("primary", how[0]))
        how[1](file)
        return os.path.basename(file)

    def test_every_kind_of_bad_sliver_is_named_and_passed_over(self):
        good = self.read("slivers", name_of("primary", 12))

        def put(content):
            def replace(file):
                with open(file, "wb") as out:
                    out.write(content)
            return replace

        def folder(file):
            os.remove(file)
            os.mkdir(file)

        def pipe(file):
            os.remove(file)
            os.mkfifo(file)

        def dangling(file):
            os.remove(file)
            os.symlink("nowhere", file)

        kinds = [put(b""), put(good[:-1]), put(good + b"\0"), put(good), put(b"\xff" * len(good)), folder, pipe,
                 dangling]
        hurt = {self.hurt(how) for how in enumerate(kinds)}
        shutil.copy(self.path("slivers", name_of("primary", 12)), self.path("slivers", name_of("primary", 13)))
        hurt.add(name_of("primary", 13))
        self.write("slivers/notes.txt", b"a stranger")
        found = self.json("codec", "verify", self.slivers, code=CORRUPT)
        self.assertEqual({f["file"] for f in found["files"] if not f["good"]}, hurt)
        self.assertEqual((found["good"], found["bad"], found["missing"]), (18, 9, 3))  # 3 are no files at all
        self.assertEqual((found["others"], found["decodable"]), (["notes.txt"], True))
        for file in found["files"]:
            self.assertEqual("reason" in file, not file["good"])
        done = self.decodes_to(self.blob)
        for file in hurt:
            self.assertIn(file, done.stderr)

    def test_a_sliver_of_another_blob(self):
        os.rename(self.slivers, self.path("first"))
        self.encode(stream("another", 50_000))
        shutil.copy(self.path("first", name_of("secondary", 3)), self.path("slivers", name_of("secondary", 3)))
        self.assertEqual(self.bad_files(), {name_of("secondary", 3)})

    def test_a_sliver_that_cannot_be_read(self):
        if os.geteuid() == 0:
            self.skipTest("root reads everything")
        os.chmod(self.path("slivers", name_of("primary", 0)), 0)
        self.assertEqual(self.bad_files(), {name_of("primary", 0)})

    def test_all_good(self):
        found = self.json("codec", "verify", self.slivers, self.blob_id)
        self.assertEqual((found["good"], found["bad"], found["missing"], found["decodable"]), (26, 0, 0, True))
        self.assertEqual(found["blob_id"], self.blob_id)
        text = self.run_cli("codec", "verify", self.slivers).stdout
        self.assertIn("26 slivers good, 0 bad, 0 missing; the blob can be decoded", text)

    def test_too_few_to_decode_but_good(self):
        self.remove("primary", range(9))
        self.remove("secondary", range(5))
        found = self.json("codec", "verify", self.slivers)
        self.assertEqual((found["decodable"], found["missing"]), (False, 14))

    def test_metadata(self):
        true = self.read("slivers", "metadata.bcs")
        flipped = bytearray(true)
        flipped[100] ^= 1
        huge = true[:42] + b"\xff\xff\x03" + true[43:]  # 65,535 shards
        for what, content in [("empty", b""), ("cut", true[:-1]), ("longer", true + b"\0"), ("flipped", bytes(flipped)),
                              ("other ID", bytes(32) + true[32:]), ("version", true[:32] + b"\1" + true[33:]),
                              ("encoding", true[:33] + b"\0" + true[34:]), ("shards", huge), ("large", b"\0" * 10**7)]:
            with self.subTest(what=what):
                self.write("slivers/metadata.bcs", content)
                code = FAILED if what == "large" else CORRUPT
                for command in ["verify", self.slivers], ["decode", self.slivers, "-o", "out"], \
                        ["recover", self.slivers, "--sliver", "primary:1"]:
                    self.run_cli("codec", *command, code=code, says="slivers/metadata.bcs")

    def test_blob_id(self):
        other = "A" * 43
        self.run_cli("codec", "verify", self.slivers, other, code=CORRUPT, says="blob ID")
        self.run_cli("codec", "decode", self.slivers, "-o", "out", "--blob-id", other, code=CORRUPT)
        for nonsense in ["short", other + "A", other[:-1] + "=", other[:-1] + "é"]:
            self.run_cli("codec", "verify", self.slivers, nonsense, code=USAGE, says="not a blob ID")
        self.run_cli("codec", "verify", self.slivers, "--blob-id", "-" + other[1:], code=CORRUPT)
        self.decodes_to(self.blob, self.blob_id)

    def test_no_folder_of_slivers(self):
        os.mkdir(self.path("empty"))
        for folder, code, says in [("nowhere", NOT_FOUND, "does not exist"), ("blob", FAILED, "not a folder"),
                                   ("empty", NOT_FOUND, "metadata.bcs")]:
            self.run_cli("codec", "verify", folder, code=code, says=says)
            self.run_cli("codec", "decode", folder, "-o", "out", code=code, says=says)
            self.run_cli("codec", "recover", folder, "--sliver", "primary:0", code=code, says=says)


    def test_an_id_that_begins_with_a_dash_is_no_option(self):
        for number in range(2000):
            self.write(f"n{number}", b"%d" % number)
        names = [f"n{number}" for number in range(2000)]
        found = json.loads(self.run_cli("blob-id", "--shards", "13", "--json", *names).stdout)
        dashed = next(blob for blob in found if blob["blob_id"].startswith("-"))
        blob_id, content = dashed["blob_id"], self.read(dashed["path"])
        self.encode(content)
        for words in [blob_id], ["--", blob_id], ["--blob-id", blob_id], ["--blob-id=" + blob_id]:
            self.assertIn(blob_id, self.run_cli("codec", "verify", self.slivers, *words).stdout)
        self.decodes_to(content, blob_id)
        self.write(blob_id, content)  # any word may look like an ID
        self.run_cli("blob-id", blob_id)
        self.run_cli("version", blob_id, code=USAGE, says=f"'walrusfs version' has no use for '{blob_id}' (see")
        self.run_cli("codec", "verify", self.slivers, blob_id[:-1], code=USAGE, says=f"no option '{blob_id[:-1]}'")


class Recover(CodecTest):
    def setUp(self):
        super().setUp()
        self.blob = stream("recover", 40_000)
        self.encode(self.blob)

    def recover(self, sliver, *args, **more):
        return self.run_cli("codec", "recover", self.slivers, "--sliver", sliver, *args, **more)

    def test_each_sliver(self):
        symbol = self.encode(self.blob)["symbol_bytes"]
        for axis, symbols in [("primary", 9), ("secondary", 5)]:
            for index in range(13):
                with self.subTest(axis=axis, index=index):
                    true = self.read("slivers", name_of(axis, index))
                    self.remove(axis, [index])
                    said = json.loads(self.recover(f"{axis}:{index}", "--json").stdout)
                    self.assertEqual(self.read("slivers", name_of(axis, index)), true)
                    self.assertEqual((said["symbols"], said["symbol_bytes"]), (symbols, symbols * symbol))
                    self.assertEqual(said["decode_bytes"], 45 * symbol)
                    # The blob's own slivers take one symbol of each source and no more.
                    systematic = index < (5 if axis == "primary" else 9)
                    self.assertEqual(said["read_bytes"] == said["symbol_bytes"], systematic)

    def test_false_symbols_are_found_and_named(self):
        true = self.read("slivers", name_of("primary", 2))
        self.remove("primary", [2])
        os.truncate(self.path("slivers", name_of("secondary", 0)), 10)
        content = bytearray(self.read("slivers", name_of("secondary", 4)))
        content[-5] ^= 1
        content[2 + 2 * 890] ^= 1  # the symbol that primary sliver 2 needs
        self.write("slivers/" + name_of("secondary", 4), bytes(content))
        done = self.recover("primary:2")
        self.assertEqual(self.read("slivers", name_of("primary", 2)), true)
        self.assertIn(name_of("secondary", 0) + " has 10 bytes, where a secondary sliver of this blob has", done.stderr)
        self.assertIn(name_of("secondary", 4), done.stderr)

    def test_a_bad_sliver_is_replaced_and_a_good_one_is_not(self):
        true = self.read("slivers", name_of("secondary", 7))
        self.recover("secondary:7", code=BUSY, says="there already, and good")
        self.damage(name_of("secondary", 7))
        self.recover("secondary:7")
        self.assertEqual(self.read("slivers", name_of("secondary", 7)), true)

    def test_to_another_file(self):
        self.recover("primary:1", "-o", "there")
        self.assertEqual(self.read("there"), self.read("slivers", name_of("primary", 1)))
        self.recover("primary:2", "-o", "no/where", code=NOT_FOUND,
                     says="cannot write no/where: the folder no does not exist")
        self.recover("primary:2", "-o", "there", code=BUSY, says="there exists")
        self.recover("primary:2", "-o", "there", "--force")
        self.assertEqual(self.read("there"), self.read("slivers", name_of("primary", 2)))

    def test_enough_and_one_less(self):
        self.remove("primary", [1])
        self.remove("secondary", [0, 5, 11, 12])
        self.recover("primary:1")
        self.remove("primary", [1])
        self.remove("secondary", [1])
        before = sorted(os.listdir(self.slivers))
        self.recover("primary:1", code=NOT_FOUND, says="a symbol from each of 9 secondary slivers, and there are 8")
        self.damage(name_of("secondary", 2))
        os.truncate(self.path("slivers", name_of("secondary", 3)), 0)
        self.recover("primary:1", code=CORRUPT, says=name_of("secondary", 3))
        self.assertEqual(sorted(os.listdir(self.slivers)), before)

    def test_no_sliver(self):
        for name in ["primary", "primary:", "primary:13", "pair:1", "3", "primary:-1", "primary:1x", "primary:65536"]:
            self.recover(name, code=USAGE, says=f"'{name}' is no sliver; write it like primary:17")


class Output(CodecTest):
    def test_a_file_is_replaced_only_by_force(self):
        blob = stream("out", 999)
        self.encode(blob)
        self.write("out", b"precious")
        args = ["codec", "decode", self.slivers, "-o", "out"]
        self.run_cli(*args, code=BUSY, says="out exists; --force replaces it")
        self.assertEqual(self.read("out"), b"precious")
        self.run_cli(*args, "--force")
        self.assertEqual(self.read("out"), blob)

    def test_what_is_no_file_is_never_replaced(self):
        self.encode(b"abc")
        os.mkdir(self.path("folder"))
        os.mkfifo(self.path("pipe"))
        os.symlink("blob", self.path("link"))
        for name, says in [("folder", "is a folder"), ("pipe", "not a regular file"), ("link", "not a regular file")]:
            self.run_cli("codec", "decode", self.slivers, "-o", name, "--force", code=FAILED if name == "folder" else
                         USAGE, says=says)
        self.run_cli("codec", "decode", self.slivers, "-o", "nowhere/out", code=NOT_FOUND, says="nowhere/out")
        self.assertEqual(self.read("blob"), b"abc")

    def test_mode_is_that_of_new_files(self):
        self.encode(b"abc")
        self.run_cli("codec", "decode", self.slivers, "-o", "out", umask=0o027)
        self.assertEqual(stat.S_IMODE(os.stat(self.path("out")).st_mode), 0o640)

    def test_encode_wants_an_empty_folder(self):
        self.write("blob", b"abc")
        os.mkdir(self.path("empty"))
        self.run_cli("codec", "encode", "--shards", "4", "-o", "empty", "blob")
        before = sorted(os.listdir(self.path("empty")))
        self.run_cli("codec", "encode", "--shards", "4", "-o", "empty", "blob", code=BUSY, says="not empty")
        self.assertEqual(sorted(os.listdir(self.path("empty"))), before)
        self.run_cli("codec", "encode", "--shards", "4", "-o", "blob", "blob", code=FAILED, says="not a folder")

    def test_interrupted_encode_leaves_nothing(self):
        # One sliver at a time is slow enough to be caught in the act.
        self.sparse("blob", 16 << 20)
        process = self.start("codec", "encode", "--memory", "1", "-o", self.slivers, "blob")
        self.wait_until(lambda: os.path.isdir(self.slivers) and os.listdir(self.slivers), process)
        process.send_signal(signal.SIGINT)
        _, said = process.communicate()
        self.assertEqual(process.returncode, FAILED, said)
        self.assertFalse(os.path.exists(self.slivers))


class BadInput(CodecTest):
    def test_encode(self):
        self.write("blob", b"abc")
        for args, code, says in [
                (["nowhere"], NOT_FOUND, "walrusfs: nowhere: No such file or directory\n"),
                ([self.top], FAILED, "is a folder; a blob is one file"),
                (["/dev/null"], USAGE, "neither a file nor a pipe"), (["--shards", "3", "blob"], USAGE, "shards"),
                (["--shards", "49156", "blob"], USAGE, "shards"), (["--memory", "much", "blob"], USAGE, "'much'")]:
            with self.subTest(args=args):
                self.run_cli("codec", "encode", "-o", self.slivers, *args, code=code, says=says)
                self.assertFalse(os.path.exists(self.slivers))

    def test_sliver_lists(self):
        self.write("blob", b"abc")
        for text in ["", ",", "all,", "primary:", "primary:13", "primary:0-13", "primary:2-1", "pair", "tertiary:1",
                     "1", "all:1", "primary:1-", "primary:-1", "primary:1-2-3", "primary: 1", "secondary:65536"]:
            with self.subTest(text=text):
                self.run_cli("codec", "encode", "--shards", "13", "-o", self.slivers, "--slivers", text, "blob",
                             code=USAGE, says="names no slivers; write it like primary:0-333")
                self.assertFalse(os.path.exists(self.slivers))

    def test_the_largest_blob_of_a_committee_and_one_byte_more(self):
        largest = 2 * 3 * 65534
        self.sparse("blob", largest)
        self.run_cli("codec", "encode", "--shards", "4", "-o", self.slivers, "blob")
        self.sparse("blob", largest + 1)
        for args in ["codec", "encode", "-o", self.path("more"), "--shards", "4", "blob"], \
                ["blob-id", "--shards", "4", "blob"]:
            self.run_cli(*args, code=FAILED)
        blob = bytes(largest)
        self.run_cli("blob-id", "--shards", "4", "-", input=blob)
        self.run_cli("blob-id", "--shards", "4", "-", input=blob + b"\0", code=FAILED, says="larger than a blob can be")
        self.assertFalse(os.path.exists(self.path("more")))

    def test_usage_errors_are_one_line_and_say_where_to_read_on(self):
        for args, says, see in [
                ([], "'walrusfs' needs a command", "walrusfs"),
                (["formt"], "there is no command 'walrusfs formt'", "walrusfs"),
                (["codec"], "'walrusfs codec' needs a command", "walrusfs codec"),
                (["codec", "encod", "x"], "there is no command 'walrusfs codec encod'", "walrusfs codec"),
                (["codec", "decode"], "folder is required", "walrusfs codec decode"),
                (["codec", "decode", "x"], "--output is required", "walrusfs codec decode"),
                (["codec", "encode", "--bogus", "x"], "has no option '--bogus'", "walrusfs codec encode"),
                (["blob-id", "--threads", "0", "x"], "--threads", "walrusfs blob-id"),
                (["blob-id", "--threads", "257", "x"], "--threads", "walrusfs blob-id"),
                (["blob-id", "--shards", "many", "x"], "--shards", "walrusfs blob-id"),
                (["version", "now"], "'walrusfs version' has no use for 'now'", "walrusfs version")]:
            with self.subTest(args=args):
                done = self.run_cli(*args, code=USAGE)
                self.assertEqual(done.stdout, "")
                self.assertEqual(done.stderr.count("\n"), 1, done.stderr)
                self.assertTrue(done.stderr.startswith("walrusfs: "), done.stderr)
                self.assertIn(says, done.stderr)
                self.assertTrue(done.stderr.endswith(f"(see: {see} --help)\n"), done.stderr)
                error = json.loads(self.run_cli("--json", *args, code=USAGE).stdout)["error"]
                self.assertEqual(error["code"], "invalid_argument")
                self.assertIn(says, error["message"])

    def test_every_command_has_help_with_an_example(self):
        for command in ["blob-id", "codec", "codec encode", "codec decode", "codec verify", "codec recover",
                        "codec bench"]:
            text = self.run_cli(*command.split(), "--help").stdout
            self.assertIn("Example", text)
            self.assertIn("  walrusfs " + command, text)

    def test_the_manual_names_every_command_and_option(self):
        with open(MANUAL) as file:
            manual = re.sub(r'\\f.|"', "", file.read()).replace("\\-", "-")
        seen = []

        def look_at(command):
            text = self.run_cli(*command, "--help").stdout
            seen.append(" ".join(command))
            self.assertIn(seen[-1], manual)
            for option in set(re.findall(r"^  (?:-\w,)?(--[\w-]+)", text, re.MULTILINE)) - {"--help"}:
                self.assertIn(option, manual, command)
            for inner in re.findall(r"^  ([\w-]+) ", text.partition("\nSubcommands:")[2].partition("\n\n")[0],
                                    re.MULTILINE):
                look_at([*command, inner])
        look_at([])
        self.assertIn("codec verify", seen)
        self.assertGreater(len(seen), 30)


class BlobId(CodecTest):
    def blob_id(self, name, shards=13):
        return self.json("blob-id", "--shards", str(shards), name)[0]["blob_id"]

    def test_known_answers(self):
        with open(os.path.join(VECTORS, "blobs.json")) as file:
            cases = [c for c in json.load(file)["cases"] if c["n"] == 1000 and c["size"] <= 3_000_000]
        for case in cases[:4]:
            self.write("blob", stream(case["seed"], case["size"]))
            self.assertEqual(self.blob_id("blob", 1000), case["blob_id"])
            self.assertIn(f"{case['blob_id']}  blob\n", self.run_cli("blob-id", "blob").stdout)

    def test_standard_input_as_pipe_and_as_file(self):
        blob = stream("input", 2_900_001)
        file = self.write("blob", blob)
        wanted = self.run_cli("blob-id", "--shards", "13", "blob").stdout.split()[0] + "  -\n"
        self.assertEqual(self.run_cli("blob-id", "--shards", "13", "-", input=blob).stdout, wanted)
        with open(file, "rb") as redirected:
            self.assertEqual(self.run_cli("blob-id", "--shards", "13", "-", stdin=redirected).stdout, wanted)
        self.assertEqual(sorted(os.listdir(self.top)), ["blob"])

    def test_one_bad_file_does_not_keep_the_others_from_being_named(self):
        self.write("a", b"a")
        self.write("c", b"c")
        done = self.run_cli("blob-id", "--shards", "4", "a", "b", self.top, "c", code=NOT_FOUND)
        self.assertEqual([line.split()[1] for line in done.stdout.splitlines()], ["a", "c"])
        self.assertEqual(done.stderr.splitlines()[0], "walrusfs: b: No such file or directory")
        said = self.json("blob-id", "--shards", "4", "a", "b", code=NOT_FOUND)
        self.assertEqual(said[1], {"path": "b", "error": {"code": "not_found",
                                                          "message": "b: No such file or directory"}})

    def catch(self, change):
        """Changes a file while its blob ID is being computed."""
        self.env["WALRUSFS_CODEC"] = "scalar"
        file = self.sparse("blob", 64 << 20)
        process = self.start("blob-id", "--threads", "1", "blob")

        def mapped():
            with open(f"/proc/{process.pid}/maps") as maps:
                return file in maps.read()
        self.wait_until(mapped, process)
        change(file)
        out, said = process.communicate()
        self.assertEqual((process.returncode, out), (FAILED, b""), said)
        return said.decode()

    def test_a_file_that_changes_meanwhile(self):
        said = self.catch(lambda file: os.utime(file, (1, 1)))
        self.assertIn("walrusfs: blob: was changed while it was read", said)

    def test_a_file_that_becomes_shorter_meanwhile(self):
        said = self.catch(lambda file: os.truncate(file, 0))
        self.assertEqual(said, "walrusfs: a file became shorter while it was read, or its disk failed\n")

    def test_progress_on_a_terminal_and_silence_elsewhere(self):
        self.env["WALRUSFS_CODEC"] = "scalar"
        self.sparse("blob", 16 << 20)
        outer, inner = pty.openpty()
        done = subprocess.run([BINARY, "blob-id", "--threads", "1", "blob"], env=self.env, cwd=self.top, timeout=600,
                              stdout=subprocess.PIPE, stderr=inner)
        os.close(inner)
        shown = os.read(outer, 65536).decode()
        os.close(outer)
        self.assertEqual(done.returncode, OK)
        self.assertRegex(shown, r"hashing blob: .* of 16\.0 MiB \(\d+ %\), .*/s")
        self.assertEqual(self.run_cli("blob-id", "--shards", "100", "blob").stderr, "")


class Bench(CodecTest):
    def test_figures_per_engine(self):
        said = self.json("codec", "bench", "--shards", "13", "--size", "1", "--size", "10000", "--runs", "2",
                         *[arg for name in ["blob-id", "encode", "decode", "recover", "verify"]
                           for arg in ("--operation", name)])
        self.assertEqual((said["shards"], said["runs"]), (13, 2))
        engines = {result["engine"] for result in said["results"]}
        self.assertIn("scalar", engines)
        self.assertEqual(len(said["results"]), len(engines) * 5 * 2)
        for result in said["results"]:
            self.assertGreater(result["median_ms"], 0)
            self.assertLessEqual(result["fastest_ms"], result["median_ms"])

    def test_one_engine(self):
        done = self.run_cli("codec", "bench", "--shards", "13", "--engine", "scalar", "--size", "1", "--runs", "1")
        self.assertEqual([line.split()[:2] for line in done.stdout.splitlines()[1:]],
                         [["scalar", "blob-id"], ["scalar", "encode"], ["scalar", "decode"]])

    def test_bad_input(self):
        for args, says in [(["--engine", "abacus"], "scalar"), (["--operation", "guess"], "blob-id, encode"),
                           (["--size", "big"], "'big'"), (["--runs", "0"], "--runs"), (["--shards", "3"], "shards")]:
            self.run_cli("codec", "bench", *args, code=USAGE, says=says)
        done = self.run_cli("codec", "bench", "--shards", "4", "--size", "1MiB", code=FAILED)
        self.assertEqual(done.stdout, "")


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0], "-v", *sys.argv[1:]])
