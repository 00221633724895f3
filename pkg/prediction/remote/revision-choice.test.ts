import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { chooseRevision } from './revision-choice.ts';

const digests = fc.array(fc.constantFrom('a', 'b', 'c'), { maxLength: 7 });

describe('the revision in use', () => {
  it.each([
    ['is that of the first predictor', ['a'], undefined, 'a'],
    ['stays while half of the predictors have another', ['a', 'b'], 'a', 'a'],
    ['changes with the majority', ['a', 'b', 'b'], 'a', 'b'],
    ['changes where none has it any more', ['b'], 'a', 'b'],
    ['is decided by nobody where nobody is ready', [], 'a', undefined],
  ])('%s', (_, offered, current, chosen) => {
    expect(chooseRevision(offered, current)).toBe(chosen);
  });

  it('does not depend on the order of the predictors, and is served by at least as many as any other', () => {
    fc.assert(
      fc.property(
        digests,
        fc.option(fc.constantFrom('a', 'b', 'c'), { nil: undefined }),
        (offered, current) => {
          const chosen = chooseRevision(offered, current);
          expect(chooseRevision(offered.toReversed(), current)).toBe(chosen);
          const count = (digest: string | undefined) => offered.filter((each) => each === digest).length;
          for (const each of offered) expect(count(chosen)).toBeGreaterThanOrEqual(count(each));
        },
      ),
    );
  });
});
