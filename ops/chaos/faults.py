"""What goes wrong during a chaos run, by a schedule that is drawn from the seed.

    a replica       kill -9 and a new start; SIGSTOP and SIGCONT, half of them for longer than Kafka's session and the Lease
    the cloud       refusals, throttling, no answer, lost answers, calls executed late; slow changes, listings that lag
    the servers     the broker and the API server restarted, etcd saved and later put back: by the hooks, where they are given

The schedule is the same for a seed; what it meets is not, as processes run at their own pace.
"""
import os
import shlex
import subprocess
import threading

from clients import Away
from probes import LEASE_PATH
from processes import LEASE, SESSION

HOOKS = {
    "broker": "EIP_CHAOS_BROKER_RESTART", "apiserver": "EIP_CHAOS_APISERVER_RESTART", "save": "EIP_CHAOS_ETCD_SAVE", "restore": "EIP_CHAOS_ETCD_RESTORE",
    "mend": "EIP_CHAOS_MEND",
}
ACTIONS = [
    None, "AllocateAddresses", "AssociateAddress", "AssociateAddress", "DisassociateAddress", "ReleaseAddresses", "DescribeAddresses",
    "DescribeNetworkInterfaces",
]
KINDS = ["throttle", "error", "http500", "timeout", "lostReply", "lostReply", "late", "late"]
CODES = ["InternalError", "InternalError", "RequestLimitExceeded", "OperationDenied.MutexTaskRunning", "UnsupportedOperation.DeliveryFailed"]


class Faults:
    def __init__(self, replicas, cloud, kubernetes, recorder, diary, random, kills_per_minute, hooks):
        self.replicas = replicas
        self.cloud = cloud
        self.kubernetes = kubernetes
        self.recorder = recorder
        self.diary = diary
        self.random = random
        self.kills_per_minute = kills_per_minute
        self.hooks = hooks
        self.counts = {"kills": 0, "pauses": 0, "cloud": 0, "broker": 0, "apiserver": 0, "restores": 0}
        self.hook_lock = threading.Lock()
        self.threads = []
        self.is_saved = False

    def schedule(self, plan, minutes):
        """Gives every kind of fault to `plan(first, interval, what)`; what it does comes again after `interval()` seconds."""
        between = self.random.uniform
        kill = 60 / self.kills_per_minute
        plan(2, lambda: between(0.5 * kill, 1.4 * kill), self.kill)
        plan(6, lambda: between(8, 20), self.pause)
        plan(1, lambda: between(1, 6), self.break_cloud)
        plan(5, lambda: between(5, 20), self.change_cloud)
        if self.hooks.get("mend"):
            plan(1, lambda: 10, self.mend)
        if self.hooks.get("broker"):
            plan(between(15, 30), lambda: between(40, 90), self.restart_broker)
        if self.hooks.get("apiserver"):
            plan(between(25, 45), lambda: between(40, 90), self.restart_apiserver)
        if self.hooks.get("save") and self.hooks.get("restore"):
            # Once in five minutes, and in a shorter run once: saved, and put back after a while, when much has come of it.
            period = min(300, 60 * minutes)
            plan(between(0.15, 0.3) * period, lambda: period, self.save)
            plan(between(0.45, 0.6) * period, lambda: period, self.restore)

    # MARK: replicas

    def victim(self):
        """One of those that live; every third time the leader, if its Lease can be read."""
        alive = [replica for replica in self.replicas if replica.is_alive]
        if alive and self.random.random() < 0.33:
            try:
                holder = self.kubernetes.call("GET", LEASE_PATH)[1].get("spec", {}).get("holderIdentity") or ""
                alive = [replica for replica in alive if holder.startswith(replica.name + "_")] or alive
            except Away:
                pass
        return self.random.choice(alive) if alive else None

    def kill(self, later):
        replica = self.victim()
        if replica is None:
            return
        self.counts["kills"] += 1
        self.diary("kill", replica=replica.name, number=self.counts["kills"])
        replica.kill()
        later(self.random.choice([0, 0, 1, 3]), replica.start)

    def pause(self, later):
        replica = self.victim()
        if replica is None or replica.is_paused:
            return
        past = max(SESSION, LEASE)
        seconds = self.random.uniform(0.3, 3) if self.random.random() < 0.5 else self.random.uniform(past + 1, 3 * past)
        self.counts["pauses"] += 1
        self.diary("pause", replica=replica.name, seconds=round(seconds, 1))
        child = replica.child
        replica.pause()
        # by then it may be another process of that name
        later(seconds, lambda: replica.wake() if replica.child is child else None)

    # MARK: the cloud

    def break_cloud(self, later):
        kind = self.random.choice(KINDS)
        fault = {"kind": kind, "count": self.random.randint(1, 4)}
        if action := self.random.choice(ACTIONS):
            fault["action"] = action
        if kind == "error":
            fault["code"] = self.random.choice(CODES)
            if fault["code"].endswith("DeliveryFailed"):
                fault["action"] = "AllocateAddresses"
        if kind == "late":
            fault["delayMs"] = self.random.choice([300, 2000, 8000, 20000])
        self.counts["cloud"] += 1
        self.tell_cloud("cloud fault", "faults", fault)

    def change_cloud(self, later):
        settings = {
            "latencyMs": self.random.choice([50, 200, 200, 1000, 3000]), "listingLagMs": self.random.choice([0, 0, 500, 2000]),
            "describeLagMs": self.random.choice([0, 0, 0, 500]), "unknownId": self.random.choice(["absent", "error", "invalid-value"]),
        }
        self.tell_cloud("cloud settings", "settings", settings)

    def tell_cloud(self, what, path, body):
        self.diary(what, **body)
        try:
            self.cloud.call("POST", path, body)
        except Away as error:
            self.diary("failed", what=what, why=str(error))

    # MARK: the servers

    def restart_broker(self, later):
        self.run_hook("broker", self.random.uniform(0, 5), counts="broker")

    def restart_apiserver(self, later):
        self.run_hook("apiserver", self.random.uniform(0, 8), counts="apiserver")

    def save(self, later):
        self.run_hook("save", 0)

    def restore(self, later):
        self.run_hook("restore", 0, counts="restores")

    def mend(self, later):
        self.run_hook("mend", 0)

    def run_hook(self, name, seconds, counts=None):
        """In a thread, one hook at a time, as replicas are to be killed meanwhile."""
        thread = threading.Thread(target=self._run_hook, args=(name, seconds, counts))
        self.threads.append(thread)
        thread.start()

    def _run_hook(self, name, seconds, counts):
        with self.hook_lock:
            if name == "restore" and not self.is_saved:
                return
            if name == "restore":
                self.recorder.doubt()
            self.diary(f"{name} begins", seconds=round(seconds, 1))
            environment = {**os.environ, "EIP_CHAOS_SECONDS": f"{seconds:.1f}"}
            done = subprocess.run(shlex.split(self.hooks[name]), env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True)
            self.diary(f"{name} ends", code=done.returncode, said=(done.stdout + done.stderr).strip()[-500:])
            self.recorder.trust()
            if done.returncode != 0:
                print(f"chaos: the hook for {name} failed: {(done.stdout + done.stderr).strip()[-300:]}", flush=True)
            if done.returncode == 0:
                if counts:
                    self.counts[counts] += 1
                if name == "save":
                    self.is_saved = True

    # MARK: the end

    def never(self):
        """Kinds of faults that were meant to come and did not; of the cloud's and of hooks, those that failed each time."""
        wanted = {"kills": True, "pauses": True, "cloud": True, "broker": self.hooks.get("broker"), "apiserver": self.hooks.get("apiserver"),
                  "restores": self.hooks.get("save") and self.hooks.get("restore")}
        return [name for name, is_wanted in wanted.items() if is_wanted and not self.counts[name]]

    def stop(self):
        """No fault is left, and every replica runs."""
        if self.hooks.get("mend"):
            self.run_hook("mend", 0)
        for thread in self.threads:
            thread.join()
        for replica in self.replicas:
            if replica.is_alive:
                replica.wake()
            else:
                replica.start()
        self.cloud.call("DELETE", "faults")
        self.cloud.call("POST", "settings", {"latencyMs": 200, "listingLagMs": 0, "describeLagMs": 0, "unknownId": "absent"})
