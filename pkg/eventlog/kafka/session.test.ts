import { expect, it } from 'vitest';

import { ManualClock } from '../../runtime/clock.ts';
import { Session } from './session.ts';

it('ends for whoever asks after it has stood still, before any timer, and not for those who were quick', () => {
  const clock = new ManualClock(1_000_000);
  let ends = 0;
  const session = new Session(10_000, clock, () => {
    ends += 1;
  });
  try {
    session.touch(clock.monotonicMs());
    clock.advance(9999);
    expect([session.isCurrent(), ends]).toEqual([true, 0]);
    session.touch(clock.monotonicMs());
    clock.advance(9999);
    expect([session.isCurrent(), ends]).toEqual([true, 0]);
    clock.advance(1);
    expect([session.isCurrent(), ends]).toEqual([false, 1]);
  } finally {
    session.stop();
  }
});
