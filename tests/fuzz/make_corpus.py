#!/usr/bin/env python3
"""Makes the first inputs of fuzz targets, those of the codec out of the golden vectors: `make_corpus.py ROOT`.

Run by hand when vectors or targets change; what it writes is kept in corpus/, beside what fuzzing found.
"""

import json
import sys
from pathlib import Path

# Numbers of blobs in subjects.cpp.
SUBJECTS = {"walrusfs/rec/4/40": 0, "walrusfs/rec/7/31": 1, "walrusfs/rec/10/33": 2, "walrusfs/blob/4/33": 3,
            "walrusfs/blob/7/33": 4}
DAMAGED = {"primary": 5, "secondary": 6}
METADATA, SLIVER, SYMBOL, PROOF = range(4)
HONEST = 7  # no change, in the scripts of the decoder and recovery targets
QUILT, COLUMNS, INDEX, HEADER, PATCH_ID, ROUND_TRIP = range(6)
QUILT_SHAPES = {4: 0, 7: 1, 10: 2, 31: 3}


class Corpus:
    def __init__(self, root: Path):
        self.vectors = root / "tests" / "vectors"
        self.folder = root / "tests" / "fuzz" / "corpus"

    def cases(self, name: str):
        return json.loads((self.vectors / f"{name}.json").read_text())["cases"]

    def write(self, target: str, name: str, first: list[int], rest: bytes = b""):
        folder = self.folder / f"fuzz_{target}"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(bytes(first) + rest)


def blobs(corpus: Corpus):
    for case in corpus.cases("blobs"):
        subject = SUBJECTS.get(case["seed"])
        if subject is None:
            continue
        name = case["seed"].removeprefix("walrusfs/").replace("/", "-")
        metadata = bytes.fromhex(case["metadata_bcs_hex"])
        corpus.write("codec", f"metadata-{name}", [METADATA, subject], metadata)
        corpus.write("codec", f"metadata-with-id-{name}", [METADATA, subject],
                     bytes.fromhex(case["blob_id_hex"]) + metadata)
        for axis, kind in enumerate(("primary", "secondary")):
            for which in (0, -1):
                sliver = bytes.fromhex(case[f"{kind}_slivers_bcs_hex"][which])
                corpus.write("codec", f"sliver-{kind}{which}-{name}", [SLIVER, subject, axis], sliver)


def recovery_symbols(corpus: Corpus):
    for case in corpus.cases("recovery"):
        subject = SUBJECTS.get(case["seed"])
        if subject is None:
            continue
        for target in ("primary", "secondary"):
            symbols = case[f"for_{target}_target"]
            fields = ("either_recovery_symbol_bcs", "general_recovery_symbol_bcs", "either_decoding_symbol_bcs")
            for field in (f for f in fields if f in symbols):
                name = f"{field.removesuffix('_bcs')}-{target}-{case['n']}-{case['source_pair']}-{case['target_pair']}"
                corpus.write("codec", name, [SYMBOL, subject], bytes.fromhex(symbols[field]))
            corpus.write("codec", f"symbol-id-{symbols['symbol_id']}", [SYMBOL, subject], symbols["symbol_id"].encode())


def inconsistency_proofs(corpus: Corpus):
    for case in corpus.cases("inconsistency"):
        if case["n"] != 4 or case["damaged_pair"] != 0:
            continue
        kind = case["damaged_hash"]
        proof = bytes([kind == "secondary"]) + bytes.fromhex(case["axis_inconsistency_proof_hex"])
        corpus.write("codec", f"proof-{kind}", [PROOF, DAMAGED[kind]], proof)
        corpus.write("codec", f"metadata-damaged-{kind}", [METADATA, DAMAGED[kind]],
                     bytes.fromhex(case["metadata_bcs_hex"]))


def scripts(corpus: Corpus):
    """Slivers and symbols from enough honest sources, and with one that lies among them."""
    for subject, shards in enumerate((4, 7, 10, 4, 7, 4, 4, 7, 10)):
        for axis in (0, 1):
            honest = [number for i in range(shards) for number in (shards - 1 - i, HONEST)]
            liar = [1, 0, 1, 0, 1]  # source 1, a byte changed: at 1, by 1
            corpus.write("recovery", f"honest-{subject}-{axis}", [subject, axis, 0] + honest)
            corpus.write("recovery", f"liar-{subject}-{axis}", [subject, axis, shards - 1] + liar + honest)
            for check in range(3):
                how = axis + 2 * check
                corpus.write("decoder", f"honest-{subject}-{axis}-{check}", [subject, how] + honest)
                corpus.write("decoder", f"liar-{subject}-{axis}-{check}", [subject, how] + liar + honest)


def columns_of(quilt: bytes, shards: int, symbol: int) -> bytes:
    f = (shards - 1) // 3
    rows, columns = shards - 2 * f, shards - f
    return b"".join(quilt[(row * columns + column) * symbol:][:symbol] for column in range(columns)
                    for row in range(rows))


def quilts(corpus: Corpus):
    for case in corpus.cases("quilt") + [c | c["rust"] for c in corpus.cases("quilt_edge")]:
        if case["n"] not in QUILT_SHAPES or "quilt_hex" not in case:
            continue
        shape, label = QUILT_SHAPES[case["n"]], case["label"]
        quilt = bytes.fromhex(case["quilt_hex"])
        columns = columns_of(quilt, case["n"], case["symbol_size"])
        corpus.write("quilt", f"quilt-{label}", [QUILT, shape], quilt)
        corpus.write("quilt", f"columns-{label}", [COLUMNS, shape], columns)
        corpus.write("quilt", f"index-{label}", [INDEX, shape, 1], bytes.fromhex(case["index_bcs_hex"]))
        for patch in case["patches"][:1]:
            column_bytes = len(columns) // (case["n"] - (case["n"] - 1) // 3)
            file = columns[patch["start"] * column_bytes:patch["end"] * column_bytes]
            corpus.write("quilt", f"file-{label}", [HEADER], file)
            corpus.write("quilt", f"patch-id-{label}", [PATCH_ID], patch["patch_id"].encode())
    corpus.write("quilt", "round-trip", [ROUND_TRIP, 2],
                 b"\x05a.txt\x02v1\x0bhello world\x01b\x00\x00\x02cc\x01w\x03abc")


QUERY, PATH, FORM, TOKEN, FAULT, NODE_ANSWER = range(6)


def doors(corpus: Corpus):
    """What clients send to the services of the local network."""
    for name, text in {"store": b"epochs=3&permanent=true", "concat": b"ids=a&ids=b%20c"}.items():
        corpus.write("doors", f"query-{name}", [QUERY], text)
    corpus.write("doors", "path", [PATH], b"/v1/blobs/by-quilt-id/AAAA/a%2Fb")
    corpus.write("doors", "form", [FORM],
                 b'xyz\n--xyz\r\nContent-Disposition: form-data; name="a.txt"\r\n\r\nhello\r\n--xyz--\r\n')
    corpus.write("doors", "token", [TOKEN], b"Bearer eyJhbGciOiJIUzI1NiJ9.eyJleHAiOjQsImp0aSI6IjEifQ.AAAA")
    corpus.write("doors", "fault", [FAULT], b'{"kind":"slow","rate":0.5,"seed":7,"delayMs":20,"route":"metadata"}')
    answer = b'{"success":{"code":200,"data":{"deletable":{"initialCertifiedEpoch":1,"deletableCounts":'
    answer += b'{"count_deletable_total":1,"count_deletable_certified":1}}}}}'
    corpus.write("doors", "status", [NODE_ANSWER], answer)


def node_requests(corpus: Corpus):
    """Scripts of requests to one storage node, as node_fuzz reads them."""
    put, get, plain = 1, 0, [1, 1]  # the last: no odd content type, no authorization

    def request(method: int, leaf: int, body: list[int], query: int = 0) -> bytes:
        return bytes([0, method, 3, leaf, 1, query] + body + plain)

    metadata, nothing = [0, 0], [3, 0, 0]
    store = request(put, 0, metadata) + request(put, 2, [1, 3]) + request(put, 3, [2, 6])
    corpus.write("node", "store-and-read", [], store + b"".join(request(get, leaf, nothing) for leaf in range(7)))
    corpus.write("node", "pending", [], request(put, 0, metadata, 1) + request(put, 2, [1, 3], 1))
    asks = [request(get, 7, nothing, 2), request(get, 7, nothing, 3), request(get, 6, nothing, 4)]
    corpus.write("node", "symbols", [], store + b"".join(asks) + request(get, 8, nothing))


def main() -> int:
    if len(sys.argv) != 2:
        print("usage: make_corpus.py ROOT_OF_THE_PROJECT", file=sys.stderr)
        return 2
    corpus = Corpus(Path(sys.argv[1]))
    for make in (blobs, recovery_symbols, inconsistency_proofs, scripts, quilts, doors, node_requests):
        make(corpus)
    return 0


if __name__ == "__main__":
    sys.exit(main())
