/** A controller in a process of its own, for the bench: tells its memory and its metrics when it is asked. Arguments: kubeconfig, namespace. */
import { startController } from '../../operator/controller.ts';

const [kubeconfig, namespace] = process.argv.slice(2) as [string, string];
/** As a cluster runs it: with the defaults of the process. */
const controller = startController(kubeconfig, namespace, { skewMs: 0 }, {});

/** What it tells. */
export interface ControllerUse {
  readonly residentBytes: number;
  readonly metrics: string;
}

process.on('message', (message) => {
  if (message === 'stop') void controller.stop().then(() => process.exit());
  else
    void controller.metrics().then((metrics) => {
      const use: ControllerUse = { residentBytes: process.memoryUsage.rss(), metrics };
      process.send!(use);
    });
});
