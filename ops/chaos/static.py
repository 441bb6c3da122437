"""Promise 4, judged for `audit`: a static EIP follows its pod's name, and is never released.

Static is what a claim says that is kept (Retain), until a pod of its name comes that wants an EIP and does not ask to keep it:
an EIP whose claim was lost is kept although nobody knows whether it was to be, and the next pod of that name decides.
"""
from records import FOREVER, keeps, wants

# a replica that stands still between reading the pod and writing the claim
PAUSE = 20.0


class Static:
    def __init__(self, audit):
        self.audit = audit

    def check(self):
        """Holds what is found against the controller; returns what was seen."""
        audit = self.audit
        kept = given_up = taken = 0
        for name, versions in audit.claims.versions.items():
            periods = self.periods(name, versions)
            if not periods:
                continue
            if name in audit.given_up:
                given_up += 1
                continue
            if all([self.is_kept(name, *period) for period in periods]):
                kept += periods[-1][2] == FOREVER
                taken += periods[-1][2] != FOREVER
        return f"{kept} kept; {given_up} given up by users; {taken} taken by a pod that does not keep it"

    def periods(self, name, versions):
        """Versions of the claim while it was static, with the times of the first one and of the end. Only such a pod ends it, whatever
        the claim says."""
        periods, period, begin = [], [], None
        for version in versions:
            claim = version.object
            if claim is None:
                continue
            if claim["spec"].get("deletePolicy") == "Retain":
                period, begin = period + [claim], begin or version.at
            elif period and self.had_other_pod(name, version.at):
                periods.append((period, begin, version.at))
                period, begin = [], None
            elif period:
                period.append(claim)
        return periods + ([(period, begin, FOREVER)] if period else [])

    def had_other_pod(self, name, at):
        pods = self.audit.pods
        seen = [version.object for version in pods.versions.get(name, []) if at - PAUSE <= version.at <= at + self.audit.SKEW]
        return any(pod and wants(pod) and not keeps(pod) for pod in [pods.at(name, at - PAUSE), *seen])

    def is_kept(self, name, claims, begin, end):
        audit = self.audit
        at_end = audit.claims.at_end()
        ids = list(dict.fromkeys(claim["spec"]["addressID"] for claim in claims if claim["spec"].get("addressID")))
        released = [address for address in ids if audit.journal.released.get(address, FOREVER) < end]
        if len(ids) == 1 and released and audit.journal.released[ids[0]] < begin and audit.was_undone(name, audit.journal.released[ids[0]]):
            return True  # a restore brought the claim back; its address had gone with a pod that did not keep it
        if len(ids) > 1 or released:
            audit.hold("static", f"{name} had {', '.join(ids)}" + (f"; released: {', '.join(released)}" if released else ""))
        elif end != FOREVER or not ids:
            return True
        elif ids[0] not in audit.addresses:
            audit.hold("static", f"{name}: {ids[0]} is not there any more")
        elif name not in at_end and ids[0] not in audit.orphans:
            audit.hold("static", f"{name}: the claim is gone, and nobody deleted it")
        elif name in at_end and at_end[name]["spec"].get("addressID") != ids[0]:
            audit.hold("static", f"{name}: the claim does not name {ids[0]} any more")
        else:
            return True
        return False
