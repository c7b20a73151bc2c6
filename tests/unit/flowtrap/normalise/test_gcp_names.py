"""Google Cloud names: addresses, kinds of accounts, resource paths."""

from __future__ import annotations

import pytest

from flowtrap.normalise import gcp_names as names


@pytest.mark.parametrize(
    ("address", "kind"),
    [
        ("eve@example.com", "person"),
        ("sync@acme-prod.iam.gserviceaccount.com", "service_account"),
        ("481516234200-compute@developer.gserviceaccount.com", "default"),
        ("acme-prod@appspot.gserviceaccount.com", "default"),
        ("481516234200@cloudbuild.gserviceaccount.com", "builder"),
        ("481516234200@cloudservices.gserviceaccount.com", "agent"),
        ("service-481516234200@gcf-admin-robot.iam.gserviceaccount.com", "agent"),
        ("service-481516234200@serverless-robot-prod.iam.gserviceaccount.com", "agent"),
        ("service-481516234200@gcp-sa-cloudbuild.iam.gserviceaccount.com", "agent"),
        ("service-481516234200@compute-system.iam.gserviceaccount.com", "agent"),
        ("service-agent-manager@system.gserviceaccount.com", "agent"),
        ("service-481516@gae-api-prod.google.com.iam.gserviceaccount.com", "agent"),
        ("service-4815162@acme-prod.iam.gserviceaccount.com", "service_account"),  # a customer's
        ("service-4815162@my-robot.iam.gserviceaccount.com", "service_account"),
        ("principal://iam.googleapis.com/projects/1/locations/global/pools/p", "federated"),
        ("", ""),
    ],
)
def test_kind_of(address, kind):
    assert names.kind_of(address) == kind


@pytest.mark.parametrize(
    "spelling",
    [
        "Sync@acme.iam.gserviceaccount.com",
        "serviceAccount:sync@acme.iam.gserviceaccount.com",
        "projects/-/serviceAccounts/sync@acme.iam.gserviceaccount.com",
        "//iam.googleapis.com/projects/acme/serviceAccounts/sync@acme.iam.gserviceaccount.com",
    ],
)
def test_email_of_any_spelling(spelling):
    assert names.email_of(spelling) == "sync@acme.iam.gserviceaccount.com"


@pytest.mark.parametrize(
    ("path", "key"),
    [
        (
            "projects/p/locations/us-west1/functions/Billing_Sync",
            "p/us-west1/services/billing-sync",
        ),
        ("projects/p/locations/us-west1/services/billing-sync", "p/us-west1/services/billing-sync"),
        ("//run.googleapis.com/projects/p/locations/l/services/s", "p/l/services/s"),
        ("projects/p/locations/l/services/s/revisions/s-1", "p/l/services/s"),
        ("projects/p/locations/l/jobs/s", "p/l/jobs/s"),
        ("namespaces/p/services/s", "p/any/services/s"),
    ],
)
def test_function_key(path, key):
    assert names.function_key(names.function_of(path)) == key


@pytest.mark.parametrize(
    "path", ["projects/p", "projects/p/locations/l", "projects/_/buckets/b/objects/services/x", ""]
)
def test_no_function(path):
    assert names.function_of(path) is None


def test_aliases_of_default_accounts():
    compute = "481516234200-compute@developer.gserviceaccount.com"
    assert names.with_alias(compute, "p") == (compute, "compute-default@p")
    assert names.with_alias("a@p.iam.gserviceaccount.com", "p") == ("a@p.iam.gserviceaccount.com",)
    assert names.default_compute("p", "gcf-v2-sources-481516234200-us-west1") == compute
    assert names.default_compute("p", "https://f-481516234200.us-west1.run.app") == compute
    assert names.default_compute("p", "") == "compute-default@p"


def test_same_house():
    assert names.same_house("example.com", "corp.example.com")
    assert names.same_house("corp.example.com", "example.com")
    assert not names.same_house("badexample.com", "example.com")
