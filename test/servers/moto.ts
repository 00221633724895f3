import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { eventually } from '../support/eventually.ts';
import { freePorts } from './ports.ts';
import { startProcess } from './processes.ts';
import { pythonWith } from './tools.ts';

const START_TIMEOUT_MS = 60_000;

/** Releases before this one refuse right signatures of keys with some characters, boto3's own too. */
const CHECK =
  "from importlib.metadata import version; assert [int(part) for part in version('moto').split('.')] >= [5, 2, 5]";

/** Python with moto, an S3-compatible server in memory that can check signatures. */
export const moto = (): ReturnType<typeof pythonWith> =>
  pythonWith(['moto.server', 'boto3'], 'test/servers/moto-requirements.txt', CHECK);

/** A running S3-compatible server on 127.0.0.1. */
export interface S3Server {
  /** `http://127.0.0.1:<port>`. */
  readonly endpoint: string;
  /** A user that may read every bucket; its keys are checked on every request. */
  readonly user: { readonly accessKeyId: string; readonly secretAccessKey: string };
  stop(): Promise<void>;
}

/** Buckets, objects and a user, made by boto3; then the server is told to check who asks. */
const PREPARE = `
import json, os, sys, urllib.request
import boto3
endpoint, bucket, prefix, folder = sys.argv[1:]
own = dict(endpoint_url=endpoint, region_name='eu-central-1', aws_access_key_id='x', aws_secret_access_key='x')
s3 = boto3.client('s3', **own)
s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={'LocationConstraint': 'eu-central-1'})
for name in os.listdir(folder):
    s3.upload_file(os.path.join(folder, name), bucket, prefix + name)
iam = boto3.client('iam', **own)
iam.create_user(UserName='predictor')
policy = {'Version': '2012-10-17', 'Statement': [{'Effect': 'Allow', 'Action': 's3:*', 'Resource': '*'}]}
iam.put_user_policy(UserName='predictor', PolicyName='read', PolicyDocument=json.dumps(policy))
key = iam.create_access_key(UserName='predictor')['AccessKey']
auth = urllib.request.Request(endpoint + '/moto-api/reset-auth', b'0', {'Content-Type': 'text/plain'})
urllib.request.urlopen(auth)
print(json.dumps({'accessKeyId': key['AccessKeyId'], 'secretAccessKey': key['SecretAccessKey']}))
`;

/**
 * Starts the server with a bucket (in eu-central-1) that holds the files of a folder below a prefix.
 *
 * @param folder - Of these files.
 */
export async function startMoto(bucket: string, prefix: string, folder: string): Promise<S3Server> {
  const tool = moto();
  if (!('path' in tool)) throw new Error(`must have ${tool.missing}`);
  const [port] = (await freePorts(1)) as [number];
  const scratch = mkdtempSync(join(tmpdir(), 'tradewind-moto-'));
  const args = ['-m', 'moto.server', '-H', '127.0.0.1', '-p', String(port)];
  const server = startProcess(tool.path, args, join(scratch, 'log'));
  const endpoint = `http://127.0.0.1:${port}`;
  const stop = async (): Promise<void> => {
    await server.end('SIGKILL');
    rmSync(scratch, { recursive: true, force: true });
  };
  try {
    await eventually(async () => (await fetch(`${endpoint}/moto-api/`)).ok, START_TIMEOUT_MS);
    const { stdout } = await promisify(execFile)(
      tool.path,
      ['-c', PREPARE, endpoint, bucket, prefix, folder],
      { timeout: START_TIMEOUT_MS },
    );
    return { endpoint, user: JSON.parse(stdout) as S3Server['user'], stop };
  } catch (error) {
    const log = server.output();
    await stop();
    throw new Error(`moto must start, said:\n${log}`, { cause: error });
  }
}
