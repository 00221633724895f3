import { z } from 'zod';

import { amount, ruled, sequenceOf, setOf, text } from './fields.ts';

const timeOfDay = text(/^([01][0-9]|2[0-3]):[0-5][0-9]$/, 'must be a time of day from "00:00" to "23:59"', 5);
/** A session may end with the day. */
const closingTime = text(
  /^([01][0-9]|2[0-3]):[0-5][0-9]$|^24:00$/,
  'must be a time of day from "00:01" to "24:00"',
  5,
);
const timeZone = text(
  /^(UTC|[A-Z][A-Za-z_]+(\/[A-Za-z0-9_+-]+){1,2})$/,
  'must be UTC or the name of a time zone, such as "America/Chicago"',
  63,
);
const DAYS = ['Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday', 'Sunday'] as const;

/** Losses of a day, which begins at a time of its own. */
export const lossSchema = ruled(
  z.strictObject({
    maxDailyLoss: amount.describe('Largest loss since the day began, realised and not.'),
    maxDrawdown: amount.describe('Largest fall from the highest profit of the day.'),
    dayStartsAt: timeOfDay.default('00:00').describe('When a new day begins.'),
    timeZone: timeZone.default('UTC').describe('Time zone of `dayStartsAt`.'),
  }),
  {
    rule: 'double(self.maxDailyLoss) > 0.0',
    fieldPath: '.maxDailyLoss',
    message: 'must be above 0: to stop trading, set killSwitch.engaged',
  },
  {
    rule: 'double(self.maxDrawdown) > 0.0',
    fieldPath: '.maxDrawdown',
    message: 'must be above 0: to stop trading, set killSwitch.engaged',
  },
);

const sessionSchema = ruled(
  z.strictObject({
    days: setOf(z.enum(DAYS), 7).min(1).describe('Days on which the session begins.'),
    opens: timeOfDay.describe('First minute in which orders may be sent.'),
    closes: closingTime.describe('First minute in which they may no longer.'),
  }),
  {
    rule: 'self.closes > self.opens',
    fieldPath: '.closes',
    message: 'must be later than opens: write a session over midnight as two, the first until "24:00"',
  },
);

/** When orders may be sent. */
export const marketHoursSchema = z.strictObject({
  timeZone: timeZone.describe('Time zone of the sessions and holidays.'),
  sessions: sequenceOf(sessionSchema, 32).min(1).describe('When orders may be sent.'),
  holidays: setOf(
    text(/^20[0-9]{2}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])$/, 'must be a day, such as "2026-12-25"', 10),
    256,
  )
    .default([])
    .describe('Days without sessions.'),
});
