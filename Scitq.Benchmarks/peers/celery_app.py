"""Celery as its documentation has it for work that must not get lost: persistent messages, confirmed publishing,
acknowledgement after the task. PEER_RESULTS names a result backend; without one nothing records that a task was done."""
import os
import subprocess

from celery import Celery

app = Celery("bench", broker=os.environ["PEER_BROKER"], backend=os.environ.get("PEER_RESULTS") or None)
app.conf.update(
    task_default_queue=os.environ["PEER_QUEUE"],
    task_acks_late=True,
    worker_prefetch_multiplier=4,
    task_ignore_result=not os.environ.get("PEER_RESULTS"),
    broker_transport_options={"confirm_publish": True},
    worker_send_task_events=False,
)


@app.task
def run(argv):
    code = subprocess.run(argv).returncode
    # One byte a task, so that who measures can see when the last one has ended.
    file = os.open(os.environ["PEER_COUNT"], os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.write(file, b"x")
    os.close(file)
    return code
