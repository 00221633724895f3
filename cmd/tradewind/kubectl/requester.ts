import { userInfo } from 'node:os';

import { KubeError } from '../../../pkg/operator/runtime/errors.ts';
import type { KubeClient } from '../../../pkg/operator/runtime/kube-client.ts';
import type { KubeObject, ResourceKind } from '../../../pkg/operator/runtime/objects.ts';

interface SelfSubjectReview extends KubeObject {
  readonly status?: { readonly userInfo?: { readonly username?: string } };
}

const SELF_SUBJECT_REVIEWS: ResourceKind<SelfSubjectReview> = {
  ...{ group: 'authentication.k8s.io', version: 'v1', kind: 'SelfSubjectReview' },
  ...{ plural: 'selfsubjectreviews', isNamespaced: false },
};

/** Characters that the controller takes of a name. */
const LONGEST = 253;

/** Who asks: as the API server knows the user, else as the machine does. */
export async function requester(client: Pick<KubeClient, 'create'>): Promise<string> {
  const told = await client
    .create(SELF_SUBJECT_REVIEWS, {
      ...{ apiVersion: 'authentication.k8s.io/v1', kind: 'SelfSubjectReview' },
      metadata: { name: '' },
    })
    .catch((error: unknown) => {
      // Older servers have no such review, and some allow it to nobody: the request itself needs none.
      if (error instanceof KubeError) return undefined;
      throw error;
    });
  const name = told?.status?.userInfo?.username ?? '';
  return (name === '' ? userInfo().username : name).slice(0, LONGEST);
}
