/**
 * `make servers`: real servers for development without containers, until Ctrl-C. What is printed sets the environment of another
 * terminal: for `tradewind up --profile distributed`, for single processes, and for tests.
 */
import { aborted } from '../../pkg/runtime/aborted.ts';
import { startClickHouse } from './clickhouse.ts';
import { kafkaMissing, startKafka } from './kafka.ts';
import { redisMissing, startRedis } from './redis.ts';

const missing = [kafkaMissing(), redisMissing()].filter((what) => what !== undefined);
if (missing.length > 0) {
  console.error(`servers need ${missing.join('; ')}`);
  process.exit(7);
}
const stopping = new AbortController();
process.on('SIGINT', () => stopping.abort());
process.on('SIGTERM', () => stopping.abort());

const [kafka, redis, clickhouse] = await Promise.all([
  startKafka({ brokers: 1 }),
  startRedis(),
  startClickHouse(),
]);
const { origin, host } = new URL(clickhouse.url);
const brokers = kafka.brokers.join(',');
const { username, password } = clickhouse;
console.log(`
export TRADEWIND_KAFKA_BROKERS=${brokers}
export TRADEWIND_REDIS_MODE=single TRADEWIND_REDIS_ADDRESSES=${redis.address}
export TRADEWIND_HISTORY_URL=${origin} TRADEWIND_HISTORY_USERNAME=${username} TRADEWIND_HISTORY_PASSWORD=${password}
# and for tests:
export KAFKA_BROKERS=${brokers} REDIS_URL=redis://${redis.address} CLICKHOUSE_URL=http://${username}:${password}@${host}
`);
console.error('running until Ctrl-C; all data is gone then');
await aborted(stopping.signal);
await Promise.all([kafka.stop(), redis.stop(), clickhouse.stop()]);
