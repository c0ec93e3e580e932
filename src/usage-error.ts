import { TipstreamError, type ErrorOptions } from './errors.js';

/** The command line or the environment asks for something that makes no sense: the CLI exits with 64 instead of 1. */
export class UsageError extends TipstreamError {
  constructor(message: string, options: ErrorOptions = {}) {
    super('invalid_argument', message, options);
    this.name = 'UsageError';
  }
}
