"""A submitter that stays connected. Orders come by line on stdin, each is answered by a line on stdout:
   submit N PROGRAM      -> seconds it took
   one WORD...           -> wall clock in ns when the call was entered, seconds it took
   purge                 -> how many messages were thrown away
"""
import sys
import time

from celery_app import app, run

for line in sys.stdin:
    order = line.split()
    begin, clock = time.perf_counter(), time.time_ns()
    if order[0] == "submit":
        for _ in range(int(order[1])):
            run.delay([order[2]])
        answer = f"{time.perf_counter() - begin:.6f}"
    elif order[0] == "one":
        run.delay(order[1:])
        answer = f"{clock} {time.perf_counter() - begin:.6f}"
    else:
        answer = str(app.control.purge())
    print(answer, flush=True)
