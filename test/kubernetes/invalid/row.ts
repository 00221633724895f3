/** One mistake: where it is made in a valid object, and what the refusal must name and say. */
export type Row = readonly [title: string, path: string, value: unknown, field: string, says: RegExp];
