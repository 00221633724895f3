// Runs in a pod that may reach Kafka: prints every record of some topics, `topic partition offset milliseconds key value` a line, the last two in base64.
// Environment: BROKERS and TOPICS, comma-separated.
/** Where the image has the program. */
const APP = '/app';
const { default: kafkajs } = await import(`${APP}/node_modules/kafkajs/index.js`);
const { Kafka, logLevel } = kafkajs;
const kafka = new Kafka({
  brokers: process.env.BROKERS.split(','),
  logLevel: logLevel.ERROR,
  clientId: 'dump',
});
const admin = kafka.admin();
await admin.connect();
const inBase64 = (bytes) => bytes?.toString('base64') ?? '';
const left = new Map();
for (const topic of process.env.TOPICS.split(','))
  for (const { partition, high, low } of await admin.fetchTopicOffsets(topic))
    if (Number(high) > Number(low)) left.set(`${topic} ${partition}`, Number(high));
const group = `dump-${process.pid}-${Date.now()}`;
const consumer = kafka.consumer({ groupId: group, maxBytesPerPartition: 4 * 1024 * 1024 });
await consumer.connect();
await consumer.subscribe({ topics: process.env.TOPICS.split(','), fromBeginning: true });
await new Promise((resolve, reject) => {
  if (left.size === 0) resolve();
  consumer
    .run({
      autoCommit: false,
      eachBatch: async ({ batch }) => {
        const key = `${batch.topic} ${batch.partition}`;
        const end = left.get(key);
        if (end === undefined) return;
        let text = '';
        for (const { offset, timestamp, key: symbol, value } of batch.messages)
          if (Number(offset) < end)
            text += `${key} ${offset} ${timestamp} ${inBase64(symbol)} ${inBase64(value)}\n`;
        if (!process.stdout.write(text))
          await new Promise((drained) => process.stdout.once('drain', drained));
        if (Number(batch.lastOffset()) + 1 >= end) left.delete(key);
        if (left.size === 0) resolve();
      },
    })
    .catch(reject);
});
await consumer.disconnect();
await admin.deleteGroups([group]).catch(() => undefined);
await admin.disconnect();
process.exit(0);
