"""asyncio's TaskGroup: spawns trivial tasks and joins them. Arguments: tasks. Prints nanoseconds."""

import asyncio
import sys
import time


async def trivial(count):
    count[0] += 1


async def main(tasks):
    count = [0]
    begun = time.perf_counter_ns()
    async with asyncio.TaskGroup() as group:
        for _ in range(tasks):
            group.create_task(trivial(count))
    elapsed = time.perf_counter_ns() - begun
    assert count[0] == tasks
    print(elapsed)


asyncio.run(main(int(sys.argv[1])))
