/** Features as every other, made of definitions: their counters, and the same rule in SQL. */
import { defineFeature, type FeatureDefinition } from '../feature.js';
import { countedBy } from './count.js';
import type { Definition } from '../../events/feature-choice.js';
import { keptKinds } from './kept.js';
import { definitionSql } from './sql.js';
import { TOPIC_FIELDS } from './topics.js';

/** Of all definitions of a registry together, since they share what is kept of a topic. Throws invalid_argument. */
export function definedFeatures(definitions: readonly Definition[]): FeatureDefinition[] {
  const kinds = keptKinds(definitions);
  return definitions.map((definition) => {
    const { name, description, unit, topic, windowMs, ttlMs } = definition;
    const { family, value } = countedBy(definition, kinds.get(topic)!);
    return defineFeature({
      name,
      dtype: isNumeric(definition) ? 'numeric' : 'categorical',
      unit,
      sources: [topic],
      windowMs,
      ttlMs,
      invalidatedBy: [topic, 'time'],
      description,
      sql: definitionSql(definition),
      counters: [family],
      value,
      defined: definition,
    });
  });
}

function isNumeric({ shape, field, topic }: Definition): boolean {
  return (shape !== 'mode' && shape !== 'latest') || TOPIC_FIELDS[topic].fields.get(field!)!.type.kind === 'whole';
}
