"""The top-level fields of native records, for feeds whose file does not list `native_roots`.

Sources: docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-record-contents.html
and docs.aws.amazon.com/vpc/latest/userguide/flow-log-records.html.
"""

from __future__ import annotations

NATIVE_ROOTS: dict[str, tuple[str, ...]] = {
    "aws_cloudtrail": tuple(
        "eventVersion userIdentity eventTime eventSource eventName awsRegion sourceIPAddress "
        "userAgent errorCode errorMessage requestParameters responseElements additionalEventData "
        "requestID eventID eventType apiVersion managementEvent readOnly resources "
        "recipientAccountId serviceEventDetails sharedEventID vpcEndpointId vpcEndpointAccountId "
        "eventCategory addendum sessionCredentialFromConsole eventContext edgeDeviceDetails "
        "tlsDetails insightDetails".split()
    ),
    "aws_vpcflow": tuple(
        "version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes "
        "start end action log-status vpc-id subnet-id instance-id tcp-flags type pkt-srcaddr "
        "pkt-dstaddr region az-id sublocation-type sublocation-id pkt-src-aws-service "
        "pkt-dst-aws-service flow-direction traffic-path reject-reason".split()
    ),
}
