/** Parts of the address that say which rows of a table are shown. */
import { useNavigation } from './location.js';

export interface Filter<Name extends string> {
  readonly values: Readonly<Partial<Record<Name, string>>>;
  /** undefined removes one. */
  readonly set: (changes: Readonly<Partial<Record<Name, string | undefined>>>) => void;
  readonly clear: () => void;
}

/** In place of the present entry of the history: Back leads to the view before, not to the letter before. */
export function useFilter<Name extends string>(names: readonly Name[]): Filter<Name> {
  const { address, change } = useNavigation();
  return {
    values: Object.fromEntries(
      names.flatMap((name) => (address.query[name] === undefined ? [] : [[name, address.query[name]]])),
    ) as Filter<Name>['values'],
    set: (changes) => change(changes as Record<string, string | undefined>),
    clear: () => change(Object.fromEntries(names.map((name) => [name, undefined]))),
  };
}
