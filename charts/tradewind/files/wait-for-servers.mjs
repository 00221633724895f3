// Ends once every server of its arguments takes connections. A first argument such as 30s bounds that: the first server which takes none by then is
// named, and it ends with 1.
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

const addresses = process.argv.slice(1);
const limit = /^(\d+)s$/.exec(addresses[0]);
const seconds = limit === null ? Infinity : Number(limit[1]);

for (const address of limit === null ? addresses : addresses.slice(1)) {
  const [host, port] = address.split(':');
  while (!(await reaches(host, Number(port)))) {
    if (performance.now() > seconds * 1000) {
      process.stderr.write(`${address} must take connections within ${seconds} s, and does not\n`);
      process.exit(1);
    }
    process.stderr.write(`waits for ${address}\n`);
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
  }
}
