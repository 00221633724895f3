import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { goTool, pythonWith, type Tool } from '../servers/tools.ts';
import { type OipServer, startOipServer } from './oip-server.ts';

const run = promisify(execFile);
const python = pythonWith(['tritonclient.grpc', 'tritonclient.http'], 'test/interop/requirements.txt');
const grpcurl = goTool('grpcurl', 'github.com/fullstorydev/grpcurl/cmd/grpcurl@v1.9.3');

const title = (name: string, tool: Tool): string =>
  'missing' in tool ? `${name} (missing: ${tool.missing})` : name;
const pathOf = (tool: Tool): string => ('path' in tool ? tool.path : '');

let server: OipServer;
beforeAll(async () => {
  server = await startOipServer();
});
afterAll(() => server.stop());

const model = {
  name: 'rows',
  versions: ['7'],
  platform: 'onnxruntime_onnx',
  inputs: [{ name: 'features', datatype: 'FP32' }],
  outputs: [
    { name: 'sum', datatype: 'FP32' },
    { name: 'doubled', datatype: 'FP32' },
  ],
};
const outputs = {
  sum: [6, 15],
  doubled: [
    [2, 4, 6],
    [8, 10, 12],
  ],
};
const common = {
  live: true,
  ready: true,
  server: 'tradewind',
  model,
  raw: outputs,
  strings: ['ES', 'é'],
  index: ['echo-BYTES', 'rows'],
  repository: [false, true],
};

describe.skipIf('missing' in python)(title('tritonclient', python), () => {
  let seen: {
    grpc: { error: string };
    stream: { sums: number[][]; errors: string[] };
    http: { error: string };
  };
  beforeAll(async () => {
    const script = join(import.meta.dirname, 'triton_client.py');
    const { stdout } = await run(pathOf(python), [script, server.grpcAddress, server.httpAddress]);
    seen = JSON.parse(stdout) as typeof seen;
  });

  it('speaks every method over gRPC', () => {
    expect(seen.grpc).toMatchObject(common);
    expect(seen.grpc.error).toContain('[StatusCode.NOT_FOUND]');
  });

  it('streams 100 requests and gets the failed one in-band', () => {
    const sums = Array.from({ length: 100 }, (_, i) => [6 + 3 * i, 15 + 3 * i]);
    expect(seen.stream.sums).toEqual(sums.filter((_, i) => i !== 50));
    expect(seen.stream.errors).toHaveLength(1);
    expect(seen.stream.errors[0]).toContain("'nobody'");
  });

  it('speaks every method over HTTP, in JSON and in binary', () => {
    expect(seen.http).toMatchObject({ ...common, json: { sum: [6, 15], doubled: outputs.doubled } });
    expect(seen.http.error).toContain("'nobody'");
  });
});

describe.skipIf('missing' in grpcurl)(title('grpcurl', grpcurl), () => {
  const call = async (...args: string[]): Promise<string> => {
    const { stdout } = await run(pathOf(grpcurl), ['-plaintext', ...args]);
    return stdout;
  };

  it('finds every service by reflection', async () => {
    const services = (await call(server.grpcAddress, 'list')).trim().split('\n');
    expect(services).toEqual([
      'grpc.health.v1.Health',
      'grpc.reflection.v1.ServerReflection',
      'grpc.reflection.v1alpha.ServerReflection',
      'inference.GRPCInferenceService',
    ]);
  });

  it('describes a message', async () => {
    const text = await call(server.grpcAddress, 'describe', 'inference.ModelInferRequest');
    expect(text).toContain('repeated bytes raw_input_contents = 7;');
  });

  it('checks health', async () => {
    const text = await call('-d', '{}', server.grpcAddress, 'grpc.health.v1.Health/Check');
    expect(JSON.parse(text)).toEqual({ status: 'SERVING' });
  });

  it('infers from JSON', async () => {
    const request = {
      modelName: 'rows',
      inputs: [{ name: 'features', datatype: 'FP32', shape: [1, 3], contents: { fp32Contents: [1, 2, 3] } }],
    };
    const text = await call(
      '-d',
      JSON.stringify(request),
      server.grpcAddress,
      'inference.GRPCInferenceService/ModelInfer',
    );
    expect(JSON.parse(text)).toMatchObject({
      modelName: 'rows',
      outputs: [{ contents: { fp32Contents: [6] } }, { contents: { fp32Contents: [2, 4, 6] } }],
    });
  });

  it('reads the reason of an error', async () => {
    const request = JSON.stringify({ modelName: 'nobody' });
    const failed = call(
      '-d',
      request,
      '-format-error',
      server.grpcAddress,
      'inference.GRPCInferenceService/ModelInfer',
    );
    const error = await failed.then(
      () => '',
      (reason: { stderr: string }) => reason.stderr,
    );
    expect(JSON.parse(error)).toMatchObject({
      code: 5,
      details: [{ reason: 'ModelNotFound', domain: 'tradewind.dev', metadata: { model: 'nobody' } }],
    });
  });
});
