"""Finds out when the servers can be used, by asking them four times a second, and writes it into the diary.

What breaks a server knows when it ended it and started it again; it does not know when it answers. An API server that restarts
refuses its clients for some seconds more, and a broker its own for up to twenty on a busy machine.
"""
import socket
import threading
import time

from clients import Away

LEASE_PATH = "/apis/coordination.k8s.io/v1/namespaces/eip-controller/leases/eip-controller"


class Probe(threading.Thread):
    """One server. `answers` says whether it can be used, and may take some seconds to find out."""

    def __init__(self, server, diary, answers):
        super().__init__(daemon=True)
        self.server = server
        self.diary = diary
        self.answers = answers
        self.stopping = threading.Event()

    def run(self):
        since = None
        while not self.stopping.wait(0.25):
            asked = time.time()
            if self.answers():
                if since is not None:
                    self.diary("back", server=self.server, since=since)
                since = None
            elif since is None:
                since = asked
                self.diary("away", server=self.server, since=since)

    def stop(self):
        self.stopping.set()
        self.join(10)


def serves_lease(kubernetes):
    """As the controller is: with its own rights, which an API server that has just started does not know yet."""
    try:
        return kubernetes.call("GET", LEASE_PATH)[0] in (200, 404)
    except Away:
        return False


def is_open(brokers):
    host, _, port = brokers.split(",")[0].rpartition(":")
    try:
        with socket.create_connection((host, int(port)), timeout=1):
            return True
    except OSError:
        return False
