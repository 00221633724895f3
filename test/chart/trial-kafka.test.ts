import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { describe, expect, it } from 'vitest';

import { freePorts } from '../servers/ports.ts';
import { startProcess } from '../servers/processes.ts';
import { kafkaLibraries } from '../servers/tools.ts';
import { eventually } from '../support/eventually.ts';
import { helmMissing, type Manifest, manifests, objectOf, podsOf } from './render.ts';

const START_MS = 120_000;
const libraries = kafkaLibraries();

const reaches = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port });
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
    socket.once('close', () => resolve(false)).once('connect', () => socket.destroy());
  });

describe.skipIf(helmMissing !== undefined || 'missing' in libraries)('the Kafka of a trial', () => {
  it('starts by its command and settings, on an empty folder and on the one it left', async () => {
    const objects = manifests('trial');
    const folder = mkdtempSync(join(tmpdir(), 'tradewind-trial-kafka-'));
    const [broker, controller] = (await freePorts(2)) as [number, number];
    const here = (text: string): string =>
      text
        .replaceAll('/opt/kafka/libs', (libraries as { path: string }).path)
        .replaceAll('/etc/tradewind-kafka', folder)
        .replaceAll('/var/lib/kafka', folder)
        .replaceAll('9092', String(broker))
        .replaceAll('9093', String(controller));
    const settings = objectOf(objects, 'ConfigMap', 'tradewind-kafka').data['server.properties'];
    writeFileSync(join(folder, 'server.properties'), here(settings));
    const { spec } = podsOf(objects).find(({ owner }) => owner === 'StatefulSet/tradewind-kafka')!;
    const [{ command, env }] = spec.containers;
    const variables = env.map(({ name, value }: Manifest) => `${name}=${value}`);
    const args = [...variables, ...command.map(here)];
    try {
      for (const time of ['first', 'second']) {
        const kafka = startProcess('/usr/bin/env', args, join(folder, `${time}.log`));
        try {
          await eventually(() => {
            if (!kafka.isRunning()) throw new Error(`Kafka must run, has ended: ${kafka.output()}`);
            return reaches(broker);
          }, START_MS);
        } finally {
          await kafka.end('SIGTERM');
        }
        expect(kafka.isRunning()).toBe(false);
      }
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  }, 300_000);
});
