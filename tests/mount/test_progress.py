"""What waits for the network is told byte by byte, while it is packed, uploaded, read back and certified."""
import http.client
import json
import os
import pty
import re
import socket
import subprocess
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import harness

MIB = 1 << 20
FILE_BYTES = 20 * MIB  # one file, hence one staging file; packs of 8 MiB
SHARDS = 40            # enough for such blobs


class PatientPublisher(BaseHTTPRequestHandler):
    """Takes the first MiB of a blob, then waits until the test lets it go on, then hands it to the real publisher."""

    def do_PUT(self):
        body = self.rfile.read(MIB)
        self.server.arrived.release()
        self.server.may_go_on.acquire()
        body += self.rfile.read(int(self.headers["Content-Length"]) - len(body))
        real = http.client.HTTPConnection(self.server.real, timeout=60)
        real.request("PUT", self.path, body, {"Content-Type": "application/octet-stream"})
        answer = real.getresponse()
        text = answer.read()
        self.send_response(answer.status)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, *args):
        pass


class PatientServer(ThreadingHTTPServer):
    daemon_threads = True

    def server_bind(self):
        # What the kernel takes on top of what was read must be less than a pack.
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 64 << 10)
        super().server_bind()


class Progress(harness.MountTest):
    CONFIG = '[pack]\nmax_age = "1h"\n'

    def setUp(self):
        super().setUp()
        network = json.loads(self.run_cli("localnet", "start", "--shards", str(SHARDS), "--json").stdout)
        self.server = PatientServer(("127.0.0.1", 0), PatientPublisher)
        self.server.real = network["publisher"].split("//")[1]
        self.server.arrived, self.server.may_go_on = threading.Semaphore(0), threading.Semaphore(0)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.addCleanup(self.server.server_close)
        self.addCleanup(self.server.shutdown)
        self.format("vol", "--backend", "http", "--aggregator", network["aggregator"], "--publisher",
                    f"http://127.0.0.1:{self.server.server_port}", "--shards", str(SHARDS))
        self.mount()
        self.write("big", os.urandom(FILE_BYTES), sync=True)

    def wait_for_upload(self):
        self.assertTrue(self.server.arrived.acquire(timeout=60), "no upload began")

    def upload(self):
        return self.status()["upload"]

    def ask(self, request):
        """Sends a request to the control socket; its events come line by line."""
        control = socket.socket(socket.AF_UNIX)
        control.settimeout(60)
        control.connect(self.home("data/volumes/vol/control.sock"))
        control.sendall(json.dumps(request).encode() + b"\n")
        self.addCleanup(control.close)
        return (json.loads(line) for line in control.makefile())

    def test_over_the_control_socket(self):
        self.assertEqual(self.upload()["pending_bytes"], FILE_BYTES)
        events = self.ask({"do": "sync", "wait": "certified"})
        self.wait_for_upload()
        first = next(e["progress"] for e in events if e.get("progress", {}).get("uploaded_bytes", 0) > 0)
        self.assertGreater(first["packed_bytes"], 6 * MIB)
        self.assertLess(first["packed_bytes"], 9 * MIB)
        self.assertLess(first["uploaded_bytes"], first["packed_bytes"])
        self.assertEqual((first["checked_bytes"], first["certified_bytes"]), (0, 0))
        self.assertEqual(first["pending_bytes"], FILE_BYTES)

        self.server.may_go_on.release()
        self.wait_for_upload()
        second = next(e["progress"] for e in events if e["progress"]["certified_bytes"] > 0)
        self.assertEqual(second["certified_bytes"], first["packed_bytes"])
        self.assertEqual(second["pending_bytes"], FILE_BYTES - first["packed_bytes"], "though it is one file")
        self.assertEqual(self.status()["spool"]["staging_bytes"], FILE_BYTES)
        told = self.run_cli("status").stdout
        self.assertRegex(told, r"pending   1\d\.\d MiB only on this machine")
        self.assertRegex(told, r"of these \d.* packed, .* uploaded, .* read back")

        for _ in range(8):
            self.server.may_go_on.release()
        self.assertIn("done", list(events)[-1])
        end = self.upload()
        self.assertEqual((end["pending_bytes"], end["certified_bytes"]), (0, FILE_BYTES))

    def test_on_a_terminal(self):
        ours, theirs = pty.openpty()
        self.addCleanup(os.close, ours)
        with subprocess.Popen([harness.BINARY, "sync", "vol"], env=self.env, stdout=subprocess.DEVNULL,
                              stderr=theirs) as sync:
            os.close(theirs)
            shown = ""

            def read_until(pattern):
                nonlocal shown
                while not re.search(pattern, shown):
                    shown += os.read(ours, 4096).decode()

            self.wait_for_upload()
            self.server.may_go_on.release()
            self.wait_for_upload()
            # One of three packs is there, the second one is packed: half of all work and a bit more.
            read_until(r"uploading: [\d.]+ MiB of 20\.0 MiB \((5\d|6[0-6]) %\), [^,]+/s, [^,]+ left")
            for _ in range(8):
                self.server.may_go_on.release()
            self.assertEqual(sync.wait(60), 0)


if __name__ == "__main__":
    harness.main()
