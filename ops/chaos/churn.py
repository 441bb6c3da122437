"""What users do all day: the workloads of a chaos run, and a churner that deletes, scales, makes anew and gives up.

It writes into the diary what it does, before it does it. Of claims it deletes those of `keep`, `go`, `web` and `own` only: those
of `stay` are never given up, and so may never change their address.
"""
from clients import Away, Kubernetes

DOMAIN = "tke.cloud.tencent.com"
AUTO = {f"{DOMAIN}/eip-attributes": '{"Bandwidth":"100","ISP":"BGP"}'}
STATIC = {**AUTO, f"{DOMAIN}/eip-claim-delete-policy": "Never"}
CLAIMS = "/apis/networking.tke.cloud.tencent.com/v1"


def pod_template(name, annotations, mark):
    one = {f"{DOMAIN}/eip": "1"}
    return {
        "metadata": {"labels": {"app": name}, "annotations": annotations},
        "spec": {
            "nodeSelector": {"eip-chaos": mark},
            "containers": [{"name": "web", "image": "nginx:stable", "resources": {"requests": one, "limits": one}}],
        },
    }


class Churn:
    def __init__(self, kubernetes, recorder, diary, random, namespace, mark, own):
        self.kubernetes = kubernetes
        self.recorder = recorder
        self.diary = diary
        self.random = random
        self.namespace = namespace
        self.mark = mark
        self.own = {f"{DOMAIN}/eip-id-list": ",".join(own)}
        self.lone = 0
        self.done = 0
        # sets that were deleted and are to come back: name, replicas
        self.missing = {}
        self.actions = [
            (30, self.delete_pod), (10, self.delete_pod_by_force), (10, self.scale_keep), (6, self.scale_go), (6, self.scale_web), (8, self.delete_claim),
            (5, self.give_up_retained), (5, self.delete_set), (8, self.make_lone_pod), (4, self.finish_lone_pod), (2, self.roll_web),
        ]

    # MARK: the workloads

    def sets(self):
        return {
            "stay": (STATIC, 6), "keep": (STATIC, 4), "go": (AUTO, 4), "own": (self.own, 3),
        }

    def make_all(self):
        for name in self.sets():
            self.make_set(name)
        template = pod_template("web", AUTO, self.mark)
        spec = {"replicas": 4, "selector": {"matchLabels": {"app": "web"}}, "template": template}
        self.ask("POST", self.apps("deployments"), {"metadata": {"name": "web"}, "spec": spec})
        self.make_lone_pod()

    def make_set(self, name):
        annotations, replicas = self.sets()[name]
        spec = {
            "replicas": replicas, "serviceName": name, "podManagementPolicy": "Parallel", "selector": {"matchLabels": {"app": name}},
            "template": pod_template(name, annotations, self.mark),
        }
        return self.ask("POST", self.apps("statefulsets"), {"metadata": {"name": name}, "spec": spec})

    def apps(self, kind):
        return f"/apis/apps/v1/namespaces/{self.namespace}/{kind}"

    def pods(self):
        return f"/api/v1/namespaces/{self.namespace}/pods"

    def claims(self):
        return f"{CLAIMS}/namespaces/{self.namespace}/eipclaims"

    def ask(self, method, path, body=None, content="application/json"):
        """The status, or None when the API server was away: chaos asks again for other things soon enough."""
        try:
            return self.kubernetes.call(method, path, body, content)[0]
        except Away:
            return None

    # MARK: the churn

    def act(self):
        for name in list(self.missing):
            self.missing[name] -= 1
            if self.missing[name] <= 0 and self.make_set(name) in (201, 409):
                del self.missing[name]
        weights = [weight for weight, _ in self.actions]
        action = self.random.choices([action for _, action in self.actions], weights)[0]
        action()
        self.done += 1

    def finish(self):
        """Nothing is left half done: sets that are missing come back."""
        while self.missing:
            for name in list(self.missing):
                if self.make_set(name) in (201, 409):
                    del self.missing[name]

    def a_pod(self, *owners):
        names = [name for name in self.recorder.current("pods") if not owners or name.startswith(owners)]
        return self.random.choice(sorted(names)) if names else None

    def delete_pod(self):
        if name := self.a_pod():
            self.diary("delete pod", name=name)
            self.ask("DELETE", f"{self.pods()}/{name}")

    def delete_pod_by_force(self):
        if name := self.a_pod():
            self.diary("delete pod by force", name=name)
            self.ask("DELETE", f"{self.pods()}/{name}", {"gracePeriodSeconds": 0})

    def scale_keep(self):
        self.scale("statefulsets", "keep", self.random.randint(1, 5))

    def scale_go(self):
        self.scale("statefulsets", "go", self.random.randint(0, 5))

    def scale_web(self):
        self.scale("deployments", "web", self.random.randint(1, 5))

    def scale(self, kind, name, replicas):
        self.diary("scale", name=name, replicas=replicas)
        self.ask("PATCH", f"{self.apps(kind)}/{name}", {"spec": {"replicas": replicas}}, Kubernetes.MERGE)

    def delete_claim(self):
        if name := self.a_pod("keep-", "go-", "web-", "own-"):
            self.drop_claim(name)

    def give_up_retained(self):
        pods = self.recorder.current("pods")
        names = [name for name in self.recorder.current("eipclaims") if name.startswith("keep-") and name not in pods]
        if names:
            self.drop_claim(self.random.choice(sorted(names)))

    def drop_claim(self, name):
        self.diary("delete claim", name=name)
        self.ask("DELETE", f"{self.claims()}/{name}")

    def delete_set(self):
        name = self.random.choice(["stay", "keep", "go", "own"])
        if name not in self.missing:
            self.diary("delete set", name=name)
            self.ask("DELETE", f"{self.apps('statefulsets')}/{name}", {"propagationPolicy": "Background"})
            self.missing[name] = self.random.randint(2, 8)

    def make_lone_pod(self):
        alive = [name for name in self.recorder.current("pods") if name.startswith("lone-")]
        if len(alive) >= 4:
            self.ask("DELETE", f"{self.pods()}/{self.random.choice(sorted(alive))}")
        self.lone += 1
        # a few names, so that they come back
        name = f"lone-{self.lone % 7}"
        template = pod_template("lone", AUTO, self.mark)
        template["metadata"]["name"] = name
        self.diary("make pod", name=name)
        self.ask("POST", self.pods(), template)

    def finish_lone_pod(self):
        if name := self.a_pod("lone-"):
            self.diary("finish pod", name=name)
            self.ask("PATCH", f"{self.pods()}/{name}/status", {"status": {"phase": "Succeeded"}}, Kubernetes.MERGE)

    def roll_web(self):
        self.diary("roll out", name="web")
        stamp = {"spec": {"template": {"metadata": {"annotations": {"rolled": str(self.done)}}}}}
        self.ask("PATCH", f"{self.apps('deployments')}/web", stamp, Kubernetes.MERGE)
