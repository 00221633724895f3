import { describe, expect, it } from 'vitest';

import { type KubeInvalid, KubeTooManyRequests } from './errors.ts';
import { errorOfAnswer, errorOfNetwork } from './failure.ts';

const status = (code: number, reason: string, details: object = {}): string =>
  JSON.stringify({ kind: 'Status', message: `was ${reason}`, reason, details, code });

describe('errors of answers', () => {
  it.each([
    [404, 'NotFound', 'KubeNotFound'],
    [409, 'Conflict', 'KubeConflict'],
    [409, 'AlreadyExists', 'KubeAlreadyExists'],
    [410, 'Expired', 'KubeGone'],
    [410, 'Gone', 'KubeGone'],
    [400, 'BadRequest', 'KubeInvalid'],
    [422, 'Invalid', 'KubeInvalid'],
    [401, 'Unauthorized', 'KubeUnauthorized'],
    [403, 'Forbidden', 'KubeForbidden'],
    [429, 'TooManyRequests', 'KubeTooManyRequests'],
    [500, 'InternalError', 'KubeUnavailable'],
    [500, 'ServerTimeout', 'KubeTimeout'],
    [503, 'ServiceUnavailable', 'KubeUnavailable'],
    [504, 'Timeout', 'KubeTimeout'],
    [405, 'MethodNotAllowed', 'KubeRefused'],
  ])('%i %s is %s', (code, reason, expected) => {
    const error = errorOfAnswer('GET /x', code, status(code, reason));
    expect(error.code).toBe(expected);
    expect(error.failure).toMatchObject({ status: code, reason });
  });

  it('takes the code from the body where the stream began with 200', () => {
    expect(errorOfAnswer('GET /x', 200, status(410, '')).code).toBe('KubeGone');
  });

  it('names the fields that were refused', () => {
    const causes = [{ field: 'spec.size', reason: 'FieldValueInvalid', message: 'must be at least 1' }];
    const error = errorOfAnswer('PUT /x', 422, status(422, 'Invalid', { causes })) as KubeInvalid;
    expect(error.failure.causes).toEqual(causes);
    expect(error.facts['fields']).toBe('spec.size');
  });

  it('knows how long to wait: by the body, else the header, else a second', () => {
    const wait = (body: string, header?: string): number =>
      (errorOfAnswer('GET /x', 429, body, header) as KubeTooManyRequests).retryAfterSeconds;
    expect(wait(status(429, 'TooManyRequests', { retryAfterSeconds: 7 }), '3')).toBe(7);
    expect(wait('too many', '3')).toBe(3);
    expect(wait('')).toBe(1);
    expect(errorOfAnswer('GET /x', 429, '')).toBeInstanceOf(KubeTooManyRequests);
  });

  it('shows what no API server wrote, in one short piece', () => {
    const { message } = errorOfAnswer('GET /x', 502, `<html>${'x'.repeat(1000)}`);
    expect(message).toContain('<html>');
    expect(message.length).toBeLessThan(400);
  });

  it('tells silence from a connection that failed', () => {
    expect(errorOfNetwork('GET /x', new Error('late'), true).code).toBe('KubeTimeout');
    expect(errorOfNetwork('GET /x', new Error('reset'), false).code).toBe('KubeUnavailable');
  });
});
