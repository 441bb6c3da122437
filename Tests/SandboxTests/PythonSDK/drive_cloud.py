"""Drives a sandbox cloud with Tencent Cloud's official SDK: python drive_cloud.py http://127.0.0.1:PORT

The SDK signs, retries nothing and decodes strictly, so what passes here has the shape of the real API.
Ends with "ok" and status 0, or with an assertion and another status.
"""
import json
import os
import sys
import time
import urllib.request

from tencentcloud.common import credential
from tencentcloud.common.exception.tencent_cloud_sdk_exception import TencentCloudSDKException
from tencentcloud.common.profile.client_profile import ClientProfile
from tencentcloud.common.profile.http_profile import HttpProfile
from tencentcloud.vpc.v20170312 import models, vpc_client

URL = sys.argv[1].rstrip("/")
SECRET_ID = os.environ.get("TENCENTCLOUD_SECRET_ID", "AKIDSANDBOX")
SECRET_KEY = os.environ.get("TENCENTCLOUD_SECRET_KEY", "sandbox")


def client(secret_id=SECRET_ID, secret_key=SECRET_KEY):
    scheme, endpoint = URL.split("://")
    http = HttpProfile(protocol=scheme, endpoint=endpoint, reqTimeout=10)
    return vpc_client.VpcClient(credential.Credential(secret_id, secret_key), "ap-guangzhou", ClientProfile(httpProfile=http))


def control(path, body):
    request = urllib.request.Request(URL + "/sandbox/" + path, json.dumps(body).encode(), {"Content-Type": "application/json"})
    with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=10) as response:
        return json.load(response)


def call(action, **parameters):
    request = getattr(models, action + "Request")()
    request.from_json_string(json.dumps(parameters))
    return getattr(vpc, action)(request)


def expect_error(code, function):
    try:
        function()
    except TencentCloudSDKException as error:
        assert error.get_code() == code, f"expected {code}, got {error}"
        assert error.get_request_id(), "an error without RequestId"
        return
    raise AssertionError(f"expected {code}, but it succeeded")


def wait_until(address_id, status):
    """None: until it is gone."""
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        found = call("DescribeAddresses", AddressIds=[address_id]).AddressSet
        if (found[0].AddressStatus if found else None) == status:
            return found[0] if found else None
        time.sleep(0.02)
    raise AssertionError(f"{address_id} did not become {status}")


vpc = client()
control("enis", {"eniId": "eni-py", "vpcId": "vpc-py", "instanceId": "ins-py", "cores": 8, "privateIps": ["172.16.9.2", "172.16.9.3"]})

# allocate, and the same token again
tags = [{"Key": "suite", "Value": "python"}]
parameters = dict(AddressCount=1, AddressName="py_pod-0", InternetMaxBandwidthOut=100, ClientToken="py-token-1", Tags=tags)
allocated = call("AllocateAddresses", **parameters)
[eip] = allocated.AddressSet
assert allocated.TaskId.isdigit(), allocated.TaskId
assert call("AllocateAddresses", **parameters).AddressSet == [eip]
expect_error(
    "UnsupportedOperation.IdempotentParameterMismatch", lambda: call("AllocateAddresses", **{**parameters, "InternetMaxBandwidthOut": 5}))
address = wait_until(eip, "UNBIND")
assert address.AddressName == "py_pod-0" and address.Bandwidth == 100 and address.AddressIp
assert [(t.Key, t.Value) for t in address.TagSet] == [("suite", "python")]
assert call("DescribeTaskResult", TaskId=int(allocated.TaskId)).Result == "SUCCESS"

# filters and paging
others = call("AllocateAddresses", AddressCount=4, ClientToken="py-token-2", Tags=tags).AddressSet
seen = []
for offset in (0, 2, 4):
    page = call("DescribeAddresses", Filters=[{"Name": "tag:suite", "Values": ["python"]}], Offset=offset, Limit=2)
    assert page.TotalCount == 5, page.TotalCount
    seen += [a.AddressId for a in page.AddressSet]
assert sorted(seen) == sorted([eip] + others), seen
named = call("DescribeAddresses", Filters=[{"Name": "address-name", "Values": ["py_pod-0"]}, {"Name": "address-status", "Values": ["UNBIND"]}])
assert [a.AddressId for a in named.AddressSet] == [eip]
expect_error("InvalidParameter.InvalidFilter", lambda: call("DescribeAddresses", Filters=[{"Name": "colour", "Values": ["red"]}]))
expect_error("InvalidParameterValue.LimitExceeded", lambda: call("DescribeAddresses", Limit=101))

# the interface of a private IP
filters = [{"Name": "vpc-id", "Values": ["vpc-py"]}, {"Name": "ip-exact-match", "Values": ["172.16.9.2"]}]
[eni] = call("DescribeNetworkInterfaces", Filters=filters).NetworkInterfaceSet
assert eni.NetworkInterfaceId == "eni-py" and eni.Attachment.InstanceId == "ins-py"

# bind, and what must be refused meanwhile and after
target = dict(NetworkInterfaceId="eni-py", PrivateIpAddress="172.16.9.2")
expect_error("UnsupportedOperation.AddressStatusNotPermit", lambda: call("DisassociateAddress", AddressId=eip))
expect_error("InvalidNetworkInterfaceId.NotFound", lambda: call("AssociateAddress", AddressId=eip, NetworkInterfaceId="eni-py", PrivateIpAddress="172.16.9.9"))
assert call("AssociateAddress", AddressId=eip, **target).TaskId.isdigit()
bound = wait_until(eip, "BIND")
assert (bound.NetworkInterfaceId, bound.PrivateAddressIp, bound.InstanceId) == ("eni-py", "172.16.9.2", "ins-py")
[eni] = call("DescribeNetworkInterfaces", Filters=filters).NetworkInterfaceSet
assert [i.AddressId for i in eni.PrivateIpAddressSet] == [eip, ""]
wait_until(others[0], "UNBIND")
expect_error("InvalidPrivateIpAddress.AlreadyBindEip", lambda: call("AssociateAddress", AddressId=others[0], **target))
expect_error("UnsupportedOperation.AddressStatusNotPermit", lambda: call("ReleaseAddresses", AddressIds=[eip]))

# change, unbind, release
call("ModifyAddressesBandwidth", AddressIds=[eip], InternetMaxBandwidthOut=20)
expect_error(
    "InvalidParameterValue.BandwidthOutOfRange", lambda: call("ModifyAddressesBandwidth", AddressIds=[eip], InternetMaxBandwidthOut=101))
call("ModifyAddressAttribute", AddressId=eip, AddressName="py_pod-1")
changed = wait_until(eip, "BIND")
assert (changed.Bandwidth, changed.AddressName) == (20, "py_pod-1")
call("DisassociateAddress", AddressId=eip)
wait_until(eip, "UNBIND")
for other in others:
    wait_until(other, "UNBIND")
call("ReleaseAddresses", AddressIds=[eip] + others)
wait_until(eip, None)
expect_error("InvalidAddressId.NotFound", lambda: call("ReleaseAddresses", AddressIds=[eip]))

# quota
quotas = {q.QuotaId: (q.QuotaCurrent, q.QuotaLimit) for q in call("DescribeAddressQuota").QuotaSet}
assert quotas["DAILY_EIP_APPLY"] == (5, 40), quotas
assert quotas["TOTAL_EIP_QUOTA"][1] == 20, quotas

# who may not
request = models.DescribeAddressQuotaRequest()
expect_error("AuthFailure.SignatureFailure", lambda: client(secret_key="wrong").DescribeAddressQuota(request))
expect_error("AuthFailure.SecretIdNotFound", lambda: client(secret_id="AKIDNOBODY").DescribeAddressQuota(request))
print("ok")
