/** For whom a control holds: the one rule of all who write, fold, store, complete, check or report controls. */

/** On these a user_id says for whom; a control of any other type holds for everybody, and one that names a user is refused. */
const TYPES_WITH_USER: readonly string[] = ['reset', 'migrate'];

interface Addressed {
  readonly type: string;
  readonly user_id?: string | null | undefined;
}

/** Whether a user_id means something there. */
export function mayNameUser({ type }: Pick<Addressed, 'type'>): boolean {
  return TYPES_WITH_USER.includes(type);
}

/** The user for whom alone it holds, as one record in the user's partition; null: it holds for everybody, by a record in each partition. */
export function userOfControl(control: Addressed): string | null {
  return mayNameUser(control) ? (control.user_id ?? null) : null;
}

/** Whether it is for everybody, or for this user. */
export function concernsUser(control: Addressed, userId: string | undefined): boolean {
  const user = userOfControl(control);
  return user === null || user === userId;
}
