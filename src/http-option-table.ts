/** The options of HTTP: a part of option-table.ts. */
import type { OptionDefinition } from './option-table.js';
import { httpAddress, text, wholeNumber, yesOrNo } from './option-values.js';

export const HTTP_OPTIONS = {
  http: {
    flag: '--http <host:port>',
    negatedFlag: '--no-http',
    env: 'TIPSTREAM_HTTP',
    read: httpAddress,
    default: '127.0.0.1:8080',
    group: 'http',
    help: 'address of the HTTP API; off turns it off',
  },
  httpToken: {
    flag: '--http-token <text>',
    env: 'TIPSTREAM_HTTP_TOKEN',
    read: text,
    group: 'http',
    secret: true,
    help: 'bearer token of the role own that HTTP callers must send, 16 characters at least; set it in the environment',
  },
  httpTokens: {
    flag: '--http-tokens <file>',
    env: 'TIPSTREAM_HTTP_TOKENS',
    read: text,
    group: 'http',
    help: 'file of HTTP tokens, a line ROLE NAME TOKEN each (read, operate or own), mode 0600; read again when it changes',
  },
  httpTokenList: {
    flag: '--http-token-list <text>',
    env: 'TIPSTREAM_HTTP_TOKEN_LIST',
    read: text,
    group: 'http',
    secret: true,
    help: 'the same as text, with commas between the tokens; set it in the environment',
  },
  httpRate: {
    flag: '--http-rate <number>',
    env: 'TIPSTREAM_HTTP_RATE',
    read: wholeNumber(0, 1_000_000),
    default: '2000',
    group: 'http',
    help: 'requests a second that one caller may make, by token or else by address; 0 for no limit',
  },
  httpConnections: {
    flag: '--http-connections <number>',
    env: 'TIPSTREAM_HTTP_CONNECTIONS',
    read: wholeNumber(1, 100_000),
    default: '1000',
    group: 'http',
    help: 'HTTP connections at a time; more are closed at once',
  },
  accessLog: {
    flag: '--access-log',
    negatedFlag: '--no-access-log',
    env: 'TIPSTREAM_ACCESS_LOG',
    read: yesOrNo,
    default: 'false',
    group: 'http',
    help: 'log a line for every HTTP request; who changed something is always logged',
  },
} as const satisfies Record<string, OptionDefinition>;
