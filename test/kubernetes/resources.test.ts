import { once } from 'node:events';
import { globSync, readFileSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import { request } from 'node:https';
import { json } from 'node:stream/consumers';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parse, parseAllDocuments } from 'yaml';

import { checkObject } from '../../pkg/tradingmodel/check-object.ts';
import { crdFileName } from '../../pkg/tradingmodel/crd.ts';
import { objectSchema, type Resource, RESOURCES, TRADING_MODEL } from '../../pkg/tradingmodel/resource.ts';
import { anyModelInput } from '../../pkg/tradingmodel/specs.testing.ts';
import { kubernetesMissing, type KubernetesServer, startKubernetes } from '../servers/kubernetes.ts';
import type { ApiAnswer } from '../servers/kubernetes-api.ts';
import { eventually } from '../support/eventually.ts';
import { INVALID, manifest, withValue } from './invalid-manifests.ts';

type Json = Record<string, unknown>;
const DEFINITIONS = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';
const GROUP = '/apis/tradewind.dev/v1alpha1';

const resourceOf = (object: Json): Resource => RESOURCES.find(({ kind }) => kind === object['kind'])!;
const definitionOf = (resource: Resource): Json =>
  parse(readFileSync(`k8s/crds/${crdFileName(resource)}`, 'utf8')) as Json;

/** An object as the columns of `kubectl get` show it, by the names of the columns. */
async function tableOf(server: KubernetesServer, path: string): Promise<Json> {
  const { users } = JSON.parse(readFileSync(server.kubeconfig, 'utf8')) as {
    readonly users: readonly { readonly user: { readonly token: string } }[];
  };
  const call = request(new URL(path, server.url), {
    ca: server.certificate.ca,
    agent: false,
    headers: {
      authorization: `Bearer ${users[0]!.user.token}`,
      accept: 'application/json;as=Table;v=v1;g=meta.k8s.io',
    },
  });
  call.end();
  const [response] = (await once(call, 'response')) as [IncomingMessage];
  const table = (await json(response)) as {
    readonly columnDefinitions: readonly { readonly name: string }[];
    readonly rows: readonly { readonly cells: readonly unknown[] }[];
  };
  return Object.fromEntries(table.columnDefinitions.map(({ name }, i) => [name, table.rows[0]!.cells[i]]));
}

describe.skipIf(kubernetesMissing() !== undefined)('the definitions in an API server', () => {
  let server: KubernetesServer;
  beforeAll(async () => {
    server = await startKubernetes();
    for (const resource of RESOURCES) {
      const { status, body } = await server.api('POST', DEFINITIONS, definitionOf(resource));
      expect(body).toMatchObject({ kind: 'CustomResourceDefinition' });
      expect(status).toBe(201);
    }
    await eventually(async () => {
      const answers = await Promise.all(
        RESOURCES.map(({ plural }) => server.api('GET', `${GROUP}/${plural}`)),
      );
      return answers.every(({ status }) => status === 200);
    }, 30_000);
  });
  afterAll(() => server?.stop());

  /** What `kubectl apply` asks for, without or with storing it. */
  const create = (object: Json, query = '&dryRun=All'): Promise<ApiAnswer> =>
    server.api(
      'POST',
      `${GROUP}/namespaces/default/${resourceOf(object).plural}?fieldValidation=Strict${query}`,
      object,
    );
  const pathOf = (object: Json): string =>
    `${GROUP}/namespaces/default/${resourceOf(object).plural}/${(object['metadata'] as Json)['name'] as string}`;

  test.each(RESOURCES)(
    'take $kind as structural, established and with accepted names',
    async ({ plural }) => {
      const { body } = await server.api('GET', `${DEFINITIONS}/${plural}.tradewind.dev`);
      const conditions = (body.status.conditions as Json[]).map(
        ({ type, status }) => `${type as string} ${status as string}`,
      );
      expect(conditions.toSorted()).toEqual(['Established True', 'NamesAccepted True']);
    },
  );

  test.each(INVALID)('refuse $title, by field and fix', async ({ object, field, says }) => {
    const { status, body } = await create({ ...object });
    expect([400, 422]).toContain(status);
    const causes = (body.details?.causes ?? []) as { readonly field?: string; readonly message: string }[];
    const about = causes.filter((cause) => cause.field === field);
    // A field that is not known is told in the message alone.
    const text = about.length > 0 ? about.map(({ message }) => message).join('\n') : (body.message as string);
    expect(body.message).toContain(field);
    expect(text).toMatch(says);
  });

  describe('take', () => {
    const examples = globSync('k8s/examples/*.yaml').flatMap((file) =>
      parseAllDocuments(readFileSync(file, 'utf8')).map(
        (document) => [file, document.toJS() as Json] as const,
      ),
    );
    test.each([
      ...examples,
      ['the least of a model', manifest('TradingModel')] as const,
      ['the least of limits', manifest('RiskLimits')] as const,
      ['the longest name of a model', manifest('TradingModel', `m${'x'.repeat(51)}`)] as const,
    ])('%s, and fill in the defaults of the linter', async (_, object) => {
      const { status, body } = await create(object);
      expect(body).not.toHaveProperty('message');
      expect(status).toBe(201);
      const { value, faults } = checkObject(objectSchema(resourceOf(object)), object);
      expect(faults).toEqual([]);
      expect(body.spec).toEqual((value as Json)['spec']);
    });

    test('what the linter takes and nothing else, of models that can be written', async () => {
      await fc.assert(
        fc.asyncProperty(anyModelInput, async (spec) => {
          const object = { ...manifest('TradingModel'), spec };
          const { status, body } = await create(object);
          const { value, faults } = checkObject(objectSchema(TRADING_MODEL), object);
          expect([faults, status]).toEqual(faults.length === 0 ? [[], 201] : [faults, 422]);
          if (status === 201) expect(body.spec).toEqual((value as Json)['spec']);
        }),
        { numRuns: 150 },
      );
    });
  });

  test('explain every field', async () => {
    const { body } = await eventually(async () => {
      const answer = await server.api('GET', '/openapi/v3/apis/tradewind.dev/v1alpha1');
      return answer.status === 200 &&
        RESOURCES.every(({ kind }) => JSON.stringify(answer.body).includes(`.${kind}"`))
        ? answer
        : undefined;
    }, 30_000);
    const schemas = body.components.schemas as Record<string, Json>;
    let seen = 0;
    const walk = (schema: Json, path: string): void => {
      for (const [name, child] of Object.entries((schema['properties'] ?? {}) as Record<string, Json>)) {
        const at = `${path}.${name}`;
        expect([at, child['description']]).toEqual([at, expect.stringMatching(/^.{8,}/)]);
        seen += 1;
        walk(child, at);
      }
      if (schema['items'] !== undefined) walk(schema['items'] as Json, `${path}[]`);
    };
    for (const { kind } of RESOURCES) walk(schemas[`dev.tradewind.v1alpha1.${kind}`]!, kind);
    expect(seen).toBeGreaterThan(150);
  });

  test('refuse another currency, which would change what every amount means', async () => {
    const object = manifest('RiskLimits', 'immutable');
    expect((await create(object, '')).status).toBe(201);
    const patch = { spec: { currency: 'EUR' } };
    const { status, body } = await server.api('PATCH', pathOf(object), patch, 'application/merge-patch+json');
    expect(status).toBe(422);
    expect(body.message).toMatch(/spec\.currency: .*make a new RiskLimits/);
  });

  test('scale the replicas, within their bounds', async () => {
    const object = withValue(manifest('TradingModel', 'scaled'), 'spec.serving', {
      maxReplicas: 4,
      targetInFlight: 8,
    });
    expect((await create(object, '')).status).toBe(201);
    const scale = (replicas: number): Promise<ApiAnswer> =>
      server.api('PATCH', `${pathOf(object)}/scale`, { spec: { replicas } }, 'application/merge-patch+json');
    expect((await scale(3)).status).toBe(200);
    expect((await server.api('GET', pathOf(object))).body.spec.serving.minReplicas).toBe(3);
    const refused = await scale(5);
    expect(refused.status).toBe(422);
    expect(refused.body.message).toMatch(/maxReplicas.*must be at least minReplicas/);
    const status = { status: { replicas: 7, selector: 'tradewind.dev/model=scaled' } };
    await server.api('PATCH', `${pathOf(object)}/status`, status, 'application/merge-patch+json');
    expect((await server.api('GET', `${pathOf(object)}/scale`)).body).toMatchObject({
      spec: { replicas: 3 },
      status: { replicas: 7, selector: 'tradewind.dev/model=scaled' },
    });
  });

  test('take a status with words that they do not know, and leave the spec alone', async () => {
    const object = manifest('TradingModel', 'status');
    const { body } = await create(object, '');
    const status = {
      observedGeneration: 1,
      stableRevision: 'a',
      updateRevision: 'b',
      conditions: [
        {
          type: 'Ready',
          status: 'True',
          reason: 'Serving',
          message: 'a answers',
          observedGeneration: 1,
          lastTransitionTime: '2026-11-20T10:00:00Z',
        },
      ],
      rollout: {
        phase: 'Rehearsing',
        stepIndex: 1,
        stepCount: 6,
        step: '2/6',
        pauseReasons: [],
        weightsVerified: true,
      },
      revisions: [
        {
          name: 'a',
          number: 1,
          version: '1',
          role: 'stable',
          weight: 95,
          replicas: 2,
          readyReplicas: 2,
          modelState: 'warm',
        },
        {
          name: 'b',
          number: 2,
          version: '2',
          role: 'update',
          weight: 5,
          replicas: 2,
          readyReplicas: 2,
          modelState: 'warm',
        },
      ],
    };
    const written = await server.api('PUT', `${pathOf(object)}/status`, {
      ...body,
      status,
      spec: { symbols: ['X'] },
    });
    expect(written.status).toBe(200);
    expect(written.body.status).toEqual(status);
    expect(written.body.spec).toEqual(body.spec);
    expect(written.body.metadata.generation).toBe(1);
    expect(await tableOf(server, pathOf(object))).toMatchObject({
      Name: 'status',
      Stable: 'a',
      Update: 'b',
      Step: '2/6',
      Weight: 5,
      Ready: 'True',
      Phase: 'Rehearsing',
    });
  });

  test('leave what was stored under older rules readable, and changeable where it is not at fault', async () => {
    const name = 'older';
    const definition = definitionOf(TRADING_MODEL);
    const path = `${DEFINITIONS}/tradingmodels.tradewind.dev`;
    const replace = async (body: Json): Promise<void> => {
      const { metadata } = (await server.api('GET', path)).body as { readonly metadata: Json };
      expect((await server.api('PUT', path, { ...body, metadata })).status).toBe(200);
    };
    const withoutRules = JSON.parse(
      JSON.stringify(definition, (key, value: unknown) =>
        key === 'x-kubernetes-validations' ? undefined : value,
      ),
    ) as Json;
    const object = withValue(manifest('TradingModel', name), 'spec.overlay', { buyAbove: '0.1' });
    await replace(withoutRules);
    await eventually(async () => (await create(object, '')).status === 201, 30_000);
    await replace(definition);
    await eventually(
      async () => (await create({ ...object, metadata: { name: 'newer' } })).status === 422,
      30_000,
    );

    expect((await server.api('GET', pathOf(object))).body.spec.overlay.buyAbove).toBe('0.1');
    const patch = (body: object): Promise<ApiAnswer> =>
      server.api('PATCH', pathOf(object), body, 'application/merge-patch+json');
    expect((await patch({ spec: { rollout: { paused: true } } })).status).toBe(200);
    expect((await patch({ spec: { overlay: { holdAbove: '0.3' } } })).status).toBe(422);
    expect((await patch({ spec: { overlay: { buyAbove: '0.7' } } })).status).toBe(200);
  });
});
