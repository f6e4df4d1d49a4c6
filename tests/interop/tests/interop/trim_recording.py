"""Cuts the recording of a stream of the reference down to what this node takes part in already.

  trim_recording.py IN.json.gz OUT.json.gz

Drops everything from the first transaction that is given to the mempool. Prints what is left. Goes with the mempool.
"""
import gzip
import json
import sys

recording = json.load(gzip.open(sys.argv[1], "rt"))
steps = recording["steps"]
end = next((i for i, step in enumerate(steps) if step.get("method") == "sendrawtransaction"), len(steps))
print("%d of %d steps" % (end, len(steps)))
recording["steps"] = steps[:end]
json.dump(recording, gzip.open(sys.argv[2], "wt"))
