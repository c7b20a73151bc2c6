"""Policy documents: as text, URL-encoded, odd, or none at all."""

from __future__ import annotations

import json
from urllib.parse import quote

import pytest

from flowtrap.normalise.aws_policy import allowed, document, limits, principals, trusted


def policy(*statements):
    return {"Version": "2012-10-17", "Statement": list(statements)}


def test_document_reads_text_url_encoding_and_objects():
    wanted = policy({"Effect": "Allow", "Action": "iam:*", "Resource": "*"})
    for written in (
        wanted,
        json.dumps(wanted),
        json.dumps(wanted, indent=2),
        quote(json.dumps(wanted)),
    ):
        assert document(written) == wanted


@pytest.mark.parametrize("written", [None, "", "{", "[]", "7", "%7B", 7, [], "[" * 100_000, "NaN"])
def test_document_is_empty_where_there_is_none(written):
    assert document(written) == {}


def test_allowed_names_actions_and_everything():
    found = allowed(
        policy(
            {"Effect": "Allow", "Action": ["s3:Get*", "iam:PassRole"]},
            {"Effect": "Deny", "Action": "ec2:*"},
            {"Effect": "Allow", "Action": "*"},
            {"Effect": "Allow", "Action": ["*:*", 7, None]},
            {"Effect": "Allow", "NotAction": "iam:*"},
            "odd",
        )
    )
    assert found == ("s3:Get*", "iam:PassRole", "administrator", "NotAction iam:*")
    assert allowed({"Statement": {"Effect": "Allow", "Action": "iam:*"}}) == ("iam:*",)
    assert allowed({}) == allowed({"Statement": 7}) == ()


def test_trusted_names_principals_of_every_kind():
    found = trusted(
        policy(
            {"Effect": "Allow", "Principal": {"AWS": ["arn:aws:iam::210987654321:root"]}},
            {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}},
            {"Effect": "Allow", "Principal": "*"},
            {"Effect": "Deny", "Principal": {"AWS": "arn:aws:iam::123456789012:user/eve"}},
        )
    )
    assert found == ("arn:aws:iam::210987654321:root", "lambda.amazonaws.com", "*")
    assert principals({"Principal": 7}) == principals({}) == ()


def test_limits_of_a_statement():
    condition = {
        "ArnLike": {"AWS:SourceArn": "arn:aws:s3:::templates"},
        "StringEquals": {
            "aws:SourceAccount": ["123456789012"],
            "lambda:FunctionUrlAuthType": "NONE",
        },
        "Odd": 7,
    }
    assert limits({"Condition": condition}) == {
        "sourceArn": "arn:aws:s3:::templates",
        "sourceAccount": "123456789012",
    }
    assert limits({}) == limits({"Condition": []}) == {}
