import { execFileSync } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { readPrivateKey, readPublicKeys, signManifest, verifySignature } from './signature.ts';

const MANIFEST = Buffer.from('{"name":"direction"}\n');

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tradewind-signature-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const at = (name: string): string => join(folder, name);
const openssl = (...args: readonly string[]): void => void execFileSync('openssl', args, { stdio: 'ignore' });
const ED25519 = ['genpkey', '-algorithm', 'ed25519'];
const P256 = ['genpkey', '-algorithm', 'EC', '-pkeyopt', 'ec_paramgen_curve:P-256'];

function makeKey(name: string, kind: readonly string[]): void {
  openssl(...kind, '-out', at(`${name}.pem`));
  openssl('pkey', '-in', at(`${name}.pem`), '-pubout', '-out', at(`${name}.pub`));
}

describe.each([
  ['Ed25519', ED25519],
  ['ECDSA P-256', P256],
] as const)('a signature by a key of %s that openssl made', (_, kind) => {
  beforeEach(() => makeKey('a', kind));

  it('counts for its manifest, in every form, and for no other', async () => {
    const keys = await readPublicKeys(at('a.pub'));
    const text = signManifest(MANIFEST, await readPrivateKey(at('a.pem')));
    const bundle = { mediaType: 'x', messageSignature: { signature: text.trim() } };
    const forms = [Buffer.from(text), Buffer.from(text, 'base64'), Buffer.from(JSON.stringify(bundle))];
    for (const form of forms) {
      verifySignature('here', MANIFEST, form, keys);
      expect(() => verifySignature('here', Buffer.from('{}'), form, keys)).toThrow(
        expect.objectContaining({ code: 'SignatureInvalid' }),
      );
    }
  });

  it('is one that openssl makes and verifies too', async () => {
    await writeFile(at('manifest.json'), MANIFEST);
    const isEd = kind === ED25519;
    const how = isEd ? ['pkeyutl', '-rawin'] : ['dgst', '-sha256'];
    const sign = isEd
      ? [...how, '-sign', '-inkey', at('a.pem'), '-in', at('manifest.json'), '-out', at('sig')]
      : [...how, '-sign', at('a.pem'), '-out', at('sig'), at('manifest.json')];
    openssl(...sign);
    verifySignature('here', MANIFEST, await readFile(at('sig')), await readPublicKeys(at('a.pub')));
    const ours = signManifest(MANIFEST, await readPrivateKey(at('a.pem')));
    await writeFile(at('ours'), Buffer.from(ours, 'base64'));
    const check = isEd
      ? [
          ...how,
          '-verify',
          '-pubin',
          '-inkey',
          at('a.pub'),
          '-in',
          at('manifest.json'),
          '-sigfile',
          at('ours'),
        ]
      : [...how, '-verify', at('a.pub'), '-signature', at('ours'), at('manifest.json')];
    expect(() => openssl(...check)).not.toThrow();
  });

  it('is refused where another key is configured, and taken where one of several fits', async () => {
    makeKey('b', ED25519);
    const signature = Buffer.from(signManifest(MANIFEST, await readPrivateKey(at('a.pem'))));
    const others = await readPublicKeys(at('b.pub'));
    expect(() => verifySignature('here', MANIFEST, signature, others)).toThrow(
      expect.objectContaining({ code: 'SignatureInvalid' }),
    );
    await writeFile(
      at('both.pub'),
      (await readFile(at('b.pub'), 'utf8')) + (await readFile(at('a.pub'), 'utf8')),
    );
    verifySignature('here', MANIFEST, signature, await readPublicKeys(at('both.pub')));
  });
});

describe('keys', () => {
  it.each<[string, () => Promise<unknown>]>([
    ['text', () => writeFile(at('k'), 'hello')],
    [
      'a damaged key',
      () => writeFile(at('k'), '-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n'),
    ],
    [
      'a private key',
      async () => {
        openssl(...ED25519, '-out', at('k'));
      },
    ],
    [
      'an RSA key',
      () =>
        writeFile(
          at('k'),
          generateKeyPairSync('rsa', { modulusLength: 2048 }).publicKey.export({
            type: 'spki',
            format: 'pem',
          }),
        ),
    ],
  ])('refuses %s as a public key', async (_, write) => {
    await write();
    await expect(readPublicKeys(at('k'))).rejects.toMatchObject({ code: 'KeyInvalid' });
  });

  it('refuses a public key where a private one is needed, and a file that is not there', async () => {
    makeKey('a', ED25519);
    await expect(readPrivateKey(at('a.pub'))).rejects.toMatchObject({ code: 'KeyInvalid' });
    await expect(readPublicKeys(at('none'))).rejects.toMatchObject({ code: 'FileUnreadable' });
  });

  it('reads a key of a mounted Secret, which is a link', async () => {
    makeKey('a', ED25519);
    await symlink(at('a.pub'), at('linked'));
    expect(await readPublicKeys(at('linked'))).toHaveLength(1);
  });
});

it.each(['', '{', '{}', '{"messageSignature":{}}', 'AAAA', '\u0000'])(
  'no signature is made of %j',
  async (text) => {
    makeKey('a', ED25519);
    const keys = await readPublicKeys(at('a.pub'));
    expect(() => verifySignature('here', MANIFEST, Buffer.from(text), keys)).toThrow(
      expect.objectContaining({ code: 'SignatureInvalid' }),
    );
  },
);
