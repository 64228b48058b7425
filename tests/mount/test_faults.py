"""A network that misbehaves: nodes that are gone or hold garbage, a network that is away for a while."""
import os

import harness


class Faults(harness.MountTest):
    def setUp(self):
        super().setUp()
        self.format()
        self.mount()
        self.content = {f"f{i}": os.urandom(10_000 + i * 7919) for i in range(40)}
        self.content["big"] = os.urandom(2_500_000)
        for name, content in self.content.items():
            self.write(name, content)
        self.sync()

    def restart_without_cache(self):
        self.umount()
        self.drop_cache()
        self.mount()

    def check_all(self):
        for name, content in self.content.items():
            self.assertEqual(self.read(name), content, name)

    def node_folders(self):
        network = self.home("data/localnet")
        return [os.path.join(network, name) for name in sorted(os.listdir(network)) if name.startswith("node-")]

    def overwrite(self, folder):
        damaged = 0
        for place, _, names in os.walk(folder):
            for name in names:
                path = os.path.join(place, name)
                with open(path, "r+b") as file:
                    file.write(os.urandom(os.path.getsize(path)))
                damaged += 1
        self.assertGreater(damaged, 0)

    def test_a_node_full_of_garbage(self):
        self.overwrite(self.node_folders()[1])
        self.restart_without_cache()
        self.check_all()

    def test_a_node_whose_files_are_gone(self):
        folder = self.node_folders()[2]
        for place, _, names in os.walk(folder):
            for name in names:
                os.remove(os.path.join(place, name))
        self.restart_without_cache()
        self.check_all()

    def test_a_stopped_node(self):
        self.run_cli("localnet", "stop-node", "3")
        self.restart_without_cache()
        self.check_all()

    def test_network_away_then_back(self):
        self.run_cli("localnet", "stop")
        self.write("late", b"written while the network was away", sync=True)
        self.cli_fails(6, "sync", "--timeout", "2s", "vol")
        self.run_cli("localnet", "start")
        self.sync()
        self.assertEqual(self.state(self.path("late")), "certified")


if __name__ == "__main__":
    harness.main()
