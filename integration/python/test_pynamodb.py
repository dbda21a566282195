"""PynamoDB against a running levee serve, with AWS_ENDPOINT_URL set."""

import datetime
import os
import random
import unittest

from pynamodb.attributes import (
    JSONAttribute, ListAttribute, MapAttribute, NumberAttribute, TTLAttribute, UnicodeAttribute, UnicodeSetAttribute,
    UTCDateTimeAttribute, VersionAttribute,
)
from pynamodb.connection import Connection
from pynamodb.exceptions import DoesNotExist, PutError, TransactWriteError, UpdateError
from pynamodb.indexes import AllProjection, GlobalSecondaryIndex, KeysOnlyProjection, LocalSecondaryIndex
from pynamodb.models import Model
from pynamodb.transactions import TransactGet, TransactWrite

ENDPOINT = os.environ["AWS_ENDPOINT_URL"]
ACCOUNT = "%012d" % random.randrange(10**12)


class Settings:
    host = ENDPOINT
    region = "us-east-1"
    aws_access_key_id = ACCOUNT
    aws_secret_access_key = "any"
    billing_mode = "PAY_PER_REQUEST"
    max_retry_attempts = 0


class ByViews(LocalSecondaryIndex):
    class Meta:
        index_name = "by_views"
        projection = KeysOnlyProjection()

    forum = UnicodeAttribute(hash_key=True)
    views = NumberAttribute(range_key=True)


class ByAuthor(GlobalSecondaryIndex):
    class Meta(Settings):
        index_name = "by_author"
        projection = AllProjection()

    author = UnicodeAttribute(hash_key=True)


class Place(MapAttribute):
    city = UnicodeAttribute()
    zip = NumberAttribute(null=True)


class Thread(Model):
    class Meta(Settings):
        table_name = "Thread"

    forum = UnicodeAttribute(hash_key=True)
    subject = UnicodeAttribute(range_key=True)
    author = UnicodeAttribute(default="nobody")
    views = NumberAttribute(default=0)
    tags = UnicodeSetAttribute(null=True)
    posted = UTCDateTimeAttribute(null=True)
    place = Place(null=True)
    replies = ListAttribute(default=list)
    extra = JSONAttribute(null=True)
    by_views = ByViews()
    by_author = ByAuthor()


class Office(Model):
    class Meta(Settings):
        table_name = "Office"

    id = NumberAttribute(hash_key=True)
    name = UnicodeAttribute()
    version = VersionAttribute()


class PynamoDB(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        Thread.create_table(wait=True)
        Office.create_table(wait=True)

    def test_values(self):
        posted = datetime.datetime(2026, 1, 2, 3, 4, 5, 678, tzinfo=datetime.timezone.utc)
        Thread("values", "a", views=7, tags={"x", "y"}, posted=posted, place=Place(city="서울"), replies=["r", 1],
               extra={"a": [1, None]}).save()
        got = Thread.get("values", "a", consistent_read=True)
        self.assertEqual(got.tags, {"x", "y"})
        self.assertEqual(got.posted, posted)
        self.assertEqual(got.place.city, "서울")
        self.assertEqual(got.replies, ["r", 1])
        self.assertEqual(got.extra, {"a": [1, None]})
        with self.assertRaises(DoesNotExist):
            Thread.get("values", "b")

    def test_update_and_conditions(self):
        thread = Thread("update", "a")
        thread.save(condition=Thread.forum.does_not_exist())
        with self.assertRaises(PutError) as caught:
            thread.save(condition=Thread.forum.does_not_exist())
        self.assertEqual(caught.exception.cause_response_code, "ConditionalCheckFailedException")
        thread.update([Thread.views.add(3), Thread.tags.add({"a", "b"}), Thread.replies.set(Thread.replies.append(["r"]))],
                      condition=Thread.views == 0)
        thread.update([Thread.tags.delete({"a"}), Thread.views.set(Thread.views - 1)])
        self.assertEqual((thread.views, thread.tags, thread.replies), (2, {"b"}, ["r"]))
        with self.assertRaises(UpdateError):
            thread.update([Thread.views.set(1)], condition=(Thread.views > 5) | Thread.place.exists())
        thread.delete(condition=Thread.views.between(1, 2) & Thread.tags.contains("b"))

    def test_batches_queries_and_indexes(self):
        with Thread.batch_write() as batch:
            for i in range(60):
                batch.save(Thread("many", "s%02d" % i, author="odd" if i % 2 else "even", views=60 - i))
        page = Thread.query("many", Thread.subject.between("s10", "s19"), limit=5)
        self.assertEqual([t.subject for t in page], ["s10", "s11", "s12", "s13", "s14"])
        rest = Thread.query("many", Thread.subject.between("s10", "s19"), last_evaluated_key=page.last_evaluated_key)
        self.assertEqual(len(list(rest)), 5)
        self.assertEqual([t.subject for t in Thread.by_views.query("many", ByViews.views < 3)], ["s59", "s58"])
        self.assertEqual(Thread.by_author.count("odd"), 30)
        self.assertEqual(len(list(Thread.query("many", filter_condition=Thread.author == "odd", page_size=7))), 30)
        keys = [("many", "s%02d" % i) for i in range(60)]
        self.assertEqual(len(list(Thread.batch_get(keys))), 60)
        self.assertEqual(sum(1 for _ in Thread.scan(Thread.views > 50)), 10)

    def test_optimistic_locking(self):
        Office(1, name="first").save()
        one, two = Office.get(1), Office.get(1)
        one.name = "second"
        one.save()
        two.name = "third"
        with self.assertRaises(PutError):
            two.save()
        self.assertEqual((Office.get(1).name, Office.get(1).version), ("second", 2))

    def test_transactions(self):
        connection = Connection(region="us-east-1", host=ENDPOINT)
        connection.session.set_credentials(ACCOUNT, "any")
        Thread("tx", "a", views=1).save()
        with TransactWrite(connection=connection, client_request_token="token") as tx:
            tx.update(Thread("tx", "a"), actions=[Thread.views.add(1)], condition=Thread.views == 1)
            tx.save(Thread("tx", "b"))
        with self.assertRaises(TransactWriteError) as caught:
            with TransactWrite(connection=connection) as tx:
                tx.condition_check(Thread, "tx", "a", condition=Thread.views == 1)
                tx.delete(Thread("tx", "b"))
        self.assertEqual([r and r.code for r in caught.exception.cancellation_reasons], ["ConditionalCheckFailed", None])
        with TransactGet(connection=connection) as tx:
            a, b = tx.get(Thread, "tx", "a"), tx.get(Thread, "tx", "b")
        self.assertEqual((a.get().views, b.get().subject), (2, "b"))


if __name__ == "__main__":
    unittest.main()
