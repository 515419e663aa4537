"""What a spawned process runs in tests: it imports by name, and has no more on its path than this folder."""


def ask(reward, queue, prompt, completion):
    queue.put(reward([prompt], [completion]))
