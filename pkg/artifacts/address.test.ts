import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { parseReference, withoutSecrets } from './address.ts';

const DIGEST = `sha256:${'ab'.repeat(32)}`;

describe('addresses of artifacts', () => {
  it.each<[string, object]>([
    ['a/b', { kind: 'path', path: 'a/b' }],
    ['/a/b c', { kind: 'path', path: '/a/b c' }],
    ['file:///a/b', { kind: 'path', path: '/a/b' }],
    ['pvc://models/es/1', { kind: 'mount', volume: 'pvc', name: 'models', path: 'es/1' }],
    ['pvc://models', { kind: 'mount', volume: 'pvc', name: 'models', path: '' }],
    ['configmap://es-direction', { kind: 'mount', volume: 'configmap', name: 'es-direction', path: '' }],
    ['s3://models/es/1', { kind: 's3', bucket: 'models', prefix: 'es/1/' }],
    ['s3://models/es/1/', { kind: 's3', bucket: 'models', prefix: 'es/1/' }],
    ['s3://models', { kind: 's3', bucket: 'models', prefix: '' }],
  ])('reads %s', (uri, address) => {
    expect(parseReference(uri)).toEqual({ address, digest: undefined });
    expect(parseReference(`${uri}#${DIGEST}`)).toEqual({ address, digest: DIGEST });
  });

  it('takes a folder of a web server, with its query', () => {
    const { address } = parseReference('https://host/models/es?sig=1#part');
    expect(address.kind === 'web' && address.url.href).toBe('https://host/models/es/?sig=1');
  });

  it.each([
    ['ftp://host/a', 'SchemeUnsupported'],
    ['oci://host/a', 'SchemeUnsupported'],
    ['s3://', 'AddressInvalid'],
    ['s3://b/x', 'AddressInvalid'],
    ['s3://bucket/a//b', 'AddressInvalid'],
    ['s3://bucket/../b', 'AddressInvalid'],
    ['pvc://claim/../../etc', 'AddressInvalid'],
    ['pvc://Claim/x', 'AddressInvalid'],
    ['configmap://', 'AddressInvalid'],
    ['https://', 'AddressInvalid'],
    ['https://user:hunter2@host/a', 'AddressInvalid'],
    ['https://host/model.onnx', 'AddressInvalid'],
    ['file://host/a', 'AddressInvalid'],
  ])('refuses %s with %s', (uri, code) => {
    expect(() => parseReference(uri)).toThrow(expect.objectContaining({ code }));
  });

  it('shows neither user, password nor query', () => {
    expect(withoutSecrets('https://user:hunter2@host/a?sig=hunter2#x')).toBe('https://host/a');
    expect(() => parseReference('https://user:hunter2@host/a?k=hunter2')).toThrow(
      expect.not.objectContaining({ message: expect.stringContaining('hunter2') }) as Error,
    );
  });

  it('never leads out of a mount, whatever is written', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom('..', '.', 'a', '/', '//', '%2e%2e', '...')), (parts) => {
        try {
          const { address } = parseReference(`pvc://claim/${parts.join('')}`);
          expect(address.kind === 'mount' && address.path.split('/').includes('..')).toBe(false);
        } catch (error) {
          expect(error).toMatchObject({ code: 'AddressInvalid' });
        }
      }),
    );
  });
});
