import { z } from 'zod';

import { conditionSchema } from './conditions.ts';
import { amount, mapOf, type ReadOnly, resourceName, ruled, setOf, symbolSchema, text } from './fields.ts';
import { lossSchema, marketHoursSchema } from './risk-hours.ts';

/*
 * What orders of the models that name it must keep to. There is no unlimited: a limit that matters must be written, and a field that
 * is left out has a default that is strict. Amounts are decimal strings, in `currency` unless they say otherwise.
 */

const orderSchema = ruled(
  z.strictObject({
    maxQuantity: amount.describe('Largest quantity of one order, in contracts or units of the instrument.'),
    maxNotional: amount.describe('Largest value of one order.'),
    priceCollarBps: z
      .int()
      .min(1)
      .max(5000)
      .describe('How far a price may lie from the reference, in hundredths of a per cent.'),
    maxReferenceAgeMilliseconds: z
      .int()
      .min(1)
      .max(600_000)
      .default(1000)
      .describe('Age up to which a reference price counts; with an older one no order is sent.'),
    maxOpen: z.int().min(1).max(100_000).default(50).describe('Orders that may be open at a time.'),
  }),
  {
    rule: 'double(self.maxQuantity) > 0.0',
    fieldPath: '.maxQuantity',
    message: 'must be above 0: to stop trading, set killSwitch.engaged',
  },
  {
    rule: 'double(self.maxNotional) > 0.0',
    fieldPath: '.maxNotional',
    message: 'must be above 0: to stop trading, set killSwitch.engaged',
  },
);

const rateSchema = ruled(
  z.strictObject({
    maxOrdersPerSecond: z.int().min(1).max(10_000).describe('New orders in a second.'),
    maxMessagesPerSecond: z
      .int()
      .min(1)
      .max(100_000)
      .describe('Orders, changes and cancellations in a second.'),
    maxRepeatedExecutions: z
      .int()
      .min(1)
      .max(10_000)
      .default(10)
      .describe(
        'Executions of the same symbol, side and quantity within `repeatedWithinSeconds` after which trading stops until a person allows it again.',
      ),
    repeatedWithinSeconds: z
      .int()
      .min(1)
      .max(86_400)
      .default(60)
      .describe('Time in which repeated executions are counted.'),
  }),
  {
    rule: 'self.maxMessagesPerSecond >= self.maxOrdersPerSecond',
    fieldPath: '.maxMessagesPerSecond',
    message: 'must be at least maxOrdersPerSecond: every order is a message',
  },
);

const bookSchema = ruled(
  z.strictObject({
    maxGrossNotional: amount.describe('Largest sum of the values of long and short positions.'),
    maxNetNotional: amount.describe('Largest difference of the two, either way.'),
  }),
  {
    rule: 'double(self.maxNetNotional) <= double(self.maxGrossNotional)',
    fieldPath: '.maxNetNotional',
    message: 'must be at most maxGrossNotional: net is never more than gross',
  },
);

const perSymbolSchema = z.strictObject({
  maxPosition: amount.describe('Largest position either way, in contracts or units of the instrument.'),
  maxGrossNotional: amount.describe('Largest value of the position together with open orders.'),
});

const exposureSchema = ruled(
  z.strictObject({
    total: bookSchema.describe('Over all symbols.'),
    perSymbol: perSymbolSchema.describe('For each symbol that `symbols` says nothing else about.'),
  }),
  {
    rule: 'double(self.perSymbol.maxGrossNotional) <= double(self.total.maxGrossNotional)',
    fieldPath: '.perSymbol.maxGrossNotional',
    message: 'must be at most total.maxGrossNotional: lower it, or raise the total',
  },
);

const symbolLimitsSchema = ruled(
  z.strictObject({
    symbol: symbolSchema.describe('Symbol that these limits hold for.'),
    maxOrderQuantity: amount.optional().describe('In place of `order.maxQuantity`.'),
    maxOrderNotional: amount.optional().describe('In place of `order.maxNotional`.'),
    priceCollarBps: z.int().min(1).max(5000).optional().describe('In place of `order.priceCollarBps`.'),
    maxPosition: amount.optional().describe('In place of `exposure.perSymbol.maxPosition`.'),
    maxGrossNotional: amount.optional().describe('In place of `exposure.perSymbol.maxGrossNotional`.'),
  }),
  {
    rule: 'has(self.maxOrderQuantity) || has(self.maxOrderNotional) || has(self.priceCollarBps) || has(self.maxPosition) || has(self.maxGrossNotional)',
    message: 'must have a limit beside the symbol: add one, or remove the entry',
  },
);

const killSwitchSchema = ruled(
  z.strictObject({
    engaged: z.boolean().default(false).describe('Whether no order at all may be sent.'),
    symbols: setOf(symbolSchema, 512).default([]).describe('Symbols without orders, while others go on.'),
    venues: setOf(z.string().min(1).max(63), 64)
      .default([])
      .describe('Venues without orders, while others go on.'),
    models: setOf(resourceName, 256).default([]).describe('Models without orders, while others go on.'),
    reason: z
      .string()
      .max(1024)
      .default('')
      .describe('Why, and who decided it; goes into the log of every refused order.'),
  }),
  {
    rule: `!(self.engaged || self.symbols.size() > 0 || self.venues.size() > 0 || self.models.size() > 0) || self.reason != ''`,
    fieldPath: '.reason',
    message: 'must say why and who decided it, where something is stopped',
  },
);

const checksSchema = z.strictObject({
  maxFeatureAgeMilliseconds: z
    .int()
    .min(1)
    .max(3_600_000)
    .default(5000)
    .describe('Age of the features behind a prediction up to which an order may follow from it.'),
  maxClockSkewMilliseconds: z
    .int()
    .min(1)
    .max(60_000)
    .default(500)
    .describe('How far the clocks of model, risk control and venue may differ.'),
  maxLimitsAgeSeconds: z
    .int()
    .min(1)
    .max(86_400)
    .default(60)
    .describe('Time since these limits were last read, after which no order is sent.'),
  requireDigestQuorum: z
    .boolean()
    .default(true)
    .describe('Whether every serving pod of a revision must run the same digest before an order may follow.'),
  selfTrade: z
    .enum(['CancelNewest', 'CancelOldest', 'CancelBoth'])
    .default('CancelNewest')
    .describe('What happens to orders that would meet each other.'),
});

export const riskLimitsSpecSchema = ruled(
  z.strictObject({
    currency: ruled(
      text(/^[A-Z]{3,5}$/, 'must be a code of three to five capital letters, such as "USD"', 5),
      {
        rule: 'self == oldSelf',
        message: 'must stay as it is, since every amount would change its meaning: make a new RiskLimits',
      },
    ).describe('Currency of the amounts. Cannot be changed.'),
    order: orderSchema.describe('What one order must keep to.'),
    rate: rateSchema.describe('How fast orders may follow each other.'),
    exposure: exposureSchema.describe('What positions and open orders may add up to.'),
    symbols: mapOf(symbolLimitsSchema, 'symbol', 512)
      .default([])
      .describe('Limits of single symbols, in place of the general ones.'),
    loss: lossSchema.describe('Losses after which trading stops for the day.'),
    restrictedSymbols: setOf(symbolSchema, 1024)
      .default([])
      .describe('Symbols that are never traded, whatever else is written.'),
    marketHours: marketHoursSchema.optional().describe('When orders may be sent; at any time when absent.'),
    checks: checksSchema.prefault({}).describe('What else must hold before an order is sent.'),
    killSwitch: killSwitchSchema.prefault({}).describe('Stops trading at once.'),
  }),
  {
    rule: 'double(self.order.maxNotional) <= double(self.exposure.perSymbol.maxGrossNotional)',
    fieldPath: '.order.maxNotional',
    message:
      'must be at most exposure.perSymbol.maxGrossNotional: one order must not break the limit of its symbol',
  },
  {
    rule: 'double(self.order.maxQuantity) <= double(self.exposure.perSymbol.maxPosition)',
    fieldPath: '.order.maxQuantity',
    message:
      'must be at most exposure.perSymbol.maxPosition: one order must not break the limit of its symbol',
  },
  {
    rule: 'self.symbols.all(limits, !(limits.symbol in self.restrictedSymbols))',
    fieldPath: '.symbols',
    message: 'must hold no restricted symbol: remove it from symbols or from restrictedSymbols',
  },
).describe('What orders must keep to.');

export const riskLimitsStatusSchema = z
  .strictObject({
    observedGeneration: z
      .int()
      .min(0)
      .optional()
      .describe('`metadata.generation` of the object that the status was made from.'),
    models: setOf(z.string(), 1024).optional().describe('TradingModels that name these limits.'),
    conditions: mapOf(conditionSchema(['Ready', 'InUse']), 'type', 16)
      .optional()
      .describe('The state in the form that every tool for Kubernetes reads.'),
  })
  .describe('What was seen. The controller writes it.');

export type RiskLimitsSpec = z.output<typeof riskLimitsSpecSchema>;
export type RiskLimitsStatus = ReadOnly<z.output<typeof riskLimitsStatusSchema>>;
