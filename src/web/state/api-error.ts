interface ApiErrorDetails {
  readonly hint?: string | undefined;
  readonly owner?: string | undefined;
  readonly jobId?: string | undefined;
}

/** What the service refused or could not do, by the code of its answer; `unreachable` when there was no answer. */
export class ApiError extends Error {
  readonly code: string;
  /** What to do, as whole sentences. */
  readonly hint: string | undefined;
  /** The address of the process that holds the user. */
  readonly owner: string | undefined;
  /** The job that is in the way. */
  readonly jobId: string | undefined;

  constructor(code: string, message: string, details: ApiErrorDetails = {}) {
    super(message);
    this.code = code;
    this.hint = details.hint;
    this.owner = details.owner;
    this.jobId = details.jobId;
  }
}

/** The error in an answer, whatever the answer is. */
export function errorIn(status: number, text: string): ApiError {
  const body = parsed(text);
  const error = isObject(body) && isObject(body['error']) ? body['error'] : undefined;
  if (error === undefined) {
    return new ApiError('unreachable', `The service answered with something that is not its own (status ${status}).`, {
      hint: 'Something stands between this page and the service, such as a proxy. Look at its log.',
    });
  }
  const details = isObject(error['details']) ? error['details'] : {};
  return new ApiError(textOf(error['code']) ?? 'internal', textOf(error['message']) ?? `The service answered with status ${status}.`, {
    hint: textOf(details['hint']),
    owner: textOf(details['owner']),
    jobId: textOf(details['job_id']),
  });
}

export function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}

const textOf = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);
