"""boto3 against a running levee serve: python -m unittest, with AWS_ENDPOINT_URL set.

botocore itself checks the CRC-32 of each answer of DynamoDB; the first test
makes sure that it does.
"""

import decimal
import hashlib
import itertools
import os
import random
import struct
import unittest
import zlib

import boto3
import botocore.config
import botocore.exceptions
from boto3.dynamodb.conditions import Attr, Key

ENDPOINT = os.environ["AWS_ENDPOINT_URL"]
REGION = "us-east-1"
NUMBER = decimal.Decimal


def session():
    """A session in an account of its own: the access key is the account."""
    account = "%012d" % random.randrange(10**12)
    return boto3.session.Session(account, "any", region_name=REGION)


CONFIG = botocore.config.Config(retries={"total_max_attempts": 1})


class Case(unittest.TestCase):
    maxDiff = None

    def setUp(self):
        s = session()
        options = {"endpoint_url": ENDPOINT, "config": CONFIG}
        self.db = s.client("dynamodb", **options)
        self.dynamodb = s.resource("dynamodb", **options)
        self.sqs = s.client("sqs", **options)
        self.queues = s.resource("sqs", **options)

    def table(self, name="People", **more):
        table = self.dynamodb.create_table(
            TableName=name,
            AttributeDefinitions=[
                {"AttributeName": "team", "AttributeType": "S"},
                {"AttributeName": "id", "AttributeType": "N"},
            ],
            KeySchema=[
                {"AttributeName": "team", "KeyType": "HASH"},
                {"AttributeName": "id", "KeyType": "RANGE"},
            ],
            BillingMode="PAY_PER_REQUEST",
            **more,
        )
        table.wait_until_exists()
        return table

    def refused(self, code, message):
        return Refused(self, code, message)


class Refused:
    """Expects a ClientError with this code and message."""

    def __init__(self, case, code, message):
        self.case, self.code, self.message = case, code, message

    def __enter__(self):
        return self

    def __exit__(self, kind, error, trace):
        self.case.assertIsInstance(error, botocore.exceptions.ClientError)
        self.case.assertEqual(
            (error.response["Error"]["Code"], error.response["Error"]["Message"]), (self.code, self.message)
        )
        return True


class Checksums(Case):
    def test_crc32_of_dynamodb(self):
        seen = []

        def look(http_response, **_):
            seen.append((http_response.headers.get("x-amz-crc32"), zlib.crc32(http_response.content)))

        self.db.meta.events.register("needs-retry.dynamodb", lambda response=None, **_: response and look(response[0]))
        self.table()
        self.db.put_item(TableName="People", Item={"team": {"S": "\u00e9\U0001f680"}, "id": {"N": "1"}})
        self.db.scan(TableName="People")
        with self.refused("ResourceNotFoundException", "Requested resource not found"):
            self.db.scan(TableName="Nowhere")
        self.assertGreaterEqual(len(seen), 2)
        for header, computed in seen:
            self.assertEqual(header, str(computed))

    def test_md5_of_messages(self):
        url = self.sqs.create_queue(QueueName="checked")["QueueUrl"]
        attributes = {
            "city": {"DataType": "String", "StringValue": "Seoul"},
            "count": {"DataType": "Number.int", "StringValue": "3"},
            "raw": {"DataType": "Binary", "BinaryValue": b"\x00\xff"},
        }
        body = "\u00e9\U0001f680"
        sent = self.sqs.send_message(QueueUrl=url, MessageBody=body, MessageAttributes=attributes)
        self.assertEqual(sent["MD5OfMessageBody"], hashlib.md5(body.encode()).hexdigest())
        self.assertEqual(sent["MD5OfMessageAttributes"], md5_of_attributes(attributes))
        [got] = self.sqs.receive_message(QueueUrl=url, MessageAttributeNames=["All"])["Messages"]
        self.assertEqual(got["MessageAttributes"], attributes)
        self.assertEqual(got["MD5OfBody"], sent["MD5OfMessageBody"])
        self.assertEqual(got["MD5OfMessageAttributes"], sent["MD5OfMessageAttributes"])


def md5_of_attributes(attributes):
    """The checksum as the SQS developer guide describes it."""

    def chunk(b):
        return struct.pack("!I", len(b)) + b

    out = b""
    for name in sorted(attributes):
        a = attributes[name]
        out += chunk(name.encode()) + chunk(a["DataType"].encode())
        if "StringValue" in a:
            out += b"\x01" + chunk(a["StringValue"].encode())
        else:
            out += b"\x02" + chunk(a["BinaryValue"])
    return hashlib.md5(out).hexdigest()


class Tables(Case):
    def test_waiters(self):
        table = self.table()
        table.load()
        self.assertEqual(table.table_status, "ACTIVE")
        table.delete()
        table.wait_until_not_exists()
        self.assertEqual(self.db.list_tables()["TableNames"], [])
        with self.refused("ResourceNotFoundException", "Requested resource not found: Table: People not found"):
            self.db.describe_table(TableName="People")

    def test_values(self):
        table = self.table()
        item = {
            "team": "chat",
            "id": NUMBER(1),
            "exact": NUMBER("12345678901234567890123456789012345678"),
            "small": NUMBER("-1E-130"),
            "text": "한글",
            "bytes": boto3.dynamodb.types.Binary(bytes(range(256))),
            "yes": True,
            "nothing": None,
            "strings": {"a", "b"},
            "numbers": {NUMBER("1.5"), NUMBER(2)},
            "deep": {"list": [NUMBER(1), "x", {"y": []}], "empty": {}},
        }
        table.put_item(Item=item)
        self.assertEqual(table.get_item(Key={"team": "chat", "id": 1}, ConsistentRead=True)["Item"], item)

    def test_conditions_builder(self):
        table = self.table()
        with table.batch_writer() as batch:
            for n in range(60):
                batch.put_item(Item={"team": "chat", "id": n, "even": n % 2 == 0, "name": "n%02d" % n})
        got = table.query(
            KeyConditionExpression=Key("team").eq("chat") & Key("id").between(10, 20),
            FilterExpression=Attr("even").eq(True) & (Attr("name").begins_with("n1") | Attr("name").is_in(["n20"])),
            ProjectionExpression="#n",
            ExpressionAttributeNames={"#n": "name"},
            ScanIndexForward=False,
        )
        self.assertEqual([i["name"] for i in got["Items"]], ["n20", "n18", "n16", "n14", "n12", "n10"])
        self.assertEqual((got["Count"], got["ScannedCount"]), (6, 11))
        self.assertEqual(table.scan(FilterExpression=Attr("name").not_exists() | ~Attr("even").eq(True))["Count"], 30)

        table.update_item(
            Key={"team": "chat", "id": 0},
            UpdateExpression="SET hits = if_not_exists(hits, :zero) + :one",
            ConditionExpression=Attr("even").eq(True),
            ExpressionAttributeValues={":zero": 0, ":one": 1},
        )
        with self.refused("ConditionalCheckFailedException", "The conditional request failed"):
            table.delete_item(Key={"team": "chat", "id": 0}, ConditionExpression=Attr("hits").gt(1))

    def test_batch_writer_and_paginators(self):
        table = self.table()
        with table.batch_writer(overwrite_by_pkeys=["team", "id"]) as batch:
            for n in itertools.chain(range(130), range(10)):
                batch.put_item(Item={"team": "t%d" % (n % 5), "id": n})
            batch.delete_item(Key={"team": "t0", "id": 0})
        pages = list(self.db.get_paginator("scan").paginate(TableName="People", PaginationConfig={"PageSize": 7}))
        self.assertEqual(sorted(int(i["id"]["N"]) for p in pages for i in p["Items"]), list(range(1, 130)))
        self.assertGreater(len(pages), 18)
        query = self.db.get_paginator("query").paginate(
            TableName="People",
            KeyConditionExpression="team = :t",
            ExpressionAttributeValues={":t": {"S": "t1"}},
            PaginationConfig={"PageSize": 4},
        )
        self.assertEqual([int(i["id"]["N"]) for p in query for i in p["Items"]], list(range(1, 130, 5)))

        for n in range(5):
            self.table("More%d" % n)
        names = self.db.get_paginator("list_tables").paginate(PaginationConfig={"PageSize": 2})
        self.assertEqual(list(names.search("TableNames[]")), ["More0", "More1", "More2", "More3", "More4", "People"])

    def test_transactions(self):
        self.table()

        def put(n):
            return {"Put": {"TableName": "People", "Item": {"team": {"S": "a"}, "id": {"N": str(n)}}, "ConditionExpression": "attribute_not_exists(team)"}}

        self.db.transact_write_items(TransactItems=[put(1), put(2)], ClientRequestToken="one")
        self.db.transact_write_items(TransactItems=[put(1), put(2)], ClientRequestToken="one")
        with self.assertRaises(self.db.exceptions.TransactionCanceledException) as caught:
            self.db.transact_write_items(TransactItems=[put(3), put(2)])
        self.assertEqual(
            caught.exception.response["CancellationReasons"],
            [{"Code": "None"}, {"Code": "ConditionalCheckFailed", "Message": "The conditional request failed"}],
        )
        self.assertEqual(self.db.scan(TableName="People")["Count"], 2)


class Queues(Case):
    def test_resource(self):
        queue = self.queues.create_queue(QueueName="mail", Attributes={"VisibilityTimeout": "60"})
        self.assertEqual(queue.attributes["VisibilityTimeout"], "60")
        queue.send_message(MessageBody="hello", MessageAttributes={"to": {"DataType": "String", "StringValue": "you"}})
        [message] = queue.receive_messages(MessageAttributeNames=["to"], AttributeNames=["All"], WaitTimeSeconds=5)
        self.assertEqual((message.body, message.message_attributes["to"]["StringValue"]), ("hello", "you"))
        self.assertEqual(message.attributes["ApproximateReceiveCount"], "1")
        self.assertEqual(queue.receive_messages(), [])
        message.change_visibility(VisibilityTimeout=0)
        [again] = queue.receive_messages()
        self.assertEqual(again.message_id, message.message_id)
        again.delete()
        queue.load()
        self.assertEqual(queue.attributes["ApproximateNumberOfMessages"], "0")
        self.assertEqual(self.queues.get_queue_by_name(QueueName="mail").url, queue.url)
        queue.delete()
        with self.refused("AWS.SimpleQueueService.NonExistentQueue", "The specified queue does not exist."):
            self.queues.get_queue_by_name(QueueName="mail")

    def test_typed_exceptions(self):
        with self.assertRaises(self.sqs.exceptions.QueueDoesNotExist):
            self.sqs.get_queue_url(QueueName="nowhere")
        self.sqs.create_queue(QueueName="q")
        with self.assertRaises(self.sqs.exceptions.QueueNameExists):
            self.sqs.create_queue(QueueName="q", Attributes={"DelaySeconds": "1"})

    def test_fifo(self):
        queue = self.queues.create_queue(QueueName="orders.fifo", Attributes={"FifoQueue": "true", "ContentBasedDeduplication": "true"})
        sent = queue.send_messages(
            Entries=[{"Id": str(n), "MessageBody": "m%d" % (n % 4), "MessageGroupId": "g%d" % (n % 2)} for n in range(6)]
        )
        self.assertEqual(len(sent["Successful"]), 6)
        got = queue.receive_messages(MaxNumberOfMessages=10, AttributeNames=["MessageGroupId"])
        self.assertEqual([(m.attributes["MessageGroupId"], m.body) for m in got], [("g0", "m0"), ("g0", "m2"), ("g1", "m1"), ("g1", "m3")])
        deleted = queue.delete_messages(Entries=[{"Id": str(i), "ReceiptHandle": m.receipt_handle} for i, m in enumerate(got)])
        self.assertEqual(len(deleted["Successful"]), 4)
        self.assertEqual(deleted.get("Failed", []), [])

    def test_paginator(self):
        urls = [self.sqs.create_queue(QueueName="q%d" % n)["QueueUrl"] for n in range(5)]
        pages = list(self.sqs.get_paginator("list_queues").paginate(QueueNamePrefix="q", PaginationConfig={"PageSize": 2}))
        self.assertEqual(sorted(u for p in pages for u in p["QueueUrls"]), urls)
        self.assertEqual(len(pages), 3)


if __name__ == "__main__":
    unittest.main()
