"""How the driver of ops/chaos speaks with the API server and with the sandbox cloud's control side. Standard library only.

Both raise Away when nobody answers; what a server answers is returned, also a refusal.
"""
import base64
import http.client
import json
import ssl
import subprocess
import tempfile
import threading
import urllib.parse


class Away(Exception):
    """The server did not answer; whether it acted is not known."""


class Cloud:
    """The control side of `eip-sandbox cloud`: what a person sees and does in the console."""

    def __init__(self, address):
        """address: HOST:PORT"""
        self.address = address
        self.url = f"http://{address}"

    def call(self, method, path, body=None):
        connection = http.client.HTTPConnection(self.address, timeout=5)
        try:
            text = None if body is None else json.dumps(body)
            connection.request(method, f"/sandbox/{path}", text, {"Content-Type": "application/json"})
            answer = connection.getresponse()
            value = json.loads(answer.read())
        except (OSError, http.client.HTTPException) as error:
            raise Away(f"the sandbox cloud: {error}") from error
        finally:
            connection.close()
        if answer.status != 200:
            raise RuntimeError(f"{method} /sandbox/{path} was answered {answer.status}: {value}")
        return value

    def addresses(self):
        return self.call("GET", "addresses")["addresses"]


class Kubernetes:
    """One API server, found as kubectl finds it. A thread has one connection of its own."""

    MERGE = "application/merge-patch+json"

    def __init__(self, kubeconfig):
        self.kubeconfig = kubeconfig
        view = json.loads(self.kubectl("config", "view", "--raw", "--minify", "--flatten", "-o", "json"))
        self.view = view
        cluster, user = view["clusters"][0]["cluster"], view["users"][0]["user"]
        self.server = urllib.parse.urlsplit(cluster["server"])
        self.headers = {"Authorization": "Bearer " + user["token"]} if "token" in user else {}
        self.context = None
        if self.server.scheme == "https":
            authority = cluster.get("certificate-authority-data")
            self.context = ssl.create_default_context(cadata=base64.b64decode(authority).decode() if authority else None)
            if "client-certificate-data" in user:
                with tempfile.NamedTemporaryFile() as pair:
                    pair.write(base64.b64decode(user["client-certificate-data"]) + b"\n" + base64.b64decode(user["client-key-data"]))
                    pair.flush()
                    self.context.load_cert_chain(pair.name)
        self.local = threading.local()

    def kubectl(self, *words, text=None):
        """Stock kubectl. Raises CalledProcessError, whose stderr says why."""
        command = ["kubectl", "--kubeconfig", self.kubeconfig, *words]
        return subprocess.run(command, input=text, capture_output=True, text=True, check=True).stdout

    def connect(self, timeout):
        if self.context is None:
            return http.client.HTTPConnection(self.server.hostname, self.server.port, timeout=timeout)
        return http.client.HTTPSConnection(self.server.hostname, self.server.port, timeout=timeout, context=self.context)

    def call(self, method, path, body=None, content="application/json"):
        """(status, object). A connection that broke while idle is not tried again by itself."""
        connection = getattr(self.local, "connection", None) or self.connect(3)
        self.local.connection = None
        try:
            text = None if body is None else json.dumps(body)
            connection.request(method, path, text, {**self.headers, "Content-Type": content, "Accept": "application/json"})
            answer = connection.getresponse()
            value = json.loads(answer.read() or b"{}")
        except (OSError, http.client.HTTPException, ValueError) as error:
            connection.close()
            raise Away(f"the API server: {error}") from error
        self.local.connection = connection
        return answer.status, value

    def stream(self, path):
        """(connection, response) of a GET whose body is read line by line."""
        connection = self.connect(90)
        try:
            connection.request("GET", path, headers={**self.headers, "Accept": "application/json"})
            return connection, connection.getresponse()
        except (OSError, http.client.HTTPException) as error:
            connection.close()
            raise Away(f"the API server: {error}") from error
