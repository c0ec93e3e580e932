/** The options of the schema registry: a part of option-table.ts. */
import type { OptionDefinition } from './option-table.js';
import { registryAuth, registryUrls } from './option-values.js';

export const REGISTRY_OPTIONS = {
  // Secret, so that one which is refused for the password in it is not printed.
  schemaRegistry: {
    flag: '--schema-registry <url>',
    env: 'TIPSTREAM_SCHEMA_REGISTRY',
    schema: registryUrls,
    group: 'registry',
    secret: true,
    help:
      "Schema Registry to read events with that Confluent's serializers wrote, as JSON or Avro; " +
      'several addresses of it with commas between them; off for none, which is the default',
  },
  schemaRegistryAuth: {
    flag: '--schema-registry-auth <user:password>',
    env: 'TIPSTREAM_SCHEMA_REGISTRY_AUTH',
    schema: registryAuth,
    group: 'registry',
    secret: true,
    help: 'basic authorization at the Schema Registry; set it in the environment',
  },
} as const satisfies Record<string, OptionDefinition>;
