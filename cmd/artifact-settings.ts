import { z } from 'zod';

import { secret } from './settings.ts';

const name = z.string().min(1);
const pauseMs = z.int().positive().max(3_600_000);

const isUrl = (text: string): boolean =>
  URL.canParse(text) && /^https?:$/.test(new URL(text).protocol) && new URL(text).username === '';

/** How S3-compatible stores are reached. */
const s3Section = z
  .strictObject({
    endpoint: z
      .string()
      .refine(isUrl, 'must be an http or https address without user')
      .optional()
      .describe("Address of the store; where absent, Amazon's in the region"),
    region: name.default('us-east-1'),
    pathStyle: z
      .boolean()
      .default(false)
      .describe(
        "Whether the bucket stands in the path and not in the host's name, as most own stores want it",
      ),
    accessKeyId: z.string().default('').describe('Empty for what everybody may read'),
    secretAccessKey: secret,
    sessionToken: secret,
    credentialsDir: name
      .optional()
      .describe(
        'Folder of a mounted Secret with files AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN if any; read anew for each request',
      ),
  })
  .refine(({ accessKeyId, secretAccessKey }) => (accessKeyId === '') === (secretAccessKey === ''), {
    path: ['accessKeyId'],
    message: 'must be given together with secretAccessKey, or neither',
  })
  .refine(({ accessKeyId, credentialsDir }) => accessKeyId === '' || credentialsDir === undefined, {
    path: ['credentialsDir'],
    message: 'must be absent where accessKeyId is given',
  })
  .prefault({});

/** How artifacts are found, fetched and trusted. */
export const artifactSection = z
  .strictObject({
    verification: z
      .enum(['Enforce', 'Off'])
      .default('Enforce')
      .describe(
        '`Enforce`: expected digests and signatures count, and what comes over the network must have one of them. `Off`: neither is looked at',
      ),
    publicKeyFile: name
      .optional()
      .describe('PEM of the keys of which one must have signed every artifact; Ed25519 or ECDSA P-256'),
    cacheDir: name
      .default('.tradewind/artifacts')
      .describe('Folder that keeps what was fetched; processes of a node may share it'),
    cacheMaxBytes: z
      .int()
      .positive()
      .default(4 * 1024 ** 3)
      .describe('Bytes that are kept; the least recently used are removed, those in use never'),
    maxModelBytes: z
      .int()
      .positive()
      .max(2 * 1024 ** 3)
      .default(512 * 1024 ** 2)
      .describe('Largest sum of the files of an artifact, bytes'),
    allowHttp: z.boolean().default(false).describe('Fetch over http too, without encryption'),
    allowLinkLocal: z
      .boolean()
      .default(false)
      .describe('Fetch from link-local addresses too, where clouds keep the credentials of machines'),
    caFile: name.optional().describe('PEM file of the authorities to trust, instead of the system'),
    connectTimeoutMs: z.int().positive().max(300_000).default(10_000),
    idleTimeoutMs: z.int().positive().max(600_000).default(30_000).describe('Longest silence of a server'),
    retryPauseMs: pauseMs
      .default(1000)
      .describe('Pause before a failure that may pass is tried again; doubled each time, up to 30-fold'),
    mendPauseMs: pauseMs
      .default(30_000)
      .describe('Pause before a faulty artifact is looked at again; doubled each time, up to 10-fold'),
    mounts: z
      .strictObject({
        pvc: name
          .default('/mnt/pvc')
          .describe('Folder below which the claim of `pvc://claim/path` is mounted'),
        configmap: name
          .default('/mnt/configmap')
          .describe('Folder below which the map of `configmap://name` is mounted'),
      })
      .prefault({}),
    s3: s3Section,
  })
  .prefault({});

export type ArtifactSection = z.infer<typeof artifactSection>;
