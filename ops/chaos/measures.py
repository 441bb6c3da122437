"""How long it took: measured for `audit` from the same records. Nothing here is a violation.

A binding is stale from when its pod had gone, or lost the IP, until the cloud accepted to undo it; that counts whatever was out of
order meanwhile. How much of it the API server or the broker could not be used is told beside it, by what the driver's probes saw.

Told apart are bindings that a restore of etcd left: made after the copy, still there after the restore, so that no claim knows of
them. They last until the controller believes that what the claim names instead is lost, or until somebody finds them.
"""
import collections

from records import FOREVER, seconds, wants

Stale = collections.namedtuple("Stale", "start end address ip recycled by is_left")


def share(values, part):
    return values[min(len(values) - 1, int(len(values) * part))]


class Measures:
    def __init__(self, audit):
        self.audit = audit
        self.outages = self.find_outages()
        self.stale = list(self.stale_bindings())

    def find_outages(self):
        """When the API server, the broker or both could not be used, in order and without overlaps."""
        entries = self.audit.diary
        found = [(entry["since"], entry["at"]) for entry in entries if entry["what"] == "back"]
        merged = []
        for start, end in sorted(found):
            if merged and start <= merged[-1][1]:
                merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
            else:
                merged.append((start, end))
        return merged

    def away(self, start, end):
        return sum(max(0.0, min(end, back) - max(start, since)) for since, back in self.outages)

    # MARK: times to bound

    def times_to_bound(self):
        """Of pods that came during the faults: from creation, and from when the pod had its IP. How many never were."""
        audit = self.audit
        born, with_ip = {}, {}
        for versions in audit.pods.versions.values():
            for version in versions:
                if version.object is None or not wants(version.object):
                    continue
                uid = version.object["metadata"]["uid"]
                born.setdefault(uid, seconds(version.object["metadata"]["creationTimestamp"]) if version.listed else version.at)
                if version.object["status"].get("podIP"):
                    with_ip.setdefault(uid, version.at)
        first = {}
        for _, version, _, binding in audit.confirmed:
            first[binding["podUID"]] = min(version.at, first.get(binding["podUID"], FOREVER))
        during = {uid for uid, at in born.items() if audit.storm[0] <= at <= audit.storm[1]}
        from_birth = sorted(first[uid] - born[uid] for uid in during if uid in first)
        from_ip = sorted(max(0, first[uid] - with_ip[uid]) for uid in during if uid in first and uid in with_ip)
        return from_birth, from_ip, len(during - first.keys())

    # MARK: stale bindings

    def stale_bindings(self):
        """When addresses were on IPs whose pod was gone, and how long of that another pod had the IP. Not those that are stranded
        for good."""
        audit = self.audit
        for address, bounds in audit.journal.bound.items():
            allocated = address in audit.journal.names
            names = {audit.journal.names[address].removeprefix(audit.namespace + "_")} if allocated else audit.users_of(address)
            for bound in bounds:
                if address in audit.stranded and bound.end == FOREVER:
                    continue
                others = [span for span in audit.spans_by_ip[bound.ip] if span.name not in names]
                for start, end in self.gaps(bound, names):
                    both = [(min(end, span.end) - max(start, span.start), span.name) for span in others]
                    recycled, by = max([pair for pair in both if pair[0] > 0], default=(0.0, None))
                    yield Stale(start, end, address, bound.ip, recycled, by, self.is_left(bound.start, end, names))

    def is_left(self, bound, end, names):
        """Whether a restore undid the word of that binding while it lasted."""
        windows = [window for name in names for window in self.audit.undone.get(name, [])]
        return any(saved <= bound <= restored <= end for saved, restored in windows)

    def gaps(self, bound, names):
        """Parts of a binding's time in which none of the pods of these names had the IP."""
        end = min(bound.end, self.audit.end)
        at, found = bound.start, []
        for span in sorted(span for span in self.audit.spans_by_ip[bound.ip] if span.name in names):
            if span.end <= at or span.start >= end:
                continue
            if span.start > at:
                found.append((at, span.start))
            at = max(at, span.end)
        if at < end:
            found.append((at, end))
        return found

    def faults_between(self, start, end):
        """What the driver did to the replicas meanwhile."""
        counts = collections.Counter(entry["what"] for entry in self.audit.diary if start <= entry["at"] <= end)
        return f"{counts['kill']} kills and {counts['pause']} pauses meanwhile"

    # MARK: said

    def report(self):
        from_birth, from_ip, never = self.times_to_bound()
        for words, times in (("from creation", from_birth), ("from its IP", from_ip)):
            if times:
                picked = (times[0], share(times, 0.5), share(times, 0.95), times[-1])
                print(f"time to bound {words:13}  min {picked[0]:.1f} s  median {picked[1]:.1f} s  p95 {picked[2]:.1f} s  max {picked[3]:.1f} s  "
                      f"({len(times)} pods that came during the faults)")
        print(f"{never} pods came and went, or ended, without being bound")
        self.report_stale()
        begin, end = self.audit.storm
        print(f"the API server or the broker could not be used for {self.away(begin, end):.0f} s of the {end - begin:.0f} s with faults")

    def report_stale(self):
        left = [stale for stale in self.stale if stale.is_left]
        usual = [stale for stale in self.stale if not stale.is_left]
        if left:
            longest = max(left, key=lambda stale: stale.end - stale.start)
            print(f"{len(left)} stale bindings left by a restore, the longest {longest.end - longest.start:.1f} s ({self.where(longest)})")
            self.print_recycled(left)
        if not usual:
            return print("no other stale bindings" if left else "no stale bindings")
        lasted = sorted(stale.end - stale.start for stale in usual)
        word = "other stale bindings" if left else "stale bindings"
        print(f"{word} {len(lasted)}  median {share(lasted, 0.5):.1f} s  p95 {share(lasted, 0.95):.1f} s  max {lasted[-1]:.1f} s")
        longest = max(usual, key=lambda stale: stale.end - stale.start)
        print(f"longest stale binding {longest.end - longest.start:.1f} s ({self.where(longest)})")
        serving = max(usual, key=self.while_there)
        print(f"longest with API server and broker there {self.while_there(serving):.1f} s ({self.where(serving)})")
        self.print_recycled(usual)

    def print_recycled(self, stales):
        longest = max(stales, key=lambda stale: stale.recycled)
        if longest.by:
            print(f"longest while another pod had the IP {longest.recycled:.1f} s ({self.where(longest)}, by then {longest.by}'s)")

    def while_there(self, stale):
        return stale.end - stale.start - self.away(stale.start, stale.end)

    def where(self, stale):
        away = self.away(stale.start, stale.end)
        return (f"{stale.address} on {stale.ip}, {self.audit.clock(stale.start)}: API server or broker away {away:.1f} s, "
                f"{self.faults_between(stale.start, stale.end)}")
