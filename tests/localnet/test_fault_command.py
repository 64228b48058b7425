"""`walrusfs localnet fault` as a person uses it, and how the faults look to a stock curl."""
import json
import os
import shutil
import subprocess
import tempfile
import unittest

BINARY = os.environ.get("WALRUSFS_BINARY", "walrusfs")

# curl's exit statuses
FINE, CONNECTION_REFUSED, TIMED_OUT, EMPTY_REPLY = 0, 7, 28, 52


class FaultCommandTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.home = tempfile.mkdtemp(prefix="walrusfs-fault-")
        cls.env = dict(os.environ, WALRUSFS_HOME=cls.home)
        cls.run_cli("start", "--nodes", "4", "--shards", "10")

    @classmethod
    def tearDownClass(cls):
        cls.run_cli("stop")
        shutil.rmtree(cls.home, ignore_errors=True)

    @classmethod
    def run_cli(cls, *words, status=0):
        done = subprocess.run([BINARY, "localnet", *words], env=cls.env, capture_output=True, text=True, timeout=300)
        assert done.returncode == status, f"{words}: {done.returncode}\n{done.stdout}{done.stderr}"
        return done.stdout + done.stderr

    def setUp(self):
        for target in ("0", "1", "2", "3", "ledger"):
            self.run_cli("fault", target, "--clear")

    def status(self):
        return json.loads(subprocess.run([BINARY, "localnet", "status", "--json"], env=self.env, check=True,
                                         capture_output=True, text=True, timeout=300).stdout)

    def curl(self, node, *options):
        url = self.status()["nodes"][node]["url"] + "/v1/health"
        done = subprocess.run(["curl", "-sS", "--max-time", "20", *options, url], capture_output=True, text=True,
                              timeout=300)
        return done.returncode, done.stdout

    def test_a_well_node_answers(self):
        code, body = self.curl(0)
        self.assertEqual(code, FINE)
        self.assertIn('"success"', body)

    def test_a_dead_node_refuses_the_connection(self):
        self.run_cli("fault", "1", "dead")
        self.assertEqual(self.curl(1), (CONNECTION_REFUSED, ""))
        self.run_cli("fault", "1", "dead", "--clear")
        self.assertEqual(self.curl(1)[0], FINE)

    def test_a_cut_or_lost_answer_is_an_empty_reply(self):
        self.run_cli("fault", "1", "dead", "--for", "1")
        self.assertEqual(self.curl(1), (EMPTY_REPLY, ""))
        self.run_cli("fault", "1", "lost")
        self.assertEqual(self.curl(1), (EMPTY_REPLY, ""))

    def test_a_hanging_node_takes_the_request_and_says_nothing(self):
        self.run_cli("fault", "2", "hanging")
        self.assertEqual(self.curl(2, "--max-time", "1"), (TIMED_OUT, ""))
        self.run_cli("fault", "2", "hanging", "--delay", "100")
        self.assertEqual(self.curl(2), (EMPTY_REPLY, ""))

    def test_a_slow_node_answers_late(self):
        self.run_cli("fault", "2", "slow", "--delay", "700")
        code, seconds = self.curl(2, "-o", "/dev/null", "-w", "%{time_total}")
        self.assertEqual(code, FINE)
        self.assertGreaterEqual(float(seconds), 0.7)

    def test_refusing_has_the_status_that_was_asked_for(self):
        for answer, status in (("429", "429"), ("500", "500"), ("503", "503"), ("NOT_REGISTERED", "400")):
            self.run_cli("fault", "3", "refusing", "--answer", answer)
            self.assertEqual(self.curl(3, "-o", "/dev/null", "-w", "%{http_code}"), (FINE, status))

    def test_status_shows_faults(self):
        self.run_cli("fault", "3", "wrong", "--rate", "0.5", "--seed", "7")
        self.run_cli("fault", "ledger", "slow", "--delay", "1")
        fault = self.status()["nodes"][3]["faults"][0]
        self.assertEqual((fault["kind"], fault["rate"], fault["seed"], fault["struck"]), ("wrong", 0.5, 7, 0))
        self.assertEqual(self.status()["ledgerFaults"][0]["kind"], "slow")
        text = self.run_cli("status")
        self.assertRegex(text, r"node 3 .*FAULTS: wrong \(rate 0.5, 0 struck\)")
        self.assertRegex(text, r"ledger +FAULTS: slow")
        self.run_cli("fault", "3", "--clear")
        self.assertEqual(self.status()["nodes"][3]["faults"], [])

    def test_nonsense_is_refused_with_a_sentence(self):
        self.assertIn("neither the number of a node", self.run_cli("fault", "nobody", "dead", status=2))
        self.assertIn("one of dead, slow", self.run_cli("fault", "1", "sleepy", status=2))
        self.assertIn("one of dead, slow", self.run_cli("fault", "1", status=2))
        self.assertIn("there is no node 9", self.run_cli("fault", "9", "dead", status=2))
        self.assertIn("rate is a chance", self.run_cli("fault", "1", "dead", "--rate", "2", status=2))
        self.assertIn("delay is up to", self.run_cli("fault", "1", "slow", "--delay", "999999999", status=2))
        self.assertIn("it answers with", self.run_cli("fault", "1", "refusing", "--answer", "teapot", status=2))

    def test_settings_that_change_nothing_are_refused_with_a_sentence(self):
        self.assertIn("only storage nodes can be 'full'", self.run_cli("fault", "ledger", "full", status=2))
        self.assertIn("has no use for a delay", self.run_cli("fault", "1", "dead", "--delay", "5", status=2))
        self.assertIn("has no use for an answer", self.run_cli("fault", "1", "slow", "--answer", "429", status=2))
        self.assertIn("has no use for a seed", self.run_cli("fault", "1", "slow", "--seed", "7", status=2))
        self.assertIn("looked for in paths", self.run_cli("fault", "1", "slow", "--route", "/a?b", status=2))
        self.assertIn("excludes", self.run_cli("fault", "1", "slow", "--clear", "--rate", "0.5", status=2))
        self.assertEqual(self.status()["nodes"][1]["faults"], [])

    def test_nodes_and_stake_that_the_network_refuses(self):
        self.run_cli("remove-node", "3")
        self.assertIn("the node has left already, or leaves with the next committee",
                      self.run_cli("remove-node", "3", status=6))
        self.assertIn("a node that leaves gets no more stake", self.run_cli("stake", "3", "5", status=6))
        self.assertIn("a node's stake ends at", self.run_cli("stake", "2", "18446744073", status=6))


if __name__ == "__main__":
    unittest.main(verbosity=2)
