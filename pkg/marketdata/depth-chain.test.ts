import { describe, expect, it } from 'vitest';

import { DepthChain, MAX_WAITING } from './depth-chain.ts';
import { delta, snapshot } from './events.testing.ts';

function synchronised(at: number): DepthChain {
  const chain = new DepthChain();
  chain.takeSnapshot(snapshot(at));
  return chain;
}

describe('chain of depth updates', () => {
  it.each([
    ['contains the id of the snapshot', delta(95, 105, 94), 'applied'],
    [
      'follows directly, its predecessor ending at the snapshot, with ids left out',
      delta(120, 130, 100),
      'applied',
    ],
    ['begins right after the snapshot', delta(101, 105, 99), 'applied'],
    ['ends at the snapshot', delta(90, 100, 89), 'stale'],
    ['ends before the snapshot', delta(90, 99, 89), 'stale'],
    ['names a predecessor that the snapshot does not contain', delta(102, 110, 101), 'gap'],
  ] as const)('futures: first delta after a snapshot at 100 that %s', (_case, first, outcome) => {
    expect(synchronised(100).takeDelta(first)).toBe(outcome);
  });

  it.each([
    ['contains the next id', delta(95, 105), 'applied'],
    ['begins at the next id', delta(101, 105), 'applied'],
    ['ends at the snapshot', delta(90, 100), 'stale'],
    ['leaves one id out', delta(102, 105), 'gap'],
  ] as const)('spot: first delta after a snapshot at 100 that %s', (_case, first, outcome) => {
    expect(synchronised(100).takeDelta(first)).toBe(outcome);
  });

  it('futures: goes on only where the predecessor is exactly the last id', () => {
    const after = (previous: number) => {
      const chain = synchronised(100);
      chain.takeDelta(delta(95, 105, 94));
      return chain.takeDelta(delta(previous + 1, 120, previous));
    };
    expect([after(104), after(105), after(106)]).toEqual(['gap', 'applied', 'gap']);
  });

  it('takes the delta after one that ended exactly at the snapshot', () => {
    const chain = synchronised(100);
    expect(chain.takeDelta(delta(90, 100, 89))).toBe('stale');
    expect(chain.takeDelta(delta(105, 110, 100))).toBe('applied');
  });

  it('connects a snapshot with the deltas that waited', () => {
    const chain = new DepthChain();
    expect(chain.takeDelta(delta(11, 20, 10))).toBe('pending');
    expect(chain.takeDelta(delta(21, 30, 20))).toBe('pending');
    expect(chain.takeSnapshot(snapshot(15))).toBe('synchronised');
    expect(chain.lastUpdateId).toBe(30);
    expect(chain.takeDelta(delta(35, 40, 30))).toBe('applied');
  });

  it('asks for a newer snapshot when updates between it and the first delta are missing', () => {
    const chain = new DepthChain();
    chain.takeDelta(delta(11, 20, 10));
    expect(chain.takeSnapshot(snapshot(9))).toBe('unconnected');
    expect(chain.isSynchronised).toBe(false);
    expect(chain.takeSnapshot(snapshot(10))).toBe('synchronised');
    expect(chain.lastUpdateId).toBe(20);
  });

  it('says a gap among deltas that wait, and waits anew from there', () => {
    const chain = new DepthChain();
    chain.takeDelta(delta(11, 20));
    expect(chain.takeDelta(delta(31, 40))).toBe('gap');
    expect(chain.takeSnapshot(snapshot(25))).toBe('unconnected');
    expect(chain.takeSnapshot(snapshot(30))).toBe('synchronised');
  });

  it('passes over a late snapshot that it has gone past, since its deltas would be lost', () => {
    const chain = synchronised(100);
    chain.takeDelta(delta(101, 150));
    expect(chain.takeSnapshot(snapshot(120))).toBe('passedOver');
    expect(chain.takeDelta(delta(151, 160))).toBe('applied');
  });

  it('starts anew from a snapshot before its own beginning: the venue restarted', () => {
    const chain = synchronised(100);
    chain.takeDelta(delta(101, 101));
    expect(chain.takeSnapshot(snapshot(1))).toBe('restarted');
    expect(chain.takeDelta(delta(2, 2))).toBe('applied');
  });

  it('starts anew from id 1 while deltas wait too', () => {
    const chain = new DepthChain();
    chain.takeDelta(delta(500, 500));
    expect(chain.takeSnapshot(snapshot(1))).toBe('restarted');
    expect(chain.takeDelta(delta(2, 2))).toBe('applied');
  });

  it('bounds what waits', () => {
    const chain = new DepthChain();
    for (let id = 1; id <= MAX_WAITING + 1; id += 1) expect(chain.takeDelta(delta(id, id))).toBe('pending');
    expect(chain.waiting).toBe(1);
    expect(chain.fromUpdateId).toBe(MAX_WAITING);
  });
});
