"""Writes down what the API server shows of one namespace: every version of every pod, claim and StatefulSet that a watch brings, as
JSON lines.

    {"at": SECONDS, "resource": "pods", "type": "ADDED" | "MODIFIED" | "DELETED", "object": {…}}
    {"at": SECONDS, "resource": "pods", "type": "LIST", "items": [{…}]}      the whole state: at the start and after a gap

`at` is when it was received, in seconds of the wall clock. A watch that broke is taken up where it was; where it cannot be, or
where etcd was rolled back meanwhile (`doubt`), a LIST says that something may be missing before it.
"""
import http.client
import json
import threading
import time

from clients import Away

PATHS = {
    "pods": "/api/v1/namespaces/{}/pods",
    "eipclaims": "/apis/networking.tke.cloud.tencent.com/v1/namespaces/{}/eipclaims",
    "statefulsets": "/apis/apps/v1/namespaces/{}/statefulsets",
}


def brief(thing):
    """Without what nobody looks at and what makes files large."""
    thing["metadata"].pop("managedFields", None)
    for large in ("containers", "template"):
        if large in thing.get("spec", {}):
            thing["spec"] = {field: value for field, value in thing["spec"].items() if field in ("nodeName", "replicas")}
    return thing


class Recorder:
    def __init__(self, kubernetes, namespace, path):
        self.kubernetes = kubernetes
        self.namespace = namespace
        self.file = open(path, "a", buffering=1)
        self.lock = threading.Lock()
        self.now = {resource: {} for resource in PATHS}
        self.stopping = threading.Event()
        # whose next watch is not taken up where the last one was
        self.stale = set()
        self.is_doubted = False
        self.connections = {}
        self.threads = [threading.Thread(target=self._follow, args=(resource,), daemon=True) for resource in PATHS]

    def start(self):
        for thread in self.threads:
            thread.start()

    def stop(self):
        self.stopping.set()
        for connection in list(self.connections.values()):
            connection.close()
        for thread in self.threads:
            thread.join(5)

    def doubt(self):
        """etcd is about to be rolled back: until `trust`, and once after it, watches begin with a list."""
        self.is_doubted = True
        self.stale.update(PATHS)

    def trust(self):
        self.is_doubted = False

    def current(self, resource):
        with self.lock:
            return dict(self.now[resource])

    def list_all(self):
        """A last look, not through a watch. Raises Away."""
        for resource in PATHS:
            self._list(resource)

    def _write(self, resource, kind, **more):
        line = json.dumps({"at": time.time(), "resource": resource, "type": kind, **more})
        with self.lock:
            self.file.write(line + "\n")
            objects = self.now[resource]
            if kind == "LIST":
                objects.clear()
                objects.update({thing["metadata"]["name"]: thing for thing in more["items"]})
            elif kind == "DELETED":
                objects.pop(more["object"]["metadata"]["name"], None)
            else:
                objects[more["object"]["metadata"]["name"]] = more["object"]

    def _list(self, resource):
        status, answer = self.kubernetes.call("GET", PATHS[resource].format(self.namespace))
        if status != 200:
            raise Away(f"list of {resource}: {answer.get('message')}")
        self._write(resource, "LIST", items=[brief(item) for item in answer["items"]])
        return answer["metadata"]["resourceVersion"]

    def _follow(self, resource):
        version = None
        while not self.stopping.is_set():
            try:
                if version is None or resource in self.stale:
                    version = self._list(resource)
                    if not self.is_doubted:
                        self.stale.discard(resource)
                version = self._watch(resource, version)
            except (Away, OSError, http.client.HTTPException, ValueError, AttributeError):
                # AttributeError: http.client, when another thread closes its connection
                self.stopping.wait(0.05)

    def _watch(self, resource, version):
        """The version to go on from, or None."""
        path = PATHS[resource].format(self.namespace) + f"?watch=1&allowWatchBookmarks=true&timeoutSeconds=300&resourceVersion={version}"
        connection, answer = self.kubernetes.stream(path)
        self.connections[resource] = connection
        try:
            if answer.status != 200:
                return None
            for line in answer:
                event = json.loads(line)
                if event["type"] == "ERROR":
                    return None
                version = event["object"]["metadata"]["resourceVersion"]
                if event["type"] != "BOOKMARK":
                    self._write(resource, event["type"], object=brief(event["object"]))
        except (OSError, http.client.HTTPException, ValueError):
            pass  # it broke; what was read counts
        finally:
            connection.close()
        return version
