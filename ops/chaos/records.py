"""What a chaos run recorded, read for `audit`: what the API server showed, what the cloud did.

No judgement is made here. Nothing of the controller and nothing of the driver is used.
"""
import bisect
import collections
import datetime
import json

DOMAIN = "tke.cloud.tencent.com/"
FOREVER = float("inf")


class NotEnough(Exception):
    """The records do not suffice."""


def seconds(text):
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()


def lines(path):
    """Objects of a file of JSON lines. What a process that was ended wrote last may be half a line."""
    try:
        with open(path) as file:
            texts = file.read().split("\n")
    except OSError as error:
        raise NotEnough(str(error)) from error
    found = []
    for number, text in enumerate(texts):
        try:
            if text:
                found.append(json.loads(text))
        except ValueError as error:
            if number < len(texts) - 1:
                raise NotEnough(f"{path}:{number + 1}: {error}") from error
    return found


# What the API server showed


Version = collections.namedtuple("Version", "at object listed")


class Shown:
    """The versions of one kind of object, by name; a version whose object is None says that it was gone."""

    def __init__(self, records):
        self.versions = collections.defaultdict(list)
        self.lists = []
        for record in records:
            if record["type"] == "LIST":
                self.lists.append(record["at"])
                present = {thing["metadata"]["name"]: thing for thing in record["items"]}
                for name in list(self.versions):
                    if name not in present:
                        self._add(name, record["at"], None, True)
                for name, thing in present.items():
                    self._add(name, record["at"], thing, True)
            else:
                thing = record["object"]
                gone = record["type"] == "DELETED"
                if gone:
                    self._add(thing["metadata"]["name"], record["at"], thing, False)
                self._add(thing["metadata"]["name"], record["at"], None if gone else thing, False)

    def _add(self, name, at, thing, listed):
        before = self.versions[name][-1].object if self.versions[name] else None
        same = before is None if thing is None else before is not None and version_of(before) == version_of(thing)
        if not same:
            self.versions[name].append(Version(at, thing, listed))

    def at(self, name, when):
        """The object as it was then, or None."""
        versions = self.versions.get(name, [])
        index = bisect.bisect_right([version.at for version in versions], when) - 1
        return versions[index].object if index >= 0 else None

    def at_end(self):
        return {name: versions[-1].object for name, versions in self.versions.items() if versions[-1].object is not None}


def version_of(thing):
    return thing["metadata"]["uid"], thing["metadata"]["resourceVersion"]


def ready(claim):
    conditions = claim.get("status", {}).get("conditions") or []
    return next((condition for condition in conditions if condition["type"] == "Ready"), {})


def binding_of(claim):
    """The binding that a claim confirms, or None."""
    return claim.get("status", {}).get("binding") if claim and ready(claim).get("status") == "True" else None


def wants(pod):
    annotations = pod["metadata"].get("annotations", {})
    return DOMAIN + "eip-attributes" in annotations or DOMAIN + "eip-id-list" in annotations


def keeps(pod):
    return pod["metadata"].get("annotations", {}).get(DOMAIN + "eip-claim-delete-policy") == "Never"


def has_ended(pod):
    status = pod.get("status", {})
    containers = status.get("containerStatuses") or []
    stopped = "deletionTimestamp" in pod["metadata"] and all("terminated" in container.get("state", {}) for container in containers)
    return status.get("phase") in ("Succeeded", "Failed") or stopped


Span = collections.namedtuple("Span", "start end ip uid name")


def spans(pods):
    """When which pod had which IP and ran."""
    found = []
    for name, versions in pods.versions.items():
        held = None
        for version in versions:
            pod = version.object
            ip = pod["status"].get("podIP") if pod and not has_ended(pod) else None
            now = (pod["metadata"]["uid"], ip) if ip else None
            if held and now != held[1:]:
                found.append(Span(held[0], version.at, held[2], held[1], name))
            if now != (held[1:] if held else None):
                held = (version.at, *now) if now else None
        if held:
            found.append(Span(held[0], FOREVER, held[2], held[1], name))
    return found


# What the cloud did


Bound = collections.namedtuple("Bound", "start end address interface ip")


class Journal:
    """Calls that were executed, whatever became of their answers."""

    def __init__(self, entries):
        self.allocated = {}
        self.released = {}
        self.bound = collections.defaultdict(list)
        self.names = {}
        self.count = len(entries)
        holding = {}
        for entry in entries:
            if entry["outcome"] != "OK":
                continue
            at, given = seconds(entry["time"]), entry["parameters"]
            if entry["action"] == "AllocateAddresses":
                for address in entry["stateAfter"]:
                    # a token that is sent again names the same address again
                    self.allocated.setdefault(address["id"], at)
                    self.names[address["id"]] = address["name"]
            elif entry["action"] == "AssociateAddress":
                holding[given["AddressId"]] = (at, given["NetworkInterfaceId"], given["PrivateIpAddress"])
            elif entry["action"] == "DisassociateAddress":
                self._unbind(holding, given["AddressId"], at)
            elif entry["action"] == "ReleaseAddresses":
                for address in given["AddressIds"]:
                    self.released.setdefault(address, at)
                    self._unbind(holding, address, at)
        for address in list(holding):
            self._unbind(holding, address, FOREVER)

    def _unbind(self, holding, address, at):
        if address in holding:
            start, interface, ip = holding.pop(address)
            self.bound[address].append(Bound(start, at, address, interface, ip))
