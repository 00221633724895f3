import { expect, it } from 'vitest';

import { e2eCluster } from './e2e-cluster.ts';

it('is that of KUBECONFIG, with an image, and nothing is started for it', () => {
  const cluster = e2eCluster({
    KUBECONFIG: '/k',
    E2E_IMAGE: 'tradewind:1',
    TRADEWIND_TEST_CLUSTER: '/nowhere',
  });
  expect(cluster).toMatchObject({ variables: {} });
});

it.each([
  ['the image that KUBECONFIG wants', { KUBECONFIG: '/k' }, /E2E_IMAGE must name an image/],
  [
    'a folder that can start one',
    { TRADEWIND_TEST_CLUSTER: '/nowhere' },
    /KUBECONFIG must name one, or TRADEWIND_TEST_CLUSTER a folder with up\.sh, as \/nowhere has not/,
  ],
])('says so where it lacks %s', (_, env, said) => {
  expect(e2eCluster(env)).toEqual({ missing: expect.stringMatching(said) });
});
