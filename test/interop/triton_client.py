"""Drives a server with Triton's own clients; prints one JSON object. Arguments: gRPC address, HTTP address."""

import json
import queue
import sys

import numpy as np
import tritonclient.grpc as tgrpc
import tritonclient.http as thttp

grpc_address, http_address = sys.argv[1:3]
rows = np.array([[1, 2, 3], [4, 5, 6]], dtype=np.float32)
seen = {}


def names(index):
    return sorted(entry["name"] for entry in index)


def infer(client, module, typed):
    tensor = module.InferInput("features", rows.shape, "FP32")
    if typed:
        tensor.set_data_from_numpy(rows, binary_data=False)
    else:
        tensor.set_data_from_numpy(rows)
    outputs = None
    if module is thttp:
        outputs = [module.InferRequestedOutput(name, binary_data=not typed) for name in ("sum", "doubled")]
    answer = client.infer("rows", [tensor], outputs=outputs, request_id="q1")
    return {name: answer.as_numpy(name).tolist() for name in ("sum", "doubled")}


def error_of(call):
    try:
        call()
    except Exception as error:  # the class differs between the two clients
        return str(error)
    return None


def strings(client, module):
    text = np.array([["ES", "é"]], dtype=object)
    tensor = module.InferInput("x", text.shape, "BYTES")
    tensor.set_data_from_numpy(text)
    return [item.decode() for item in client.infer("echo-BYTES", [tensor]).as_numpy("x").flatten()]


def repository(client):
    client.unload_model("rows")
    unloaded = client.is_model_ready("rows")
    client.load_model("rows")
    return [unloaded, client.is_model_ready("rows")]


with tgrpc.InferenceServerClient(grpc_address) as client:
    index = client.get_model_repository_index(as_json=True)
    seen["grpc"] = {
        "live": client.is_server_live(),
        "ready": client.is_server_ready(),
        "server": client.get_server_metadata(as_json=True)["name"],
        "model": client.get_model_metadata("rows", as_json=True),
        "raw": infer(client, tgrpc, typed=False),
        "strings": strings(client, tgrpc),
        "index": names(index["models"]),
        "repository": repository(client),
        "error": error_of(lambda: client.get_model_metadata("nobody")),
    }
    answers = queue.Queue()
    client.start_stream(lambda result, error: answers.put((result, error)))
    for i in range(100):
        tensor = tgrpc.InferInput("features", rows.shape, "FP32")
        tensor.set_data_from_numpy(rows + i)
        client.async_stream_infer("nobody" if i == 50 else "rows", [tensor], request_id=str(i))
    sums, errors = [], []
    for _ in range(100):
        result, error = answers.get(timeout=20)
        if error is None:
            sums.append(result.as_numpy("sum").tolist())
        else:
            errors.append(str(error))
    client.stop_stream()
    seen["stream"] = {"sums": sums, "errors": errors}

with thttp.InferenceServerClient(http_address) as client:
    seen["http"] = {
        "live": client.is_server_live(),
        "ready": client.is_server_ready(),
        "server": client.get_server_metadata()["name"],
        "model": client.get_model_metadata("rows"),
        "raw": infer(client, thttp, typed=False),
        "json": infer(client, thttp, typed=True),
        "strings": strings(client, thttp),
        "index": names(client.get_model_repository_index()),
        "repository": repository(client),
        "error": error_of(lambda: client.get_model_metadata("nobody")),
    }

print(json.dumps(seen))
