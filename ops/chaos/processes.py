"""The processes of a chaos run: the cloud, the kubelets and the replicas of the controller.

Each is in a session of its own, so that a Ctrl-C at the terminal reaches the driver alone, and the driver ends them.
"""
import http.client
import os
import re
import signal
import subprocess

# as in the integration tests: how soon a silent replica is missed is short, so that pauses can be longer
SESSION, LEASE, REQUEST_LIFE = 6, 5, 10
QUICK = [
    "--kafka-session-timeout", f"{SESSION}s", "--lease-duration", f"{LEASE}s", "--renew-deadline", "3s", "--retry-period", "1s",
    "--request-life", f"{REQUEST_LIFE}s",
]


class Child:
    def __init__(self, command, output, environment=None):
        self.output = output
        with open(output, "ab") as file:
            self.process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=file, stderr=file, start_new_session=True,
                env={"PATH": "/usr/bin:/bin", "HOME": "/nonexistent", **(environment or {})})

    @property
    def is_alive(self):
        return self.process.poll() is None

    def signal(self, number):
        if self.is_alive:
            os.kill(self.process.pid, number)

    def stop(self, seconds=10):
        self.signal(signal.SIGCONT)
        self.signal(signal.SIGTERM)
        try:
            self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.signal(signal.SIGKILL)
            self.process.wait()


def said_address(child, mark=""):
    """HOST:PORT of the first line with that mark, as a server says which port it picked; None when it has not yet.

    A port that somebody else found free may be taken when the server comes to it.
    """
    with open(child.output, encoding="utf-8") as file:
        for line in file:
            if mark in line and line.endswith("\n"):
                found = re.search(r"127\.0\.0\.1:\d+", line)
                return found and found.group()
    return None


class Replica:
    """One `eip-controller run`, started again under its name after each kill."""

    def __init__(self, name, program, folder, environment):
        self.name = name
        self.program = program
        self.folder = folder
        self.environment = {**environment, "EIP_INSTANCE_ID": name}
        self.starts = 0
        self.is_paused = False
        self.child = None
        self.admin = None

    def start(self):
        self.starts += 1
        self.is_paused = False
        self.admin = None
        words = ["run", "--queue", "kafka", "--admin-address", "127.0.0.1:0", "--log-format", "json", "--log-level", "debug"]
        self.child = Child([self.program, *words, *QUICK], f"{self.folder}/{self.name}-{self.starts:03}.log", self.environment)

    @property
    def is_alive(self):
        return self.child is not None and self.child.is_alive

    def kill(self):
        self.child.signal(signal.SIGKILL)
        self.child.process.wait()
        self.is_paused = False

    def pause(self):
        self.child.signal(signal.SIGSTOP)
        self.is_paused = True

    def wake(self):
        self.child.signal(signal.SIGCONT)
        self.is_paused = False

    def is_ready(self):
        if self.admin is None:
            self.admin = said_address(self.child, '"msg":"serving')
        if self.admin is None:
            return False
        connection = http.client.HTTPConnection(self.admin, timeout=2)
        try:
            connection.request("GET", "/readyz")
            return connection.getresponse().status == 200
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()
