"""A Celery worker whose broker is SQS, on a running levee serve with AWS_ENDPOINT_URL set."""

import os
import random
import threading
import unittest
import urllib.parse

import boto3
import celery
from celery.contrib.testing.worker import start_worker

ENDPOINT = os.environ["AWS_ENDPOINT_URL"]
ACCOUNT = "%012d" % random.randrange(10**12)
HOST = urllib.parse.urlsplit(ENDPOINT).netloc

app = celery.Celery("tasks", broker=f"sqs://{ACCOUNT}:any@{HOST}//")
app.conf.update(
    broker_transport_options={"region": "us-east-1", "is_secure": False, "wait_time_seconds": 1, "polling_interval": 0.05,
                              "visibility_timeout": 30},
    task_default_queue="celery-levee",
    task_acks_late=True,
    worker_enable_remote_control=False,
    worker_send_task_events=False,
    broker_connection_retry_on_startup=False,
)

done = []
finished = threading.Event()


@app.task(bind=True, max_retries=3, default_retry_delay=0)
def work(self, n):
    if n == 7 and self.request.retries < 2:
        raise self.retry()
    done.append((n, self.request.retries))
    if len(done) == 20:
        finished.set()


class Celery(unittest.TestCase):
    def test_tasks_are_done_and_retried(self):
        with start_worker(app, perform_ping_check=False, pool="solo"):
            for n in range(20):
                work.delay(n)
            self.assertTrue(finished.wait(60), f"done: {done}")
        self.assertEqual(sorted(done), [(n, 2 if n == 7 else 0) for n in range(20)])
        sqs = boto3.session.Session(ACCOUNT, "any", region_name="us-east-1").client("sqs", endpoint_url=ENDPOINT)
        url = sqs.get_queue_url(QueueName="celery-levee")["QueueUrl"]
        counts = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
        self.assertEqual(counts["ApproximateNumberOfMessages"], "0")


if __name__ == "__main__":
    unittest.main()
