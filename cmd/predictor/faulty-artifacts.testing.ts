import { SIGNATURE_FILE } from '../../pkg/artifacts/signature.ts';
import type { Fault } from '../../test/servers/artifact-server.ts';

/** Files of one artifact, as a server has them. */
interface ServedFolder {
  readonly put: (file: string, bytes: Buffer | string) => void;
  readonly remove: (file: string) => void;
}

/** An artifact as it was before, and its signature by another key. */
interface PublishedArtifact {
  readonly files: Readonly<Record<string, Buffer>>;
  readonly signature: (key: string) => Promise<Buffer>;
}

/** What is wrong with an artifact: of the server, or with its files there. */
export interface FaultyArtifact {
  readonly situation: string;
  readonly code: string;
  readonly says: RegExp;
  readonly fault?: readonly [file: string, Fault];
  readonly damage?: (folder: ServedFolder, artifact: PublishedArtifact) => void | Promise<void>;
  readonly sets?: readonly ['micro-v1'];
}

const ofServer = (
  situation: string,
  file: string,
  fault: Fault,
  code: string,
  says: RegExp,
): FaultyArtifact => ({
  ...{ situation, fault: [file, fault], code, says },
});

export const FAULTY_ARTIFACTS: readonly FaultyArtifact[] = [
  ofServer(
    'no artifact',
    'manifest.json',
    { kind: 'status', status: 404 },
    'ArtifactNotFound',
    /folder with manifest.json/,
  ),
  ofServer(
    'a model that is gone',
    'model.onnx',
    { kind: 'status', status: 410 },
    'ArtifactFilesInvalid',
    /model\.onnx.*not there/,
  ),
  ofServer(
    'a manifest that is refused',
    'manifest.json',
    { kind: 'status', status: 403 },
    'AccessDenied',
    /status 403/,
  ),
  ofServer(
    'a model that is refused',
    'model.onnx',
    { kind: 'status', status: 401 },
    'AccessDenied',
    /status 401/,
  ),
  ofServer(
    'a server that fails',
    'manifest.json',
    { kind: 'status', status: 500 },
    'SourceUnavailable',
    /status 500/,
  ),
  ofServer(
    'a server that asks for patience',
    'model.onnx',
    { kind: 'status', status: 429, headers: { 'retry-after': '3600' } },
    'SourceUnavailable',
    /status 429/,
  ),
  ofServer(
    'a connection that breaks at once',
    'model.onnx',
    { kind: 'cut', afterBytes: 0 },
    'SourceUnavailable',
    /ECONNRESET|closed/,
  ),
  ofServer(
    'a server that hangs',
    'model.onnx',
    { kind: 'stall', afterBytes: 0 },
    'FetchTimeout',
    /must send within 1000 ms/,
  ),
  ofServer(
    'a model that is too short',
    'model.onnx',
    { kind: 'length', bytes: 10 },
    'FileSizeMismatch',
    /bytes, has 10/,
  ),
  ofServer(
    'a model without end',
    'model.onnx',
    { kind: 'length', bytes: 1e12 },
    'FileSizeMismatch',
    /has 1000000000000/,
  ),
  ofServer(
    'a manifest without end',
    'manifest.json',
    { kind: 'length', bytes: 1e12 },
    'ManifestInvalid',
    /at most 1048576 bytes/,
  ),
  ofServer('an encoded model', 'model.onnx', { kind: 'encoded' }, 'ResponseUnusable', /encoded as gzip/),
  ofServer(
    'a redirect to http',
    'model.onnx',
    { kind: 'redirect', to: 'http://localhost:1/' },
    'RedirectRefused',
    /leads to http of localhost/,
  ),
  ofServer(
    'a redirect in circles',
    'model.onnx',
    { kind: 'redirect', to: 'model.onnx' },
    'RedirectRefused',
    /within 5 steps/,
  ),
  ofServer(
    'a redirect to metadata',
    'manifest.json',
    { kind: 'redirect', to: 'https://169.254.169.254/' },
    'AddressForbidden',
    /link-local/,
  ),
  {
    situation: 'a changed manifest',
    code: 'DigestMismatch',
    says: /manifest\.json' must be sha256/,
    damage: ({ put }, { files }) => put('manifest.json', `${String(files['manifest.json'])} `),
  },
  {
    situation: 'a manifest that is no JSON',
    code: 'DigestMismatch',
    says: /manifest\.json' must be sha256/,
    damage: ({ put }) => put('manifest.json', 'hello'),
  },
  {
    situation: 'a changed model',
    code: 'DigestMismatch',
    says: /model\.onnx' must be sha256/,
    damage: ({ put }, { files }) => put('model.onnx', Buffer.from(files['model.onnx']!.toReversed())),
  },
  {
    situation: 'no signature',
    code: 'SignatureMissing',
    says: /must be signed/,
    damage: ({ remove }) => remove(SIGNATURE_FILE),
  },
  {
    situation: "a stranger's signature",
    code: 'SignatureInvalid',
    says: /key that is configured/,
    damage: async ({ put }, { signature }) => put(SIGNATURE_FILE, await signature('b')),
  },
  {
    situation: 'a signature of nonsense',
    code: 'SignatureInvalid',
    says: /key that is configured/,
    damage: ({ put }) => put(SIGNATURE_FILE, '{"messageSignature":1}'),
  },
  {
    situation: 'a signature without end',
    code: 'FileTooLarge',
    says: /at most 65536 bytes/,
    damage: ({ put }) => put(SIGNATURE_FILE, Buffer.alloc(100_000)),
  },
  {
    situation: 'features of another set',
    code: 'ContractMismatch',
    says: /must take features of core-v1, takes those of micro-v1/,
    sets: ['micro-v1'],
  },
];
