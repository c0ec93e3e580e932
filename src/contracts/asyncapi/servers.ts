/** The brokers, without naming any: where they are is up to the installation. */
import type { JsonSchema } from '../json-schema.js';

/** What --kafka-sasl-mechanism and the two files of a client certificate stand for. */
const SECURITY_SCHEMES = {
  plain: { type: 'plain', description: 'SASL PLAIN: --kafka-sasl-mechanism plain' },
  'scram-sha-256': { type: 'scramSha256', description: '--kafka-sasl-mechanism scram-sha-256' },
  'scram-sha-512': { type: 'scramSha512', description: '--kafka-sasl-mechanism scram-sha-512' },
  certificate: { type: 'X509', description: 'a client certificate: --kafka-cert and --kafka-key' },
};
const VARIABLES = {
  host: { default: 'localhost', description: 'of any broker of the cluster: the client learns the others from it' },
  port: { default: '9092' },
};

interface Servers {
  readonly servers: JsonSchema;
  readonly securitySchemes: JsonSchema;
  readonly serverVariables: JsonSchema;
}

export function brokers(): Servers {
  const variables = Object.fromEntries(Object.keys(VARIABLES).map((name) => [name, { $ref: `#/components/serverVariables/${name}` }]));
  const server = { host: '{host}:{port}', variables };
  return {
    servers: {
      kafka: { ...server, protocol: 'kafka', description: 'Kafka without TLS.' },
      'kafka-secure': {
        ...server,
        protocol: 'kafka-secure',
        description: 'Kafka with TLS; a client certificate or SASL where the brokers want it.',
        security: Object.keys(SECURITY_SCHEMES).map((name) => ({ $ref: `#/components/securitySchemes/${name}` })),
      },
    },
    securitySchemes: SECURITY_SCHEMES,
    serverVariables: VARIABLES,
  };
}
