"""Cuts a recording of the reference down to what this node decides already.

  trim_recording.py IN.json.gz OUT.json.gz

Of verdicts, drops the blocks that only the inside of an extension block condemns; of a stream, everything from
the first transaction that is given to the mempool. Prints what is left. Goes when the node decides those too.
"""
import gzip
import json
import sys

NOT_YET = {"bad-blk-mweb", "mweb-connect-failed"}

recording = json.load(gzip.open(sys.argv[1], "rt"))
if "cases" in recording:
    kept = [case for case in recording["cases"] if not (isinstance(case["verdict"], str) and case["verdict"] in NOT_YET)]
    print("%d of %d cases" % (len(kept), len(recording["cases"])))
    recording["cases"] = kept
else:
    steps = recording["steps"]
    end = next((i for i, step in enumerate(steps) if step.get("method") == "sendrawtransaction"), len(steps))
    print("%d of %d steps" % (end, len(steps)))
    recording["steps"] = steps[:end]
json.dump(recording, gzip.open(sys.argv[2], "wt"))
