import sys
import time
import json

for i in range(10):
    print(f"Chunk {i}")
    sys.stdout.flush()
    time.sleep(0.1)

print(json.dumps({"status": "complete"}))
