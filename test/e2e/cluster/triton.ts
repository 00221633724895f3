import { spawnSync } from 'node:child_process';

import { pythonWith } from '../../servers/tools.ts';

const SCRIPT = `
import json, sys
import tritonclient.grpc as grpc
address, model = sys.argv[1:3]
with grpc.InferenceServerClient(address) as client:
    ready = client.is_model_ready(model)
    inputs = client.get_model_metadata(model, as_json=True)["inputs"]
    print(json.dumps({"ready": ready, "inputs": inputs}))
`;

/** What Triton's own client says of a model of a predictor. */
export function askByTriton(
  address: string,
  model: string,
): { readonly ready: boolean; readonly inputs: readonly object[] } {
  const python = pythonWith(['tritonclient.grpc'], 'test/interop/requirements.txt');
  if ('missing' in python) throw new Error(`end-to-end needs ${python.missing}`);
  const { status, stdout, stderr } = spawnSync(python.path, ['-c', SCRIPT, address, model], {
    encoding: 'utf8',
    timeout: 60_000,
  });
  if (status !== 0) throw new Error(`Triton's client must get an answer, was told ${stderr}`);
  return JSON.parse(stdout) as ReturnType<typeof askByTriton>;
}
