#!/usr/bin/env python3
"""Each rule of tidy.py, broken on purpose in a small tree: the rule must see it, and nothing else may."""

import sys
import tempfile
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
sys.dont_write_bytecode = True
import tidy  # noqa: E402

NOTE = "TO" "DO"


class Tree(unittest.TestCase):
    """Verbs: write files, expect the sentences that tidy prints."""

    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.root = Path(self.folder.name)
        self.sources = []

    def tearDown(self):
        self.folder.cleanup()

    def start_anew(self):
        self.tearDown()
        self.setUp()

    def write(self, path: str, text: str, in_build: bool = True):
        full = self.root / path
        full.parent.mkdir(parents=True, exist_ok=True)
        if path.endswith(".h"):
            text = "#pragma once\n" + text
        full.write_text(text)
        if path.endswith(".cpp") and in_build:
            self.sources.append(path)
        (self.root / "CMakeLists.txt").write_text("".join(f"add({s})\n" for s in self.sources))

    def expect(self, *fragments: str):
        found = [str(v) for v in tidy.check_tree(self.root)]
        self.assertEqual(len(found), len(fragments), found)
        for sentence, fragment in zip(found, sorted(fragments)):
            self.assertIn(fragment, sentence)


class Layers(Tree):
    def include(self, who: str, whom: str):
        self.write(who, f'#include "{whom}"\n')

    def test_downwards_is_fine(self):
        self.include("base/a.cpp", "base/a.h")
        self.include("codec/pack/a.cpp", "codec/red.h")
        self.include("codec/quilt/a.cpp", "codec/red.h")
        self.include("client/a.h", "codec/red.h")
        self.include("fs/io/a.cpp", "cache/spool.h")
        self.include("fs/vfs/a.cpp", "fs/io/a.h")
        self.include("fs/fuse/a.cpp", "fs/vfs/a.h")
        self.include("cli/a.cpp", "localnet/a.h")
        self.include("client/ledger.cpp", "client/sui/types.h")
        self.include("localnet/sui/a.cpp", "client/sui/types.h")
        self.include("localnet/sui/b.cpp", "meta/sqlite.h")
        self.include("localnet/a.cpp", "client/http_client.h")
        self.include("tests/cache/a.cpp", "base/testing/faulty_files.h")
        self.expect()

    def test_upwards_is_not(self):
        arrows = [
            ("base/a.cpp", "codec/red.h"), ("codec/a.cpp", "codec/pack/a.h"), ("codec/a.cpp", "meta/index.h"),
            ("cache/a.cpp", "meta/index.h"), ("meta/a.cpp", "cache/spool.h"), ("codec/pack/a.cpp", "meta/index.h"),
            ("codec/quilt/a.cpp", "codec/pack/a.h"), ("codec/a.cpp", "codec/quilt/a.h"),
            ("client/a.cpp", "fs/io/a.h"), ("client/a.cpp", "cache/spool.h"), ("fs/io/a.cpp", "fs/vfs/a.h"),
            ("fs/vfs/a.h", "fs/fuse/a.h"), ("fs/fuse/a.cpp", "cli/a.h"), ("localnet/a.cpp", "fs/vfs/a.h"),
            ("fs/vfs/a.cpp", "localnet/a.h"), ("localnet/a.cpp", "client/blob_store.h"),
            ("client/sui/a.cpp", "client/transport.h"), ("localnet/sui/a.cpp", "meta/index.h"),
        ]
        for who, whom in arrows:
            with self.subTest(who=who, whom=whom):
                self.start_anew()
                self.include(who, whom)
                self.expect(f"may not include {whom}")

    def test_product_code_does_not_include_tests(self):
        self.include("cache/a.cpp", "tests/cache/fixture.h")
        self.expect("which is for tests")

    def test_test_tools_are_not_for_products(self):
        self.include("cache/a.cpp", "base/testing/faulty_files.h")
        self.expect("may not include base/testing/faulty_files.h")

    def test_a_folder_without_a_layer_is_noticed(self):
        self.include("shiny/a.cpp", "base/a.h")
        self.expect("has no layer")


class Doors(Tree):
    def test_behind_the_door(self):
        for path, header in [("meta/sqlite_db.cpp", "sqlite3.h"), ("client/http_curl.cpp", "curl/curl.h"),
                             ("fs/fuse/mount.cpp", "fuse_lowlevel.h"), ("base/crypto.cpp", "openssl/evp.h"),
                             ("codec/pack/age.cpp", "sodium.h"), ("base/log.cpp", "spdlog/spdlog.h"),
                             ("localnet/server.cpp", "httplib.h"), ("base/checksum.cpp", "isa-l/crc.h")]:
            self.write(path, f"#include <{header}>\n")
        self.expect()

    def test_elsewhere(self):
        for path, header in [("meta/index.cpp", "sqlite3.h"), ("client/pool.cpp", "curl/curl.h"),
                             ("fs/vfs/vfs.cpp", "fuse_lowlevel.h"), ("cli/main.cpp", "fuse.h"),
                             ("meta/a.cpp", "openssl/evp.h"), ("cache/a.cpp", "sodium.h"),
                             ("base/files.cpp", "spdlog/spdlog.h"), ("cli/a.cpp", "httplib.h"),
                             ("codec/a.cpp", "isa-l/crc.h"), ("fs/io/a.cpp", "zstd.h"), ("base/a.cpp", "CLI/CLI.hpp")]:
            with self.subTest(path=path, header=header):
                self.start_anew()
                self.write(path, f"#include <{header}>\n")
                self.expect("stays behind its door")

    def test_heavy_headers_stay_out_of_headers(self):
        self.write("cli/a.h", "#include <nlohmann/json.hpp>\n")
        self.write("cli/a.cpp", "#include <nlohmann/json.hpp>\n")
        self.expect("slow to compile")


class Calls(Tree):
    def test_banned(self):
        for call in ['system("ls")', "std::system(x)", "popen(a, b)", "strcpy(a, b)", "::sprintf(a, b)", "gets(a)"]:
            with self.subTest(call=call):
                self.start_anew()
                self.write("cli/a.cpp", f"void f() {{ {call}; }}\n")
                self.expect("is not for product code")

    def test_the_world_is_an_argument(self):
        for call in ["std::chrono::steady_clock::now()", "std::this_thread::sleep_for(x)", "std::random_device r",
                     'getenv("HOME")', "rand()", "clock_gettime(a, b)"]:
            with self.subTest(call=call):
                self.start_anew()
                self.write("fs/io/a.cpp", f"void f() {{ {call}; }}\n")
                self.write("base/a.cpp", f"void f() {{ {call}; }}\n")
                self.expect("fs/io/a.cpp:1")

    def test_names_that_only_look_alike(self):
        self.write("fs/io/a.cpp", "void f() { sync_filesystem(a); snprintf(b); files.system(c); operand(d); }\n"
                                  '// system(x) in words\nauto s = "popen(x)";\n')
        self.expect()


class Lines(Tree):
    def test_as_long_as_allowed_and_one_more(self):
        self.write("base/a.cpp", "//" + "x" * 118 + "\n")
        self.expect()
        self.write("base/b.cpp", "//" + "x" * 119 + "\n")
        self.expect("121 columns")

    def test_columns_are_characters_not_bytes(self):
        self.write("base/a.cpp", "//" + "→" * 118 + "\n")
        self.expect()

    def test_notes_to_self(self):
        self.write("base/a.cpp", f"// {NOTE} later\n")
        self.write("docs/a.md", f"{NOTE}: later\n")
        self.expect("base/a.cpp:1: 'TO", "docs/a.md:1: 'TO")

    def test_stray_white_space(self):
        self.write("base/a.cpp", "int a; \n")
        self.write("base/b.cpp", "\tint a;\n")
        self.expect("base/a.cpp:1: a tab", "base/b.cpp:1: a tab")


class Build(Tree):
    def test_header_guard(self):
        self.write("base/a.h", "")
        (self.root / "base/b.h").write_text("int a;\n// #pragma once\n")
        self.expect("base/b.h:1: no '#pragma once'")

    def test_dead_file(self):
        self.write("base/a.cpp", "int a;\n")
        self.write("base/da.cpp", "int a;\n", in_build=False)
        self.expect("base/da.cpp:1: no CMakeLists.txt names")

    def test_a_file_only_in_a_comment_of_the_build_is_dead(self):
        self.write("base/a.cpp", "int a;\n", in_build=False)
        (self.root / "base/CMakeLists.txt").write_text("# a.cpp\n")
        self.expect("no CMakeLists.txt names")

    def test_named_by_its_own_folder(self):
        self.write("base/a.cpp", "int a;\n", in_build=False)
        (self.root / "base/CMakeLists.txt").write_text("add(x a.cpp)\n")
        self.expect()

    def test_built_trees_are_not_looked_at(self):
        self.write("build-x/a.cpp", "int a;\n", in_build=False)
        self.write("tests/vectors/a.txt", "x" * 1000)
        self.expect()


if __name__ == "__main__":
    unittest.main()
