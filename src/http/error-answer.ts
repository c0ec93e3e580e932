/** Errors as HTTP answers: `{error: {code, message, details?}}`, the status named by the code's kind. */
import { ERROR_KINDS, TipstreamError, type ErrorCode } from '../errors.js';

export interface ErrorBody {
  readonly error: {
    readonly code: ErrorCode;
    readonly message: string;
    /** What the error carries, with its hint as `hint`. */
    readonly details?: Readonly<Record<string, unknown>>;
  };
}

export interface ErrorAnswer {
  readonly status: number;
  /** Whether the same request may succeed later as it is. */
  readonly retryable: boolean;
  readonly body: ErrorBody;
}

/** Any thrown value as an answer. What nobody foresaw is `internal`, and says nothing about its inside. */
export function errorAnswer(thrown: unknown): ErrorAnswer {
  const error = thrown instanceof TipstreamError ? thrown : refusalByFramework(thrown);
  const kind = ERROR_KINDS[error.code];
  return { status: kind.http, retryable: kind.retryable, body: errorBody(error) };
}

export function errorBody(error: TipstreamError): ErrorBody {
  const details = { ...error.details, ...(error.hint === undefined ? {} : { hint: error.hint }) };
  return { error: { code: error.code, message: error.message, ...(Object.keys(details).length === 0 ? {} : { details }) } };
}

/** Requests that fastify or Node refuses before a route sees them. */
function refusalByFramework(thrown: unknown): TipstreamError {
  switch (codeOf(thrown)) {
    case 'FST_ERR_CTP_BODY_TOO_LARGE':
      return new TipstreamError('payload_too_large', 'the request body is too large');
    case 'FST_ERR_CTP_INVALID_MEDIA_TYPE':
      return new TipstreamError('unsupported_media_type', 'the content-type is not one that this route reads');
    case 'FST_ERR_CTP_INVALID_CONTENT_LENGTH':
      return new TipstreamError('invalid_argument', 'the request body is not as long as its content-length says');
    case 'FST_ERR_BAD_URL':
      return new TipstreamError('invalid_argument', 'the path is not percent-encoded UTF-8');
    case 'FST_ERR_MAX_PARAM_LENGTH':
      return new TipstreamError('invalid_argument', 'the path is too long');
    case 'ECONNRESET':
    case 'ERR_STREAM_PREMATURE_CLOSE':
      return new TipstreamError('invalid_argument', 'the request body ended before its end');
    default:
      return isRefusal(thrown)
        ? new TipstreamError('invalid_argument', `the request cannot be read: ${thrown.message}`)
        : new TipstreamError('internal', 'an unexpected error, which the log of the service describes');
  }
}

/** Of the framework, which says what is wrong with the request. */
function isRefusal(thrown: unknown): thrown is Error {
  const status = (thrown as { statusCode?: unknown } | null)?.statusCode;
  return (codeOf(thrown)?.startsWith('FST_ERR_') ?? false) && typeof status === 'number' && status >= 400 && status < 500;
}

function codeOf(thrown: unknown): string | undefined {
  return thrown instanceof Error && 'code' in thrown && typeof thrown.code === 'string' ? thrown.code : undefined;
}
