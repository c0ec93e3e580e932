/** The options of Kafka, of its Schema Registry and of topics that are missing there: a part of option-table.ts. */
import type { OptionDefinition } from './option-table.js';
import { oneOf, registryAuth, registryUrls, text, yesOrNo } from './option-values.js';

export const KAFKA_OPTIONS = {
  kafkaSsl: {
    flag: '--kafka-ssl',
    env: 'TIPSTREAM_KAFKA_SSL',
    read: yesOrNo,
    default: 'false',
    group: 'kafka',
    help: 'use TLS; implied by each of the three files below',
  },
  kafkaCa: {
    flag: '--kafka-ca <file>',
    env: 'TIPSTREAM_KAFKA_CA',
    read: text,
    group: 'kafka',
    help: 'PEM file of the certificate authority to trust',
  },
  kafkaCert: {
    flag: '--kafka-cert <file>',
    env: 'TIPSTREAM_KAFKA_CERT',
    read: text,
    group: 'kafka',
    help: 'PEM file of the client certificate',
  },
  kafkaKey: {
    flag: '--kafka-key <file>',
    env: 'TIPSTREAM_KAFKA_KEY',
    read: text,
    group: 'kafka',
    help: "PEM file of the client certificate's key",
  },
  kafkaSaslMechanism: {
    flag: '--kafka-sasl-mechanism <name>',
    env: 'TIPSTREAM_KAFKA_SASL_MECHANISM',
    group: 'kafka',
    read: oneOf(['plain', 'scram-sha-256', 'scram-sha-512'], 'must be plain, scram-sha-256 or scram-sha-512'),
    help: 'plain, scram-sha-256 or scram-sha-512',
  },
  kafkaUsername: { flag: '--kafka-username <name>', env: 'TIPSTREAM_KAFKA_USERNAME', read: text, group: 'kafka', help: 'SASL user' },
  kafkaPassword: {
    flag: '--kafka-password <text>',
    env: 'TIPSTREAM_KAFKA_PASSWORD',
    read: text,
    group: 'kafka',
    secret: true,
    help: 'SASL password; set it in the environment',
  },
  kafkaClientId: {
    flag: '--kafka-client-id <name>',
    env: 'TIPSTREAM_KAFKA_CLIENT_ID',
    read: text,
    default: 'tipstream',
    group: 'kafka',
    help: "client id in the brokers' logs and quotas",
  },
} as const satisfies Record<string, OptionDefinition>;

export const REGISTRY_OPTIONS = {
  // Secret, so that one which is refused for the password in it is not printed.
  schemaRegistry: {
    flag: '--schema-registry <url>',
    env: 'TIPSTREAM_SCHEMA_REGISTRY',
    read: registryUrls,
    group: 'registry',
    secret: true,
    help:
      "Schema Registry to read events with that Confluent's serializers wrote, as JSON or Avro; " +
      'several addresses of it with commas between them; off for none, which is the default',
  },
  schemaRegistryAuth: {
    flag: '--schema-registry-auth <user:password>',
    env: 'TIPSTREAM_SCHEMA_REGISTRY_AUTH',
    read: registryAuth,
    group: 'registry',
    secret: true,
    help: 'basic authorization at the Schema Registry; set it in the environment',
  },
} as const satisfies Record<string, OptionDefinition>;

export const TOPIC_OPTIONS = {
  createTopics: {
    flag: '--create-topics',
    negatedFlag: '--no-create-topics',
    env: 'TIPSTREAM_CREATE_TOPICS',
    read: yesOrNo,
    default: 'true',
    group: 'topics',
    help: 'on Kafka, create the missing topics that tipstream alone writes; input topics of producers are never created',
  },
} as const satisfies Record<string, OptionDefinition>;
