"""A real network between two machines, that the kernel takes apart: not a proxy, which would
answer for a machine that is gone.

Each machine is a network namespace with one end of a cable; in a third one a bridge joins the
cables, and stops passing without telling anybody. Addresses are of 127.0.0.0/8, for without keys
no others are allowed; a machine without loopback and with `route_localnet` sends them out.
"""
import os
import shutil
import subprocess

SHERIFFS, DEPUTYS = "127.1.0.1", "127.1.0.2"
FORWARDING, DISABLED = 3, 0         # states of a bridge's port


def may_make():
    return os.geteuid() == 0 and shutil.which("ip") and shutil.which("bridge") \
        and shutil.which("nsenter")


def run(*words):
    subprocess.run([str(word) for word in words], check=True, stdin=subprocess.DEVNULL)


class Wire:
    made = 0

    def __init__(self, port):
        Wire.made += 1
        self.hosts = {sort: f"procman-{os.getpid()}-{Wire.made}-{sort}"
                      for sort in ("near", "far", "bridge")}
        self.listens = self.endpoint = f"tcp://{SHERIFFS}:{port}"
        for name in self.hosts.values():
            run("ip", "netns", "add", name)
        self.on_bridge("ip", "link", "add", "bridge", "type", "bridge")
        self.on_bridge("ip", "link", "set", "bridge", "up")
        self.attach("near", SHERIFFS)
        self.attach("far", DEPUTYS)

    def attach(self, sort, address):
        self.on_bridge("ip", "link", "add", sort, "type", "veth", "peer", "name", "cable",
                       "netns", self.hosts[sort])
        self.on_bridge("ip", "link", "set", sort, "master", "bridge", "up")
        inside = self.around(sort)
        run(*inside, "sysctl", "-qw", "net.ipv4.conf.all.route_localnet=1")
        run(*inside, "ip", "link", "set", "cable", "up")
        run(*inside, "ip", "address", "add", f"{address}/24", "dev", "cable")

    def around(self, sort):
        """How to run a program on this machine: near is the sheriff's."""
        return ["nsenter", f"--net=/run/netns/{self.hosts[sort]}"]

    def on_bridge(self, *words):
        run(*self.around("bridge"), *words)

    def part(self):
        """Nothing passes, and nobody is told so."""
        self.on_bridge("bridge", "link", "set", "dev", "far", "state", DISABLED)

    def unplug(self):
        """Nothing passes, and the deputy's machine sees that."""
        self.on_bridge("ip", "link", "set", "far", "down")

    def mend(self):
        self.on_bridge("ip", "link", "set", "far", "up")
        self.on_bridge("bridge", "link", "set", "dev", "far", "state", FORWARDING)

    def close(self):
        for name in self.hosts.values():
            run("ip", "netns", "delete", name)
