// Runs in a pod: asks the gateways for predictions and prints what became of them, one line of JSON a second.
// Arguments: address, model, symbols (comma-separated), predictions a second, seconds at most.
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

/** Where the image has the program. */
const APP = '/app';
const { PredictionService } = await import(`${APP}/proto/gen/tradewind/v1/prediction_pb.ts`);
const { createRpcClient } = await import(`${APP}/pkg/rpc/client.ts`);

const [address, model, symbolList, perSecond, atMostSeconds] = process.argv.slice(2);
const symbols = symbolList.split(',');
const MAX_UNDER_WAY = 64;
const client = createRpcClient(PredictionService, address);
const counts = { sent: 0, answered: 0, abstained: {}, failures: {}, revisions: {} };
const underWay = new Set();
let isEnding = false;

/** Whether the network lets this pod through to the gateways. */
function isLetThrough() {
  const [host, port] = address.split(':');
  return new Promise((resolve) => {
    const socket = connect({ host, port: Number(port), timeout: 1000 });
    const tell = (isThrough) => {
      socket.destroy();
      resolve(isThrough);
    };
    socket.once('connect', () => tell(true));
    for (const event of ['error', 'timeout']) socket.once(event, () => tell(false));
  });
}

function send() {
  const symbol = symbols[counts.sent % symbols.length];
  counts.sent += 1;
  const request = { model, input: { case: 'symbol', value: symbol } };
  const asked = client.call.predict(request, { deadlineMs: 5000 }).then(
    ({ prediction }) => {
      counts.answered += 1;
      const { abstainReason, revision } = prediction;
      if (abstainReason === '') counts.revisions[revision] = (counts.revisions[revision] ?? 0) + 1;
      else counts.abstained[abstainReason] = (counts.abstained[abstainReason] ?? 0) + 1;
    },
    ({ code = 'unknown' }) => {
      counts.failures[code] = (counts.failures[code] ?? 0) + 1;
    },
  );
  const tracked = asked.finally(() => underWay.delete(tracked));
  underWay.add(tracked);
}

// A network with policies lets a new pod through a moment after its start; from the first connection on every prediction counts.
for (const giveUpMs = performance.now() + 60_000; performance.now() < giveUpMs && !(await isLetThrough()); )
  await sleep(100);
const startMs = performance.now();
const sending = setInterval(() => {
  const seconds = (performance.now() - startMs) / 1000;
  if (isEnding || seconds > Number(atMostSeconds)) clearInterval(sending);
  else while (counts.sent < seconds * Number(perSecond) && underWay.size < MAX_UNDER_WAY) send();
}, 5);
const telling = setInterval(() => console.log(JSON.stringify(counts)), 1000);
process.once('SIGTERM', () => {
  isEnding = true;
  clearInterval(telling);
  void Promise.all(underWay).then(() => process.exit(0));
});
