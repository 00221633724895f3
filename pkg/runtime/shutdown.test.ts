import { describe, expect, it } from 'vitest';

import { ShutdownTimeout } from './common-errors.ts';
import { Shutdown } from './shutdown.ts';

describe('Shutdown', () => {
  it('stops last what was opened first, one after the other', async () => {
    const order: string[] = [];
    const shutdown = new Shutdown();
    for (const name of ['log', 'model', 'server'])
      shutdown.add(name, async () => {
        order.push(`${name} begins`);
        await Promise.resolve();
        order.push(`${name} ends`);
      });
    await shutdown.run(1000);
    expect(order).toEqual([
      ...['server begins', 'server ends', 'model begins', 'model ends'],
      ...['log begins', 'log ends'],
    ]);
  });

  it('runs once, however often it is asked', async () => {
    let stops = 0;
    const shutdown = new Shutdown();
    shutdown.add('log', () => {
      stops += 1;
    });
    await Promise.all([shutdown.run(1000), shutdown.run(1000)]);
    expect(stops).toBe(1);
  });

  it('goes on after a step that fails, and tells of the failure', async () => {
    let isStopped = false;
    const shutdown = new Shutdown();
    shutdown.add('log', () => {
      isStopped = true;
    });
    shutdown.add('server', () => {
      throw new Error('stuck');
    });
    await expect(shutdown.run(1000)).rejects.toThrow('stuck');
    expect(isStopped).toBe(true);
  });

  it('names what did not stop in time', async () => {
    const shutdown = new Shutdown();
    shutdown.add('log', () => undefined);
    shutdown.add('server', () => new Promise(() => undefined));
    await expect(shutdown.run(20)).rejects.toThrow(new ShutdownTimeout(['log', 'server']).message);
  });
});
