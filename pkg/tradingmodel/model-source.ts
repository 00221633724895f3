import { z } from 'zod';

import { digest, resourceName, ruled, text } from './fields.ts';

/** A part of a path: no query, no fragment, nothing that could carry a secret. */
const SEGMENT = '/[-A-Za-z0-9._~%+@=:,]+';
const PATH = `(${SEGMENT})*/?`;
const NAME = '[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?';

/** A form of each kind of address, with what it must be. */
const URI_FORMS = [
  ['file', `^file://(${SEGMENT})+/?$`, 'must be file:// and an absolute path, such as "file:///models/es"'],
  [
    'https',
    `^https://[A-Za-z0-9]([-A-Za-z0-9.]*[A-Za-z0-9])?(:[0-9]{1,5})?${PATH}$`,
    'must be https://host/path without user, password, query or fragment: name a Secret in credentialsSecretRef instead',
  ],
  [
    's3',
    `^s3://[a-z0-9][-a-z0-9.]{1,61}[a-z0-9]${PATH}$`,
    'must be s3://bucket/prefix without user, password, query or fragment: name a Secret in credentialsSecretRef instead',
  ],
  ['pvc', `^pvc://${NAME}${PATH}$`, 'must be pvc://claim/path, such as "pvc://models/es/2026-11-20"'],
  ['configmap', `^configmap://${NAME}/?$`, 'must be configmap://name, such as "configmap://es-direction"'],
] as const;

const ADDRESS = /^(file|https|s3|pvc|configmap):\/\/\S+$/;

const uriSchema = ruled(
  text(
    ADDRESS,
    'must be a file, https, s3, pvc or configmap address, such as "s3://models/es/2026-11-20/"',
    1024,
  ),
  ...URI_FORMS.map(([scheme, form, message]) => ({
    rule: `!self.startsWith('${scheme}://') || self.matches(r'${form}')`,
    message,
  })),
  {
    rule: `!self.matches(r'/\\.\\.?(/|$)')`,
    message: 'must have no . or .. in its path: write the path itself',
  },
);

/** Where the files of a model come from, and how they are known to be the right ones. */
export const modelSourceSchema = ruled(
  z.strictObject({
    version: text(
      /^[A-Za-z0-9]([-A-Za-z0-9._]{0,61}[A-Za-z0-9])?$/,
      'must be letters, digits and . _ -, at most 63, that begin and end with a letter or digit: it becomes a label',
      63,
    ).describe(
      'Version of the model for people and labels, such as `2026-11-20`. A new one is a new revision.',
    ),
    uri: uriSchema.describe(
      'Folder of the artifact: `file:///path` (in the image), `https://host/path`, `s3://bucket/prefix`, `pvc://claim/path` or `configmap://name`.',
    ),
    digest: digest
      .optional()
      .describe(
        "SHA-256 of the artifact's `manifest.json`, which names the digest of every other file. Must be given unless `verification` is `Off`.",
      ),
    verification: z
      .enum(['Enforce', 'Off'])
      .default('Enforce')
      .describe('`Enforce` serves nothing whose digest or signature is wrong; `Off` is for experiments.'),
    signature: z
      .strictObject({
        publicKeySecretRef: z
          .strictObject({
            name: resourceName.describe('Name of the Secret, in the namespace of the model.'),
            key: z
              .string()
              .min(1)
              .max(253)
              .default('cosign.pub')
              .describe('Key of the Secret that holds the public key (PEM).'),
          })
          .describe('Secret with the public key.'),
      })
      .optional()
      .describe('Signature of the manifest that must hold, beside the digest.'),
    credentialsSecretRef: z
      .strictObject({ name: resourceName.describe('Name of the Secret, in the namespace of the model.') })
      .optional()
      .describe('Secret with the credentials for an `https` or `s3` address.'),
    contract: z
      .strictObject({
        featureSet: z
          .string()
          .min(1)
          .max(63)
          .describe('Feature set that the model reads, such as `core-v1`.'),
        inputs: z.int().min(1).max(4096).describe('Features that the model reads.'),
      })
      .optional()
      .describe(
        'What the manifest must say that the model reads; a model that reads something else is not served.',
      ),
  }),
  {
    rule: `has(self.digest) || self.verification == 'Off'`,
    fieldPath: '.digest',
    message:
      'must be given unless verification is Off: take the one that `tradewind models verify` prints for the artifact',
  },
  {
    rule: `!has(self.signature) || self.verification != 'Off'`,
    fieldPath: '.signature',
    message: 'must be left out when verification is Off, which would not check it: use Enforce',
  },
  {
    rule: `!has(self.credentialsSecretRef) || self.uri.startsWith('https://') || self.uri.startsWith('s3://')`,
    fieldPath: '.credentialsSecretRef',
    message: 'must be left out unless uri is an https or s3 address: nothing else asks for credentials',
  },
);
