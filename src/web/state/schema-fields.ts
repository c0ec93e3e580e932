/** What a JSON Schema wants of the fields of an object, in words. Pure. */

export interface SchemaField {
  readonly name: string;
  readonly isRequired: boolean;
  /** `integer, 0 to 100` */
  readonly wants: string;
  readonly description: string;
}

type Schema = Readonly<Record<string, unknown>>;

export function schemaFields(schema: Schema): readonly SchemaField[] {
  const required = Array.isArray(schema['required']) ? schema['required'] : [];
  return Object.entries(isObject(schema['properties']) ? schema['properties'] : {})
    .map(([name, field]) => ({
      name,
      isRequired: required.includes(name),
      wants: isObject(field) ? wantsOf(field) : 'anything',
      description: isObject(field) && typeof field['description'] === 'string' ? field['description'] : '',
    }))
    .sort((a, b) => Number(b.isRequired) - Number(a.isRequired));
}

function wantsOf(field: Schema): string {
  const either = field['anyOf'] ?? field['oneOf'];
  if (Array.isArray(either)) return [...new Set(either.filter(isObject).map(wantsOf))].join(' or ');
  if (Array.isArray(field['enum'])) return `one of ${field['enum'].map(String).join(', ')}`;
  if ('const' in field) return JSON.stringify(field['const']);
  const type = Array.isArray(field['type']) ? field['type'].join(' or ') : field['type'];
  if (typeof type !== 'string') return 'anything';
  const items = type === 'array' && isObject(field['items']) ? ` of ${wantsOf(field['items'])}` : '';
  return [
    `${type}${items}`,
    range(field['minimum'] ?? field['exclusiveMinimum'], field['maximum'] ?? field['exclusiveMaximum'], ''),
    lengths(field),
  ]
    .filter((text) => text !== '')
    .join(', ');
}

function lengths(field: Schema): string {
  return range(field['minLength'], field['maxLength'], ' characters') || range(field['minItems'], field['maxItems'], ' items');
}

function range(least: unknown, most: unknown, unit: string): string {
  if (typeof least === 'number' && typeof most === 'number') return `${least} to ${most}${unit}`;
  if (typeof least === 'number') return `at least ${least}${unit}`;
  return typeof most === 'number' ? `at most ${most}${unit}` : '';
}

function isObject(value: unknown): value is Schema {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
