/** Records as they lie on a topic of four partitions: what becomes of their bytes, key, headers and place before any event is looked at. */
const SERVED = '{"tip_id":"t-1001","user_id":"ana","served_at_ms":1795132801000}';
const CE = { ce_specversion: '1.0', ce_id: 'e-1', ce_source: '/app', ce_type: 'tip.served' };
const STRUCTURED = { 'content-type': 'application/cloudevents+json; charset=utf-8' };
/** Where Kafka's Java client puts the key ana. */
const HERE = 0;
const around = (data) => `{"specversion":"1.0","id":"e-1","source":"/app","type":"tip.served",${data}}`;
const base64 = Buffer.from(SERVED).toString('base64');
const at = { topic: 'tip.served', key: 'ana', partition: HERE, value: SERVED };

const FIRST = [
  { ...at, name: 'an event' },
  {
    ...at,
    name: 'numbers spelled otherwise',
    value: '{"tip_id":"t-1001","user_id":"ana","served_at_ms":1.795132801e12,"utc_offset_min":60.0}',
  },
  { ...at, name: 'of a name that comes twice, the last counts', value: SERVED.replace('{', '{"tip_id":"t-1",') },
  { ...at, name: 'white space around it', value: `\n ${SERVED}\r\n` },
  { ...at, name: 'a binary CloudEvent', headers: CE },
  { ...at, name: 'a structured CloudEvent', headers: STRUCTURED, value: around(`"data":${SERVED}`) },
  { ...at, name: 'a structured CloudEvent that no header names', value: around(`"data":${SERVED}`) },
  { ...at, name: 'a structured CloudEvent in Base64', value: around(`"data_base64":"${base64}"`) },
  { ...at, name: 'an event with a field specversion', value: SERVED.replace('{', '{"specversion":"9",') },
  {
    topic: 'policy.control',
    name: 'a control for everybody',
    key: null,
    partition: 3,
    value: '{"control_id":"c-1","type":"rollback","effective_at_ms":1}',
  },
  { ...at, name: 'no value', value: null },
  { ...at, name: 'more bytes than max_value_bytes', max_value_bytes: 63 },
  { ...at, name: 'bytes that are no UTF-8', value: Buffer.from([0x7b, 0xff, 0x7d]) },
  { ...at, name: 'a byte order mark', value: `\ufeff${SERVED}` },
  { ...at, name: 'no JSON', value: '{tip_id: 1}' },
  { ...at, name: 'a list', value: `[${SERVED}]` },
  { ...at, name: 'null', value: 'null' },
  { ...at, name: 'a CloudEvent of another version', headers: { ...CE, ce_specversion: '0.3' } },
  { ...at, name: 'a CloudEvent without an id', headers: { ...CE, ce_id: '' } },
  { ...at, name: 'a batch of CloudEvents', headers: { 'content-type': 'application/cloudevents-batch+json' } },
  { ...at, name: 'a structured CloudEvent without data', headers: STRUCTURED, value: around('"subject":"x"') },
  { ...at, name: 'a structured CloudEvent around a text', headers: STRUCTURED, value: around('"data":"x"') },
  { ...at, name: 'no key', key: null },
  { ...at, name: "somebody else's key", key: 'ben' },
  { ...at, name: 'another partition', partition: (HERE + 1) % 4 },
  {
    topic: 'policy.control',
    name: "a user's reset without a key",
    key: null,
    partition: HERE,
    value: '{"control_id":"c-1","type":"reset","effective_at_ms":1,"user_id":"ana"}',
  },
];

/** In Confluent's wire format, of which the decoder without a registry says what it is. */
const FRAMED = [
  { ...at, name: 'JSON behind the id of a schema', value: Buffer.from(`\0\0\0\0*${SERVED}`) },
  { ...at, name: 'Avro behind the id of a schema', value: Buffer.from('\0\0\0\0*\x0ct-1001\x06ana') },
];

/** The records of each version, from 1 on: a version is never changed, and new records are another one. */
export const RECORDS = [FIRST, FRAMED];
