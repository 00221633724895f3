// Ends once every server of its arguments takes connections.
import { connect } from 'node:net';

const PAUSE_MS = 1000;

const reaches = (host, port) =>
  new Promise((resolve) => {
    const socket = connect({ host, port });
    const end = (isReached) => {
      socket.destroy();
      resolve(isReached);
    };
    socket.setTimeout(PAUSE_MS, () => end(false));
    socket.once('connect', () => end(true));
    socket.once('error', () => end(false));
  });

for (const address of process.argv.slice(1)) {
  const [host, port] = address.split(':');
  while (!(await reaches(host, Number(port)))) {
    process.stderr.write(`waits for ${address}\n`);
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
  }
}
