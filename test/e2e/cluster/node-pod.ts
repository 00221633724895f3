import { NODE } from './settings.ts';

/**
 * A pod of the test that runs Node, as strict as those of the chart, and of no component: what policies let anybody do, it may.
 *
 * @param args - Of Node.
 */
export function nodePod(
  name: string,
  image: string,
  args: readonly string[],
  {
    volumes,
    volumeMounts,
  }: {
    readonly volumes?: readonly object[];
    readonly volumeMounts?: readonly object[];
  } = {},
): object {
  return {
    ...{ apiVersion: 'v1', kind: 'Pod', metadata: { name } },
    spec: {
      restartPolicy: 'Never',
      automountServiceAccountToken: false,
      terminationGracePeriodSeconds: 1,
      securityContext: { runAsNonRoot: true, runAsUser: 10001, seccompProfile: { type: 'RuntimeDefault' } },
      containers: [
        {
          ...{ name, image, imagePullPolicy: 'IfNotPresent' },
          command: [NODE],
          args,
          resources: { requests: { cpu: '100m', memory: '64Mi' }, limits: { memory: '256Mi' } },
          securityContext: {
            ...{ allowPrivilegeEscalation: false, readOnlyRootFilesystem: true },
            capabilities: { drop: ['ALL'] },
          },
          volumeMounts,
        },
      ],
      volumes,
    },
  };
}
