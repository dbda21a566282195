"""The examples that the AWS CLI has of each command of DynamoDB,
as its package ships them, against a running levee serve, with AWS_ENDPOINT_URL set.

Each example runs in an account with the tables that the examples speak of. It has
to succeed, and to answer with all that the example says it does, if not with its
figures. What an example cannot know, such as the ARN of a backup that it does not
make, is put into it.
"""

import contextlib
import io
import json
import logging
import os
import pathlib
import random
import re
import shlex
import tempfile
import time
import unittest

import awscli
import boto3
from awscli.clidriver import create_clidriver

ENDPOINT = os.environ["AWS_ENDPOINT_URL"]
EXAMPLES = pathlib.Path(awscli.__file__).parent / "examples"
REGION, DOCUMENTED = "us-west-2", "123456789012"

# Why an example fails, with the service too, or has nothing to run on.
UNFIT = {
    "create-global-table": "version 2017.11.29 of global tables is not supported any more",
    "update-global-table": "the same",
    "update-global-table-settings": "the same",
    "describe-global-table": "the same",
    "describe-global-table-settings": "the same",
    "list-global-tables": "the same",
    "list-contributor-insights": "its tables and its token are not those of other examples",
    "restore-table-to-point-in-time": "its time lies in 2019",
}
UNFIT_COMMANDS = {
    "--starting-token": "the token is made up",
    "--next-token": "the token is made up",
    "--time-range-lower-bound": "its time lies in 2020",
}
# What is made anew for an example that needs it not to be there.
FRESH = {"create-table", "restore-table-from-backup"}


def blocks(text):
    """The indented blocks of a text, each with the line before it."""
    last, lines, start = "", [], None
    for line in text.expandtabs().splitlines() + ["end"]:
        if line[:1] == " ":
            lines.append(line)
            start = start if start is not None else last
            continue
        if not line.strip():
            if lines:
                lines.append("")
            continue
        if lines:
            yield start, "\n".join(lines).strip("\n")
        last, lines, start = line, [], None


def examples(path):
    """The commands of a page, each with its files and what it answers."""
    list_ = []
    for before, text in blocks(path.read_text()):
        text = "\n".join(line[4:] for line in text.splitlines())
        named = re.search(r"Contents of (?:the )?``(.*?)``", before)
        if text.startswith("aws "):
            list_.append({"command": text, "files": {}, "output": None})
        elif named and list_:
            list_[-1]["files"][named.group(1)] = text
        elif (before.startswith("Output") or "following output" in before) and list_ and list_[-1]["output"] is None:
            list_[-1]["output"] = text
    return list_


def lacking(want, got, at=""):
    """The members of a documented answer that an answer lacks."""
    if isinstance(want, dict) and isinstance(got, dict):
        for key in want:
            if key not in got:
                yield f"{at}.{key}"
            else:
                yield from lacking(want[key], got[key], f"{at}.{key}")
    elif isinstance(want, list) and isinstance(got, list) and (got or not want):
        if want:
            yield from lacking(want[0], got[0], f"{at}[0]")
    elif isinstance(want, (dict, list)):
        yield f"{at} is {got!r}"


class Account:
    """An account with the tables that the examples speak of."""

    def __init__(self, name):
        self.id = "%012d" % random.randrange(10**12)
        self.env = {
            "AWS_ACCESS_KEY_ID": self.id, "AWS_SECRET_ACCESS_KEY": "any", "AWS_DEFAULT_REGION": REGION, "AWS_REGION": REGION,
            "AWS_CONFIG_FILE": os.devnull, "AWS_SHARED_CREDENTIALS_FILE": os.devnull, "AWS_PAGER": "", "AWS_MAX_ATTEMPTS": "1",
        }
        session = boto3.Session(aws_access_key_id=self.id, aws_secret_access_key="any", region_name=REGION)
        self.db = session.client("dynamodb", endpoint_url=ENDPOINT)
        self.scaling = session.client("application-autoscaling", endpoint_url=ENDPOINT)
        self.places = {DOCUMENTED: self.id}
        self.music()
        for _ in range(2):
            arn = self.db.create_backup(TableName="MusicCollection", BackupName="MusicCollectionBackup")["BackupDetails"]["BackupArn"]
        self.places["01576616366715-b4e58d3a"] = arn.rpartition("/")[2]
        if name in FRESH:
            while self.db.describe_backup(BackupArn=arn)["BackupDescription"]["BackupDetails"]["BackupStatus"] == "CREATING":
                time.sleep(0.1)
            self.db.delete_table(TableName="MusicCollection")
            return
        self.catalog()
        prepare = getattr(self, "for_" + name.replace("-", "_"), None)
        if prepare:
            prepare()

    def music(self):
        """MusicCollection, which was on demand once, with what is said of it."""
        key = lambda hash_, range_: [{"AttributeName": hash_, "KeyType": "HASH"}, {"AttributeName": range_, "KeyType": "RANGE"}]
        self.db.create_table(
            TableName="MusicCollection", BillingMode="PAY_PER_REQUEST",
            AttributeDefinitions=[{"AttributeName": n, "AttributeType": "S"} for n in ("Artist", "SongTitle", "AlbumTitle")],
            KeySchema=key("Artist", "SongTitle"),
            LocalSecondaryIndexes=[{"IndexName": "AlbumTitleIndex", "KeySchema": key("Artist", "AlbumTitle"), "Projection": {"ProjectionType": "INCLUDE", "NonKeyAttributes": ["Year"]}}],
        )
        for units in (5, 6):
            self.db.update_table(TableName="MusicCollection", BillingMode="PROVISIONED", ProvisionedThroughput={"ReadCapacityUnits": units, "WriteCapacityUnits": units})
        self.db.tag_resource(ResourceArn=f"arn:aws:dynamodb:{REGION}:{self.id}:table/MusicCollection", Tags=[{"Key": "Owner", "Value": "blueTeam"}, {"Key": "Environment", "Value": "Production"}])
        for artist, song, album in (
            ("No One You Know", "Call Me Today", "Greatest Hits"), ("No One You Know", "Howdy", "Somewhat Famous"), ("No One You Know", "Scared of My Shadow", "Blue Sky Blues"),
            ("The Acme Band", "Happy Day", "Songs About Life"), ("Acme Band", "Happy Day", "Songs About Life"), ("The Acme Band", "PartiQL Rocks", "Another Album Title"),
        ):
            item = {"Artist": {"S": artist}, "SongTitle": {"S": song}, "AlbumTitle": {"S": album}, "Awards": {"N": "10"}}
            self.db.put_item(TableName="MusicCollection", Item=item)

    def catalog(self):
        self.db.create_table(
            TableName="ProductCatalog", BillingMode="PAY_PER_REQUEST",
            AttributeDefinitions=[{"AttributeName": "Id", "AttributeType": "N"}], KeySchema=[{"AttributeName": "Id", "KeyType": "HASH"}],
        )
        self.db.put_item(TableName="ProductCatalog", Item={"Id": {"N": "456"}, "ProductCategory": {"S": "Sporting Goods"}, "Price": {"N": "550"}})
        self.db.put_item(TableName="ProductCatalog", Item={"Id": {"N": "102"}, "Title": {"S": "Book 102 Title"}, "ProductCategory": {"S": "Book"}, "Price": {"N": "20"}})

    def for_describe_contributor_insights(self):
        self.for_update_contributor_insights()
        self.db.update_contributor_insights(TableName="MusicCollection", IndexName="AlbumTitle-index", ContributorInsightsAction="ENABLE")

    def for_update_contributor_insights(self):
        index = {
            "IndexName": "AlbumTitle-index", "KeySchema": [{"AttributeName": "AlbumTitle", "KeyType": "HASH"}], "Projection": {"ProjectionType": "ALL"},
            "ProvisionedThroughput": {"ReadCapacityUnits": 5, "WriteCapacityUnits": 5},
        }
        self.db.update_table(
            TableName="MusicCollection", AttributeDefinitions=[{"AttributeName": "AlbumTitle", "AttributeType": "S"}], GlobalSecondaryIndexUpdates=[{"Create": index}],
        )

    def for_list_tables(self):
        self.db.create_table(
            TableName="Forum", BillingMode="PAY_PER_REQUEST",
            AttributeDefinitions=[{"AttributeName": "Name", "AttributeType": "S"}], KeySchema=[{"AttributeName": "Name", "KeyType": "HASH"}],
        )

    def for_describe_time_to_live(self):
        self.db.update_time_to_live(TableName="MusicCollection", TimeToLiveSpecification={"Enabled": True, "AttributeName": "ttl"})

    def for_describe_table_replica_auto_scaling(self):
        self.for_update_table_replica_auto_scaling()
        scaling = {
            "MinimumUnits": 5, "MaximumUnits": 40000, "AutoScalingDisabled": False,
            "ScalingPolicyUpdate": {"TargetTrackingScalingPolicyConfiguration": {"TargetValue": 70.0}},
        }
        self.db.update_table_replica_auto_scaling(TableName="MusicCollection", ProvisionedWriteCapacityAutoScalingUpdate=scaling)

    def for_update_table_replica_auto_scaling(self):
        self.db.update_table(TableName="MusicCollection", StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"})
        for units, kind in (("ReadCapacityUnits", "DynamoDBReadCapacityUtilization"), ("WriteCapacityUnits", "DynamoDBWriteCapacityUtilization")):
            self.settings(units, kind)
        for region in ("us-east-1", "us-east-2"):
            self.db.update_table(TableName="MusicCollection", ReplicaUpdates=[{"Create": {"RegionName": region}}])
            self.db.get_waiter("table_exists").wait(TableName="MusicCollection", WaiterConfig={"Delay": 1})

    def settings(self, units, metric):
        """Has the table scaled, which replicas of provisioned tables need."""
        of = {"ServiceNamespace": "dynamodb", "ResourceId": "table/MusicCollection", "ScalableDimension": "dynamodb:table:" + units}
        self.scaling.register_scalable_target(MinCapacity=5, MaxCapacity=40000, **of)
        self.scaling.put_scaling_policy(
            PolicyName=metric + ":table/MusicCollection", PolicyType="TargetTrackingScaling",
            TargetTrackingScalingPolicyConfiguration={"TargetValue": 70.0, "PredefinedMetricSpecification": {"PredefinedMetricType": metric}}, **of)

    def run(self, example):
        """Runs a command as the example has it and returns its status and answer."""
        text = re.sub(r"\\\s*\n", " ", example["command"])
        for place, real in self.places.items():
            text = text.replace(place, real)
        args = shlex.split(text)[1:] + ["--endpoint-url", ENDPOINT]
        out, err = io.StringIO(), io.StringIO()
        with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):
            for name, content in example["files"].items():
                pathlib.Path(name).write_text(content)
            saved = dict(os.environ)
            os.environ.update(self.env)
            try:
                with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
                    status = create_clidriver().main(args)
            finally:
                os.environ.clear()
                os.environ.update(saved)
        return status, out.getvalue(), err.getvalue()


class Examples(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        # The CLI logs to the process that it is in, where other tests let logs be seen.
        logging.disable(logging.CRITICAL)
        cls.addClassCleanup(logging.disable, logging.NOTSET)

    def test_unfit(self):
        """What is left out is there to be left out."""
        for name in UNFIT:
            self.assertTrue((EXAMPLES / "dynamodb" / f"{name}.rst").exists(), name)

    def check(self, account, example):
        status, out, err = account.run(example)
        failure = re.match(r"(?:A client|An) error (?:occurred )?\((\w+)\)", example["output"] or "")
        if failure:
            self.assertIn(failure.group(1), err)
            return
        self.assertEqual(status, 0, err.strip())
        try:
            want = json.loads(example["output"] or "{}")
        except ValueError:
            return  # prose, or a part of an answer
        got = json.loads(out or "{}")
        self.assertEqual(list(lacking(want, got)), [], out)


def add(service, path):
    name = path.stem

    def test(self):
        account = Account(name)
        for number, example in enumerate(examples(path), 1):
            if any(flag in example["command"] for flag in UNFIT_COMMANDS):
                continue
            with self.subTest(example=number):
                self.check(account, example)
                if name in FRESH:  # the next one makes the same table
                    for table in account.db.list_tables()["TableNames"]:
                        account.db.update_table(TableName=table, DeletionProtectionEnabled=False)
                        account.db.delete_table(TableName=table)

    setattr(Examples, f"test_{service}_{name.replace('-', '_')}", test)


for page in sorted((EXAMPLES / "dynamodb").glob("*.rst")):
    if page.stem not in UNFIT:
        add("dynamodb", page)

if __name__ == "__main__":
    unittest.main()
