# The recipe of recipe.rs, call for call, with Python's own threads.
import sys
import time
import urllib.request
from statistics import median_low
from threading import Thread

path, url = sys.argv[1:3]
fibonacci_of, fibonacci_is, rounds = map(int, sys.argv[3:6])
counts = [int(count) for count in sys.argv[6:]]
# No proxy stands between this machine and itself.
opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
# A block of the file.
right = bytes(range(256)) * 256
failures = []


def nothing():
    pass


def fibonacci(n):
    return n if n < 2 else fibonacci(n - 1) + fibonacci(n - 2)


def compute():
    assert fibonacci(fibonacci_of) == fibonacci_is


def read():
    block, size = bytearray(len(right)), 0
    with open(path, "rb", buffering=0) as file:
        while file.readinto(block) == len(right):
            assert block == right
            size += len(right)
    assert size == 1 << 23


def get():
    with opener.open(url, timeout=10) as answer:
        assert answer.read() == b"a page"


def checked(function):
    # An exception in a thread is printed and forgotten; here it must not be.
    try:
        function()
    except BaseException as failure:
        failures.append(failure)


def on_one_thread(function, count):
    for _ in range(count):
        checked(function)


def on_threads(function, count):
    threads = [Thread(target=checked, args=(function,)) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def timed(run, function, count):
    begun = time.perf_counter_ns()
    run(function, count)
    return time.perf_counter_ns() - begun


lock = getattr(sys, "_is_gil_enabled", lambda: True)()
print("Python", sys.version.split()[0], "with its global lock" if lock else "without a global lock")
for name, function in [("nothing", nothing), ("fibonacci", compute), ("file", read), ("http", get)]:
    for count in counts:
        times = [(timed(on_one_thread, function, count), timed(on_threads, function, count)) for _ in range(rounds)]
        one, threads = (median_low(column) for column in zip(*times))
        print(name, count, one, threads)
if failures:
    sys.exit(f"{len(failures)} calls failed, the first with {failures[0]!r}")
