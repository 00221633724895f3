/** A JSON Schema, as far as the values of the chart need it. */
export type JsonSchema = { readonly [keyword: string]: unknown };
export type Properties = Readonly<Record<string, JsonSchema>>;

/** Objects with these keys and no others. */
export const object = (
  description: string,
  properties: Properties,
  required: readonly string[] = [],
): JsonSchema => ({
  ...{ description, type: 'object', properties, additionalProperties: false },
  ...(required.length === 0 ? {} : { required }),
});

/** Objects with keys that the user chooses. */
export const mapOf = (description: string, values: JsonSchema): JsonSchema => ({
  ...{ description, type: 'object', additionalProperties: values },
});

export const listOf = (description: string, items: JsonSchema): JsonSchema => ({
  ...{ description, type: 'array', items },
});

export const text = (description: string, rest: JsonSchema = {}): JsonSchema => ({
  ...{ description, type: 'string' },
  ...rest,
});

export const flag = (description: string): JsonSchema => ({ description, type: 'boolean' });

export const whole = (description: string, minimum: number, maximum: number): JsonSchema => ({
  ...{ description, type: 'integer', minimum, maximum },
});

export const choice = (description: string, values: readonly string[]): JsonSchema => ({
  ...{ description, type: 'string', enum: values },
});

/** Objects of Kubernetes that nobody but the API server checks. */
export const anyObject = (description: string): JsonSchema => ({ description, type: 'object' });

/** Name of an object in Kubernetes, or empty. */
export const nameOf = (description: string): JsonSchema =>
  text(description, { pattern: '^([a-z0-9]([-a-z0-9.]*[a-z0-9])?)?$', maxLength: 253 });
