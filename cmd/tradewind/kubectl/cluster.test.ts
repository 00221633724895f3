import { describe, expect, it } from 'vitest';

import { KubeForbidden, KubeInvalid, KubeNotFound } from '../../../pkg/operator/runtime/errors.ts';
import { meaningOf } from './cluster.ts';

const failure = { request: 'PATCH /x', status: 404, reason: '', message: 'm', causes: [] };

describe('what an answer of the API server means', () => {
  it('is the kind that is not there, or the model', () => {
    expect(meaningOf(new KubeNotFound(failure), 'desk', 'es')).toMatchObject({ code: 'DefinitionMissing' });
    expect(meaningOf(new KubeNotFound({ ...failure, reason: 'NotFound' }), 'desk', 'es')).toMatchObject({
      code: 'ModelUnknown',
      message: "namespace 'desk' must have a TradingModel 'es', has none",
    });
  });

  it('is a spec that is refused, in one line', () => {
    const causes = [
      { field: 'spec.model.version', reason: 'FieldValueInvalid', message: 'must be\n  letters' },
      { field: 'spec.model.uri', reason: 'FieldValueInvalid', message: 'must be an address' },
    ];
    const error = meaningOf(new KubeInvalid({ ...failure, causes }), 'desk', 'es');
    expect(error).toMatchObject({
      code: 'SpecRefused',
      message:
        'spec of es must be one that the API server takes, was refused: spec.model.uri: must be an address; spec.model.version: must be letters',
    });
    expect(meaningOf(new KubeInvalid(failure), 'desk', 'es')).toMatchObject({
      message: expect.stringMatching(/refused: m$/),
    });
  });

  it('is what it says elsewhere', () => {
    const error = new KubeForbidden(failure);
    expect(meaningOf(error, 'desk', 'es')).toBe(error);
  });
});
