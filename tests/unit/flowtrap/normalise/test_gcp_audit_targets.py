"""Secrets, stored objects, builds, firewalls."""

from __future__ import annotations

import pytest
from builders import gcp
from builders.gcp import HOME, NUMBER, Caller, account, person

from flowtrap.normalise.gcp_audit import normalise

EVE = person("eve")


def fields_of(record):
    return normalise(record).fields


def test_secret():
    fields = fields_of(gcp.read_secret(EVE, 0, "smtp"))
    assert (fields["secret"], fields["secret_name"]) == (f"projects/{NUMBER}/secrets/smtp", "smtp")


@pytest.mark.parametrize(
    ("bucket", "kind"),
    [
        ("acme-payroll", "other"),
        ("acme-prod.appspot.com", "other"),
        (f"gcf-sources-{NUMBER}-us-central1", "deployment"),
        (f"gcf-v2-uploads-{NUMBER}-us-central1", "deployment"),
        (f"run-sources-{HOME}-us-central1", "deployment"),
        (f"{HOME}_cloudbuild", "deployment"),
        (f"{HOME}_us-west1_cloudbuild", "deployment"),
        (f"us.artifacts.{HOME}.appspot.com", "deployment"),
        (f"{NUMBER}.cloudbuild-logs.googleusercontent.com", "deployment"),
        (f"staging.{HOME}.appspot.com", "deployment"),
    ],
)
def test_buckets(bucket, kind):
    fields = fields_of(gcp.read_object(EVE, 0, bucket))
    assert (fields["bucket"], fields["bucket_kind"]) == (bucket, kind)
    assert fields["object"] == f"{bucket}/q1.csv"


def test_build_account_named_or_caller_or_default():
    fields = fields_of(gcp.create_build(EVE, 0, account("ci")))
    assert fields["build_account"] == (account("ci"),)
    builder = f"{NUMBER}@cloudbuild.gserviceaccount.com"
    fields = fields_of(gcp.create_build(Caller(builder), 0))
    assert fields["build_account"] == (builder, f"build-default@{HOME}")
    for caller in (EVE, Caller(gcp.AGENT)):
        fields = fields_of(gcp.create_build(caller, 0))
        assert fields["build_account"] == (f"build-default@{HOME}",)
        assert "build_account_email" not in fields


def test_firewall_open_to_all():
    request = {"sourceRanges": ["0.0.0.0/0"], "alloweds": [{"IPProtocol": "tcp", "ports": ["22"]}]}
    record = gcp.entry(
        EVE,
        "compute",
        "v1.compute.firewalls.insert",
        0,
        "projects/p/global/firewalls/f",
        request=request,
    )
    fields = fields_of(record)
    assert fields["open_to_all"] == "true"
    assert fields["summary"].endswith("lets in tcp 22 from 0.0.0.0/0")
    request["sourceRanges"] = ["10.0.0.0/8"]
    assert "open_to_all" not in fields_of(record)


def test_metadata_keys():
    delta = {"projectMetadataDelta": {"modifiedMetadataKeys": ["ssh-keys"]}}
    record = gcp.entry(
        EVE,
        "compute",
        "v1.compute.projects.setCommonInstanceMetadata",
        0,
        "projects/p",
        metadata=delta,
    )
    assert fields_of(record)["metadata_keys"] == ("ssh-keys",)
