#!/usr/bin/env python3
"""House rules that a program can check, run by ctest: `tidy.py ROOT` prints one line per violation.

Layers   An include points downwards only (docs/architecture.md), and a third-party library is included
         only behind its door.
World    Time, randomness and environment come in as arguments outside base and cli.
Words    No line over 120 columns, no calls that overflow buffers or start shells, no notes to self.
Build    Every header has `#pragma once`; every source file is named by a CMakeLists.txt.

The rules are data at the top of this file; each has a test in tidy_test.py that breaks it.
"""

import os
import re
import sys
from fnmatch import fnmatch
from pathlib import Path
from typing import Iterator, NamedTuple

LINE_COLUMNS = 120

# Which layers each layer may include besides itself. The longest matching folder names a file's layer.
LAYERS = {
    "base": set(),
    "base/testing": {"base"},
    "codec": {"base", "codec/bls"},
    "codec/bls": {"base"},
    "codec/pack": {"base", "codec"},
    "codec/quilt": {"base", "codec"},
    "meta": {"base"},
    "cache": {"base"},
    "client/sui": {"base", "codec"},
    "client": {"base", "codec", "codec/bls", "client/sui"},
    "localnet": {"base", "codec", "codec/bls", "codec/quilt", "client/sui"},
    "fs/io": {"base", "codec", "codec/pack", "meta", "cache", "client"},
    "fs/vfs": {"base", "codec", "codec/pack", "meta", "cache", "client", "fs/io"},
    "fs/fuse": {"base", "codec", "codec/pack", "meta", "cache", "client", "fs/io", "fs/vfs"},
    "cli": {"base", "codec", "codec/bls", "codec/pack", "codec/quilt", "meta", "cache", "client", "client/sui", "fs/io",
            "fs/vfs", "fs/fuse", "localnet"},
}
# May include everything, and are included by nothing.
FREE_FOLDERS = ("tests", "bench")
# Single headers that a layer may include although their layer is not below it.
EXTRA_INCLUDES = {"localnet": ["client/http*.h", "client/memory_body.h", "meta/sqlite.h"]}

# Third-party headers and the only files that may include them. Tests and benchmarks may include any.
DOORS = {
    r"sqlite3(ext)?\.h": ["meta/sqlite*"],
    r"curl/.*": ["client/http*"],
    r"fuse(3/.*|_.*)?(\.h)?": ["fs/fuse/*"],
    r"openssl/.*": ["base/crypto*", "codec/*"],
    r"google/protobuf/.*": ["client/sui/*", "localnet/sui/*"],
    r"sodium(\.h|/.*)": ["base/crypto*", "base/rng.cpp", "codec/*"],
    r"isa-l(\.h|/.*)": ["base/checksum*"],
    r"spdlog/.*": ["base/log.cpp"],
    r"httplib\.h": ["localnet/*"],
    r"(zstd.*|archive.*)\.h": ["codec/*"],
    r"toml\+\+/.*|toml\.hpp": ["cli/*"],
    r"CLI/.*": ["cli/*"],
}
# So slow to compile that a header must not pass them on.
HEAVY_HEADERS = r"(nlohmann/json\.hpp|httplib\.h|spdlog/.*|toml\+\+/.*|CLI/.*)"

# What product code does not call, and what to use instead.
BANNED_CALLS = {
    r"(?<![.>\w])(?:std::|::)?(system|popen)\s*\(": "start no shell; use posix_spawn with arguments",
    r"(?<![.>\w])(?:std::|::)?(strcpy|strcat|sprintf|vsprintf|gets|tmpnam|mktemp)\s*\(": "it overflows or races; "
    "use std::string and fmt::format",
}
# What is passed in, never reached for, and where the argument is made.
WORLD_CALLS = {
    r"(system_clock|steady_clock|high_resolution_clock)::now\s*\(": "take a Clock&",
    r"\b(clock_gettime|gettimeofday|usleep|nanosleep)\s*\(|this_thread::sleep_(for|until)\s*\(": "take a Clock&",
    r"\b(random_device|mt19937(_64)?|getrandom|getentropy)\b|(?<![.>\w:])s?rand\s*\(": "take an Rng&",
    r"\b(secure_)?getenv\s*\(": "take the value as an argument; cli reads the environment",
}
WORLD_FOLDERS = ("base", "cli") + FREE_FOLDERS

# Notes to self belong in an issue. (Written apart so that this file passes.)
BANNED_WORDS = re.compile(r"\b(" + "|".join(["TO" "DO", "FIX" "ME", "XX" "X", "HA" "CK"]) + r")\b")

SKIPPED_FOLDERS = ("build*", ".*", "node_modules", "vectors", "compat", "corpus", "__pycache__")
CODE = (".h", ".cpp")
TEXT = CODE + (".py", ".sh", ".cmake", ".proto", ".sql", ".md", ".txt", ".json", ".toml", ".mjs", ".js")
# Where a long line is the writer's choice, or somebody else's.
LONG_LINES_ALLOWED = (".md", ".json")


class Violation(NamedTuple):
    path: str
    line: int
    sentence: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.sentence}"


class Source(NamedTuple):
    path: str  # from the root, with '/'
    text: str
    bare: str  # C++ only: the text with comments and the content of strings blanked, lines kept


def blank_comments_and_strings(text: str) -> str:
    pattern = re.compile(
        r'//[^\n]*|/\*.*?\*/|R"(?P<tag>[^(\s]*)\(.*?\)(?P=tag)"|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])+\'', re.S)
    return pattern.sub(lambda m: re.sub(r"[^\n]", " ", m.group()), text)


def read_tree(root: Path) -> Iterator[Source]:
    for folder, folders, files in os.walk(root):
        folders[:] = sorted(f for f in folders if not any(fnmatch(f, skipped) for skipped in SKIPPED_FOLDERS))
        for name in sorted(files):
            if not name.endswith(TEXT):
                continue
            full = Path(folder, name)
            text = full.read_bytes().decode("utf-8", errors="replace")
            bare = blank_comments_and_strings(text) if name.endswith(CODE) else text
            yield Source(full.relative_to(root).as_posix(), text, bare)


def top_folder(path: str) -> str:
    return path.split("/", 1)[0]


def layer_of(path: str) -> str | None:
    found = [layer for layer in LAYERS if path.startswith(layer + "/")]
    return max(found, key=len, default=None)


def includes(source: Source) -> Iterator[tuple[int, str]]:
    for number, line in enumerate(source.text.splitlines(), 1):
        if found := re.match(r'\s*#\s*include\s*[<"]([^>"]+)[>"]', line):
            yield number, found.group(1)


def matches_any(path: str, globs: list[str]) -> bool:
    return any(fnmatch(path, glob) for glob in globs)


def check_layers(source: Source) -> Iterator[Violation]:
    """An arrow that points up, sideways, or through somebody else's door."""
    if not source.path.endswith(CODE) or top_folder(source.path) in FREE_FOLDERS:
        return
    own = layer_of(source.path)
    for number, included in includes(source):
        target = layer_of(included)
        if top_folder(included) in FREE_FOLDERS:
            yield Violation(source.path, number, f"product code includes {included}, which is for tests")
        elif target and own is None:
            yield Violation(source.path, number, f"this folder has no layer; give it one in {Path(__file__).name}")
        elif target and target != own and target not in LAYERS[own]:
            if not matches_any(included, EXTRA_INCLUDES.get(own, [])):
                yield Violation(source.path, number, f"{own} may not include {included}: {target} is not below it")


def check_doors(source: Source) -> Iterator[Violation]:
    if not source.path.endswith(CODE) or top_folder(source.path) in FREE_FOLDERS:
        return
    for number, included in includes(source):
        for pattern, doors in DOORS.items():
            if re.fullmatch(pattern, included) and not matches_any(source.path, doors):
                yield Violation(source.path, number, f"{included} stays behind its door: {', '.join(doors)}")
        if source.path.endswith(".h") and re.fullmatch(HEAVY_HEADERS, included):
            yield Violation(source.path, number, f"{included} is slow to compile: include it in a .cpp file")


def check_calls(source: Source) -> Iterator[Violation]:
    if not source.path.endswith(CODE) or top_folder(source.path) in FREE_FOLDERS:
        return
    rules = dict(BANNED_CALLS)
    if top_folder(source.path) not in WORLD_FOLDERS:
        rules.update(WORLD_CALLS)
    for number, line in enumerate(source.bare.splitlines(), 1):
        for pattern, advice in rules.items():
            if found := re.search(pattern, line):
                yield Violation(source.path, number, f"'{found.group().strip()}' is not for product code: {advice}")


def check_lines(source: Source) -> Iterator[Violation]:
    for number, line in enumerate(source.text.split("\n"), 1):
        if len(line) > LINE_COLUMNS and not source.path.endswith(LONG_LINES_ALLOWED):
            yield Violation(source.path, number, f"{len(line)} columns; {LINE_COLUMNS} are the limit")
        if found := BANNED_WORDS.search(line):
            yield Violation(source.path, number, f"'{found.group()}': do it, or open an issue")
        if source.path.endswith(CODE) and (line.endswith((" ", "\t", "\r")) or "\t" in line):
            yield Violation(source.path, number, "a tab, or space at the end of the line; run clang-format")


def check_header_guard(source: Source) -> Iterator[Violation]:
    if source.path.endswith(".h") and not re.search(r"^#pragma once$", source.bare, re.M):
        yield Violation(source.path, 1, "no '#pragma once'")


def check_in_build(sources: list[Source]) -> Iterator[Violation]:
    """A .cpp file that no CMakeLists.txt above it names is dead."""
    lists = {s.path: re.sub(r"#[^\n]*", "", s.text) for s in sources if s.path.endswith("CMakeLists.txt")}
    for source in sources:
        if not source.path.endswith(".cpp"):
            continue
        named = False
        for folder in Path(source.path).parents:
            relative = Path(source.path).relative_to(folder).as_posix()
            text = lists.get((folder / "CMakeLists.txt").as_posix(), "")
            named = named or re.search(r"(?<![\w./-])" + re.escape(relative) + r"(?![\w.])", text) is not None
        if not named:
            yield Violation(source.path, 1, "no CMakeLists.txt names this file")


def check_tree(root: Path) -> list[Violation]:
    sources = list(read_tree(root))
    violations = list(check_in_build(sources))
    for source in sources:
        for check in (check_layers, check_doors, check_calls, check_lines, check_header_guard):
            violations.extend(check(source))
    return sorted(violations)


def main() -> int:
    if len(sys.argv) != 2 or not Path(sys.argv[1], "CMakeLists.txt").exists():
        print("usage: tidy.py ROOT_OF_THE_PROJECT", file=sys.stderr)
        return 2
    violations = check_tree(Path(sys.argv[1]))
    for violation in violations:
        print(violation)
    return 1 if violations else 0


if __name__ == "__main__":
    sys.exit(main())
